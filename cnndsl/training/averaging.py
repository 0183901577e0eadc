"""An exponential moving average of the weights."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn

__all__ = ["Average"]


class Average:
    """The average of weights over the steps of a run, in which old ones fade by `decay` a step.

    The first steps count more than they later will, or the average would stay close to the beginning:
    the decay after n steps is at most (1 + n) / (10 + n).

    >>> weight = nn.Parameter(torch.zeros(1))
    >>> average = Average([weight], 0.9)
    >>> for value in (1.0, 1.0):
    ...     with torch.no_grad():
    ...         _ = weight.fill_(value)
    ...     average.update()
    >>> [round(float(of), 2) for of in average.weights]
    [0.98]
    >>> with average.in_place():
    ...     inside = float(weight.detach())
    >>> round(inside, 2), float(weight.detach())
    (0.98, 1.0)
    """

    def __init__(self, weights: Sequence[nn.Parameter], decay: float) -> None:
        self.live = list(weights)
        self.weights = [weight.detach().clone() for weight in weights]
        self.decay = decay
        self.steps = 0

    def update(self) -> None:
        """Take the weights after a step in."""
        decay = min(self.decay, (1 + self.steps) / (10 + self.steps))
        self.steps += 1
        with torch.no_grad():
            torch._foreach_lerp_(self.weights, [weight.detach() for weight in self.live], 1 - decay)

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Have the average in place of the weights."""
        live = [weight.detach() for weight in self.live]
        kept = [weight.clone() for weight in live]
        torch._foreach_copy_(live, self.weights)
        try:
            yield
        finally:
            torch._foreach_copy_(live, kept)

    def state(self) -> dict[str, int | list[Tensor]]:
        """What the next steps depend on."""
        return {"steps": self.steps, "weights": self.weights}

    def load(self, steps: int, weights: Sequence[Tensor]) -> None:
        """Go on from what `state` gave."""
        self.steps = steps
        torch._foreach_copy_(self.weights, [weight.to(self.weights[0].device) for weight in weights])
