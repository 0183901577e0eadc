"""What a trained network says: predictions for images, and a verdict on data with labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from torch import Tensor

from cnndsl.training.results import ScoredOn

__all__ = ["ClassScore", "Predictions", "Verdict"]


@dataclass(frozen=True, slots=True, eq=False)
class Predictions:
    """What a network says about images: `probabilities` is (N, classes), on the CPU."""

    names: tuple[str, ...]
    known: tuple[str, ...]
    probabilities: Tensor

    def __len__(self) -> int:
        return len(self.names)

    @property
    def classes(self) -> list[str]:
        """The likeliest class of each image."""
        return [self.known[index] for index in self.probabilities.argmax(1).tolist()]

    def top(self, count: int) -> list[list[tuple[str, float]]]:
        """The likeliest classes of each image with their probabilities, the best first.

        >>> import torch
        >>> Predictions(("a.png",), ("cat", "dog"), torch.tensor([[0.25, 0.75]])).top(1)
        [[('dog', 0.75)]]
        """
        values, indices = self.probabilities.topk(min(count, len(self.known)), 1)
        return [
            [(self.known[index], value) for index, value in zip(row, of, strict=True)]
            for row, of in zip(indices.tolist(), values.tolist(), strict=True)
        ]


class ClassScore(NamedTuple):
    """One class: its samples, the part of them that was found, the part of those called so that are right."""

    name: str
    samples: int
    recall: float
    precision: float

    @property
    def f1(self) -> float:
        """The harmonic mean of both."""
        both = self.recall + self.precision
        return 2 * self.recall * self.precision / both if both else 0.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a network does on data: mean loss, accuracy from 0 to 1, and `confusion[i][j]`, how often a sample
    of class i was taken for class j. `on` is the part that was judged, "all" where there are no parts."""

    data: str
    on: ScoredOn
    loss: float
    names: tuple[str, ...]
    confusion: tuple[tuple[int, ...], ...]
    notes: tuple[str, ...] = ()

    @property
    def samples(self) -> int:
        """How many samples were judged."""
        return sum(map(sum, self.confusion))

    @property
    def accuracy(self) -> float:
        """The fraction of samples whose class was found."""
        return sum(row[index] for index, row in enumerate(self.confusion)) / self.samples

    def classes(self) -> list[ClassScore]:
        """Each class on its own.

        >>> [score] = Verdict("d", "all", 0.5, ("a", "b"), ((3, 1), (0, 0))).classes()[:1]
        >>> score.recall, score.precision
        (0.75, 1.0)
        """
        named = [sum(row[index] for row in self.confusion) for index in range(len(self.names))]
        return [
            ClassScore(
                name,
                sum(row),
                row[index] / max(sum(row), 1),
                row[index] / max(named[index], 1),
            )
            for index, (name, row) in enumerate(zip(self.names, self.confusion, strict=True))
        ]

    def to_json(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "data": self.data,
            "on": self.on,
            "samples": self.samples,
            "loss": round(self.loss, 6),
            "accuracy": round(self.accuracy, 6),
            "classes": [
                {
                    "name": score.name,
                    "samples": score.samples,
                    "recall": round(score.recall, 6),
                    "precision": round(score.precision, 6),
                    "f1": round(score.f1, 6),
                }
                for score in self.classes()
            ],
            "confusion": [list(row) for row in self.confusion],
        }
