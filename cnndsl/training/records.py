"""The run folder: what a run writes, each file whole or not at all."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor

from cnndsl.files import atomic_path, write_whole
from cnndsl.training.checkpoint import LAST, write_synced
from cnndsl.training.errors import RunFolderError
from cnndsl.training.figures import draw_confusion, draw_curves, draw_rates
from cnndsl.training.normalize import Normalization
from cnndsl.training.results import Epoch, Score
from cnndsl.training.settings import TrainSettings

if TYPE_CHECKING:
    from cnndsl.training.finder import RateCurve

__all__ = ["DataRecord", "NormalizationRecord", "RunConfig", "RunFolder", "metrics_record"]


class Record(BaseModel):
    """Frozen, and strict about what it holds."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class NormalizationRecord(Record):
    """What is taken off each channel, and what it is divided by then."""

    mean: tuple[float, ...]
    std: tuple[float, ...]

    @classmethod
    def of(cls, normalization: Normalization) -> NormalizationRecord:
        """The numbers of a normalisation."""
        return cls(mean=tuple(normalization.mean.tolist()), std=tuple(normalization.std.tolist()))

    def normalization(self) -> Normalization:
        """The normalisation of these numbers."""
        return Normalization.of(self.mean, self.std)


class DataRecord(Record):
    """Which data a run trains on, and what they became: values are divided by `divisor`, then normalised."""

    path: str
    classes: tuple[str, ...]
    label_mapping: dict[str, int] | None
    train: int
    val: int
    test: int | None
    notes: tuple[str, ...]
    fingerprint: str
    divisor: int = 1
    normalization: NormalizationRecord | None = None


class RunConfig(Record):
    """config.json: everything that is needed to begin the run again, or to go on with it."""

    version: Literal[1] = 1
    cnndsl: str
    torch: str
    name: str
    spec: str | None
    input: tuple[int, ...]
    params: dict[str, Any]
    outputs: int
    parameters: int
    device: str
    settings: TrainSettings
    data: DataRecord


