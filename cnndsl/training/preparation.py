"""What a run finds out from its training part before it begins: how to normalise, and what classes count."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor

from cnndsl.training.class_weights import class_weights_of
from cnndsl.training.data import Part
from cnndsl.training.normalize import Normalization, normalization_of
from cnndsl.training.settings import TrainSettings

__all__ = ["Preparation", "prepared"]


class Preparation(NamedTuple):
    """How images are normalised, and a weight for each class; None where nothing is done."""

    normalization: Normalization | None = None
    class_weights: Tensor | None = None


def prepared(settings: TrainSettings, train: Part, classes: int) -> Preparation:
    """What the settings ask for, with the numbers of the training part.

    Errors: DataMismatch where there are numbers for more or fewer channels or classes; DataError and OSError
    for images on disk that cannot be read.
    """
    return Preparation(
        normalization_of(settings.normalize, train),
        class_weights_of(settings.class_weights, train.labels, classes),
    )
