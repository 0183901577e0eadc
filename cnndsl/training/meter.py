"""Losses and hits of an epoch, batch by batch, summed up without making a GPU wait."""

from __future__ import annotations

from math import isfinite

import torch
from torch import Tensor

__all__ = ["Meter", "NotFinite"]


class NotFinite(Exception):
    """The loss of a batch, counted from 0, is not a finite number."""

    def __init__(self, batch: int) -> None:
        super().__init__(batch)
        self.batch = batch


class Meter:
    """Sums over the samples of this process.

    On a CPU a loss is read at once, and so is found out when it is no number before it reaches the weights.
    On other devices reading would make it wait after every batch: `settle` reads what is there.
    """

    def __init__(self, device: torch.device) -> None:
        self.at_once = device.type == "cpu"
        self.pending: list[tuple[int, int, Tensor, Tensor]] = []
        self.loss = 0.0
        self.correct = 0
        self.samples = 0

    def add(self, number: int, count: int, loss: Tensor, hits: Tensor) -> None:
        """A batch of `count` samples, its mean loss, and whether each sample was taken for what it is."""
        correct = hits.sum()
        if self.at_once:
            self._count(number, count, loss.item(), int(correct))
        else:
            self.pending.append((number, count, loss.detach(), correct))

    def settle(self) -> None:
        """Read what is pending."""
        if not self.pending:
            return
        losses = torch.stack([loss for _, _, loss, _ in self.pending]).tolist()
        corrects = torch.stack([correct for *_, correct in self.pending]).tolist()
        for (number, count, *_), loss, correct in zip(self.pending, losses, corrects, strict=True):
            self._count(number, count, loss, correct)
        self.pending.clear()

    def _count(self, number: int, count: int, loss: float, correct: int) -> None:
        if not isfinite(loss):
            raise NotFinite(number)
        self.loss += loss * count
        self.correct += correct
        self.samples += count

    def state(self) -> tuple[float, int, int]:
        """The sums so far."""
        self.settle()
        return self.loss, self.correct, self.samples

    def load(self, state: tuple[float, int, int]) -> None:
        """Go on with these sums."""
        self.loss, self.correct, self.samples = state
