"""Data sets: read from files, folders and functions, mended, and fitted to a network's input."""

from __future__ import annotations

import os
from pathlib import Path

from cnndsl.backends.resizing import Resize
from cnndsl.dims import Shape
from cnndsl.training.address import PYTHON, TORCHVISION
from cnndsl.training.data.arrays import check_part, read_arrays
from cnndsl.training.data.folder import read_folder
from cnndsl.training.data.idx import is_idx, read_idx
from cnndsl.training.data.mend import fit
from cnndsl.training.data.model import Array, Data, Images, Part, Raw, RawPart
from cnndsl.training.data.options import Known, Reading
from cnndsl.training.data.split import hold_out, stratified
from cnndsl.training.data.stored import StoredImages
from cnndsl.training.data.table import read_table
from cnndsl.training.errors import DataError, DataMismatch

__all__ = [
    "Data",
    "DataError",
    "DataMismatch",
    "Images",
    "Known",
    "Part",
    "Reading",
    "StoredImages",
    "from_arrays",
    "hold_out",
    "load",
    "read",
    "stratified",
]


def load(
    path: str | os.PathLike[str],
    input_shape: Shape,
    workers: int = 2,
    *,
    resize: Resize = "none",
    memory: int = 2048,
    known: Known | None = None,
) -> Data:
    """Read a data set and fit it to a network that takes `input_shape`, (C, H, W) without the batch.

    `path` is a CSV or CSV.gz with a `label` column and pixel columns, an .npz, an IDX file, or a folder with
    a folder of images a class; or `torchvision:NAME` or `python:module:callable`. Images come out as float32,
    channels first; labels as int64 from 0. What was mended on the way stands in `notes`.

    Of image files, `workers` threads decode them, `resize` says what becomes of those of another size
    ("none": they are refused; "crop", "stretch", "pad"), and what takes more than `memory` MiB stays on disk
    and is read batch by batch. `known` are the classes of a network that was trained before.

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
    name = os.fspath(path)
    raw = read(name, input_shape, Reading(workers, resize, memory), known is not None)
    return fit(raw, input_shape, name, known)


def from_arrays(
    images: Array, labels: Array, input_shape: Shape, name: str = "the data", known: Known | None = None
) -> Data:
    """Fit images and labels that are in memory already; the same is mended, the same errors are raised."""
    part = check_part(RawPart(images, labels), f"{name}: images", f"{name}: labels")
    return fit(Raw(part), input_shape, name, known)


def read(data: str, input_shape: Shape, reading: Reading, evaluating: bool = False) -> Raw:
    """Read a data set as it is; only image files are brought to `input_shape`. Errors: as in `load`."""
    try:
        return _read(data, input_shape, reading, evaluating)
    except MemoryError as error:
        raise DataError(f"{data}: the data do not fit into the memory of this machine") from error


def _read(data: str, input_shape: Shape, reading: Reading, evaluating: bool) -> Raw:
    if data.startswith(TORCHVISION):
        from cnndsl.training.data.library import read_library

        return read_library(data, input_shape, reading)
    if data.startswith(PYTHON):
        from cnndsl.training.data.own import read_own

        return read_own(data, input_shape, reading)
    path = Path(data)
    if is_idx(path):
        return read_idx(path)
    if path.is_dir():
        return read_folder(path, input_shape, reading, evaluating)
    names = path.name.lower()
    if names.endswith((".csv", ".csv.gz")):
        return read_table(path)
    if names.endswith(".npz"):
        return read_arrays(path)
    path.stat()
    raise DataError(
        f"{path}: expected a .csv, a .csv.gz, an .npz, an IDX file or a folder of images",
        help=("torchvision:NAME and python:module:callable are data too",),
    )
