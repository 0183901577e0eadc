"""Training: data, settings, the loop and its records. Imports PyTorch."""

from __future__ import annotations

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
