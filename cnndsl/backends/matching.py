"""Holding the names and shapes of stored weights against a network's, and saying where they differ."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from cnndsl.dims import Shape, format_shape

__all__ = ["Match", "WeightsError", "grouped", "match_names"]

SHOWN = 4
# A counter that older checkpoints lack; PyTorch does without it too.
OPTIONAL = ".num_batches_tracked"


class WeightsError(ValueError):
    """A file that holds no weights, or the weights of another network.

    `fitting` is how many of the network's weights could be taken from it all the same.
    """

    def __init__(self, message: str, fitting: int = 0) -> None:
        super().__init__(message)
        self.fitting = fitting


class Match(NamedTuple):
    """Which of a network's weights a file holds, by their names in the state dict.

    `total` counts the network's weights and buffers. `missing` are the names that the file lacks,
    `unexpected` those that only the file has, `reshaped` those of another shape; `differences` says all
    that in a few lines.
    """

    loaded: tuple[str, ...]
    total: int
    missing: tuple[str, ...]
    unexpected: tuple[str, ...]
    reshaped: tuple[str, ...]
    differences: tuple[str, ...]

    @property
    def fits(self) -> bool:
        """Whether the file holds all of the network's weights and no others."""
        return not self.differences

    @property
    def problem(self) -> str:
        """What does not fit, in lines."""
        head = f"{len(self.loaded)} of the network's {self.total} weights can be taken from it"
        return "\n  ".join([head, *self.differences])

    def __str__(self) -> str:
        """What was loaded, and what was not."""
        if self.fits:
            return f"all {self.total} weights loaded"
        kept = "" if len(self.loaded) == self.total else ", the others left as they were"
        return "\n  ".join([f"{len(self.loaded)} of {self.total} weights loaded{kept}", *self.differences])


def match_names(own: Mapping[str, Shape], stored: Mapping[str, Shape]) -> Match:
    """Hold stored weights against a network's, both names with shapes.

    >>> match = match_names({"conv.weight": (4, 3), "fc.weight": (2, 4), "fc.bias": (2,)},
    ...                     {"conv.weight": (4, 3), "head.weight": (2, 4), "head.bias": (2,)})
    >>> print(match)
    1 of 3 weights loaded, the others left as they were
      2 missing in the file: fc (2)
      2 in the file only: head (2)
    """
    absent = [name for name in own if name not in stored]
    # where a norm is missing as a whole, its counter is missing too
    norms = {name.rpartition(".")[0] for name in absent if not name.endswith(OPTIONAL)}
    missing = [name for name in absent if not name.endswith(OPTIONAL) or name.removesuffix(OPTIONAL) in norms]
    unexpected = [name for name in stored if name not in own]
    common = [name for name in own if name in stored]
    reshaped = [name for name in common if own[name] != stored[name]]
    shapes = [f"{name} {_sized(stored[name])}, here {_sized(own[name])}" for name in reshaped]
    return Match(
        loaded=tuple(name for name in common if own[name] == stored[name]),
        total=len(common) + len(missing),
        missing=tuple(missing),
        unexpected=tuple(unexpected),
        reshaped=tuple(reshaped),
        differences=tuple(
            f"{count} {what}: {_some(words)}"
            for count, what, words in (
                (len(missing), "missing in the file", list(grouped(missing, own))),
                (len(unexpected), "in the file only", list(grouped(unexpected, stored))),
                (len(reshaped), "of another shape in the file", shapes),
            )
            if count
        ),
    )


def grouped(names: Iterable[str], among: Iterable[str]) -> Iterator[str]:
    """The names in short: where all of a module's are meant, the module and how many there are.

    >>> list(grouped(["a.b.x", "a.b.y", "a.c"], ["a.b.x", "a.b.y", "a.c", "a.d", "e"]))
    ['a.b (2)', 'a.c']
    """
    chosen = dict.fromkeys(names)
    meant, whole = _counts(chosen), _counts(among)
    said = set()
    for name in chosen:
        parts = name.split(".")
        for end in range(1, len(parts) + 1):
            prefix = ".".join(parts[:end])
            if meant[prefix] == whole[prefix]:
                if prefix not in said:
                    said.add(prefix)
                    yield f"{prefix} ({meant[prefix]})" if meant[prefix] > 1 else name
                break


def _counts(names: Iterable[str]) -> dict[str, int]:
    """How many names there are below every prefix."""
    counts: dict[str, int] = {}
    for name in names:
        parts = name.split(".")
        for end in range(1, len(parts) + 1):
            prefix = ".".join(parts[:end])
            counts[prefix] = counts.get(prefix, 0) + 1
    return counts


def _sized(shape: Shape) -> str:
    return format_shape(shape) or "one number"


def _some(words: list[str]) -> str:
    more = ["..."] if len(words) > SHOWN else []
    # a name in a stranger's file may hold anything, also what a terminal obeys
    return "; ".join(word if word.isprintable() else ascii(word) for word in words[:SHOWN] + more)
