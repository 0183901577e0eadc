"""Training: data, settings, the loop and its records.

Settings are checked without PyTorch, everything else imports it: what is named here is loaded at first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cnndsl.training.api import train
    from cnndsl.training.data import Data, Part, load
    from cnndsl.training.errors import DataError, DataMismatch, RunFolderError, SettingError, TrainingError
    from cnndsl.training.predictions import Predictions, Verdict
    from cnndsl.training.results import Epoch, Score, TrainResult
    from cnndsl.training.settings import (
        SGD,
        Adam,
        AdamW,
        Bce,
        Cosine,
        CrossEntropy,
        Mse,
        OneCycle,
        Plateau,
        Step,
        TrainSettings,
    )
    from cnndsl.training.trained import TrainedRun, load_run

__all__ = [
    "SGD",
    "Adam",
    "AdamW",
    "Bce",
    "Cosine",
    "CrossEntropy",
    "Data",
    "DataError",
    "DataMismatch",
    "Epoch",
    "Mse",
    "OneCycle",
    "Part",
    "Plateau",
    "Predictions",
    "RunFolderError",
    "Score",
    "SettingError",
    "Step",
    "TrainResult",
    "TrainSettings",
    "TrainedRun",
    "TrainingError",
    "Verdict",
    "load",
    "load_run",
    "train",
]

_HOMES = {
    "Adam": "cnndsl.training.settings",
    "AdamW": "cnndsl.training.settings",
    "Bce": "cnndsl.training.settings",
    "Cosine": "cnndsl.training.settings",
    "CrossEntropy": "cnndsl.training.settings",
    "Data": "cnndsl.training.data",
    "DataError": "cnndsl.training.errors",
    "DataMismatch": "cnndsl.training.errors",
    "Epoch": "cnndsl.training.results",
    "Mse": "cnndsl.training.settings",
    "OneCycle": "cnndsl.training.settings",
    "Part": "cnndsl.training.data",
    "Plateau": "cnndsl.training.settings",
    "Predictions": "cnndsl.training.predictions",
    "RunFolderError": "cnndsl.training.errors",
    "SGD": "cnndsl.training.settings",
    "Score": "cnndsl.training.results",
    "SettingError": "cnndsl.training.errors",
    "Step": "cnndsl.training.settings",
    "TrainResult": "cnndsl.training.results",
    "TrainSettings": "cnndsl.training.settings",
    "TrainedRun": "cnndsl.training.trained",
    "TrainingError": "cnndsl.training.errors",
    "Verdict": "cnndsl.training.predictions",
    "load": "cnndsl.training.data",
    "load_run": "cnndsl.training.trained",
    "train": "cnndsl.training.api",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'cnndsl.training' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
