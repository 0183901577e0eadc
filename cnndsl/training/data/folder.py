"""A folder of images by class: root/class/*.png, or root/train/class, root/val/class, root/test/class."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from math import prod
from pathlib import Path
from typing import NamedTuple

import numpy as np

from cnndsl.backends.images import MODES, ImageError, ImageSizeError, peek, size_message
from cnndsl.dims import Shape, format_shape
from cnndsl.training.data.model import Array, Raw, RawPart
from cnndsl.training.data.options import Reading
from cnndsl.training.data.stored import StoredImages, decode_or_blame, too_large
from cnndsl.training.errors import DataError, DataMismatch

__all__ = ["ENDINGS", "Mended", "folders", "image_files", "read_folder", "read_images"]

ENDINGS = frozenset(".png .jpg .jpeg .bmp .gif .webp .tif .tiff .ppm .pgm .pbm".split())
PART_NAMES = {"train": "train", "val": "val", "valid": "val", "validation": "val", "test": "test"}
MIB = 1 << 20
FLOAT_BYTES = 4


def read_folder(root: Path, input_shape: Shape, reading: Reading, evaluating: bool = False) -> Raw:
    """Read every image below `root`, or leave them on disk where they would take too much memory.

    Images are brought to the number of channels of `input_shape`, a (C, H, W), and to its size as `reading`
    says. `evaluating` allows a single class, and parts without a training part.

    Errors: DataError for a broken image, an empty class folder or a wrong layout; DataMismatch for an
    image of another size; OSError where the folder cannot be read.
    """
    if len(input_shape) != 3 or input_shape[0] not in MODES:
        raise DataMismatch(
            f"{root}: a folder of images fits a network that takes 1, 3 or 4 channels, height and width; "
            f"this one takes {format_shape(input_shape)}",
            "input",
        )
    parts = {PART_NAMES[path.name]: path for path in folders(root) if path.name in PART_NAMES}
    if "train" not in parts:
        parts = {"train": parts.get("test", parts.get("val", root))} if evaluating else {"train": root}
    classes = [path.name for path in folders(parts["train"])]
    if len(classes) < (1 if evaluating else 2):
        raise DataError(
            f"{root}: expected a folder of images for each class, found "
            + (f"only `{classes[0]}`" if classes else "no folder"),
            help=("either root/cat/1.png, root/dog/1.png or root/train/cat/1.png, root/val/cat/1.png",),
        )
    mended = Mended(input_shape)
    files = {name: _labelled(path, classes, mended) for name, path in parts.items()}
    count = sum(len(found.paths) for found in files.values())
    takes = count * prod(input_shape) * FLOAT_BYTES / MIB
    stays = takes > reading.memory
    if stays:
        mended.said.append(
            f"{count:,} images would take {takes:,.0f} MiB of memory: they are read batch by batch, "
            f"{reading.workers} workers ahead"
        )
    read = _stored if stays else read_images
    raw = {
        name: RawPart(read(found.paths, input_shape, reading, mended), found.labels)
        for name, found in files.items()
    }
    return Raw(raw["train"], raw.get("val"), raw.get("test"), tuple(mended.notes()), fitted=True)


def folders(path: Path) -> list[Path]:
    """The folders in a folder, but for hidden ones, by name."""
    return sorted(child for child in path.iterdir() if child.is_dir() and not child.name.startswith("."))


class _Labelled(NamedTuple):
    paths: list[Path]
    labels: Array


class Mended:
    """Counts what had to be done to images."""

    def __init__(self, input_shape: Shape) -> None:
        self.channels, self.height, self.width = input_shape
        self.said: list[str] = []
        self.converted: dict[str, int] = {}
        self.sizes: set[tuple[int, int]] = set()
        self.turned = self.resized = 0
        self.left_out: list[Path] = []

    def count(self, mode: str, size: tuple[int, int], turned: bool = False, clear: bool = False) -> None:
        """One more image."""
        if mode != MODES[self.channels]:
            what = f"{mode}, transparent in parts," if clear else mode
            self.converted[what] = self.converted.get(what, 0) + 1
        self.turned += turned
        if size != (self.width, self.height):
            self.resized += 1
            self.sizes.add(size)

    def notes(self) -> Iterator[str]:
        """What there is to say."""
        yield from self.said
        wanted = {1: "grey", 3: "colour", 4: "colour with transparency"}[self.channels]
        for mode, count in sorted(self.converted.items()):
            over = ", laid over white" if mode.endswith(",") else ""
            yield f"{images(count)} in the mode {mode} brought to {wanted}{over}"
        if self.turned:
            yield f"{images(self.turned)} turned upright"
        if self.resized:
            by_area = sorted(self.sizes, key=lambda size: (prod(size), size))
            small, large = by_area[0], by_area[-1]
            sizes = "x".join(map(str, small))
            if small != large:
                sizes = f"{sizes} to {'x'.join(map(str, large))}"
            yield f"{images(self.resized)} of {sizes} (width x height) brought to {self.width}x{self.height}"
        yield "values 0..255 brought to 0..1"
        if self.left_out:
            more = ", ..." if len(self.left_out) > 3 else ""
            shown = ", ".join(f"{path.parent.name}/{path.name}" for path in self.left_out[:3])
            what = "file that is no image" if len(self.left_out) == 1 else "files that are no images"
            yield f"{len(self.left_out)} {what} left out: {shown}{more}"


def images(count: int) -> str:
    """A number of images."""
    return f"{count:,} image" + ("s" if count != 1 else "")


def _labelled(root: Path, classes: Sequence[str], mended: Mended) -> _Labelled:
    """The image files below `root`, each with the name of its folder."""
    paths: list[Path] = []
    labels: list[str] = []
    for folder in folders(root):
        if folder.name not in classes:
            raise DataError(f"{folder}: no training images of a class `{folder.name}`")
        found = image_files(folder, mended.left_out)
        if not found:
            raise DataError(f"{folder}: the folder of this class holds no image")
        paths += found
        labels += [folder.name] * len(found)
    if not paths:
        raise DataError(f"{root}: expected a folder of images for each class, found no folder")
    return _Labelled(paths, np.array(labels))


def image_files(folder: Path, left_out: list[Path]) -> list[Path]:
    """The images in a folder by name; what is no image is added to `left_out`."""
    found = []
    for path in sorted(folder.iterdir()):
        if path.name.startswith("."):
            continue
        if path.suffix.lower() in ENDINGS and path.is_file():
            found.append(path)
        else:
            left_out.append(path)
    return found


def read_images(paths: Sequence[Path], shape: Shape, reading: Reading, mended: Mended) -> Array:
    """All images in memory: (N, C, H, W), float32."""
    values = np.empty((len(paths), *shape), np.float32)

    def place(row: int, path: Path) -> tuple[str, tuple[int, int], bool, bool]:
        values[row], mode, size, turned, clear = decode_or_blame(path, shape, reading.resize)
        return mode, size, turned, clear

    with ThreadPoolExecutor(max(1, reading.workers)) as pool:
        for decoded in pool.map(place, range(len(paths)), paths):
            mended.count(*decoded)
    return values


def _stored(paths: Sequence[Path], shape: Shape, reading: Reading, mended: Mended) -> StoredImages:
    """The images left on disk; of each the head is read, so that most of what is wrong is found at once."""
    with ThreadPoolExecutor(max(1, reading.workers)) as pool:
        try:
            for path, (mode, size) in zip(paths, pool.map(peek, paths), strict=True):
                if reading.resize == "none" and size != (shape[2], shape[1]):
                    raise ImageSizeError(f"{path}: {size_message(size, shape)}", size)
                mended.count(mode, size)
        except ImageSizeError as error:
            raise too_large(error, shape) from error
        except ImageError as error:
            raise DataError(str(error)) from error
    return StoredImages(tuple(paths), shape, reading.resize)
