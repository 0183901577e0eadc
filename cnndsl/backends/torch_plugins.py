"""Layers of plugins, held against PyTorch when they are compiled.

Built-in layers are held against PyTorch by the test-suite. A plugin's are made here, each use once and
alone, and run on a batch of zeros, so that a mistake in them is found before the network is, and blamed
on the plugin.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import torch
from torch import Tensor, nn

from cnndsl.backends.notation import written
from cnndsl.diagnostics import PluginError
from cnndsl.dims import format_shape
from cnndsl.ir import Graph, Node, Output
from cnndsl.layers.declaration import INPUT, Layer
from cnndsl.layers.guarding import fault

__all__ = ["check_plugins"]

# Two samples: with one, a batch axis that got lost would not show.
BATCH = 2


def check_plugins(graph: Graph, build: Callable[[Graph], nn.Module]) -> None:
    """PluginError where a layer of a plugin cannot be made or does not do what its rules say.

    `build` makes the module of a graph. Random numbers are left as they were.
    """
    seen: set[tuple[str, str]] = set()
    for node in graph.nodes:
        if not isinstance(node.layer, Layer) or not node.layer.plugin:
            continue
        arriving = graph.nodes[node.inputs[0]]
        use = f"`{written(node)}` on {arriving.output}"
        if (use, repr(node.arguments)) not in seen:
            seen.add((use, repr(node.arguments)))
            with torch.random.fork_rng(devices=[]):
                _check(node.layer, use, _alone(graph, arriving, node), build)


def _alone(graph: Graph, arriving: Node, node: Node) -> Graph:
    """The network of a single node."""
    input = arriving._replace(
        id=0, path="input", key=None, layer=INPUT, arguments={}, given=(), inputs=(),
        weights=(), macs=0, scope=0, uses=(),
    )  # fmt: skip
    only = node._replace(id=1, path="0", key="0", inputs=(0,), scope=0, uses=())
    scope = graph.scopes[0]._replace(input=0, output=1, children=(("node", 0), ("node", 1)))
    return replace(
        graph, model=None, nodes=(input, only), inputs=(0,), outputs=(Output("output", 1),), scopes=(scope,)
    )


def _check(layer: Layer, use: str, graph: Graph, build: Callable[[Graph], nn.Module]) -> None:
    shape = graph.nodes[0].output_shape
    assert shape is not None, "only complete graphs are built"
    what = f"the module of {use}"
    try:
        module = build(graph).eval()
        with torch.no_grad():
            result = module(torch.zeros(BATCH, *shape))
    except PluginError:
        raise
    except Exception as error:
        raise fault(layer.plugin, what, error) from error
    for difference in _differences(module, graph.nodes[1], result):
        raise PluginError(f"plugin {layer.plugin}: {what} {difference}")


def _differences(module: nn.Module, node: Node, result: object) -> Iterator[str]:
    """What the module does that the rules do not say."""
    assert node.output is not None, "only complete graphs are built"
    if not isinstance(result, Tensor):
        yield f"gives a {type(result).__name__}, not a tensor"
    elif tuple(result.shape) != (BATCH, *node.output.shape):
        yield f"gives {_sized(tuple(result.shape[1:]))}, its rule `shape` says {node.output}"
    trainable = {name for name, _ in module.named_parameters()}
    actual = {name: (tuple(value.shape), name in trainable) for name, value in module.state_dict().items()}
    expected = {
        f"0.{weight.name}" if weight.name else "0": (tuple(weight.shape), weight.trainable)
        for weight in node.weights
    }
    for name in sorted(expected.keys() | actual.keys()):
        if actual.get(name) != expected.get(name):
            has, says = _weight(actual.get(name)), _weight(expected.get(name))
            yield f"has for {name.removeprefix('0.') or 'its weight'} {has}, its rule `weights` says {says}"


def _weight(weight: tuple[tuple[int, ...], bool] | None) -> str:
    if weight is None:
        return "nothing"
    shape, is_trainable = weight
    return _sized(shape) + ("" if is_trainable else " as a buffer")


def _sized(shape: tuple[int, ...]) -> str:
    return format_shape(shape) or "one number"
