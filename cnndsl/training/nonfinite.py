"""Where a value that is no finite number comes from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

__all__ = ["where"]


class _Found(Exception):
    """Stops a forward pass at the first layer that is to blame."""


def where(model: nn.Module, images: Tensor, forward: Callable[[Tensor], Any]) -> str:
    """What is the first not to be finite: the images, a weight, or a layer's output for these images.

    `forward` sends images through `model`. Empty where all is finite.

    >>> layers = nn.Sequential(nn.Linear(2, 2), nn.ReLU())
    >>> where(layers, torch.full((1, 2), torch.inf), layers)
    'the images themselves hold values that are not finite'
    >>> _ = layers[0].weight.data.fill_(3e38)
    >>> where(layers, torch.full((1, 2), 3e38), layers)
    'layer `0` (Linear) is the first to give values that are not finite'
    """
    if not _finite(images):
        return "the images themselves hold values that are not finite"
    for name, weight in model.named_parameters():
        if not _finite(weight):
            return f"the step before left values in `{name}` that are not finite"
    with _watching(model), torch.no_grad():
        try:
            outputs = forward(images)
        except _Found as found:
            return str(found)
    tensors = [outputs] if isinstance(outputs, Tensor) else list(outputs)
    if not all(map(_finite, tensors)):
        return "the outputs hold values that are not finite"
    return ""


@contextmanager
def _watching(model: nn.Module) -> Iterator[None]:
    handles = []
    for path, module in model.named_modules():
        if path and not any(True for _ in module.children()):
            handles.append(module.register_forward_hook(_watch(path)))
    # compiled code runs no hooks
    compiled, model._compiled_call_impl = model._compiled_call_impl, None
    try:
        yield
    finally:
        model._compiled_call_impl = compiled
        for handle in handles:
            handle.remove()


def _watch(path: str) -> Callable[[nn.Module, tuple[Any, ...], Any], None]:
    def look(module: nn.Module, arriving: tuple[Any, ...], output: Any) -> None:
        if not all(_finite(value) for value in arriving if isinstance(value, Tensor)):
            raise _Found(f"what arrives at layer `{path}` is the first not to be finite")
        if isinstance(output, Tensor) and not _finite(output):
            raise _Found(
                f"layer `{path}` ({type(module).__name__}) is the first to give values that are not finite"
            )

    return look


def _finite(values: Tensor) -> bool:
    return bool(values.isfinite().all())
