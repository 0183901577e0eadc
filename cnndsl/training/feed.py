"""Where the images of an epoch come from: memory, indexed a whole batch at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from cnndsl.training.augment import shift
from cnndsl.training.data import Part
from cnndsl.training.plan import Batch
from cnndsl.training.randomness import AUGMENT, generator
from cnndsl.training.settings import TrainSettings

__all__ = ["Feed"]


class Feed:
    """The images of a part on the device, for one process, `rank`.

    What is changed in a batch is drawn from a generator of its own: a batch is a function of the settings'
    seed, the epoch and its number, so that an epoch can be taken up at any of its batches.
    """

    def __init__(self, part: Part, settings: TrainSettings, device: torch.device, rank: int = 0) -> None:
        self.images = part.images.to(device)
        self.settings = settings
        self.device = device
        self.rank = rank

    def epoch(self, epoch: int, batches: Sequence[Batch]) -> Iterator[Tensor]:
        """The images of each batch in turn: (B, *input shape)."""
        pixels = self.settings.augment.shift
        for batch in batches:
            images = self.images[batch.indices.to(self.device)]
            if pixels:
                key = (self.settings.seed, AUGMENT, epoch, batch.number, self.rank)
                images = shift(images, pixels, generator(*key))
            yield images
