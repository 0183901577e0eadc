"""Which learning rate to take: the loss while the rate rises, step by step.

As in Smith, Cyclical learning rates for training neural networks: where the loss falls fastest is a rate to
train with; where it rises again is too far.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from math import inf, log
from pathlib import Path
from statistics import median
from typing import NamedTuple

import torch

from cnndsl.backends.weights import load_weights
from cnndsl.training.data import Data, hold_out
from cnndsl.training.device import make_engine
from cnndsl.training.errors import TrainingError
from cnndsl.training.loop import Loop
from cnndsl.training.meter import NotFinite
from cnndsl.training.network import Network, require_fit
from cnndsl.training.preparation import prepared
from cnndsl.training.progress import Silent
from cnndsl.training.settings import Constant, TrainSettings

__all__ = ["RateCurve", "find_rate", "suggest"]

# From a rate at which nothing moves to one at which nothing holds.
LOWEST, HIGHEST, STEPS = 1e-5, 10.0, 200
# A smoothed loss of so many times the lowest is on its way up for good.
LOST = 4.0
SMOOTHING = 0.9
FEWEST = 12


class RateCurve(NamedTuple):
    """The learning rate of each step, its loss, the smoothed loss, and the rate to take."""

    rates: tuple[float, ...]
    losses: tuple[float, ...]
    smooth: tuple[float, ...]
    suggestion: float


class _Enough(Exception):
    """The rates are through, or the loss is lost."""


def find_rate(network: Network, data: Data, settings: TrainSettings) -> RateCurve:
    """Train for some steps with ever larger learning rates; `network`'s own weights are left alone.

    Learning rates of parts of the network rise in proportion. Batches, losses and all else are those of the
    settings, but for the schedule.

    Errors: as `run` has them before anything is trained; TrainingError where the loss is never a number.
    """
    require_fit(network, data, settings)
    quick = settings.model_copy(update={"schedule": Constant(), "warmup": 0.0, "ema": 0.0})
    train, _ = hold_out(data, settings.val, settings.seed)
    engine = make_engine(quick)
    devices = [engine.device] if engine.device.type == "cuda" else []
    rates: list[float] = []
    losses: list[float] = []
    with torch.random.fork_rng(devices):
        torch.manual_seed(settings.seed)
        model = deepcopy(network.build())
        if settings.weights is not None:
            load_weights(model, Path(settings.weights.path), settings.weights.partial)
        preparation = prepared(quick, train, len(data.classes))
        loop = Loop(model, quick, train, engine, preparation=preparation)
        own = [rate / settings.optimizer.lr for rate in loop.rates]
        before = (0.0, 0)

        def after_step() -> None:
            nonlocal before
            loss, _, samples = loop.meter.state()
            losses.append((loss - before[0]) / (samples - before[1]))
            before = (loss, samples)
            smooth = smoothed(losses)
            if len(losses) == STEPS or (len(losses) > FEWEST and smooth[-1] > LOST * min(smooth)):
                raise _Enough
            rise()

        def rise() -> None:
            rates.append(LOWEST * (HIGHEST / LOWEST) ** (len(losses) / (STEPS - 1)))
            loop.rates = [rates[-1] * part for part in own]

        rise()
        try:
            while True:
                loop.train_epoch(Silent(), after_step)
                loop.finish_epoch(0.0)
                before = (0.0, 0)
        except (_Enough, NotFinite):
            pass
    if len(losses) < FEWEST:
        raise TrainingError("the loss is no finite number from the beginning: no learning rate can be found")
    return RateCurve(
        tuple(rates[: len(losses)]), tuple(losses), smoothed(losses), suggest(rates[: len(losses)], losses)
    )


def smoothed(losses: Sequence[float]) -> tuple[float, ...]:
    """An exponential moving average, without the bias of its beginning.

    >>> [round(value, 2) for value in smoothed([1.0, 1.0, 0.0])]
    [1.0, 1.0, 0.63]
    """
    mean, found = 0.0, []
    for number, loss in enumerate(losses, 1):
        mean = SMOOTHING * mean + (1 - SMOOTHING) * loss
        found.append(mean / (1 - SMOOTHING**number))
    return tuple(found)


def suggest(rates: Sequence[float], losses: Sequence[float]) -> float:
    """The rate at which the smoothed loss falls fastest on its way to its lowest, to two digits.

    >>> from math import exp
    >>> rates = [10 ** (step / 10 - 5) for step in range(50)]
    >>> suggest(rates, [1 / (1 + exp(4 * log(rate / 0.01))) + 200 * rate**4 for rate in rates])
    0.016
    """
    smooth = smoothed(losses)
    lowest = smooth.index(min(smooth))
    best, steepest = rates[lowest] / 10, inf
    # from where the loss leaves what it was at rates that move nothing: before, it only wavers
    level = median(losses[: len(losses) // 4])
    edge = level - (level - smooth[lowest]) / 10
    begin = next((at for at in range(lowest, 0, -1) if smooth[at] > edge), 0)
    # over a few steps: from one to the next the batches differ more than the rates do
    for at in range(max(begin, 2), min(lowest - 1, len(smooth) - 2)):
        slope = (smooth[at + 2] - smooth[at - 2]) / log(rates[at + 2] / rates[at - 2])
        if slope < steepest:
            best, steepest = rates[at], slope
    return float(f"{best:.2g}")
