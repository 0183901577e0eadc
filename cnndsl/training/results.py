"""What a run finds out, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from torch import nn

__all__ = ["PARTS", "Epoch", "Score", "ScoredOn", "TrainResult"]

# Which samples the best weights are judged on: the data's test part, their validation part, or what was
# held out of the training part.
ScoredOn = Literal["test", "val", "held-out", "all"]
# What they are called in a sentence.
PARTS: Mapping[ScoredOn, str] = {
    "test": "test",
    "val": "validation",
    "held-out": "held-out",
    "all": "given",
}


@dataclass(frozen=True, slots=True)
class Epoch:
    """One epoch. Accuracies are fractions; `seconds` is all of it, `samples_per_second` its training."""

    epoch: int
    train_loss: float
    train_accuracy: float
    val_loss: float
    val_accuracy: float
    seconds: float
    samples_per_second: float

    def better_than(self, other: Epoch) -> bool:
        """Whether it did better on the validation part: in accuracy, then in loss."""
        return (self.val_accuracy, -self.val_loss) > (other.val_accuracy, -other.val_loss)


@dataclass(frozen=True, slots=True)
class Score:
    """The best weights on `samples` samples; `confusion[i][j]`: class i taken for class j."""

    on: ScoredOn
    samples: int
    loss: float
    accuracy: float
    confusion: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True, eq=False)
class TrainResult:
    """A finished run: its metrics, its folder, and the model with the weights of the best epoch."""

    model: nn.Module
    folder: Path
    epochs: tuple[Epoch, ...]
    best_epoch: int
    test: Score
    parameters: int
    device: str
    classes: tuple[str, ...]
    world_size: int = 1

    @property
    def accuracy(self) -> float:
        """The accuracy of the best weights on the test samples, from 0 to 1."""
        return self.test.accuracy

    @property
    def loss(self) -> float:
        """The mean loss of the best weights on the test samples."""
        return self.test.loss

    def metrics(self) -> dict[str, Any]:
        """The content of metrics.json."""
        from cnndsl.training.records import metrics_record

        return metrics_record(
            self.epochs, self.best_epoch, self.test, self.parameters, self.device, self.world_size
        )
