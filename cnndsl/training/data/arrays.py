"""NumPy's .npz: one array of images and one of labels for each part of the data."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from cnndsl.training.data.model import Array, Raw, RawPart
from cnndsl.training.errors import DataError

__all__ = ["check_part", "read_arrays"]

# How people call the two arrays of a part.
NAMES: Mapping[str, tuple[tuple[str, str], ...]] = {
    "train": (
        ("x_train", "y_train"),
        ("X_train", "y_train"),
        ("train_images", "train_labels"),
        ("train_x", "train_y"),
        ("images", "labels"),
        ("x", "y"),
        ("X", "y"),
    ),
    "val": (("x_val", "y_val"), ("X_val", "y_val"), ("val_images", "val_labels"), ("val_x", "val_y")),
    "test": (
        ("x_test", "y_test"),
        ("X_test", "y_test"),
        ("test_images", "test_labels"),
        ("test_x", "test_y"),
    ),
}


def read_arrays(path: Path) -> Raw:
    """Read an .npz file; pickled objects in it are refused, for loading them would run their code.

    Errors: DataError with the file and the array's name; OSError where the file cannot be read.
    """
    with path.open("rb") as file:
        try:
            archive = np.load(file, allow_pickle=False)
        except Exception as error:
            # zipfile and numpy raise errors of many kinds for a broken file
            raise DataError(f"{path}: not an .npz file: {error}") from error
        if not isinstance(archive, np.lib.npyio.NpzFile):
            raise DataError(f"{path}: holds a single array, expected an .npz with images and labels")
        with archive:
            parts = {name: _part(path, archive, name) for name in NAMES}
    train = parts["train"]
    if train is None:
        found = ", ".join(archive.files) or "nothing"
        raise DataError(
            f"{path}: no training images and labels: expected the arrays x_train and y_train, "
            f"or train_images and train_labels; found {found}"
        )
    return Raw(train, parts["val"], parts["test"])


def _part(path: Path, archive: np.lib.npyio.NpzFile, part: str) -> RawPart | None:
    for images, labels in NAMES[part]:
        if images in archive.files and labels in archive.files:
            break
    else:
        lonely = [name for pair in NAMES[part] for name in pair if name in archive.files]
        if lonely:
            raise DataError(
                f"{path}: `{lonely[0]}` stands alone: images and labels come in pairs, like x_train, y_train"
            )
        return None
    raw = RawPart(_read(path, archive, images), _read(path, archive, labels))
    return check_part(raw, f"{path}: `{images}`", f"{path}: `{labels}`")


def check_part(part: RawPart, images_name: str, labels_name: str) -> RawPart:
    """A part with one label an image, all of them whole numbers or words; DataError otherwise."""
    images, labels = part.images, part.labels
    if images.dtype.kind not in "buif":
        raise DataError(f"{images_name}: expected numbers, found {images.dtype}")
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if images.ndim < 2 or labels.ndim != 1 or len(images) != len(labels):
        raise DataError(
            f"{labels_name}: expected one label an image; "
            f"the images are {_size(images)}, the labels {_size(labels)}"
        )
    if not len(labels):
        raise DataError(f"{images_name}: the array is empty")
    if images.dtype.kind == "f" and not (finite := np.isfinite(images).reshape(len(images), -1).all(1)).all():
        raise DataError(
            f"{images_name}: image {int(np.argmin(finite))} holds a value that is not a finite number"
        )
    if labels.dtype.kind == "f":
        whole = labels == np.floor(labels)
        if not whole.all():
            at = int(np.argmin(whole))
            raise DataError(f"{labels_name}: expected whole numbers or words, label {at} is {labels[at]}")
        labels = labels.astype(np.int64)
    if labels.dtype.kind not in "buiUS":
        raise DataError(f"{labels_name}: expected whole numbers or words, found {labels.dtype}")
    return RawPart(images, labels.astype(str) if labels.dtype.kind in "US" else labels.astype(np.int64))


def _read(path: Path, archive: np.lib.npyio.NpzFile, name: str) -> Array:
    try:
        array: Array = archive[name]
    except Exception as error:
        if "allow_pickle" in str(error):
            message = (
                f"{path}: `{name}` holds pickled Python objects, which are never loaded: they could run code"
            )
            raise DataError(message, help=("save plain arrays of numbers",)) from error
        raise DataError(f"{path}: `{name}` is damaged: {error}") from error
    return array


def _size(array: Array) -> str:
    return "x".join(map(str, array.shape)) or "one number"
