"""Data sets: read from files and folders, mended, and fitted to a network's input."""

from __future__ import annotations

import os
from pathlib import Path

from cnndsl.dims import Shape
from cnndsl.training.data.arrays import check_part, read_arrays
from cnndsl.training.data.folder import read_folder
from cnndsl.training.data.mend import fit
from cnndsl.training.data.model import Array, Data, Part, Raw, RawPart
from cnndsl.training.data.split import hold_out, stratified
from cnndsl.training.data.table import read_table
from cnndsl.training.errors import DataError, DataMismatch

__all__ = ["Data", "DataError", "DataMismatch", "Part", "from_arrays", "hold_out", "load", "stratified"]


def load(path: str | os.PathLike[str], input_shape: Shape, workers: int = 2) -> Data:
    """Read a data set and fit it to a network that takes `input_shape`, (C, H, W) without the batch.

    `path` is a CSV or CSV.gz with a `label` column and pixel columns, an .npz, or a folder with a folder
    of images a class. Images come out as float32, channels first; labels as int64 from 0. What was mended
    on the way stands in `notes`. `workers` threads decode the images of a folder.

    Errors: DataError where the data are broken, DataMismatch (a DataError) where they are sound but do
    not fit the network, OSError where they cannot be read.

    >>> import tempfile, pathlib
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "tiny.csv"
    >>> _ = path.write_text("label,a,b,c,d\\n3,0,255,0,0\\n7,255,0,0,255\\n")
    >>> data = load(path, (1, 2, 2))
    >>> data.images.shape, data.labels.tolist(), data.classes
    (torch.Size([2, 1, 2, 2]), [0, 1], ('3', '7'))
    >>> data.notes[1]
    'labels mapped to classes: 3 -> 0, 7 -> 1'
    """
    return fit(_read(Path(path), input_shape, workers), input_shape, str(path))


def from_arrays(images: Array, labels: Array, input_shape: Shape, name: str = "the data") -> Data:
    """Fit images and labels that are in memory already; the same is mended, the same errors are raised."""
    return fit(
        Raw(check_part(RawPart(images, labels), f"{name}: images", f"{name}: labels")), input_shape, name
    )


def _read(path: Path, input_shape: Shape, workers: int) -> Raw:
    if path.is_dir():
        return read_folder(path, input_shape, workers)
    names = path.name.lower()
    if names.endswith((".csv", ".csv.gz")):
        return read_table(path)
    if names.endswith(".npz"):
        return read_arrays(path)
    path.stat()
    raise DataError(f"{path}: expected a .csv, a .csv.gz, an .npz or a folder of images")
