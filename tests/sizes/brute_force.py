"""What is true of each single size: the rules run on numbers, and the compiled module run by PyTorch.

Neither knows anything of formulas in an open size.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from typing import NamedTuple

import torch
from torch import nn

from cnndsl.dims import Shape, Value
from cnndsl.ir import Graph
from cnndsl.layers.declaration import INPUT, Join, Layer, LayerError

__all__ = ["Concrete", "concrete", "eager"]

# Values that a module is run on have at most as many numbers, those inside it included.
MOST_NUMBERS = 40_000_000


class Concrete(NamedTuple):
    """What the rules say of one size: the place that refuses it, and why; the largest value on the way."""

    refused: str
    layer: Layer | Join | None
    arriving: tuple[Shape, ...]
    numbers: int

    @property
    def accepted(self) -> bool:
        """Whether nothing refuses the size."""
        return not self.refused


def concrete(graph: Graph, shapes: Mapping[int, Shape]) -> Concrete:
    """Run the rules of a graph on inputs of other shapes, every layer as it was made."""
    values: list[Value] = []
    numbers = 0
    for node in graph.nodes:
        assert node.output is not None
        if node.layer is INPUT:
            values.append(Value(shapes.get(node.id, node.output.shape)))
            continue
        arriving = [values[source] for source in node.inputs]
        layer = node.layer
        assert isinstance(layer, (Layer, Join))
        try:
            if isinstance(layer, Join):
                shape = layer.shape(arriving)
            else:
                made = node
                while made.shares is not None:
                    made = graph.nodes[made.shares]
                first = graph.nodes[made.inputs[0]].output
                assert first is not None and made.output is not None
                shape = layer.shape(arriving[0], node.arguments)
                same = layer.module(arriving[0], node.arguments, shape).data
                if layer.weights(arriving[0], node.arguments) != made.weights or same != (
                    layer.module(first, made.arguments, made.output.shape).data
                ):
                    raise LayerError("weights", "the weights are for another size")
        except LayerError as problem:
            return Concrete(
                f"{node.path}: {problem.rule}", layer, tuple(one.shape for one in arriving), numbers
            )
        value = Value(shape, node.output.channels_first)
        values.append(value)
        total = 1
        for size in shape:
            total *= size
        numbers = max(numbers, total)
    return Concrete("", None, (), numbers)


def eager(model: nn.Module, inputs: Callable[[], tuple[torch.Tensor, ...]]) -> str:
    """What PyTorch says against these inputs; empty where it takes them."""
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            result = model(*inputs())
        except Exception as error:  # whatever it is, it is a refusal
            return f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
    outputs = result if isinstance(result, tuple) else (result,)
    return "" if all(one.numel() for one in outputs) else "an output is empty"
