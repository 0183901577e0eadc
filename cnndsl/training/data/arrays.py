"""NumPy's .npz: one array of images and one of labels for each part of the data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from math import prod
from pathlib import Path

import numpy as np

from cnndsl.training.data.model import Array, Raw, RawPart
from cnndsl.training.data.unpack import require_plausible
from cnndsl.training.errors import DataError

__all__ = ["check_part", "named_parts", "read_arrays", "read_images_only"]

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
    with _opened(path) as arrays:
        parts = named_parts(arrays, str(path))
    return Raw(parts["train"], parts.get("val"), parts.get("test"))


def read_images_only(path: Path) -> Array:
    """The images of an .npz without their labels: those to test with, to train with, or the one array.

    Errors: as in `read_arrays`.
    """
    with _opened(path) as arrays:
        known = [images for part in ("test", "train", "val") for images, _ in NAMES[part] if images in arrays]
        if not known and len(arrays) != 1:
            raise DataError(
                f"{path}: which array holds the images is not to be seen: expected x_test or one array, "
                f"found {', '.join(arrays) or 'nothing'}"
            )
        images = arrays[known[0] if known else next(iter(arrays))]
    if images.dtype.kind not in "buif" or images.ndim < 2 or not len(images):
        raise DataError(f"{path}: expected images, found {_size(images)} of {images.dtype}")
    return images


@contextmanager
def _opened(path: Path) -> Iterator[_Arrays]:
    with path.open("rb") as file:
        if not path.stat().st_size:
            raise DataError(f"{path}: the file is empty")
        try:
            archive = np.load(file, allow_pickle=False)
        except Exception as error:
            # zipfile and numpy raise errors of many kinds for a broken file
            raise DataError(f"{path}: not an .npz file: {error}") from error
        if not isinstance(archive, np.lib.npyio.NpzFile):
            raise DataError(f"{path}: holds a single array, expected an .npz with images and labels")
        with archive:
            yield _Arrays(path, archive)


def named_parts(arrays: Mapping[str, Array], called: str) -> dict[str, RawPart]:
    """The parts among arrays with the usual names; DataError where there is no training part."""
    found = {name: _part(arrays, name, called) for name in NAMES}
    parts = {name: part for name, part in found.items() if part is not None}
    if "train" not in parts:
        names = ", ".join(arrays) or "nothing"
        raise DataError(
            f"{called}: no training images and labels: expected the arrays x_train and y_train, "
            f"or train_images and train_labels; found {names}"
        )
    return parts


def _part(arrays: Mapping[str, Array], part: str, called: str) -> RawPart | None:
    for images, labels in NAMES[part]:
        if images in arrays and labels in arrays:
            break
    else:
        lonely = [name for pair in NAMES[part] for name in pair if name in arrays]
        if lonely:
            raise DataError(
                f"{called}: `{lonely[0]}` stands alone: "
                "images and labels come in pairs, like x_train, y_train"
            )
        return None
    return check_part(
        RawPart(arrays[images], arrays[labels]), f"{called}: `{images}`", f"{called}: `{labels}`"
    )


def check_part(part: RawPart, images_name: str, labels_name: str) -> RawPart:
    """A part with one label an image, all of them whole numbers or words; DataError otherwise."""
    images, labels = part.images, part.labels
    assert isinstance(images, np.ndarray), "images on disk are files, which are checked by their decoder"
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


class _Arrays(Mapping[str, Array]):
    """The arrays of an archive, each read when it is asked for and seen to be harmless before."""

    def __init__(self, path: Path, archive: np.lib.npyio.NpzFile) -> None:
        self.path = path
        self.archive = archive

    def __iter__(self) -> Iterator[str]:
        return iter(self.archive.files)

    def __len__(self) -> int:
        return len(self.archive.files)

    def __contains__(self, name: object) -> bool:
        return name in self.archive.files

    def __getitem__(self, name: str) -> Array:
        path = self.path
        try:
            self._require_plausible(name)
            array: Array = self.archive[name]
        except DataError:
            raise
        except Exception as error:
            if "allow_pickle" in str(error) or "Object arrays" in str(error):
                raise DataError(
                    f"{path}: `{name}` holds pickled Python objects, which are never loaded: "
                    "they could run code",
                    help=("save plain arrays of numbers",),
                ) from error
            raise DataError(f"{path}: `{name}` is damaged: {error}") from error
        if not isinstance(array, np.ndarray):
            raise DataError(f"{path}: `{name}` is not an array as NumPy writes it")
        return array

    def _require_plausible(self, name: str) -> None:
        """Hold what the array's head claims against what the archive holds, before memory is asked for."""
        archive = self.archive.zip
        assert archive is not None, "an open archive"
        entry = next((one for one in archive.infolist() if one.filename in (name, f"{name}.npy")), None)
        if entry is None:
            return
        require_plausible(f"{self.path}: `{name}`", entry.compress_size, entry.file_size)
        with archive.open(entry) as file:
            version = np.lib.format.read_magic(file)
            read = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
            if version not in read:
                return
            shape, _, dtype = read[version](file)
            claimed, found = prod(shape) * dtype.itemsize, entry.file_size - file.tell()
        if not dtype.hasobject and claimed != found:
            sizes = "x".join(map(str, shape))
            raise DataError(
                f"{self.path}: `{name}` is damaged: {sizes} numbers take {claimed:,} bytes, found {found:,}"
            )


def _size(array: Array) -> str:
    return "x".join(map(str, array.shape)) or "one number"
