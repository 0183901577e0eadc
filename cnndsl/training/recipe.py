"""What the loss of the settings means in PyTorch."""

from __future__ import annotations

from typing import Any, NamedTuple, assert_never

import torch
from torch import Tensor
from torch.nn import functional as F

from cnndsl.training.settings import (
    Bce,
    CrossEntropy,
    Loss,
    Mse,
)

__all__ = ["AUXILIARY_WEIGHT", "Mixed", "Objective"]

# What the loss of an auxiliary output counts: Szegedy et al., Going deeper with convolutions, section 5.
AUXILIARY_WEIGHT = 0.3


class Mixed(NamedTuple):
    """The classes of images that were mixed in pairs: `share`, at least a half, of `labels`, the rest of
    `others`."""

    labels: Tensor
    others: Tensor
    share: float

    @classmethod
    def of(
        cls, images: Tensor, labels: Tensor, alpha: float, generator: torch.Generator
    ) -> tuple[Tensor, Mixed]:
        """A batch (B, ...) mixed with itself, as in Zhang et al., mixup: the share of an image is drawn
        from Beta(alpha, alpha), its partner stands some places further on."""
        pair = torch.full((2,), alpha, dtype=torch.float64)
        first, second = torch._standard_gamma(pair, generator=generator).tolist()
        drawn = first / (first + second) if first + second else 1.0
        share = max(drawn, 1 - drawn)
        places = int(torch.randint(1, max(len(labels), 2), (), generator=generator))
        mixed = images * share + images.roll(places, 0) * (1 - share)
        return mixed, cls(labels, labels.roll(places, 0), share)


class Objective:
    """A loss on (B, n) outputs and (B,) classes, and what the outputs say.

    With one output, the classes are 0 and 1, and mse and bce compare it with them; otherwise they
    compare the outputs with the one-hot class.
    """

    def __init__(self, settings: Loss, class_weights: Tensor | None = None) -> None:
        self.settings = settings
        self.class_weights = class_weights

    def loss(self, outputs: Tensor, labels: Tensor) -> Tensor:
        """The mean loss of the batch, in which every sample counts the same."""
        match self.settings:
            case CrossEntropy():
                return F.cross_entropy(outputs, labels, label_smoothing=self.settings.label_smoothing)
            case Mse():
                return F.mse_loss(outputs, self._targets(outputs, labels))
            case Bce():
                return F.binary_cross_entropy_with_logits(outputs, self._targets(outputs, labels))
            case _:
                assert_never(self.settings)

    def training_loss(self, result: Any, labels: Tensor | Mixed) -> tuple[Tensor, Tensor]:
        """The loss to minimise, and the outputs, for what a module gives in training mode.

        Besides its outputs that may be auxiliary ones, in a tuple; their losses count less.
        """
        if isinstance(result, Tensor):
            return self._loss_of(result, labels), result
        outputs, *auxiliary = result
        loss = self._loss_of(outputs, labels)
        for other in auxiliary:
            loss = loss + AUXILIARY_WEIGHT * self._loss_of(other, labels)
        return loss, outputs

    def _loss_of(self, outputs: Tensor, labels: Tensor | Mixed) -> Tensor:
        if isinstance(labels, Tensor):
            return self._weighted(outputs, labels)
        own, other = self._weighted(outputs, labels.labels), self._weighted(outputs, labels.others)
        return labels.share * own + (1 - labels.share) * other

    def _weighted(self, outputs: Tensor, labels: Tensor) -> Tensor:
        """The mean loss, in which a sample counts what its class does."""
        if self.class_weights is None:
            return self.loss(outputs, labels)
        return (self.class_weights[labels] * self.losses(outputs, labels)).mean()

    def losses(self, outputs: Tensor, labels: Tensor) -> Tensor:
        """The loss of each sample: (B,)."""
        match self.settings:
            case CrossEntropy():
                smoothing = self.settings.label_smoothing
                return F.cross_entropy(outputs, labels, reduction="none", label_smoothing=smoothing)
            case Mse():
                return F.mse_loss(outputs, self._targets(outputs, labels), reduction="none").mean(1)
            case Bce():
                targets = self._targets(outputs, labels)
                return F.binary_cross_entropy_with_logits(outputs, targets, reduction="none").mean(1)
            case _:
                assert_never(self.settings)

    def probabilities(self, outputs: Tensor) -> Tensor:
        """What the network takes each class for, from 0 to 1: (B, classes)."""
        match self.settings:
            case CrossEntropy():
                return outputs.softmax(1)
            case Mse():
                values = outputs.clamp(0, 1)
            case Bce():
                values = outputs.sigmoid()
            case _:
                assert_never(self.settings)
        return values if values.shape[1] > 1 else torch.cat([1 - values, values], 1)

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
