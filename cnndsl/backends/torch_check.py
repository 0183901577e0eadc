"""Holding a built module against the graph that it was built from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from typing import Any

import torch
import torchinfo
from torch import Tensor, nn

from cnndsl.dims import Shape, format_shape
from cnndsl.ir import Graph, Output

__all__ = ["disagreements", "seed", "summary"]

# Two samples: with one, a batch axis that got lost would not show.
BATCH = 2


def seed(number: int) -> None:
    """Make the random numbers that fill new weights the same from run to run."""
    torch.manual_seed(number)


def disagreements(module: nn.Module, graph: Graph) -> list[str]:
    """Run one batch of zeros forward and compare shapes, weights and counts with the graph's.

    Gives a sentence for each difference: none, if the checker was right. The module is left as it was.
    """
    found = [*_weight_differences(module, graph)]
    inputs = [torch.zeros(BATCH, *_shape(graph, index)) for index in graph.inputs]
    with _watched(module, graph, found), _evaluating(module), torch.no_grad():
        result = module(*inputs)
    always = [output for output in graph.outputs if not output.training_only]
    in_training = [output for output in graph.outputs if output.training_only]
    found.extend(_output_differences(graph, always, result))
    if in_training:
        # A copy, since a forward pass in training mode moves the statistics of norms.
        copy = deepcopy(module).train()
        with torch.no_grad():
            found.extend(_output_differences(graph, [*always, *in_training], copy(*inputs)))
    return found


def _output_differences(graph: Graph, outputs: Sequence[Output], result: Any) -> Iterator[str]:
    """A sentence for each output that is not what was predicted; a tuple's later fields may be None."""
    values = [result] if isinstance(result, Tensor) else [value for value in result if value is not None]
    if len(values) != len(outputs):
        yield f"predicted {len(outputs)} outputs, got {len(values)}"
        return
    for output, value in zip(outputs, values, strict=True):
        predicted = (BATCH, *_shape(graph, output.node))
        if tuple(value.shape) != predicted:
            yield f"{output.name}: predicted {predicted}, got {tuple(value.shape)}"


def summary(module: nn.Module, graph: Graph) -> str:
    """torchinfo's summary of the module for one sample.

    Its multiply-adds are left out: it counts biases too, and linear layers on sequences wrongly.
    """
    sizes = [(1, *_shape(graph, index)) for index in graph.inputs]
    text = str(
        torchinfo.summary(
            module,
            input_size=sizes if len(sizes) > 1 else sizes[0],
            col_names=("input_size", "output_size", "num_params"),
            depth=4,
            device="cpu",
            mode="eval",
            verbose=0,
        )
    )
    return "\n".join(line for line in text.splitlines() if not line.startswith("Total mult-adds"))


def _shape(graph: Graph, index: int) -> Shape:
    shape = graph.nodes[index].output_shape
    assert shape is not None, "only complete graphs are built"
    return shape


def _weight_differences(module: nn.Module, graph: Graph) -> Iterator[str]:
    expected = {
        f"{node.path}.{weight.name}" if weight.name else node.path: tuple(weight.shape)
        for node in graph.nodes
        for weight in node.weights
    }
    actual = {name: tuple(value.shape) for name, value in module.state_dict().items()}
    for name in sorted(expected.keys() | actual.keys()):
        if expected.get(name) != actual.get(name):
            yield f"{name}: predicted {_sized(expected.get(name))}, got {_sized(actual.get(name))}"
    predicted = sum(node.parameters for node in graph.nodes)
    counted = sum(parameter.numel() for parameter in module.parameters() if parameter.requires_grad)
    if predicted != counted:
        yield f"parameters: predicted {predicted:,}, got {counted:,}"


def _sized(shape: Shape | None) -> str:
    return "no such weight" if shape is None else format_shape(shape) or "one number"


@contextmanager
def _watched(module: nn.Module, graph: Graph, found: list[str]) -> Iterator[None]:
    """While inside, each layer's output is compared with the shape that was predicted for it."""
    handles = []
    modules = dict(module.named_modules())
    predictions: dict[str, list[Shape]] = {}
    for node in graph.nodes:
        original = node
        while original.shares is not None:
            original = graph.nodes[original.shares]
        if node.key is not None:
            predictions.setdefault(original.path, []).append((BATCH, *_shape(graph, node.id)))
    for path, shapes in predictions.items():
        layer = modules.get(path)
        if layer is None:
            continue

        def compare(
            _layer: nn.Module,
            _arguments: object,
            result: object,
            path: str = path,
            shapes: list[Shape] = shapes,
        ) -> None:
            if isinstance(result, Tensor) and tuple(result.shape) not in shapes:
                predicted = " or ".join(map(str, dict.fromkeys(shapes)))
                found.append(f"{path}: predicted {predicted}, got {tuple(result.shape)}")

        handles.append(layer.register_forward_hook(compare))
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


@contextmanager
def _evaluating(module: nn.Module) -> Iterator[None]:
    training = module.training
    module.eval()
    try:
        yield
    finally:
        module.train(training)
