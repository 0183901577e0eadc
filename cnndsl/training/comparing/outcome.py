"""What came of one run of a comparison, or of the runs of one network together."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, stdev
from typing import Any, NamedTuple

from cnndsl.training.results import Epoch, ScoredOn, TrainResult
from cnndsl.training.settings import TrainSettings

__all__ = ["Group", "Outcome", "Spread", "grouped"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """A finished run, or one that failed, which has an `error` and no epochs.

    `loss` and `accuracy` are those of the best epoch's weights on `samples` samples of the part `on`.
    """

    network: str
    seed: int
    folder: Path
    parameters: int = 0
    epochs: tuple[Epoch, ...] = ()
    best_epoch: int = 0
    loss: float = 0.0
    accuracy: float = 0.0
    samples: int = 0
    on: ScoredOn = "held-out"
    error: str = ""

    @property
    def seconds(self) -> float:
        """How long it was trained and validated."""
        return sum(epoch.seconds for epoch in self.epochs)

    @classmethod
    def of(cls, network: str, seed: int, result: TrainResult) -> Outcome:
        """That of a run that has just ended."""
        return cls(
            network=network,
            seed=seed,
            folder=result.folder,
            parameters=result.parameters,
            epochs=result.epochs,
            best_epoch=result.best_epoch,
            loss=result.loss,
            accuracy=result.accuracy,
            samples=result.test.samples,
            on=result.test.on,
        )

    @classmethod
    def read(cls, network: str, seed: int, folder: Path, settings: TrainSettings) -> Outcome | None:
        """That of a run that ended before; None where there is none, or one that is not as far as
        `settings` ask."""
        try:
            metrics = json.loads((folder / "metrics.json").read_bytes())
            epochs = tuple(Epoch(**record) for record in metrics["epochs"])
            test, best = metrics["test"], metrics["best_epoch"]
        except (OSError, ValueError, KeyError, TypeError):
            # damaged: the checkpoint is what the run goes on from
            return None
        if test is None:
            return None
        patience = settings.early_stopping
        if len(epochs) < settings.epochs and not (patience and len(epochs) - best >= patience):
            return None
        return cls(
            network=network,
            seed=seed,
            folder=folder,
            parameters=metrics["parameters"],
            epochs=epochs,
            best_epoch=best,
            loss=test["loss"],
            accuracy=test["accuracy"],
            samples=sum(map(sum, test["confusion"])),
            on=metrics["test_on"],
        )

    def to_json(self, root: Path | None = None) -> dict[str, Any]:
        """As JSON and CSV have it; the folder is told from `root`."""
        inside = root is not None and self.folder.is_relative_to(root)
        folder = self.folder.relative_to(root) if inside and root is not None else self.folder
        told: dict[str, Any] = {"network": self.network, "seed": self.seed, "folder": folder.as_posix()}
        if self.error:
            return {**told, "error": self.error}
        return {
            **told,
            "parameters": self.parameters,
            "loss": round(self.loss, 6),
            "accuracy": round(self.accuracy, 6),
            "best_epoch": self.best_epoch,
            "epochs": len(self.epochs),
            "seconds": round(self.seconds, 3),
        }


class Spread(NamedTuple):
    """A mean, and the sample standard deviation where there are two values or more.

    >>> Spread.of([1.0, 2.0, 3.0])
    Spread(mean=2.0, deviation=1.0)
    """

    mean: float
    deviation: float | None

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """That of one value or more."""
        return cls(fmean(values), stdev(values) if len(values) > 1 else None)

    def written(self, form: str) -> str:
        """Mean and deviation in a format.

        >>> Spread(0.5, 0.25).written(".2f"), Spread(0.5, None).written(".2f")
        ('0.50 ± 0.25', '0.50')
        """
        mean = format(self.mean, form)
        return mean if self.deviation is None else f"{mean} ± {format(self.deviation, form)}"


@dataclass(frozen=True, slots=True)
class Group:
    """The runs of one network: those that ended well, and those that did not."""

    network: str
    runs: tuple[Outcome, ...]
    failed: tuple[Outcome, ...]

    def spread(self, value: Callable[[Outcome], float]) -> Spread:
        """Mean and deviation of what `value` takes from the runs that ended well."""
        return Spread.of([value(run) for run in self.runs])

    def to_json(self) -> dict[str, Any]:
        """As JSON has it."""
        told: dict[str, Any] = {"network": self.network, "runs": len(self.runs), "failed": len(self.failed)}
        if self.runs:
            told["parameters"] = self.runs[0].parameters
            for name in ("loss", "accuracy", "best_epoch", "seconds"):
                mean, deviation = self.spread(lambda run, name=name: float(getattr(run, name)))  # type: ignore[misc]
                told[name] = {
                    "mean": round(mean, 6),
                    "deviation": None if deviation is None else round(deviation, 6),
                }
        return told


def grouped(outcomes: Sequence[Outcome]) -> list[Group]:
    """The runs by network, in the order in which the networks come."""
    names = dict.fromkeys(outcome.network for outcome in outcomes)
    return [
        Group(
            name,
            tuple(one for one in outcomes if one.network == name and not one.error),
            tuple(one for one in outcomes if one.network == name and one.error),
        )
        for name in names
    ]
