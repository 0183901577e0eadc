"""Who trains on what, and when: the batches of an epoch, their order, and each process' share of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from cnndsl.training.randomness import ORDER, generator

__all__ = ["Batch", "bounds", "plan", "share", "steps_of"]


class Batch(NamedTuple):
    """What one process does at a time: forward and backward, and maybe a step of the optimizer.

    `indices` are this process' samples of the batch; `whole` is how many samples the optimizer's step has
    that the batch belongs to, in all processes and all batches whose gradients are accumulated. `steps`:
    the optimizer's step follows.
    """

    number: int
    indices: Tensor
    whole: int
    steps: bool


def bounds(count: int, size: int, least: int = 2) -> Iterator[tuple[int, int]]:
    """Bounds of batches of `size`. A rest of less than `least` samples joins the batch before it: a
    batch norm on single values cannot train, and a process without samples has nothing to do.

    >>> list(bounds(10, 4)), list(bounds(9, 4)), list(bounds(3, 1))
    ([(0, 4), (4, 8), (8, 10)], [(0, 4), (4, 9)], [(0, 1), (1, 2), (2, 3)])
    """
    start = 0
    least = min(least, size)
    while start < count:
        stop = start + size
        if count - stop < least:
            stop = count
        yield start, stop
        start = stop


def share(start: int, stop: int, rank: int, processes: int) -> tuple[int, int]:
    """The part of a range that one of several processes takes: all of it is taken once.

    >>> [share(0, 10, rank, 3) for rank in range(3)]
    [(0, 3), (3, 6), (6, 10)]
    """
    count = stop - start
    return start + count * rank // processes, start + count * (rank + 1) // processes


def steps_of(count: int, size: int, accumulate: int, processes: int = 1) -> int:
    """How many steps the optimizer makes in an epoch."""
    return -(-len(list(bounds(count, size, max(2, processes)))) // accumulate)


def plan(
    count: int, size: int, accumulate: int, seed: int, epoch: int, rank: int = 0, processes: int = 1
) -> list[Batch]:
    """The batches of an epoch, from 0, for the process `rank`: a function of its arguments alone.

    `count` samples in batches of `size`; each sample stands in one batch of one process.

    >>> [batch.indices.numel() for batch in plan(10, 4, 1, 0, 0)]
    [4, 4, 2]
    >>> parts = [plan(10, 4, 1, 0, 0, rank, 2) for rank in (0, 1)]
    >>> sorted(int(index) for part in parts for batch in part for index in batch.indices) == list(range(10))
    True
    """
    order = torch.randperm(count, generator=generator(seed, ORDER, epoch))
    ranges = list(bounds(count, size, max(2, processes)))
    batches = []
    for number, (start, stop) in enumerate(ranges):
        group = number // accumulate * accumulate
        last = min(group + accumulate, len(ranges)) - 1
        first, end = share(start, stop, rank, processes)
        batches.append(
            Batch(
                number,
                order[first:end],
                ranges[last][1] - ranges[group][0],
                number == last,
            )
        )
    return batches