@dataclass(frozen=True, slots=True)
class RunFolder:
    """A folder that holds one run."""

    path: Path

    @classmethod
    def create(cls, path: Path | None, name: str) -> RunFolder:
        """Make the folder of a new run: `path`, or runs/NAME-1, runs/NAME-2 … beside the work.

        Errors: RunFolderError where `path` holds anything already; OSError where no folder can be made.
        """
        if path is not None:
            path.mkdir(parents=True, exist_ok=True)
            if (path / LAST).exists():
                raise RunFolderError(f"{path} holds a run already: resume it, or name another folder")
            if any(path.iterdir()):
                raise RunFolderError(f"{path} is not empty: name a new folder for the run")
            return cls(path)
        number = 1
        while True:
            candidate = Path("runs") / f"{name}-{number}"
            try:
                candidate.mkdir(parents=True)
            except FileExistsError:
                number += 1
            else:
                return cls(candidate)

    def discard(self) -> None:
        """Take back a run that finished no epoch, so that nothing half-done stays behind."""
        if (self.path / LAST).exists():
            return
        for name in ("config.json", "best.safetensors"):
            (self.path / name).unlink(missing_ok=True)
        # The folder was empty when the run began: what lies in it are the spec and the files that it uses.
        for path in sorted(self.path.rglob("*.cnn"), reverse=True):
            path.unlink(missing_ok=True)
            with suppress(OSError):
                path.parent.rmdir()
        with suppress(OSError):
            self.path.rmdir()

    def read_config(self) -> RunConfig:
        """config.json; RunFolderError where there is none, or a broken one."""
        path = self.path / "config.json"
        try:
            return RunConfig.model_validate_json(path.read_bytes())
        except FileNotFoundError:
            raise RunFolderError(f"{self.path} is no run folder: it holds no config.json") from None
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(map(str, first["loc"]))
            raise RunFolderError(f"{path} is damaged: {place}: {first['msg'].lower()}") from error

    def write_config(self, config: RunConfig) -> None:
        """Write config.json, and spec.cnn where the network came from a spec."""
        write_whole(self.path / "config.json", config.model_dump_json(indent=2) + "\n")

    def write_spec(self, text: str, files: Mapping[str, str]) -> None:
        """Write spec.cnn, and beside it the files that it uses, so that the run stands alone.

        Errors: RunFolderError where one of them would take the place of spec.cnn.
        """
        if "spec.cnn" in files:
            raise RunFolderError("the spec uses a file spec.cnn: a run keeps the spec itself under this name")
        for name, content in files.items():
            path = self.path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, content)
        write_whole(self.path / "spec.cnn", text)

    def read_spec(self) -> str:
        """The text of spec.cnn; RunFolderError where there is none."""
        try:
            return (self.path / "spec.cnn").read_bytes().decode(errors="replace")
        except FileNotFoundError:
            raise RunFolderError(f"{self.path} holds no spec.cnn") from None

    def save_best(self, weights: Mapping[str, Tensor]) -> None:
        """Write best.safetensors: the weights alone, by their state-dict keys."""
        # cloned: safetensors refuses tensors that share memory, as the weights of a reused layer do
        tensors = {key: tensor.detach().cpu().contiguous().clone() for key, tensor in weights.items()}
        with atomic_path(self.path / "best.safetensors") as temporary:
            # written by us: safetensors' own writer has no OSError for a full disk
            write_synced(temporary, save(tensors))

    def load_best(self) -> dict[str, Tensor]:
        """The weights in best.safetensors, on the CPU."""
        path = self.path / "best.safetensors"
        try:
            weights: dict[str, Tensor] = load_file(path)
        except (FileNotFoundError, SafetensorError) as error:
            raise RunFolderError(f"{path} is missing or damaged: {error}") from error
        return weights

    def goes_on(self) -> str:
        """How the run can be taken up, for the end of a message."""
        if not (self.path / LAST).exists():
            return "no checkpoint was written: nothing is kept"
        return f"`cnndsl train --resume {self.path}` goes on from its last checkpoint"

    def write_metrics(self, record: Mapping[str, Any]) -> None:
        """Write metrics.csv and metrics.json."""
        names = [field.name for field in fields(Epoch)]
        rows = [[row[name] for name in names] for row in record["epochs"]]
        write_whole(self.path / "metrics.csv", _csv([names, *rows]))
        write_whole(self.path / "metrics.json", json.dumps(record, indent=2, allow_nan=False) + "\n")

    def write_confusion(self, confusion: Sequence[Sequence[int]], names: Sequence[str]) -> None:
        """Write confusion.csv, a row a true class, a column a predicted one, and its picture."""
        rows = [[name, *row] for name, row in zip(names, confusion, strict=True)]
        write_whole(self.path / "confusion.csv", _csv([["true \\ predicted", *names], *rows]))
        with atomic_path(self.path / "confusion.png") as temporary:
            draw_confusion(confusion, names, temporary)

    def write_rates(self, curve: RateCurve, title: str) -> None:
        """Write lr.csv and lr.png, what was found out about the learning rate."""
        rows = zip(curve.rates, curve.losses, curve.smooth, strict=True)
        write_whole(self.path / "lr.csv", _csv([["learning_rate", "loss", "smoothed"], *rows]))
        with atomic_path(self.path / "lr.png") as temporary:
            draw_rates(curve.rates, curve.losses, curve.smooth, curve.suggestion, title, temporary)

    def write_curves(self, epochs: Sequence[Epoch], best_epoch: int, title: str) -> None:
        """Write curves.png."""
        with atomic_path(self.path / "curves.png") as temporary:
            draw_curves(epochs, best_epoch, title, temporary)


def metrics_record(
    epochs: Sequence[Epoch],
    best_epoch: int,
    test: Score | None,
    parameters: int,
    device: str,
    world_size: int,
) -> dict[str, Any]:
    """The content of metrics.json; `test` is None as long as the run goes on."""
    return {
        "epochs": [
            {
                name: round(value, 6) if isinstance(value, float) else value
                for name, value in asdict(epoch).items()
            }
            for epoch in epochs
        ],
        "best_epoch": best_epoch,
        "test": test
        and {
            "loss": round(test.loss, 6),
            "accuracy": round(test.accuracy, 6),
            "confusion": [list(row) for row in test.confusion],
        },
        "test_on": test and test.on,
        "parameters": parameters,
        "device": device,
        "world_size": world_size,
    }


def _csv(rows: Sequence[Sequence[object]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()
