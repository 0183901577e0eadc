"""An image file as the values that a network takes."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from warnings import catch_warnings, simplefilter

import numpy as np
from numpy.typing import NDArray

from cnndsl.dims import Shape, format_shape

__all__ = ["ImageError", "read_image"]

# The colour mode that Pillow brings images to, by the channels that the network takes.
MODES = {1: "L", 3: "RGB", 4: "RGBA"}
NAMES = {
    "1": "black and white",
    "L": "grey",
    "RGB": "colour",
    "RGBA": "colour with transparency",
    "P": "a palette",
}


class ImageError(ValueError):
    """A file that is no image, or a network that takes none."""


def read_image(path: Path, shape: Shape) -> tuple[NDArray[np.float32], tuple[str, ...]]:
    """The image as values from 0 to 1 in the shape (C, H, W), and what was done to it.

    It is turned upright, brought to the channels, made as small or large as to cover height and width, and
    cut to them around its centre. Of a moving image it is the first.

    Errors: ImageError where the file is no image, or `shape` is no image's; OSError where it cannot be read.
    """
    if len(shape) != 3 or shape[0] not in MODES:
        taken = format_shape(shape)
        raise ImageError(f"the network takes {taken}, no image: expected 1, 3 or 4 channels, height, width")
    from PIL import Image, ImageOps, UnidentifiedImageError

    channels, height, width = shape
    with path.open("rb") as file, catch_warnings():
        # Pillow's warnings, of very large images, as the errors that they are on the way to
        simplefilter("error")
        try:
            with Image.open(file) as opened:
                image = ImageOps.exif_transpose(opened)
                notes = [*_changes(image, channels, (width, height)), "values 0..255 brought to 0..1"]
                brought = ImageOps.fit(
                    _in_mode(image, MODES[channels]), (width, height), Image.Resampling.BILINEAR
                )
        except UnidentifiedImageError as error:
            raise ImageError(f"{path} is no image that can be read") from error
        except (OSError, ValueError, SyntaxError, EOFError, Warning) as error:
            raise ImageError(f"{path} is a broken image: {error}") from error
    values = np.asarray(brought, np.float32) / np.float32(255)
    return values[None] if values.ndim == 2 else np.ascontiguousarray(values.transpose(2, 0, 1)), tuple(notes)


def _in_mode(image: Any, mode: str) -> Any:
    """The image in one of the modes above; deep grey keeps what eight bits hold of it."""
    from PIL import Image

    if image.mode.startswith("I;16") or image.mode == "I":
        image = Image.fromarray((np.asarray(image, np.float32) / 257).clip(0, 255).astype(np.uint8))
    return image.convert(mode)


def _changes(image: Any, channels: int, size: tuple[int, int]) -> list[str]:
    notes = []
    wanted = MODES[channels]
    if image.mode != wanted:
        notes.append(f"{NAMES.get(image.mode, image.mode)} brought to {NAMES[wanted]}")
    if image.size != size:
        scale = max(size[0] / image.size[0], size[1] / image.size[1])
        scaled = f"{image.size[0]}x{image.size[1]} (width x height) scaled by {scale:.3g}"
        cut = (size[0] / image.size[0]) != (size[1] / image.size[1])
        notes.append(f"{scaled}{' and cut around its centre' if cut else ''} to {size[0]}x{size[1]}")
    return notes
