"""From a part of the data to batches on the device: read, changed, normalised."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from cnndsl.training.augment import Augmentation
from cnndsl.training.data import Part, StoredImages
from cnndsl.training.normalize import Normalization
from cnndsl.training.plan import Batch
from cnndsl.training.randomness import AUGMENT, generator
from cnndsl.training.settings import TrainSettings

__all__ = ["Feed", "in_order"]


class Feed:
    """The images of a part on the device, changed as the settings ask, for training.

    What is in memory is moved to the device once and indexed there, images on disk are decoded ahead. What
    changes in which image is a function of the settings' seed and the epoch, so that an epoch can be taken
    up at any of its batches, and is the same however many processes share it.
    """

    def __init__(
        self,
        part: Part,
        settings: TrainSettings,
        device: torch.device,
        normalization: Normalization | None = None,
    ) -> None:
        self.seed = settings.seed
        self.device = device
        self.normalization = None if normalization is None else normalization.to(device)
        images = part.images
        self.images = images if isinstance(images, StoredImages) else images.to(device)
        self.stream = images.stream(settings.workers) if isinstance(images, StoredImages) else None
        shape = tuple(images.shape[1:])
        self.augmentation = (
            Augmentation(settings.augment, len(part), shape, device) if settings.augment else None
        )

    def close(self) -> None:
        """End the processes that decode ahead; there are no more epochs."""
        if self.stream is not None:
            self.stream.close()

    def epoch(self, epoch: int, batches: Sequence[Batch]) -> Iterator[Tensor]:
        """The images of each batch in turn: (B, *input shape).

        Errors: DataError and OSError for images on disk that cannot be read.
        """
        if self.augmentation is not None:
            self.augmentation.draw(generator(self.seed, AUGMENT, epoch))
        stored = None if self.stream is None else self.stream.batches([batch.indices for batch in batches])
        for batch in batches:
            indices = batch.indices.to(self.device)
            images = self.images[indices] if stored is None else next(stored).to(self.device)
            if self.augmentation is not None:
                images = self.augmentation.apply(images, indices)
            yield images if self.normalization is None else self.normalization.apply(images)


def in_order(
    part: Part,
    ranges: Sequence[tuple[int, int]],
    workers: int,
    device: torch.device,
    normalization: Normalization | None = None,
) -> Iterator[Tensor]:
    """The images of a part from one number to the next, unchanged but for the normalisation, for evaluation.

    Errors: as in `Feed.epoch`.
    """
    normalization = None if normalization is None else normalization.to(device)
    if isinstance(part.images, StoredImages):
        read = part.images.stream(workers).batches([torch.arange(start, stop) for start, stop in ranges])
    else:
        read = (part.images[start:stop] for start, stop in ranges)
    for images in read:
        moved = images.to(device)
        yield moved if normalization is None else normalization.apply(moved)
