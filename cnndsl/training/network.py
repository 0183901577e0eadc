"""What is trained: a module, with the shapes that go in and come out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from cnndsl import api
from cnndsl.diagnostics import Diagnostic, SpecError
from cnndsl.dims import Shape, format_shape
from cnndsl.ir import Graph
from cnndsl.report import Report
from cnndsl.training.class_weights import require_weights
from cnndsl.training.data import Data, DataMismatch
from cnndsl.training.normalize import require_channels
from cnndsl.training.patterns import weights_of
from cnndsl.training.recipe import Objective
from cnndsl.training.settings import TrainSettings

__all__ = [
    "Network",
    "from_module",
    "from_report",
    "mismatch",
    "require_fit",
    "trainable_names",
]


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """A network to train.

    `build` makes the module, its weights drawn from PyTorch's global generator. The shapes are without
    the batch axis. `name` names the run's folder; `text` is the spec and `graph` what it means, both None
    for a module made by hand, and `files` are the texts of the files that it uses, by their paths beside it.
    """

    name: str
    build: Callable[[], nn.Module]
    input_shape: Shape
    output_shape: Shape
    text: str | None = None
    graph: Graph | None = None
    params: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)


def from_report(report: Report, params: Mapping[str, Any] | None = None) -> Network:
    """The network of a spec that was checked; `params` are what it was checked with.

    Errors: SpecError where the spec has mistakes, or does not take one input and give one output,
    those in training mode only aside.
    """
    if not report.ok:
        raise SpecError(tuple(one for one in report.diagnostics if one.severity == "error"))
    graph = report.graph
    if report.open_shapes:
        # The graph is for some size that is valid; the images may have another.
        example = f"give the size of the images, such as `--input {report.example_input}`"
        span = graph.nodes[graph.inputs[0]].span
        message = "training wants to know the sizes of the input, which are open"
        raise SpecError((Diagnostic("missing-input", message, span, help=(example,)),))
    always = [output for output in graph.outputs if not output.training_only]
    if len(graph.inputs) != 1 or len(always) != 1:
        found = f"{len(graph.inputs)} and {len(always)}"
        message = f"training wants one input and one output, the network has {found}"
        raise SpecError((Diagnostic("data-mismatch", message, graph.nodes[graph.inputs[-1]].span),))
    arriving, leaving = graph.nodes[graph.inputs[0]].output, graph.nodes[graph.outputs[0].node].output
    assert arriving is not None, "a report without errors knows every value"
    assert leaving is not None, "a report without errors knows every value"
    source, shape, values = report.source, arriving.shape, dict(params or {})
    stem = (
        graph.model or "spec" if source.name.startswith("<") else Path(source.name.removeprefix("zoo:")).stem
    )
    return Network(
        name=stem,
        build=lambda: api.compile(source, shape, **values),
        input_shape=shape,
        output_shape=leaving.shape,
        text=source.text,
        graph=graph,
        params=values,
        files=graph.files,
    )


def from_module(module: nn.Module, input_shape: Shape) -> Network:
    """The network that is a module already; one sample of zeros is sent through it for its output.

    Errors: DataMismatch where the module does not take `input_shape`, or gives no single tensor.
    """
    was_training = module.training
    weight = next(module.parameters(), torch.empty(0))
    module.eval()
    try:
        with torch.no_grad():
            output = module(torch.zeros(1, *input_shape, device=weight.device))
    except (RuntimeError, ValueError, TypeError, IndexError) as error:
        taken = format_shape(input_shape)
        raise DataMismatch(f"the model does not take a batch of {taken}: {error}", "input") from error
    finally:
        module.train(was_training)
    if not isinstance(output, Tensor):
        raise DataMismatch(f"the model gives a {type(output).__name__}, expected one tensor", "output")
    text = getattr(module, "spec", None)
    return Network(
        name=type(module).__name__.lower(),
        build=lambda: module,
        input_shape=input_shape,
        output_shape=tuple(output.shape[1:]),
        text=text if isinstance(text, str) else None,
    )


def trainable_names(network: Report | nn.Module) -> dict[str, bool]:
    """The names of a network's state dict, each with whether it is trained."""
    if isinstance(network, nn.Module):
        trained = {name for name, _ in network.named_parameters(remove_duplicate=False)}
        return {name: name in trained for name in network.state_dict()}
    return {name: weight.trainable for name, weight in weights_of(network).items()}


def require_fit(network: Network, data: Data, settings: TrainSettings) -> None:
    """Raise DataMismatch where the network cannot be trained on the data with this loss."""
    shape, classes = network.output_shape, len(data.classes)
    arriving = tuple(data.images.shape[1:])
    if arriving != network.input_shape:
        taken = format_shape(network.input_shape)
        message = f"{data.name}: the images are {format_shape(arriving)}, the network takes {taken}"
        raise DataMismatch(message, "input")
    if len(shape) != 1:
        given = format_shape(shape) or "one number"
        raise DataMismatch(
            f"the network gives {given}, training wants one number a class: {classes}",
            "output",
            help=(f"end with `flatten -> linear {classes}`",),
        )
    can_tell = Objective(settings.loss).classes(shape[0])
    if classes > can_tell or can_tell < 2:
        found = "1 output" if shape[0] == 1 else f"{shape[0]} outputs"
        raise DataMismatch(
            f"{data.name}: the labels are of {classes} classes, the network has {found}",
            "output",
            help=(f"end with `linear {classes}`",),
        )
    require_weights(settings.class_weights, classes)
    require_channels(settings.normalize, network.input_shape[0])
    if settings.augment and len(network.input_shape) != 3:
        taken = format_shape(network.input_shape)
        raise DataMismatch(f"augment changes images, the network takes {taken}", "input")


def mismatch(report: Report, error: DataMismatch) -> Diagnostic:
    """A DataMismatch as a diagnostic at the input or the output of the spec."""
    graph = report.graph
    node = graph.inputs[0] if error.about == "input" else graph.outputs[0].node
    return Diagnostic("data-mismatch", error.message, graph.nodes[node].span, help=error.help)
