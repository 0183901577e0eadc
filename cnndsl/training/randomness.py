"""Chance that needs no memory: each draw of a run has a generator of its own, made from what it is for.

The order of an epoch, the changes to a batch: each is a function of the run's seed and of the place in the
run alone. A run that is taken up in the middle of an epoch therefore draws what it would have drawn.
"""

from __future__ import annotations

from hashlib import blake2b

import torch

__all__ = ["AUGMENT", "MIX", "ORDER", "PROCESS", "generator", "seed_of"]

# What a draw is for: the first number behind the seed.
ORDER, AUGMENT, MIX, PROCESS = range(4)


def seed_of(*key: int) -> int:
    """A seed for PyTorch that depends on every number of `key`, and on their order.

    >>> seed_of(0, 1) == seed_of(0, 1), seed_of(0, 1) == seed_of(1, 0)
    (True, False)
    """
    digest = blake2b(",".join(map(str, key)).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little") >> 1


def generator(*key: int) -> torch.Generator:
    """A generator on the CPU, seeded with `key`: the run's seed, what is drawn, and the place in the run.

    >>> torch.randperm(5, generator=generator(0, ORDER, 3)).tolist() == \\
    ...     torch.randperm(5, generator=generator(0, ORDER, 3)).tolist()
    True
    """
    return torch.Generator().manual_seed(seed_of(*key))
