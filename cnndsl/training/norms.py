"""Batch norms that see the batch of all processes, not only their process' share."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.distributed import nn as collectives
from torch.nn.modules.batchnorm import _BatchNorm

__all__ = ["split", "unite"]


def unite(model: nn.Module) -> None:
    """Have the batch norms of `model` compute mean and variance over all processes while they train."""
    for module in model.modules():
        if isinstance(module, _BatchNorm):
            # on the instance: names, state dict and class stay what they are
            module.__dict__["forward"] = partial(_forward, module)


def split(model: nn.Module) -> None:
    """Undo `unite`."""
    for module in model.modules():
        module.__dict__.pop("forward", None) if isinstance(module, _BatchNorm) else None


def _forward(norm: Any, values: Tensor) -> Tensor:
    """(B, C, ...) normalised by channel; in evaluation as ever."""
    if not norm.training:
        own: Tensor = type(norm).forward(norm, values)
        return own
    axes = [axis for axis in range(values.dim()) if axis != 1]
    wide = values.float()
    count = torch.full((1,), values.numel() / values.shape[1], device=values.device)
    sums = torch.cat([wide.sum(axes), count])
    total = _sum_over_processes(sums)
    mean = total[:-1] / total[-1]
    shape = [1, -1] + [1] * (values.dim() - 2)
    centred = wide - mean.view(shape)
    # a second pass: the difference of squares would lose what a large mean leaves of the digits
    variance = _sum_over_processes((centred * centred).sum(axes)) / total[-1]
    if norm.track_running_stats:
        with torch.no_grad():
            norm.num_batches_tracked += 1
            momentum = norm.momentum if norm.momentum is not None else 1 / float(norm.num_batches_tracked)
            number = total[-1]
            unbiased = variance * (number / (number - 1).clamp(min=1))
            norm.running_mean.lerp_(mean.to(norm.running_mean.dtype), momentum)
            norm.running_var.lerp_(unbiased.to(norm.running_var.dtype), momentum)
    result = centred * torch.rsqrt(variance + norm.eps).view(shape)
    if norm.affine:
        result = result * norm.weight.view(shape) + norm.bias.view(shape)
    normalised: Tensor = result.to(values.dtype)
    return normalised


def _sum_over_processes(values: Tensor) -> Tensor:
    # PyTorch leaves its types out
    total: Tensor = collectives.all_reduce(values)  # type: ignore[no-untyped-call]
    return total
