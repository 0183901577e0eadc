"""What a data set is, before and after it has been fitted to a network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from cnndsl.training.data.stored import StoredImages

__all__ = ["Array", "Data", "Images", "Part", "Raw", "RawPart"]

Array = NDArray[Any]
# Images in memory, or on disk to be read batch by batch. Both have a shape and a length, and give the images
# at a slice or at a tensor of indices as a tensor.
Images = Tensor | StoredImages


@dataclass(frozen=True, slots=True, eq=False)
class RawPart:
    """Images and labels as a file holds them: (N, ...) numbers, and N labels, whole numbers or words."""

    images: Array | StoredImages
    labels: Array


@dataclass(frozen=True, slots=True, eq=False)
class Raw:
    """A data set as a file or folder holds it, with what its reader has to say about it.

    `names` are there where the labels are numbers from 0 that stand for these words. `fitted` says that the
    values lie between 0 and 1 and that the axes are in the network's order, as those of image files are.
    """

    train: RawPart
    val: RawPart | None = None
    test: RawPart | None = None
    notes: tuple[str, ...] = ()
    names: tuple[str, ...] | None = None
    fitted: bool = False

    def parts(self) -> Iterator[tuple[str, RawPart]]:
        """The parts that are there, each with its name."""
        for name, part in (("train", self.train), ("val", self.val), ("test", self.test)):
            if part is not None:
                yield name, part


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Samples that belong together.

    `images` is (N, *input shape), float32, channels first: a tensor, or images on disk that give tensors;
    `labels` is (N,), int64, each from 0 up to, not including, the number of classes.
    """

    images: Images
    labels: Tensor

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, indices: Tensor) -> Part:
        """The samples at `indices`, copied; of images on disk, their paths."""
        images = self.images
        taken = images[indices] if isinstance(images, Tensor) else images.take(indices)
        return Part(taken, self.labels[indices])


@dataclass(frozen=True, slots=True, eq=False)
class Data:
    """A data set that fits a network's input.

    `classes[i]` is the label, as the data have it, that is trained as class i. `mapping` says the same
    the other way round, and is None where the labels were 0, 1, 2 … already. `val` and `test` are there
    only where the data bring such parts themselves. `notes` say what was mended; `divisor` is what the
    values were divided by.
    """

    train: Part
    classes: tuple[str, ...]
    name: str
    val: Part | None = None
    test: Part | None = None
    mapping: Mapping[str, int] | None = None
    notes: tuple[str, ...] = ()
    divisor: int = 1

    @property
    def images(self) -> Images:
        """The images to train with: (N, *input shape), float32, channels first."""
        return self.train.images

    @property
    def labels(self) -> Tensor:
        """Their classes: (N,), int64."""
        return self.train.labels

    def parts(self) -> Iterator[tuple[str, Part]]:
        """The parts that are there, each with its name."""
        for name, part in (("train", self.train), ("val", self.val), ("test", self.test)):
            if part is not None:
                yield name, part

    def fingerprint(self) -> str:
        """A checksum of everything in it, to see whether a run goes on with the data it began with.

        Of images on disk it is that of their names and sizes.
        """
        checksum = 0
        for _, part in self.parts():
            if isinstance(part.images, Tensor):
                checksum = crc32(np.ascontiguousarray(part.images.numpy()).data, checksum)
            else:
                checksum = crc32(part.images.fingerprint(), checksum)
            checksum = crc32(np.ascontiguousarray(part.labels.numpy()).data, checksum)
        return f"{checksum:08x}"
