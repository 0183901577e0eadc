"""The optimizers of PyTorch, without the seconds that their construction takes."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from inspect import unwrap
from typing import Any, cast

import torch

from cnndsl.training.settings import SGD, Optimizer

__all__ = ["make_optimizer"]

# What PyTorch wraps with a word to its compiler to keep off.
WRAPPED = ("add_param_group", "zero_grad", "state_dict", "load_state_dict")


def make_optimizer(settings: Optimizer, parameters: Iterable[dict[str, Any]]) -> torch.optim.Optimizer:
    """The optimizer of `settings` for groups of parameters, each with its learning rate.

    A group may say another weight decay.
    """
    kinds: dict[str, type[torch.optim.Optimizer]] = {
        "sgd": torch.optim.SGD,
        "adam": torch.optim.Adam,
        "adamw": torch.optim.AdamW,
    }
    more = {"momentum": settings.momentum, "nesterov": settings.nesterov} if isinstance(settings, SGD) else {}
    optimizer: torch.optim.Optimizer = _light(kinds[settings.name])(
        parameters, lr=settings.lr, weight_decay=settings.weight_decay, **more
    )
    return optimizer


@cache
def _light(kind: type[torch.optim.Optimizer]) -> Any:
    """`kind`, whose methods say nothing to PyTorch's compiler.

    To tell it to keep off they import it, which takes as long as importing PyTorch, and look for it again in
    each step. Here no optimizer is ever compiled. What they compute is the same.
    """
    members: dict[str, Any] = {name: unwrap(getattr(kind, name)) for name in WRAPPED}
    members["step"] = torch.no_grad()(unwrap(cast(Any, kind).step))
    return type(kind.__name__, (kind,), members)
