"""Reading the data of a run as its settings say."""

from __future__ import annotations

from cnndsl.dims import Shape
from cnndsl.training.data import Data, Known, load
from cnndsl.training.settings import TrainSettings

__all__ = ["load_for"]


def load_for(settings: TrainSettings, data: str, shape: Shape, known: Known | None = None) -> Data:
    """The data at an address, for a network that takes `shape`. Errors: as in `load`."""
    return load(data, shape, settings.workers, resize=settings.resize, memory=settings.memory, known=known)
