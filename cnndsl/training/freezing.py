"""Which weights a run trains, and how fast: settings that speak of weights by their names.

`freeze` and `unfreeze` are shell-style patterns on the names of modules and weights, `rates` learning
rates by such patterns. What `unfreeze` names is trained, whatever `freeze` says; of several rates the
last that fits holds.
"""

from __future__ import annotations

from typing import Any

from torch import nn
from torch.nn.modules.batchnorm import _NormBase

from cnndsl.backends.matching import grouped
from cnndsl.backends.paths import matches
from cnndsl.training.patterns import is_frozen
from cnndsl.training.settings import TrainSettings

__all__ = ["Frozen", "describe", "parameter_groups"]

SHOWN = 6


def rate_of(name: str, settings: TrainSettings) -> float:
    """The learning rate of a weight, before the schedule."""
    rate = settings.optimizer.lr
    for pattern, own in settings.rates.items():
        if matches(pattern, name):
            rate = own
    return rate


class Frozen:
    """The part of a model that a run leaves as it is; `release` undoes what was done to it.

    Its weights get no gradients, and its norms keep their running statistics: in training mode too, they
    normalise with them, as in evaluation. Dropout is not affected.
    """

    def __init__(self, model: nn.Module, settings: TrainSettings) -> None:
        self.weights = [
            weight
            for name, weight in model.named_parameters(remove_duplicate=False)
            if weight.requires_grad and is_frozen(name, settings)
        ]
        self.norms = [
            module
            for path, module in model.named_modules()
            if isinstance(module, _NormBase) and is_frozen(f"{path}.running_mean".lstrip("."), settings)
        ]
        for weight in self.weights:
            weight.requires_grad_(False)

    def hold(self) -> None:
        """Keep the statistics of frozen norms, after the model was put into training mode."""
        for norm in self.norms:
            norm.eval()

    def release(self) -> None:
        """Let the weights be trained again."""
        for weight in self.weights:
            weight.requires_grad_(True)


def parameter_groups(model: nn.Module, settings: TrainSettings) -> list[dict[str, Any]]:
    """The weights that are trained, as PyTorch's optimizers take them: a group for each learning rate,
    those apart that weight decay spares."""
    decay = settings.optimizer.weight_decay
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    for name, weight in model.named_parameters():
        if not is_frozen(name, settings):
            # biases, and what norms scale and shift with, have one axis
            spared = weight.ndim < 2 and not settings.optimizer.decay_all
            key = (rate_of(name, settings), 0.0 if spared else decay)
            groups.setdefault(key, []).append(weight)
    return [{"params": weights, "lr": rate, "weight_decay": own} for (rate, own), weights in groups.items()]


def describe(model: nn.Module, settings: TrainSettings) -> str:
    """What is trained of a model of which a part is frozen."""
    sizes = {name: weight.numel() for name, weight in model.named_parameters()}
    trained = [name for name in sizes if not is_frozen(name, settings)]
    parts = [part.partition(" ")[0] for part in grouped(trained, sizes)]
    shown = ", ".join([*parts[:SHOWN], *(["..."] if len(parts) > SHOWN else [])])
    count = sum(sizes[name] for name in trained)
    return f"{count:,} of {sum(sizes.values()):,} parameters are trained, in {shown}; the others are frozen"
