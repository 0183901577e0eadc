"""How much the samples of each class count in the loss."""

from __future__ import annotations

import torch
from torch import Tensor

from cnndsl.training.data import DataMismatch
from cnndsl.training.data_settings import ClassWeights

__all__ = ["class_weights_of"]


def class_weights_of(settings: ClassWeights, labels: Tensor, classes: int, outputs: int) -> Tensor | None:
    """A weight for each output, (outputs,), None where all count the same.

    Balanced weights are the number of samples by the number of classes and that of the class' samples: every
    class counts the same, and a sample 1 in the mean.

    Errors: DataMismatch where there are weights for another count of classes.

    >>> class_weights_of("balanced", torch.tensor([0, 0, 0, 1]), 2, 2).tolist()
    [0.6666666865348816, 2.0]
    """
    if settings == "none":
        return None
    weights = torch.ones(outputs)
    if settings == "balanced":
        counts = torch.bincount(labels.cpu(), minlength=classes)
        present = int((counts > 0).sum())
        weights[:classes] = torch.where(counts > 0, len(labels) / (present * counts.clamp(min=1)), 1.0)
    elif len(settings) != classes:
        message = f"class_weights has {len(settings)} numbers, the data have {classes} classes"
        raise DataMismatch(message, "output")
    else:
        weights[:classes] = torch.tensor(settings)
    return weights
