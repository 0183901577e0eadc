"""The optimizers of PyTorch, without the seconds that their construction takes."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from inspect import unwrap
from typing import Any, cast

import torch

from cnndsl.training.settings import SGD, Adam, AdamW, Optimizer

__all__ = ["make_optimizer"]

# What PyTorch wraps with a word to its compiler to keep off.
WRAPPED = ("add_param_group", "zero_grad", "state_dict", "load_state_dict")


def make_optimizer(settings: Optimizer, parameters: Iterable[dict[str, Any]]) -> torch.optim.Optimizer:
    """The optimizer of `settings` for groups of parameters, each with its learning rate.

    A group may say another weight decay.
    """
    made: torch.optim.Optimizer
    match settings:
        case SGD():
            made = _light(torch.optim.SGD)(
                parameters,
                lr=settings.lr,
                momentum=settings.momentum,
                weight_decay=settings.weight_decay,
                nesterov=settings.nesterov,
            )
        case Adam():
            made = _light(torch.optim.Adam)(parameters, lr=settings.lr, weight_decay=settings.weight_decay)
        case AdamW():
            made = _light(torch.optim.AdamW)(parameters, lr=settings.lr, weight_decay=settings.weight_decay)
    return made


@cache
def _light(kind: type[torch.optim.Optimizer]) -> Any:
    """`kind`, whose methods say nothing to PyTorch's compiler.

    To tell it to keep off they import it, which takes as long as importing PyTorch, and look for it again in
    each step. Here no optimizer is ever compiled. What they compute is the same.
    """
    members: dict[str, Any] = {name: unwrap(getattr(kind, name)) for name in WRAPPED}
    members["step"] = torch.no_grad()(unwrap(cast(Any, kind).step))
    return type(kind.__name__, (kind,), members)
