"""What a data set is, before and after it has been fitted to a network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

__all__ = ["Array", "Data", "Part", "Raw", "RawPart"]

Array = NDArray[Any]


@dataclass(frozen=True, slots=True, eq=False)
class RawPart:
    """Images and labels as a file holds them: (N, ...) numbers, and N labels, whole numbers or words."""

    images: Array
    labels: Array


@dataclass(frozen=True, slots=True, eq=False)
class Raw:
    """A data set as a file or folder holds it, with what its reader has to say about it."""

    train: RawPart
    val: RawPart | None = None
    test: RawPart | None = None
    notes: tuple[str, ...] = ()

    def parts(self) -> Iterator[tuple[str, RawPart]]:
        """The parts that are there, each with its name."""
        for name, part in (("train", self.train), ("val", self.val), ("test", self.test)):
            if part is not None:
                yield name, part


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Samples that belong together.

    `images` is (N, *input shape), float32, channels first; `labels` is (N,), int64, each from 0 up to,
    not including, the number of classes.
    """

    images: Tensor
    labels: Tensor

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, indices: Tensor) -> Part:
        """The samples at `indices`, copied."""
        return Part(self.images[indices], self.labels[indices])


@dataclass(frozen=True, slots=True, eq=False)
class Data:
    """A data set that fits a network's input.

    `classes[i]` is the label, as the data have it, that is trained as class i. `mapping` says the same
    the other way round, and is None where the labels were 0, 1, 2 … already. `val` and `test` are there
    only where the data bring such parts themselves. `notes` say what was mended.
    """

    train: Part
    classes: tuple[str, ...]
    name: str
    val: Part | None = None
    test: Part | None = None
    mapping: Mapping[str, int] | None = None
    notes: tuple[str, ...] = ()

    @property
    def images(self) -> Tensor:
        """The images to train with: (N, *input shape), float32, channels first."""
        return self.train.images

    @property
    def labels(self) -> Tensor:
        """Their classes: (N,), int64."""
        return self.train.labels

    def fingerprint(self) -> str:
        """A checksum of everything in it, to see whether a run goes on with the data it began with."""
        checksum = 0
        for part in (self.train, self.val, self.test):
            for tensor in () if part is None else (part.images, part.labels):
                checksum = crc32(np.ascontiguousarray(tensor.numpy()).data, checksum)
        return f"{checksum:08x}"
