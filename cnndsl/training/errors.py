"""What can go wrong around a training run, each with a sentence that can be shown as it is."""

from __future__ import annotations

from typing import Literal

__all__ = [
    "DataError",
    "DataMismatch",
    "ProcessLost",
    "RunFolderError",
    "SettingError",
    "TrainingError",
    "WriteError",
]


class DataError(ValueError):
    """The data cannot be used as they are; the message names the file and the place in it.

    `help` says how to mend it.
    """

    def __init__(self, message: str, help: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.help = help

    def __str__(self) -> str:
        return "\n".join([self.message, *(f"  help: {line}" for line in self.help)])


class DataMismatch(DataError):
    """The data are sound, but the network takes others; `about` is the end of the network at fault."""

    def __init__(self, message: str, about: Literal["input", "output"], help: tuple[str, ...] = ()) -> None:
        super().__init__(message, help)
        self.about = about


class SettingError(ValueError):
    """A training setting that came from the caller, not from the spec, is wrong."""


class RunFolderError(ValueError):
    """The folder of a run cannot be used: it holds another run, or none, or a damaged one."""


class TrainingError(RuntimeError):
    """The run cannot go on: the loss is no longer a number, the data have changed, there are no weights,
    memory does not suffice, another process of the run is gone."""


class WriteError(OSError):
    """A file of a run cannot be written, as on a full disk; the message says what the run keeps."""


class ProcessLost(TrainingError):
    """Another process of the run is gone, so that this one cannot go on."""
