"""Images without labels, for a network that is trained: from files of data, images and folders of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cnndsl.training.data.arrays import read_images_only
from cnndsl.training.data.folder import ENDINGS
from cnndsl.training.data.idx import is_idx, read_numbers
from cnndsl.training.data.model import Array
from cnndsl.training.data.table import read_rows
from cnndsl.training.errors import DataError

__all__ = ["image_paths", "read_unlabelled"]


def read_unlabelled(path: Path) -> Array | None:
    """The images of a CSV, an .npz or an IDX file as they are; None where it is no file of data.

    A CSV may have a `label` column, which is left out. Of an .npz it is the test images, else those to train
    with, else its one array.

    Errors: DataError where the file is broken; OSError where it cannot be read.
    """
    name = path.name.lower()
    if path.is_dir():
        return None
    if name.endswith((".csv", ".csv.gz")):
        return read_rows(path)
    if name.endswith(".npz"):
        return read_images_only(path)
    return read_numbers(path) if is_idx(path) else None


def image_paths(path: Path) -> Sequence[Path]:
    """A file of an image, or all those in a folder and below it.

    Errors: DataError where a folder holds none; OSError where it is not there.
    """
    if not path.is_dir():
        path.stat()
        return [path]
    found = [
        child
        for child in sorted(path.rglob("*"))
        if child.suffix.lower() in ENDINGS and child.is_file() and not child.name.startswith(".")
    ]
    if not found:
        raise DataError(f"{path}: the folder holds no image")
    return found
