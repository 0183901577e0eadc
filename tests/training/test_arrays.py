"""NumPy archives, and arrays in memory."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from cnndsl.training import DataError, DataMismatch, load
from cnndsl.training.data import from_arrays

from .conftest import bars


def save(path: Path, **arrays: Any) -> Path:
    np.savez(path, **arrays)
    return path


@pytest.mark.parametrize(
    "names",
    [
        ("x_train", "y_train", "x_test", "y_test"),
        ("train_images", "train_labels", "test_images", "test_labels"),
        ("X_train", "y_train", "X_test", "y_test"),
        ("images", "labels", "test_x", "test_y"),
    ],
)
def test_the_usual_names_are_known(tmp_path: Path, names: tuple[str, ...]) -> None:
    arrays = [*bars(20), *bars(6, seed=1)]
    data = load(save(tmp_path / "x.npz", **dict(zip(names, arrays, strict=True))), (1, 6, 6))
    assert data.images.shape == (20, 1, 6, 6)
    assert data.images.dtype is torch.float32
    assert data.test is not None
    assert data.test.labels.tolist() == [0, 1, 0, 1, 0, 1]
    assert data.val is None


def test_a_validation_part_and_labels_in_a_column(tmp_path: Path) -> None:
    images, labels = bars(8)
    path = save(
        tmp_path / "x.npz",
        train_images=images,
        train_labels=labels[:, None],
        val_images=images[:4],
        val_labels=labels[:4, None].astype(np.float64),
    )
    data = load(path, (1, 6, 6))
    assert data.val is not None
    assert len(data.val) == 4


IMAGES, LABELS = bars(4)


@pytest.mark.parametrize(
    ("arrays", "expected"),
    [
        ({"pictures": IMAGES}, "no training images and labels: expected the arrays x_train and y_train"),
        ({"x_train": IMAGES}, "`x_train` stands alone"),
        ({"x_train": IMAGES, "y_train": LABELS, "x_test": IMAGES}, "`x_test` stands alone"),
        ({"x_train": IMAGES, "y_train": LABELS[:3]}, "the images are 4x6x6, the labels 3"),
        ({"x_train": IMAGES, "y_train": np.eye(4)}, "the images are 4x6x6, the labels 4x4"),
        ({"x_train": IMAGES[:0], "y_train": LABELS[:0]}, "`x_train`: the array is empty"),
        ({"x_train": np.array([[1, None]] * 4), "y_train": LABELS}, "holds pickled Python objects"),
        ({"x_train": IMAGES, "y_train": np.array([1, "a", None, 2], object)}, "pickled Python objects"),
        ({"x_train": np.array([["a"]] * 4), "y_train": LABELS}, "`x_train`: expected numbers, found <U1"),
        ({"x_train": IMAGES, "y_train": LABELS + 0.5}, "expected whole numbers or words, label 0 is 0.5"),
        ({"x_train": IMAGES, "y_train": LABELS + 1j}, "expected whole numbers or words, found complex128"),
        (
            {"x_train": np.full((4, 6, 6), np.nan), "y_train": LABELS},
            "image 0 holds a value that is not a finite",
        ),
        ({"x_train": IMAGES, "y_train": LABELS, "x_test": IMAGES[:, :5], "y_test": LABELS}, "images are 5x6"),
    ],
)
def test_bad_arrays_are_named(tmp_path: Path, arrays: dict[str, Any], expected: str) -> None:
    with pytest.raises(DataError) as caught:
        load(save(tmp_path / "x.npz", **arrays), (1, 6, 6))
    assert expected in str(caught.value)
    assert "x.npz" in str(caught.value)


def test_a_file_that_is_no_archive(tmp_path: Path) -> None:
    (tmp_path / "x.npz").write_bytes(b"PK\x03\x04 cut short")
    with pytest.raises(DataError, match=r"x\.npz: not an \.npz file"):
        load(tmp_path / "x.npz", (1, 6, 6))
    (tmp_path / "text.npz").write_text("hello")
    with pytest.raises(DataError, match=r"text\.npz: not an \.npz file"):
        load(tmp_path / "text.npz", (1, 6, 6))
    with (tmp_path / "one.npz").open("wb") as file:
        np.save(file, IMAGES)
    with pytest.raises(DataError, match="holds a single array"):
        load(tmp_path / "one.npz", (1, 6, 6))
    whole = save(tmp_path / "y.npz", x_train=IMAGES, y_train=LABELS).read_bytes()
    (tmp_path / "z.npz").write_bytes(whole.replace(IMAGES.tobytes()[:20], bytes(20), 1))
    with pytest.raises(DataError, match="`x_train` is damaged"):
        load(tmp_path / "z.npz", (1, 6, 6))


def test_arrays_in_memory_are_checked_too() -> None:
    assert from_arrays(IMAGES, LABELS, (1, 6, 6)).images.shape == (4, 1, 6, 6)
    with pytest.raises(DataMismatch, match="the data: the images are 6x6, the network takes 3x6x6"):
        from_arrays(IMAGES, LABELS, (3, 6, 6))
    with pytest.raises(DataError, match="the data: labels: expected one label an image"):
        from_arrays(IMAGES, LABELS[:2], (1, 6, 6))
