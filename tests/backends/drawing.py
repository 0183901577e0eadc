"""Random graphs for the backends, with values that cross scopes in ways that few specs have.

Every value has the same shape, so that any node may read any earlier value.
"""

from __future__ import annotations

from random import Random

import torch
from torch import Tensor, nn

from cnndsl.dims import Value
from cnndsl.elaboration.builder import GraphBuilder, OpenScope
from cnndsl.ir import Graph
from cnndsl.layers import find, find_join
from cnndsl.layers.declaration import INPUT, Layer
from cnndsl.text import Source

SHAPE = (3, 5, 5)
SPAN = Source("input 3x5x5").span(0, 11)
CONV = {
    "out": 3,
    "kernel_size": (1, 1),
    "stride": (1, 1),
    "padding": (0, 0),
    "dilation": (1, 1),
    "groups": 1,
    "bias": True,
    "padding_mode": "zeros",
}
WORDS = ("conv", "body", "x", "y", "class", "enc-1", "pop", "_hidden", "torch", "layer1")


class Drawing:
    """One random graph in the making; `reach` is the chance that a node reads some earlier value."""

    def __init__(self, seed: int, reach: float) -> None:
        self.random = Random(seed)
        self.reach = reach
        self.builder = GraphBuilder(SPAN)
        self.values = [
            self.builder.append(self.builder.root, INPUT, (), Value(SHAPE), SPAN, (), path="input")
        ]

    def graph(self) -> Graph:
        """The finished graph."""
        current = self.items(self.builder.root, 0, 0)
        if self.random.random() < self.reach:
            current = self.random.choice(self.values)
        graph = self.builder.freeze("Drawn", current, {}, (), complete=True)
        graph.verify()
        return graph

    def arriving(self, current: int) -> int:
        """What an item reads."""
        return self.random.choice(self.values) if self.random.random() < self.reach else current

    def items(self, scope: OpenScope, current: int, depth: int) -> int:
        """A few items in a scope; the value that the last one gives."""
        for _ in range(self.random.randint(0 if depth else 1, 4)):
            kind = self.random.random()
            if kind < 0.3 and depth < 3:
                current = self.scope(scope, current, depth)
            elif kind < 0.5:
                join = find_join(self.random.choice(["add", "mul", "max"]))
                assert join is not None
                taken = (
                    current,
                    *(self.random.choice(self.values) for _ in range(self.random.randint(1, 2))),
                )
                current = self.builder.append(scope, join, taken, Value(SHAPE), SPAN, ())
                self.values.append(current)
            else:
                current = self.layer(scope, self.arriving(current))
        return current

    def key(self, scope: OpenScope) -> str:
        """A free key in the scope: its position, or a word."""
        position = scope.next_position()
        word = self.random.choice(WORDS)
        if self.random.random() < 0.5 and word not in scope.labels:
            scope.labels[word] = None  # type: ignore[assignment]
            return word
        return position

    def layer(self, scope: OpenScope, source: int) -> int:
        """A layer that keeps the shape."""
        word = self.random.choice(["conv", "relu", "scale"])
        found = find(word)
        assert found is not None
        layer: Layer = found.layer
        arguments = CONV if word == "conv" else {a.name: a.default for a in layer.arguments}
        weights = layer.weights(Value(SHAPE), arguments)
        node = self.builder.append(
            scope,
            layer,
            (source,),
            Value(SHAPE),
            SPAN,
            (),
            key=self.key(scope),
            arguments=arguments,
            weights=weights,
        )
        self.values.append(node)
        return node

    def scope(self, parent: OpenScope, current: int, depth: int) -> int:
        """A scope, a block or a labelled group, with items in it."""
        block = self.random.choice(["basic", "nn", None])
        current = self.arriving(current)
        opened = self.builder.open(
            parent, self.key(parent), "block" if block else "group", SPAN, input=current, block=block
        )
        opened.output = self.items(opened, current, depth + 1)
        return opened.output


def compute(graph: Graph, model: nn.Module, x: Tensor) -> Tensor:
    """What the graph means, node by node, with the layers of the compiled module."""
    values: list[Tensor] = []
    for node in graph.nodes:
        taken = [values[source] for source in node.inputs]
        match node.layer.name:
            case "input":
                values.append(x)
            case "scale":
                values.append(taken[0] * dict(model.named_parameters())[node.path])
            case "add":
                values.append(torch.stack(taken).sum(0))
            case "mul":
                values.append(torch.stack(taken).prod(0))
            case "max":
                values.append(torch.stack(taken).amax(0))
            case _:
                values.append(model.get_submodule(node.path)(taken[0]))
    return values[graph.outputs[0].node]
