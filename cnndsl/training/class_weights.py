"""How much the samples of each class count in the loss."""

from __future__ import annotations

import torch
from torch import Tensor

from cnndsl.training.data import DataMismatch
from cnndsl.training.data_settings import ClassWeights

__all__ = ["class_weights_of", "require_weights"]


def class_weights_of(settings: ClassWeights, labels: Tensor, classes: int) -> Tensor | None:
    """A weight for each class, (classes,), None where all count the same.

    Balanced weights are the number of samples by the number of classes and that of the class' samples: every
    class counts the same, and a sample 1 in the mean.

    Errors: DataMismatch where there are weights for another count of classes.

    >>> class_weights_of("balanced", torch.tensor([0, 0, 1]), 2).tolist()
    [0.75, 1.5]
    """
    if settings == "none":
        return None
    if settings == "balanced":
        counts = torch.bincount(labels.cpu(), minlength=classes)
        present = int((counts > 0).sum())
        return torch.where(counts > 0, len(labels) / (present * counts.clamp(min=1)), 1.0)
    require_weights(settings, classes)
    return torch.tensor(settings)


def require_weights(settings: ClassWeights, classes: int) -> None:
    """Raise DataMismatch where weights are given for another count of classes."""
    if isinstance(settings, tuple) and len(settings) != classes:
        message = f"class_weights has {len(settings)} numbers, the data have {classes} classes"
        raise DataMismatch(message, "output")
