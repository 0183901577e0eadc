"""Training several networks side by side: everything is checked before the first one trains."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from cnndsl.backends.resizing import Resize
from cnndsl.backends.weights import fitting
from cnndsl.diagnostics import Diagnostic, SpecError
from cnndsl.dims import Shape
from cnndsl.report import Report
from cnndsl.training.data import Data, DataMismatch
from cnndsl.training.data.split import require_enough
from cnndsl.training.errors import SettingError
from cnndsl.training.loading import load_for
from cnndsl.training.network import Network, mismatch, require_fit
from cnndsl.training.patterns import weights_of
from cnndsl.training.settings import TrainSettings

__all__ = ["Job", "prepare", "require_weights"]


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """A network with its settings and the data that it was found to fit."""

    network: Network
    settings: TrainSettings
    data: Data


def prepare(
    networks: Sequence[tuple[Report, Network, TrainSettings]], note: Callable[[str], None]
) -> list[Job]:
    """Load the data, hold every network against them, and put all on the same split and seed.

    `note` is told what was mended.

    Errors: SpecError with rule data-mismatch where a network does not fit, or train-setting where a data
    path in the spec leads nowhere; SettingError where the caller's does, or where no data or different
    data are named; DataError as in `load`.
    """
    loaded: dict[tuple[Shape, Resize], Data] = {}
    jobs = []
    first = networks[0][2]
    problems: list[Diagnostic] = []
    for report, network, own in networks:
        settings = _same_split(first, own, network.name, note)
        try:
            key = (network.input_shape, settings.resize)
            if key not in loaded:
                data = loaded[key] = _load(report, network, settings)
                said = [text for other in loaded.values() if other is not data for text in other.notes]
                for text in data.notes:
                    if text not in said:
                        note(text)
            require_fit(network, loaded[key], settings)
            require_enough(loaded[key], settings.val, settings.seed)
        except DataMismatch as error:
            problems.append(mismatch(report, error))
            continue
        jobs.append(Job(network, settings, loaded[key]))
    if problems:
        raise SpecError(tuple(problems))
    return jobs


def require_weights(report: Report, settings: TrainSettings) -> None:
    """Hold the file of weights to begin with, if there is one, against a spec's network, before any trains.

    Errors: WeightsError where it does not fit; SettingError where it cannot be read.
    """
    if settings.weights is None:
        return
    path = Path(settings.weights.path)
    shapes = {name: weight.shape for name, weight in weights_of(report).items()}
    try:
        fitting(shapes, path, settings.weights.partial)
    except OSError as error:
        raise SettingError(f"cannot read {path}: {(error.strerror or str(error)).lower()}") from error


def _same_split(
    first: TrainSettings, own: TrainSettings, name: str, note: Callable[[str], None]
) -> TrainSettings:
    if own.data != first.data:
        raise SettingError(f"the specs name different data, {first.data} and {own.data}: give --data")
    if (own.val, own.seed) != (first.val, first.seed):
        note(f"{name}: val {first.val:g} and seed {first.seed}, as in the first spec: like with like")
    return own.model_copy(update={"val": first.val, "seed": first.seed})


def _load(report: Report, network: Network, settings: TrainSettings) -> Data:
    if settings.data is None:
        raise SettingError("no data: give --data, or a `data` line in the spec's train section")
    try:
        return load_for(settings, settings.data, network.input_shape)
    except OSError as error:
        message = f"cannot read {error.filename or settings.data}: {(error.strerror or str(error)).lower()}"
        line = next((line for line in report.graph.train if line.name == "data"), None)
        if line is None or not settings.data.endswith(str(line.positional[0])):
            raise SettingError(message) from error
        raise SpecError((Diagnostic("train-setting", message, line.positional_spans[0]),)) from error
