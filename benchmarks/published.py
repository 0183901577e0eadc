"""Torchvision's own networks, where it is installed."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import torch
from torch import nn

__all__ = ["published"]

# The operators that torchvision wants to be known; a build for another PyTorch brings none.
SCHEMAS = ("nms", "qnms")


def published(name: str) -> Callable[[], nn.Module] | None:
    """Torchvision's constructor of a network, None where torchvision is not installed."""
    models = _models()
    found: Callable[[], nn.Module] | None = None if models is None else getattr(models[0], name)
    return found


@cache
def _models() -> tuple[Any, torch.library.Library | None] | None:
    """The module of the networks, and the schemas that have to stay alive for it."""
    if find_spec("torchvision") is None:
        return None
    schemas = None
    if not hasattr(torch.ops.torchvision, "nms"):
        schemas = torch.library.Library("torchvision", "DEF")  # type: ignore[no-untyped-call]
        for name in SCHEMAS:
            schemas.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")  # type: ignore[no-untyped-call]
    return import_module("torchvision.models"), schemas
