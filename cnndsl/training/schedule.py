"""The course of the learning rate: a function of the step and of what was seen so far, without a memory."""

from __future__ import annotations

from collections.abc import Sequence
from math import cos, inf, pi
from typing import assert_never

from cnndsl.training.settings import Constant, Cosine, OneCycle, Plateau, Schedule, Step, TrainSettings

__all__ = ["rate_factor"]


def rate_factor(
    settings: TrainSettings, step: int, per_epoch: int, val_losses: Sequence[float] = ()
) -> float:
    """What the learning rates are multiplied by in step `step`, from 0, of an optimizer that makes
    `per_epoch` steps an epoch; `val_losses` are those of the finished epochs.

    >>> settings = TrainSettings(epochs=4, schedule=Cosine())
    >>> [round(rate_factor(settings, step, 1), 2) for step in range(4)]
    [1.0, 0.85, 0.5, 0.15]
    >>> settings = TrainSettings(epochs=6, warmup=2, schedule=Cosine())
    >>> [round(rate_factor(settings, step, 1), 2) for step in range(6)]
    [0.5, 1.0, 1.0, 0.85, 0.5, 0.15]
    """
    rise = round(settings.warmup * per_epoch)
    if step < rise:
        return (step + 1) / rise
    total = settings.epochs * per_epoch
    return _after(settings.schedule, step - rise, max(total - rise, 1), per_epoch, val_losses)


def _after(schedule: Schedule, step: int, total: int, per_epoch: int, val_losses: Sequence[float]) -> float:
    """The factor after the warm-up; `step` and `total` count from its end."""
    match schedule:
        case Constant():
            return 1.0
        case Step():
            return float(schedule.factor ** (step // per_epoch // schedule.every))
        case Cosine():
            return 0.5 + 0.5 * cos(pi * step / total)
        case OneCycle():
            rise = schedule.warmup * total
            if step < rise:
                # from a 25th, as in Smith's and PyTorch's one-cycle policy
                return 0.52 - 0.48 * cos(pi * step / rise)
            return 0.5 + 0.5 * cos(pi * (step - rise) / (total - rise))
        case Plateau():
            return float(schedule.factor ** _drops(val_losses, schedule.patience))
        case _:
            assert_never(schedule)


def _drops(losses: Sequence[float], patience: int) -> int:
    """How often `patience` epochs in a row did not bring the lowest loss."""
    drops = waited = 0
    lowest = inf
    for loss in losses:
        if loss < lowest:
            lowest, waited = loss, 0
        else:
            waited += 1
            if waited == patience:
                drops, waited = drops + 1, 0
    return drops
