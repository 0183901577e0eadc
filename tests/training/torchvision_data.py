"""torchvision's data sets without the net: MNIST's own files, made here."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import numpy as np

from tests.zoo.torchvision_oracle import models

from . import idx
from .conftest import bars


def datasets() -> ModuleType:
    """`torchvision.datasets`; the test is skipped where torchvision is not installed."""
    models()
    import torchvision.datasets as found

    module: ModuleType = found
    return module


def write_mnist(root: Path, count: int = 60) -> Path:
    """Files as torchvision keeps those of MNIST, with images of 6x6."""
    raw = root / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for part, size in (("train", count), ("t10k", count // 3)):
        images, labels = bars(size)
        idx.write(raw, "", idx.encoded(images), idx.encoded(labels.astype(np.uint8)), bytes, part)
    return root


def broken_mnist(folder: Path) -> str:
    """MNIST with a file that ends too early."""
    path = write_mnist(folder) / "MNIST" / "raw" / "train-images-idx3-ubyte"
    path.write_bytes(path.read_bytes()[:100])
    return f"torchvision:MNIST?root={folder}"
