"""An image file as the values that a network takes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple
from warnings import catch_warnings, simplefilter

import numpy as np
from numpy.typing import NDArray

from cnndsl.backends.resizing import Resize
from cnndsl.dims import Shape, format_shape

__all__ = [
    "GREY",
    "MODES",
    "Decoded",
    "ImageError",
    "ImageSizeError",
    "decode",
    "peek",
    "read_image",
    "require_image",
    "size_message",
    "values_of",
]

# The colour mode that Pillow brings images to, by the channels that the network takes.
MODES = {1: "L", 3: "RGB", 4: "RGBA"}
NAMES = {
    "1": "black and white",
    "L": "grey",
    "RGB": "colour",
    "RGBA": "colour with transparency",
    "P": "a palette",
}
# What has no colours.
GREY = frozenset(("1", "L", "LA", "I;16", "I;16L", "I;16B", "I;16N"))
DEEP_GREY = ("I;16", "I;16L", "I;16B", "I;16N")
ORIENTATION = 0x0112


class ImageError(ValueError):
    """A file that is no image, or a network that takes none."""


class ImageSizeError(ImageError):
    """An image of another size than the network takes; `size` is its width and height."""

    def __init__(self, message: str, size: tuple[int, int]) -> None:
        super().__init__(message)
        self.size = size


class Decoded(NamedTuple):
    """An image's values, (C, H, W) from 0 to 1, and what it was: its mode, its width and height, how it lay.

    `clear` says that it had transparent pixels, which the network does not take.
    """

    values: NDArray[np.float32]
    mode: str
    size: tuple[int, int]
    turned: bool
    clear: bool


def read_image(path: Path, shape: Shape) -> tuple[NDArray[np.float32], tuple[str, ...]]:
    """The image as values from 0 to 1 in the shape (C, H, W), and what was done to it.

    It is turned upright, brought to the channels, made as small or large as to cover height and width, and
    cut to them around its centre. Of a moving image it is the first. Transparent pixels are laid over white.

    Errors: ImageError where the file is no image, or `shape` is no image's; OSError where it cannot be read.
    """
    require_image(shape)
    with path.open("rb") as file, catch_warnings():
        # Pillow's warnings, of very large images, as the errors that they are on the way to
        simplefilter("error")
        decoded = decode(file, str(path), shape, "crop")
    return decoded.values, (*_changes(decoded, shape), "values 0..255 brought to 0..1")


def require_image(shape: Shape) -> None:
    """Raise ImageError for a shape that no image has."""
    if len(shape) != 3 or shape[0] not in MODES:
        taken = format_shape(shape)
        raise ImageError(f"the network takes {taken}, no image: expected 1, 3 or 4 channels, height, width")


def decode(file: Path | BinaryIO, name: str, shape: Shape, resize: Resize) -> Decoded:
    """Read an image, turned upright, in the shape (C, H, W); `name` stands for it in messages.

    Errors: ImageError where the file is no image or a broken one, ImageSizeError where it has another size
    and `resize` is "none"; OSError where it cannot be opened.
    """
    from PIL import Image

    with _blamed(name), Image.open(file) as opened:
        return values_of(opened, shape, resize)


def peek(path: Path) -> tuple[str, tuple[int, int]]:
    """The mode, and the width and height when it is upright, of an image of which only the head is read.

    Errors: as `decode`.
    """
    from PIL import Image

    with _blamed(str(path)), Image.open(path) as image:
        # of a PNG, Pillow would read all to find out; such are not turned
        lying = image.format != "PNG" and image.getexif().get(ORIENTATION, 1) > 4
        width, height = image.size
        return image.mode, (height, width) if lying else (width, height)


@contextmanager
def _blamed(name: str) -> Iterator[None]:
    """Turn what Pillow raises for a file that it cannot read into ImageError."""
    from PIL import UnidentifiedImageError

    try:
        yield
    except UnidentifiedImageError as error:
        raise ImageError(f"{name} is no image that can be read") from error
    except ImageSizeError as error:
        raise ImageSizeError(f"{name}: {error}", error.size) from error
    except (FileNotFoundError, IsADirectoryError, PermissionError):
        raise
    except Exception as error:
        # Pillow's decoders raise errors of many kinds for a broken file
        raise ImageError(f"{name} is a broken image: {error}") from error


def values_of(image: Any, shape: Shape, resize: Resize) -> Decoded:
    """The values of a Pillow image that is open, in the shape (C, H, W).

    Errors: ImageSizeError as in `decode`; ValueError for pixels of a kind that is not known.
    """
    from PIL import Image, ImageOps

    channels, height, width = shape
    mode = image.mode
    lies = image.getexif().get(ORIENTATION, 1)
    size = image.size[::-1] if lies > 4 else image.size
    if resize != "none" and image.format == "JPEG":
        # decoded smaller at once, but still twice as large as wanted: several times as fast
        image.draft(None, (2 * max(width, height), 2 * max(width, height)))
    turned = lies > 1
    if turned:
        image = ImageOps.exif_transpose(image)
    if size != (width, height) and resize == "none":
        raise ImageSizeError(size_message(size, shape), size)
    if mode in ("I", "F"):
        raise ValueError(f"its pixels are of Pillow's mode {mode}, expected 8 or 16 bits a channel")
    clear = False
    if mode in DEEP_GREY:
        image = Image.fromarray(np.asarray(image, np.float32) / np.float32(65535))
    else:
        if channels < 4 and image.has_transparency_data:
            image = image.convert("RGBA")
            clear = image.getextrema()[3][0] < 255
            image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
        image = image.convert(MODES[channels])
    if image.size != (width, height):
        image = _resized(image, (width, height), resize)
    pixels = np.asarray(image, np.float32)
    if mode in DEEP_GREY:
        grey = np.repeat(pixels[None], min(channels, 3), 0)
        values = grey if channels < 4 else np.concatenate([grey, np.ones_like(pixels[None])])
    else:
        pixels = pixels / np.float32(255)
        values = pixels[None] if pixels.ndim == 2 else np.ascontiguousarray(pixels.transpose(2, 0, 1))
    return Decoded(values, mode, size, turned, clear)


def size_message(size: tuple[int, int], shape: Shape) -> str:
    """What is said of an image of another size."""
    return f"the image is {size[0]}x{size[1]} (width x height), the network takes {shape[2]}x{shape[1]}"


def _resized(image: Any, size: tuple[int, int], resize: Resize) -> Any:
    from PIL import Image, ImageOps

    smooth = Image.Resampling.BILINEAR
    if resize == "crop":
        return ImageOps.fit(image, size, smooth)
    if resize == "pad":
        return ImageOps.pad(image, size, smooth)
    return image.resize(size, smooth)


def _changes(decoded: Decoded, shape: Shape) -> list[str]:
    notes = []
    wanted, size = MODES[shape[0]], (shape[2], shape[1])
    if decoded.mode != wanted:
        over = ", laid over white" if decoded.clear else ""
        notes.append(f"{NAMES.get(decoded.mode, decoded.mode)} brought to {NAMES[wanted]}{over}")
    if decoded.size != size:
        width, height = decoded.size
        scale = max(size[0] / width, size[1] / height)
        scaled = f"{width}x{height} (width x height) scaled by {scale:.3g}"
        cut = (size[0] / width) != (size[1] / height)
        notes.append(f"{scaled}{' and cut around its centre' if cut else ''} to {size[0]}x{size[1]}")
    return notes
