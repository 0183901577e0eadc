"""Sizes, shapes and values: what flows along the edges of a graph."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "AXIS_LETTERS",
    "LARGEST",
    "NotExact",
    "OpenSize",
    "Shape",
    "Value",
    "describe",
    "format_shape",
    "kind_of",
]

# Sizes without the batch axis, channels (or features) first.
Shape = tuple[int, ...]

# PyTorch keeps sizes in 64 bits, but kernels index with 32: numbers above this end in `too-large`.
LARGEST = 2**31 - 1

# How the axes of a value are called, by how many axes it has.
AXIS_LETTERS: dict[int, str] = {1: "C", 2: "CL", 3: "CHW", 4: "CDHW"}

_KINDS = {1: "vector", 2: "sequence", 3: "image", 4: "volume"}


class OpenSize:
    """A size that is a formula of an input's open size; rules compute with it as with a whole number."""

    __slots__ = ()


class NotExact(Exception):
    """A rule does with an open size what cannot be answered for all sizes at once."""


@dataclass(frozen=True, slots=True)
class Value:
    """What arrives at a layer: a shape without the batch axis, and the layout.

    `channels_first` is False for the plain values that `flatten`, `permute`, `reshape` … give:
    `linear` may work on their last axis.
    """

    shape: Shape
    channels_first: bool = True

    @property
    def rank(self) -> int:
        """The number of axes behind the channels: 0 for a vector, 2 for an image."""
        return len(self.shape) - 1

    @property
    def channels(self) -> int:
        """The first axis: channels, or the features of a vector."""
        return self.shape[0]

    @property
    def spatial(self) -> Shape:
        """The axes behind the channels: (L,), (H, W) or (D, H, W)."""
        return self.shape[1:]

    def __str__(self) -> str:
        return format_shape(self.shape)


def format_shape(shape: Shape) -> str:
    """A shape as the language writes it.

    >>> format_shape((16, 28, 28))
    '16x28x28'
    """
    return "x".join(map(str, shape))


def kind_of(shape: Shape) -> str:
    """The word for a value with this many axes.

    >>> kind_of((3, 32, 32))
    'image'
    """
    return _KINDS.get(len(shape), f"value with {len(shape)} axes")


def describe(shape: Shape) -> str:
    """A value with its article and sizes, to stand in a message.

    >>> describe((3, 32, 32)), describe((784,))
    ('an image 3x32x32', 'a vector of 784')
    """
    kind = kind_of(shape)
    between = " of" if len(shape) == 1 else "," if len(shape) not in _KINDS else ""
    return f"{'an' if kind == 'image' else 'a'} {kind}{between} {format_shape(shape)}"
