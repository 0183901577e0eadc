"""Holding out a part of the data, each class in proportion."""

from __future__ import annotations

import torch
from torch import Tensor

from cnndsl.training.data.model import Data, Part
from cnndsl.training.errors import DataError

__all__ = ["hold_out", "require_enough", "stratified"]


def stratified(labels: Tensor, fraction: float, seed: int) -> tuple[Tensor, Tensor]:
    """Indices (kept, held out), both ascending; of N labels, N * fraction are held out, rounded.

    Each class gives its share to within one, and keeps at least one sample. The same labels, fraction
    and seed give the same split, on every machine and whatever else was drawn before.

    >>> kept, held = stratified(torch.tensor([0, 0, 0, 0, 1, 1, 1, 1]), 0.25, seed=0)
    >>> len(kept), len(held)
    (6, 2)
    """
    generator = torch.Generator().manual_seed(seed)
    shuffled = torch.randperm(len(labels), generator=generator)
    # a stable sort of a shuffled order: each class in random order, one class after the other
    order = shuffled[labels[shuffled].argsort(stable=True)]
    groups = torch.split(order, torch.bincount(labels).tolist())
    shares = [len(group) * fraction for group in groups]
    counts = [min(int(share), max(len(group) - 1, 0)) for share, group in zip(shares, groups, strict=True)]
    missing = round(len(labels) * fraction) - sum(counts)
    by_remainder = sorted(range(len(groups)), key=lambda index: counts[index] - shares[index])
    for index in by_remainder:
        if missing > 0 and counts[index] < len(groups[index]) - 1:
            counts[index] += 1
            missing -= 1
    held = torch.cat([group[:count] for group, count in zip(groups, counts, strict=True)])
    kept = torch.cat([group[count:] for group, count in zip(groups, counts, strict=True)])
    return kept.sort().values, held.sort().values


def require_enough(data: Data, fraction: float, seed: int) -> None:
    """Raise DataError where the data are too few to hold anything out."""
    if data.val is None and not len(stratified(data.labels, fraction, seed)[1]):
        raise DataError(
            f"{data.name}: {len(data.train)} images are too few to hold out {fraction:g} of them "
            "and keep one a class"
        )


def hold_out(data: Data, fraction: float, seed: int) -> tuple[Part, Part]:
    """The part to train with and the part to watch: the data's own, or a held-out fraction.

    Errors: DataError where the data are too few to hold anything out.
    """
    if data.val is not None:
        return data.train, data.val
    require_enough(data, fraction, seed)
    kept, held = stratified(data.labels, fraction, seed)
    return data.train.take(kept), data.train.take(held)
