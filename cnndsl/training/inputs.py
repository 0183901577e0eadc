"""Images in all the forms in which a trained network is shown them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from cnndsl.backends.images import ImageError, ImageSizeError, require_image, values_of
from cnndsl.backends.resizing import Resize
from cnndsl.training.data import DataError, DataMismatch
from cnndsl.training.data.mend import fit_images
from cnndsl.training.data.stored import decode_or_blame, too_large
from cnndsl.training.data.unlabelled import image_paths, read_unlabelled
from cnndsl.training.records import RunConfig

__all__ = ["Inputs", "Some", "in_batches"]

# The name of an image that has none.
NAMELESS = "image 1"


class Some(NamedTuple):
    """Some images: what they are called, and their values, (N, *input shape), not yet normalised."""

    names: list[str]
    values: Tensor


def in_batches(read: Iterable[Some], size: int) -> Iterator[Some]:
    """The same images, at least `size` at a time, but for the last."""
    names: list[str] = []
    values: list[Tensor] = []
    for some in read:
        names += some.names
        values.append(some.values)
        if len(names) >= size:
            yield Some(names, torch.cat(values))
            names, values = [], []
    if names:
        yield Some(names, torch.cat(values))


class Inputs:
    """Brings images to what the network of a run takes, as its training images were."""

    def __init__(self, config: RunConfig) -> None:
        self.shape = config.input
        self.divisor = config.data.divisor
        self.resize = config.settings.resize
        self.at_once = 2 * config.settings.batch

    def read(self, images: Any, resize: Resize | None = None) -> Iterator[Some]:
        """The values of files, folders, pictures, arrays, tensors and sequences of such.

        Errors: DataError for broken images, DataMismatch for those that the network does not take; OSError.
        """
        resize = resize or self.resize
        if isinstance(images, str | os.PathLike):
            yield from self._files(Path(images), resize)
        elif hasattr(images, "getexif") and hasattr(images, "mode"):
            yield Some([NAMELESS], self._picture(images, resize))
        elif isinstance(images, Tensor | np.ndarray):
            values = self._array(images)
            yield Some([f"image {number}" for number in range(1, len(values) + 1)], values)
        elif isinstance(images, Sequence) and images:
            for number, image in enumerate(images, 1):
                for names, values in self.read(image, resize):
                    yield Some([f"image {number}"] if names == [NAMELESS] else names, values)
        else:
            raise DataError(f"expected images, found {type(images).__name__}")

    def _files(self, path: Path, resize: Resize) -> Iterator[Some]:
        array = read_unlabelled(path)
        if array is not None:
            values, _ = fit_images(array, self.shape, str(path), self.divisor)
            yield Some([f"{path}:{number}" for number in range(1, len(values) + 1)], values)
            return
        self._require_pictures(str(path))
        paths = image_paths(path)
        for start in range(0, len(paths), self.at_once):
            some = paths[start : start + self.at_once]
            decoded = [decode_or_blame(one, self.shape, resize).values for one in some]
            yield Some(list(map(str, some)), torch.from_numpy(np.stack(decoded)))

    def _picture(self, picture: Any, resize: Resize) -> Tensor:
        self._require_pictures("the image")
        try:
            return torch.from_numpy(values_of(picture, self.shape, resize).values)[None]
        except ImageSizeError as error:
            raise too_large(error, self.shape) from error
        except (OSError, ValueError, SyntaxError) as error:
            raise DataError(f"the image is broken: {error}") from error

    def _array(self, images: Tensor | np.ndarray) -> Tensor:
        array = images.detach().cpu().numpy() if isinstance(images, Tensor) else images
        # a run on image files has no divisor: their bytes are scaled where they are decoded
        divisor = 255 if self.divisor == 1 and array.dtype == np.uint8 else self.divisor
        try:
            return fit_images(array[None], self.shape, "the image", divisor)[0]
        except DataMismatch:
            if array.ndim < 2 or not len(array):
                raise
            return fit_images(array, self.shape, "the images", divisor)[0]

    def _require_pictures(self, name: str) -> None:
        try:
            require_image(self.shape)
        except ImageError as error:
            raise DataMismatch(f"{name}: {error}", "input") from error
