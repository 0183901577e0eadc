"""Which memory every value of a network lies in, when it is taken, and when PyTorch gives it back.

Views and what overwrites its input have no memory of their own. A value's memory is free after the last
step that reads it, or when no variable of the compiled module holds it any more.
"""

from __future__ import annotations

from math import prod
from typing import NamedTuple

from cnndsl.analysis.variables import held
from cnndsl.ir import Graph, Node
from cnndsl.layers.declaration import Join, Keeps, Layer

__all__ = ["Step", "Storage", "keeps_of", "needs_gradients", "steps", "storages"]


class Step(NamedTuple):
    """A node that is run: what it takes anew, takes for as long as it runs, and what is free after it.

    All in numbers of one sample.
    """

    node: int
    new: int
    running: int
    freed: int


class Storage(NamedTuple):
    """The memory of values: `of` is the node that took the memory a node's value lies in, `sizes` how many
    numbers of a sample it holds, by that node."""

    of: tuple[int, ...]
    sizes: dict[int, int]


def keeps_of(graph: Graph, node: Node) -> Keeps:
    """What a layer's node keeps; nothing where its value is not known."""
    layer = node.layer
    assert isinstance(layer, Layer), f"{node.path} is no layer"
    arriving = graph.nodes[node.inputs[0]].output
    if isinstance(layer.keeps, Keeps):
        return layer.keeps
    if arriving is None or node.output is None:
        return Keeps()
    return layer.keeps(arriving, node.arguments, node.output.shape)


def needs_gradients(graph: Graph) -> list[bool]:
    """For each node whether gradients flow through its value: something before it, or in it, is trained."""
    found: list[bool] = []
    for node in graph.nodes:
        made = node
        while made.shares is not None:
            made = graph.nodes[made.shares]
        found.append(
            any(weight.trainable for weight in made.weights) or any(found[source] for source in node.inputs)
        )
    return found


def is_view(graph: Graph, node: Node, training: bool) -> bool:
    """Whether a node's value lies in the memory of what arrives."""
    if isinstance(node.layer, Join):
        return len(node.inputs) == 1
    if not isinstance(node.layer, Layer):
        return False
    if node.arguments.get("inplace") is True:
        return True
    view = keeps_of(graph, node).view
    return view == "always" or (view == "in evaluation" and not training)


def storages(graph: Graph, training: bool) -> Storage:
    """The memory of every value, for one sample."""
    of: list[int] = []
    sizes: dict[int, int] = {}
    for node in graph.nodes:
        if node.inputs and is_view(graph, node, training):
            of.append(of[node.inputs[0]])
        else:
            of.append(node.id)
            sizes[node.id] = 0 if node.output is None else prod(node.output.shape)
    return Storage(tuple(of), sizes)


def steps(graph: Graph) -> tuple[Step, ...]:
    """The nodes as evaluation mode runs them, with the memory that they take and that is free after them."""
    found = storages(graph, training=False)
    freed: dict[int, int] = {}
    for root, last in _last_uses(graph, found.of).items():
        freed[last] = freed.get(last, 0) + found.sizes[root]
    return tuple(
        Step(node.id, found.sizes.get(node.id, 0), _running(graph, node), freed.get(node.id, 0))
        for node in graph.nodes
        if node.inputs and not node.training_only
    )


def _last_uses(graph: Graph, of: tuple[int, ...]) -> dict[int, int]:
    """The node after which each memory is free; those of inputs and outputs never are."""
    last: dict[int, int] = {}
    for node in graph.nodes:
        if not node.training_only:
            for source in (node.id, *node.inputs):
                last[of[source]] = node.id
    for value, until in held(graph):
        last[of[value]] = max(last[of[value]], until)
    for output in graph.outputs:
        if not output.training_only:
            last.pop(of[output.node], None)
    for id in graph.inputs:
        last.pop(of[id], None)
    return last


def _running(graph: Graph, node: Node) -> int:
    """What a node takes while it runs, besides its value."""
    if isinstance(node.layer, Layer):
        return keeps_of(graph, node).running
    # Branches are joined one after the other, but for `concat`.
    if len(node.inputs) > 2 and node.layer.name != "concat" and node.output is not None:
        return prod(node.output.shape)
    return 0
