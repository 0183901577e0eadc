"""From a part of the data to batches on the device: read, changed, normalised."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from cnndsl.training.augment import Augmentation
from cnndsl.training.data import Part, StoredImages
from cnndsl.training.normalize import Normalization
from cnndsl.training.settings import TrainSettings

__all__ = ["Feed"]


class Feed:
    """Gives the samples of a part batch by batch, as the network takes them.

    What is in memory is moved to the device once and indexed there; images on disk are decoded ahead.
    `augment` says whether they are changed as `settings` ask, which is for training.
    """

    def __init__(
        self,
        part: Part,
        settings: TrainSettings,
        device: torch.device,
        normalization: Normalization | None,
        augment: bool,
    ) -> None:
        self.device = device
        self.normalization = None if normalization is None else normalization.to(device)
        self.labels = part.labels.to(device)
        images = part.images
        self.images = images if isinstance(images, StoredImages) else images.to(device)
        self.stream = images.stream(settings.workers) if isinstance(images, StoredImages) else None
        self.augmentation = (
            Augmentation(settings.augment, len(part), tuple(images.shape[1:]), device)
            if augment and settings.augment
            else None
        )

    def __len__(self) -> int:
        return len(self.labels)

    def draw(self, generator: torch.Generator) -> None:
        """Draw what happens to the images in an epoch."""
        if self.augmentation is not None:
            self.augmentation.draw(generator)

    def batches(self, indices: Sequence[Tensor]) -> Iterator[tuple[Tensor, Tensor]]:
        """Images and labels at each of `indices`, tensors on the device, one batch after the other.

        Errors: DataError and OSError for images on disk that cannot be read.
        """
        streamed = None if self.stream is None else self.stream.batches(indices)
        for chosen in indices:
            images = self.images[chosen] if streamed is None else next(streamed).to(self.device)
            if self.augmentation is not None:
                images = self.augmentation.apply(images, chosen)
            if self.normalization is not None:
                images = self.normalization.apply(images)
            yield images, self.labels[chosen]
