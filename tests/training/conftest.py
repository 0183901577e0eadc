"""Small data that a network learns in a moment, and PyTorch on one thread."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from cnndsl.training import Data
from cnndsl.training.data import from_arrays
from cnndsl.training.document import document

# Bars of 6x6 pixels, upright or lying: learnt in a few steps, with dropout and a batch norm on the way.
SPEC = """input 1x6x6
conv 4 k3 p1 -> bn -> relu -> maxpool 2
flatten -> dropout 0.2 -> linear 2
"""


def bars(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Images (count, 6, 6) from 0 to 255 with one bar each, and whether it is upright."""
    random = np.random.default_rng(seed)
    images = random.integers(0, 90, (count, 6, 6), dtype=np.uint8)
    labels = np.arange(count) % 2
    for image, label in zip(images, labels, strict=True):
        at = random.integers(1, 5)
        if label:
            image[:, at] = 255
        else:
            image[at] = 255
    return images, labels.astype(np.int64)


def write_csv(path: Path, images: np.ndarray, labels: np.ndarray) -> Path:
    """A CSV with a label column and a column a pixel."""
    flat = images.reshape(len(images), -1)
    names = ["label", *(f"pixel{index}" for index in range(flat.shape[1]))]
    rows = [[label, *row] for label, row in zip(labels.tolist(), flat.tolist(), strict=True)]
    path.write_text("\n".join(",".join(map(str, row)) for row in [names, *rows]) + "\n")
    return path


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session", autouse=True)
def _no_reports() -> Iterator[None]:
    """Runs write no report, which takes as long as their training, unless they ask for `documented`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("cnndsl.training.course.document", lambda *arguments: None)
        yield


@pytest.fixture(scope="module")
def documented() -> Iterator[None]:
    """Runs write their reports."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("cnndsl.training.course.document", document)
        yield


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    """A spec on disk that fits the bars."""
    path = tmp_path / "bars.cnn"
    path.write_text(SPEC)
    return path


@pytest.fixture
def csv_path(tmp_path: Path) -> Path:
    """120 bars as a CSV."""
    return write_csv(tmp_path / "bars.csv", *bars(120))


@pytest.fixture
def data() -> Data:
    """120 bars in memory."""
    return from_arrays(*bars(120), (1, 6, 6))
