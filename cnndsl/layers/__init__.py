"""The layer vocabulary: one file a family, one declaration a layer.

This registry is the only mutable state of the package. A new layer is one more declaration in a
family's file; everything else (checker, backends, reference, tests) reads it from here.
"""

from __future__ import annotations

from typing import NamedTuple

from cnndsl.layers import (
    activation,
    convolution,
    gating,
    joins,
    linear,
    normalisation,
    ordering,
    padding,
    pooling,
    reduction,
    regularisation,
    resampling,
    shaping,
    weighting,
)
from cnndsl.layers.declaration import Join, Layer

__all__ = ["Found", "all_joins", "find", "find_join", "flags", "join_names", "layers", "names", "register"]


class Found(NamedTuple):
    """What a word of a spec means; `ranks` are those that it stands for: Conv2d takes images only."""

    layer: Layer
    ranks: frozenset[int] | None = None


_layers: dict[str, Layer] = {}
_words: dict[str, Found] = {}
_flags: set[str] = set()
_joins: dict[str, Join] = {}


def register(layer: Layer) -> None:
    """Add a layer to the vocabulary; ValueError where one of its words is taken."""
    words = {layer.name: Found(layer), **{alias: Found(layer) for alias in layer.aliases}}
    if layer.pytorch.startswith("nn."):
        name = layer.pytorch.removeprefix("nn.")
        if "{rank}" in name:
            for rank in sorted(layer.ranks or ()):
                if rank:
                    # BatchNorm1d takes vectors as well as sequences.
                    ranks = {0, 1} & (layer.ranks or set()) if rank == 1 else {rank}
                    words.setdefault(name.replace("{rank}", str(rank)), Found(layer, frozenset(ranks)))
        else:
            words.setdefault(name, Found(layer))
    taken = sorted(word for word in words if word in _words)
    if taken:
        raise ValueError(f"layer {layer.name}: {', '.join(taken)} already has a meaning")
    _layers[layer.name] = layer
    _words.update(words)
    _flags.update(argument.flag for argument in layer.arguments if argument.flag)


def find(word: str) -> Found | None:
    """The layer that a word means, by its name, an alias or PyTorch's class name."""
    return _words.get(word)


def find_join(word: str) -> Join | None:
    """The join that a word means."""
    return _joins.get(word)


def layers() -> tuple[Layer, ...]:
    """Every layer, in the order of the families."""
    return tuple(_layers.values())


def all_joins() -> tuple[Join, ...]:
    """Every join."""
    return tuple(_joins.values())


def names() -> tuple[str, ...]:
    """Every word that means a layer."""
    return tuple(_words)


def join_names() -> tuple[str, ...]:
    """Every word that means a join."""
    return tuple(_joins)


def flags() -> frozenset[str]:
    """The letters of every short flag of every layer: a bound name may not read as one."""
    return frozenset(_flags)


for _family in (
    convolution,
    linear,
    pooling,
    reduction,
    normalisation,
    activation,
    gating,
    regularisation,
    shaping,
    ordering,
    padding,
    resampling,
    weighting,
):
    for _layer in _family.LAYERS:
        register(_layer)
for _join in joins.JOINS:
    _joins[_join.name] = _join
