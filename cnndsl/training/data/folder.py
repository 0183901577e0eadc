"""A folder of images by class: root/class/*.png, or root/train/class, root/val/class, root/test/class."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from cnndsl.dims import Shape, format_shape
from cnndsl.training.data.model import Array, Raw, RawPart
from cnndsl.training.errors import DataError, DataMismatch

__all__ = ["read_folder"]

ENDINGS = frozenset(".png .jpg .jpeg .bmp .gif .webp .tif .tiff .ppm .pgm .pbm".split())
PART_NAMES = {"train": "train", "val": "val", "valid": "val", "validation": "val", "test": "test"}
# The colour mode that Pillow brings images to, by the channels that the network takes.
MODES = {1: "L", 3: "RGB", 4: "RGBA"}
DEEP_GREY = ("I;16", "I;16L", "I;16B", "I;16N")


def read_folder(root: Path, input_shape: Shape, workers: int = 2) -> Raw:
    """Read every image below `root`; `workers` threads decode them.

    Images are brought to the number of channels of `input_shape`, a (C, H, W), never to another size.

    Errors: DataError for a broken image, an empty class folder or a wrong layout; DataMismatch for an
    image of another size; OSError where the folder cannot be read.
    """
    if len(input_shape) != 3 or input_shape[0] not in MODES:
        raise DataMismatch(
            f"{root}: a folder of images fits a network that takes 1, 3 or 4 channels, height and width; "
            f"this one takes {format_shape(input_shape)}",
            "input",
        )
    parts = {PART_NAMES[path.name]: path for path in _folders(root) if path.name in PART_NAMES}
    if "train" not in parts:
        parts = {"train": root}
    classes = [path.name for path in _folders(parts["train"])]
    if len(classes) < 2:
        raise DataError(
            f"{root}: expected a folder of images for each class, found "
            + (f"only `{classes[0]}`" if classes else "no folder"),
            help=("either root/cat/1.png, root/dog/1.png or root/train/cat/1.png, root/val/cat/1.png",),
        )
    reader = _Reader(input_shape, workers)
    raw = {name: reader.part(path, classes) for name, path in parts.items()}
    return Raw(raw["train"], raw.get("val"), raw.get("test"), tuple(reader.notes()))


def _folders(path: Path) -> list[Path]:
    return sorted(child for child in path.iterdir() if child.is_dir() and not child.name.startswith("."))


class _Reader:
    """Decodes images and counts what it had to mend."""

    def __init__(self, input_shape: Shape, workers: int) -> None:
        self.channels, self.height, self.width = input_shape
        self.workers = workers
        self.converted: dict[str, int] = {}
        self.left_out: list[Path] = []

    def part(self, root: Path, classes: list[str]) -> RawPart:
        paths, labels = [], []
        for folder in _folders(root):
            if folder.name not in classes:
                raise DataError(f"{folder}: no training images of a class `{folder.name}`")
            images = list(self._images(folder))
            if not images:
                raise DataError(f"{folder}: the folder of this class holds no image")
            paths += images
            labels += [folder.name] * len(images)
        if not paths:
            raise DataError(f"{root}: expected a folder of images for each class, found no folder")
        with ThreadPoolExecutor(max(1, self.workers)) as pool:
            decoded = list(pool.map(self._decode, paths))
        for mode, _ in decoded:
            if mode != MODES[self.channels]:
                self.converted[mode] = self.converted.get(mode, 0) + 1
        return RawPart(np.stack([image for _, image in decoded]), np.array(labels))

    def _images(self, folder: Path) -> Iterator[Path]:
        for path in sorted(folder.iterdir()):
            if path.name.startswith("."):
                continue
            if path.is_file() and path.suffix.lower() in ENDINGS:
                yield path
            else:
                self.left_out.append(path)

    def _decode(self, path: Path) -> tuple[str, Array]:
        """The image's own mode, and its values from 0 to 1: (channels, height, width), float32."""
        from PIL import Image

        try:
            with Image.open(path) as image:
                mode, size = image.mode, image.size
                values = self._values(image) if size == (self.width, self.height) else None
        except Exception as error:
            # Pillow's decoders raise errors of many kinds for a broken file
            what = (
                "not an image that can be read"
                if "cannot identify" in str(error)
                else f"a broken image: {error}"
            )
            raise DataError(f"{path}: {what}") from error
        if values is None:
            wanted = f"{self.width}x{self.height}"
            raise DataMismatch(
                f"{path}: the image is {size[0]}x{size[1]} (width x height), the network takes {wanted}",
                "input",
                help=(f"`input {self.channels}x{size[1]}x{size[0]}` fits it",),
            )
        return mode, values

    def _values(self, image: Any) -> Array:
        if image.mode in DEEP_GREY:
            grey = np.asarray(image, np.float32)[None] / np.float32(65535)
            values: Array = np.repeat(grey, min(self.channels, 3), 0)
            return values if self.channels < 4 else np.concatenate([values, np.ones_like(grey)])
        if image.mode in ("I", "F"):
            raise ValueError(f"its pixels are of Pillow's mode {image.mode}, expected 8 or 16 bits a channel")
        pixels = np.asarray(image.convert(MODES[self.channels]), np.float32) / np.float32(255)
        return pixels[None] if pixels.ndim == 2 else pixels.transpose(2, 0, 1)

    def notes(self) -> Iterator[str]:
        wanted = {1: "grey", 3: "colour", 4: "colour with transparency"}[self.channels]
        for mode, count in sorted(self.converted.items()):
            what = f"{count} image" + ("s" if count > 1 else "")
            yield f"{what} in the mode {mode} brought to {wanted}"
        yield "values 0..255 brought to 0..1"
        if self.left_out:
            more = ", ..." if len(self.left_out) > 3 else ""
            shown = ", ".join(path.name for path in self.left_out[:3])
            yield f"{len(self.left_out)} files that are no images left out: {shown}{more}"
