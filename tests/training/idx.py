"""IDX files, written as their format is described."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

CODES = {"u1": 0x08, "i1": 0x09, "i2": 0x0B, "i4": 0x0C, "f4": 0x0D, "f8": 0x0E}


def encoded(array: np.ndarray) -> bytes:
    """An array as IDX: two zeros, the type, how many axes, their sizes, the numbers; high bytes first."""
    code = CODES[array.dtype.str[1:]]
    sizes = b"".join(size.to_bytes(4, "big") for size in array.shape)
    return bytes([0, 0, code, array.ndim]) + sizes + array.astype(array.dtype.newbyteorder(">")).tobytes()


def write(
    folder: Path,
    ending: str,
    images: bytes,
    labels: bytes,
    packed: Callable[[bytes], bytes],
    part: str = "train",
) -> None:
    """The two files of a part; empty ones stay empty, and what is `gone` is not written."""
    for name, content in ((f"{part}-images-idx3-ubyte", images), (f"{part}-labels-idx1-ubyte", labels)):
        if content != b"gone":
            (folder / f"{name}{ending}").write_bytes(packed(content))
