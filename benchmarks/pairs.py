"""Measuring in pairs.

Two things that are to be compared run in turn, many times, in one process run: what disturbs the machine
disturbs both, and the ratio within each pair says more than two averages do. Each round turns the order
round, so that neither always comes first.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median
from time import perf_counter

__all__ = ["Ratio", "Sample", "in_turn", "ratio", "timed"]

# One measurement: it does its work and gives the seconds, or any other number that is to be compared.
Sample = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Ratio:
    """The quotients of pairs."""

    median: float
    lowest: float
    highest: float
    pairs: int


def timed(work: Callable[[], object], times: int = 1) -> Sample:
    """The measurement of the seconds that `work` takes, the mean of `times` runs in a row."""

    def sample() -> float:
        gc.collect()
        started = perf_counter()
        for _ in range(times):
            work()
        return (perf_counter() - started) / times

    return sample


def in_turn(samples: Mapping[str, Sample], rounds: int, warm_up: int = 1) -> dict[str, list[float]]:
    """What each sample gives in each round; the first `warm_up` rounds do not count.

    >>> in_turn({"a": lambda: 1.0, "b": lambda: 2.0}, rounds=2)
    {'a': [1.0, 1.0], 'b': [2.0, 2.0]}
    """
    names = list(samples)
    found: dict[str, list[float]] = {name: [] for name in names}
    for turn in range(warm_up + rounds):
        for name in names if turn % 2 == 0 else reversed(names):
            value = samples[name]()
            if turn >= warm_up:
                found[name].append(value)
    return found


def ratio(above: list[float], below: list[float]) -> Ratio:
    """The quotients of two lists of the same rounds.

    >>> ratio([1.0, 4.0, 3.0], [2.0, 2.0, 2.0])
    Ratio(median=1.5, lowest=0.5, highest=2.0, pairs=3)
    """
    quotients = [a / b for a, b in zip(above, below, strict=True)]
    return Ratio(median(quotients), min(quotients), max(quotients), len(quotients))
