"""Values on their way through a network, by the names of its modules."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, fx, nn

from cnndsl.backends.paths import help_with_path

__all__ = ["NoSuchLayer", "features", "features_of_image"]


class NoSuchLayer(ValueError):
    """A name that no module of a network has."""


def features(
    model: nn.Module, x: Tensor | Sequence[Tensor], layers: str | Sequence[str]
) -> dict[str, Tensor]:
    """The outputs of the modules `layers`, dotted names as in `model.named_modules()`, by these names.

    `x` is a batch, or one an input. The network is traced, and nothing is computed that no asked-for module
    needs; no hooks are set. It runs in evaluation mode; its own modes are afterwards as they were. Gradients
    flow as in a plain call. Of a module that is called several times, the last value is given.

    Errors: NoSuchLayer for a name that no called module has; RuntimeError where the inputs do not fit.

    >>> import torch
    >>> model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(8, 3))
    >>> maps = features(model, torch.rand(5, 1, 4, 4), ["0", "2"])
    >>> {name: tuple(value.shape) for name, value in maps.items()}
    {'0': (5, 2, 2, 2), '2': (5, 8)}
    """
    names = [layers] if isinstance(layers, str) else list(layers)
    inputs = [x] if isinstance(x, Tensor) else list(x)
    with _evaluating(model):
        tracer = _Tracer()
        graph = tracer.trace(model)
        _require(names, tracer.values)
        (end,) = (node for node in graph.nodes if node.op == "output")
        kept = []
        for name in names:
            value = tracer.values[name]
            with graph.inserting_after(value):
                kept.append(graph.call_function(_keep, (value,)))
        end.args = (tuple(kept),)
        extractor = fx.GraphModule(model, graph)
        extractor.graph.eliminate_dead_code()
        extractor.recompile()
        values = extractor(*inputs)
    return dict(zip(names, values, strict=True))


def features_of_image(model: nn.Module, image: NDArray[np.float32], layer: str) -> NDArray[np.float32]:
    """What a layer gives for an image (C, H, W), without the batch axis; errors as `features`."""
    with torch.inference_mode():
        value = features(model, torch.from_numpy(image)[None], layer)[layer]
    values: NDArray[np.float32] = value[0].numpy()
    return values


def _keep(value: Any) -> Tensor:
    """A copy, for an activation in place may overwrite the value; of what attention gives, the first."""
    tensor: Tensor = value[0] if isinstance(value, tuple) else value
    return tensor.clone()


class _Tracer(fx.Tracer):
    """Remembers the value that each module gave."""

    def __init__(self) -> None:
        super().__init__()
        self.values: dict[str, fx.Node] = {}

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        """Only modules that hold modules are looked into: what computes may do as it likes."""
        return super().is_leaf_module(m, module_qualified_name) or next(m.children(), None) is None

    def call_module(
        self,
        m: nn.Module,
        forward: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> Any:
        """Trace the call, and keep its value under the module's name."""
        value = super().call_module(m, forward, args, kwargs)
        # a scope that others reach into gives their values too, behind its own
        first = value[0] if isinstance(value, tuple) else value
        self.values[self.path_of_module(m)] = first.node
        return value


def _require(layers: Sequence[str], known: dict[str, fx.Node]) -> None:
    for name in layers:
        if name not in known:
            message = f"the network has no layer `{name}`"
            raise NoSuchLayer("\n  help: ".join([message, *help_with_path(name, known)]))


@contextmanager
def _evaluating(model: nn.Module) -> Iterator[None]:
    """Evaluation mode while inside; afterwards each module has the mode that it had."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, training in modes:
            module.training = training
