"""IDX, the format of MNIST and its likes: a file of images and a file of labels for each part."""

from __future__ import annotations

import re
from math import prod
from pathlib import Path

import numpy as np

from cnndsl.training.data.arrays import check_part
from cnndsl.training.data.model import Array, Raw, RawPart
from cnndsl.training.data.unpack import unpack
from cnndsl.training.errors import DataError

__all__ = ["is_idx", "read_idx", "read_numbers"]

# train-images-idx3-ubyte, t10k-labels.idx1-ubyte.gz, emnist-letters-test-images-idx3-ubyte
NAME = re.compile(
    r"(?P<part>.*?)(?P<what>images|labels)(?P<ending>[.-]idx\d-[a-z]+)(?P<packed>\.gz)?", re.IGNORECASE
)
PLAIN_ENDINGS = (".idx", ".idx.gz")
TEST_WORDS = ("t10k", "test")
# The third byte of a file says what its numbers are; they are stored with the high byte first.
TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
MOST_AXES = 8


def is_idx(path: Path) -> bool:
    """Whether a file has the name of an IDX file, or a folder holds such files.

    >>> is_idx(Path("train-images-idx3-ubyte.gz")), is_idx(Path("digits.csv"))
    (True, False)
    """
    if path.is_dir():
        return any(NAME.fullmatch(child.name) for child in path.iterdir())
    return NAME.fullmatch(path.name) is not None or path.name.lower().endswith(PLAIN_ENDINGS)


def read_idx(path: Path) -> Raw:
    """Read the part of the data that a file belongs to, and the others that lie beside it.

    `path` is one of the files, or their folder: with train-images-idx3-ubyte come its labels, and the files
    of t10k as the test part.

    Errors: DataError for a broken file or one without its partner; OSError where a file cannot be read.
    """
    files = _files(path)
    parts: dict[str, RawPart] = {}
    notes = []
    for name, (images, labels) in files.items():
        part = RawPart(read_numbers(images), read_numbers(labels))
        parts[name] = check_part(part, str(images), str(labels))
        notes.append(f"{name}: {len(part.labels):,} images of {images.name}, labels of {labels.name}")
    return Raw(parts.pop("train"), parts.get("val"), parts.get("test"), tuple(notes))


def _files(path: Path) -> dict[str, tuple[Path, Path]]:
    """The files of images and labels of each part; what `path` names is to train with, if nothing else is."""
    folder = path if path.is_dir() else path.parent
    if not path.is_dir() and NAME.fullmatch(path.name) is None:
        raise DataError(
            f"{path}: which are the images and which the labels is told by the names",
            help=("such as train-images-idx3-ubyte and train-labels-idx1-ubyte, both also with .gz",),
        )
    path.stat()
    found: dict[str, dict[str, Path]] = {}
    for child in sorted(folder.iterdir()):
        match = NAME.fullmatch(child.name)
        if match is None:
            continue
        # of a file that lies there packed and unpacked, the one that was asked for, else the unpacked one
        kinds = found.setdefault(match["part"], {})
        if match["what"].lower() not in kinds or child.name == path.name:
            kinds[match["what"].lower()] = child
    for kinds in found.values():
        for what, other in (("images", "labels"), ("labels", "images")):
            if other not in kinds:
                expected = (
                    kinds[what].name.replace(what, other).replace("idx3", "idx@").replace("idx1", "idx3")
                )
                expected = expected.replace("idx@", "idx1")
                raise DataError(f"{kinds[what]} stands alone: expected {expected} beside it")
    named = NAME.fullmatch(path.name)
    train = _chosen(path, list(found), None if named is None else named["part"])
    files = {"train": (found[train]["images"], found[train]["labels"])}
    for name, words in (("test", TEST_WORDS), ("val", ("val", "valid", "validation"))):
        for word in words:
            other = train.replace("train", word)
            if other != train and other in found:
                files[name] = (found[other]["images"], found[other]["labels"])
    return files


def _chosen(path: Path, parts: list[str], named: str | None) -> str:
    """The part to train with: that of `train`, beside the named one too."""
    if named is not None:
        for word in TEST_WORDS:
            if named.replace(word, "train") in parts:
                return named.replace(word, "train")
        return named
    training = [part for part in parts if "train" in part]
    if len(training) == 1:
        return training[0]
    if len(parts) == 1:
        return parts[0]
    shown = ", ".join(f"{part}images-..." for part in parts)
    raise DataError(f"{path}: holds several data sets, {shown}: name one of the files")


def read_numbers(path: Path) -> Array:
    """The array in one file. Errors: as in `read_idx`."""
    content = unpack(path)
    if not content:
        raise DataError(f"{path}: the file is empty")
    if (
        len(content) < 4
        or content[:2] != b"\0\0"
        or content[2] not in TYPES
        or not 1 <= content[3] <= MOST_AXES
    ):
        shown = " ".join(f"{byte:02x}" for byte in content[:4])
        raise DataError(
            f"{path}: not an IDX file: it begins with the bytes {shown}, expected 00 00, "
            "the type of the numbers (08 for bytes) and how many axes they have"
        )
    dtype, axes = np.dtype(TYPES[content[2]]), content[3]
    start = 4 + 4 * axes
    if len(content) < start:
        raise DataError(f"{path}: cut short: the sizes of {axes} axes are missing")
    shape = tuple(int.from_bytes(content[at : at + 4], "big") for at in range(4, start, 4))
    expected = prod(shape) * dtype.itemsize
    found = len(content) - start
    if found != expected:
        sizes = "x".join(map(str, shape))
        what = "cut short" if found < expected else "longer than it says"
        raise DataError(f"{path}: {what}: {sizes} numbers take {expected:,} bytes, found {found:,}")
    return np.frombuffer(content, dtype, offset=start).reshape(shape).astype(dtype.newbyteorder("="))
