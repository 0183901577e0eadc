"""What the settings mean in PyTorch: the optimizer, the loss, the course of the learning rate."""

from __future__ import annotations

from collections.abc import Iterable
from math import cos, pi
from typing import Any, assert_never

import torch
from torch import Tensor
from torch.nn import functional as F

from cnndsl.training.settings import (
    SGD,
    Adam,
    AdamW,
    Bce,
    Constant,
    Cosine,
    CrossEntropy,
    Loss,
    Mse,
    OneCycle,
    Optimizer,
    Schedule,
    Step,
)

__all__ = ["AUXILIARY_WEIGHT", "Objective", "make_optimizer", "rate_factor"]

# What the loss of an auxiliary output counts: Szegedy et al., Going deeper with convolutions, section 5.
AUXILIARY_WEIGHT = 0.3


def make_optimizer(settings: Optimizer, parameters: Iterable[dict[str, Any]]) -> torch.optim.Optimizer:
    """The optimizer of `settings` for groups of parameters, each with its learning rate."""
    match settings:
        case SGD():
            return torch.optim.SGD(
                parameters,
                lr=settings.lr,
                momentum=settings.momentum,
                weight_decay=settings.weight_decay,
                nesterov=settings.nesterov,
            )
        case Adam():
            return torch.optim.Adam(parameters, lr=settings.lr, weight_decay=settings.weight_decay)
        case AdamW():
            return torch.optim.AdamW(parameters, lr=settings.lr, weight_decay=settings.weight_decay)


def rate_factor(schedule: Schedule, step: int, total: int, steps_per_epoch: int) -> float:
    """What the learning rate is multiplied by in step `step`, from 0, of `total` steps.

    A pure function of the step, so that a resumed run needs no state of a scheduler's.

    >>> [round(rate_factor(Cosine(), step, 4, 1), 2) for step in range(4)]
    [1.0, 0.85, 0.5, 0.15]
    """
    match schedule:
        case Constant():
            return 1.0
        case Step():
            return float(schedule.factor ** (step // steps_per_epoch // schedule.every))
        case Cosine():
            return 0.5 + 0.5 * cos(pi * step / total)
        case OneCycle():
            rise = schedule.warmup * total
            if step < rise:
                # from a 25th, as in Smith's and PyTorch's one-cycle policy
                return 0.52 - 0.48 * cos(pi * step / rise)
            return 0.5 + 0.5 * cos(pi * (step - rise) / (total - rise))
        case _:
            assert_never(schedule)


class Objective:
    """A loss on (B, n) outputs and (B,) classes, and what the outputs say.

    With one output, the classes are 0 and 1, and mse and bce compare it with them; otherwise they
    compare the outputs with the one-hot class.
    """

    def __init__(self, settings: Loss) -> None:
        self.settings = settings

    def loss(self, outputs: Tensor, labels: Tensor) -> Tensor:
        """The mean loss of the batch."""
        match self.settings:
            case CrossEntropy():
                return F.cross_entropy(outputs, labels, label_smoothing=self.settings.label_smoothing)
            case Mse():
                return F.mse_loss(outputs, self._targets(outputs, labels))
            case Bce():
                return F.binary_cross_entropy_with_logits(outputs, self._targets(outputs, labels))
            case _:
                assert_never(self.settings)

    def training_loss(self, result: Any, labels: Tensor) -> tuple[Tensor, Tensor]:
        """The loss to minimise, and the outputs, for what a module gives in training mode.

        Besides its outputs that may be auxiliary ones, in a tuple; their losses count less.
        """
        if isinstance(result, Tensor):
            return self.loss(result, labels), result
        outputs, *auxiliary = result
        loss = self.loss(outputs, labels)
        for other in auxiliary:
            loss = loss + AUXILIARY_WEIGHT * self.loss(other, labels)
        return loss, outputs

    def predict(self, outputs: Tensor) -> Tensor:
        """The class of each row of outputs: (B,), int64."""
        if outputs.shape[1] > 1:
            return outputs.argmax(1)
        return (outputs[:, 0] > (0.5 if isinstance(self.settings, Mse) else 0.0)).long()

    def classes(self, outputs: int) -> int:
        """How many classes a network with so many outputs can tell apart."""
        return 2 if outputs == 1 and not isinstance(self.settings, CrossEntropy) else outputs

    @staticmethod
    def _targets(outputs: Tensor, labels: Tensor) -> Tensor:
        if outputs.shape[1] == 1:
            return labels[:, None].to(outputs.dtype)
        return F.one_hot(labels, outputs.shape[1]).to(outputs.dtype)
