"""Which memory every value of a network lies in, when it is taken, and when PyTorch gives it back.

Views and what overwrites its input have no memory of their own. A value's memory is free after the last
step that reads it; but a value that is given to a module is held until that module is done, for the
caller still has it.
"""

from __future__ import annotations

from math import prod
from typing import NamedTuple

from cnndsl.ir import Graph, Node
from cnndsl.layers.declaration import Join, Keeps, Layer

__all__ = ["Step", "Storage", "keeps_of", "needs_gradients", "storages"]


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
    numbers of a sample it holds, by that node; `steps` in the order of the nodes."""

    of: tuple[int, ...]
    sizes: dict[int, int]
    steps: tuple[Step, ...]


def keeps_of(graph: Graph, node: Node) -> Keeps:
    """What a layer's node keeps; what overwrites the arriving value is a view of it."""
    layer = node.layer
    assert isinstance(layer, Layer), f"{node.path} is no layer"
    arriving = graph.nodes[node.inputs[0]].output
    if isinstance(layer.keeps, Keeps):
        keeps = layer.keeps
    elif arriving is None or node.output is None:
        return Keeps()
    else:
        keeps = layer.keeps(arriving, node.arguments, node.output.shape)
    return keeps


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
    last = _last_uses(graph, of, training)
    freed: dict[int, int] = {}
    for root, step in last.items():
        freed[step] = freed.get(step, 0) + sizes[root]
    steps = [
        Step(
            node.id,
            sizes[node.id] if of[node.id] == node.id else 0,
            _running(graph, node, training),
            freed.get(node.id, 0),
        )
        for node in graph.nodes
        if node.inputs and (training or not node.training_only)
    ]
    return Storage(tuple(of), sizes, tuple(steps))


def _last_uses(graph: Graph, of: list[int], training: bool) -> dict[int, int]:
    """The node after which each memory is free; those of inputs and outputs never are."""
    ends = _scope_ends(graph)
    last: dict[int, int] = {}
    for node in graph.nodes:
        if node.training_only and not training:
            continue
        for source in (node.id, *node.inputs):
            last[of[source]] = node.id
    for scope in graph.scopes[1:]:
        if scope.input is not None and (training or not scope.training_only) and scope.id in ends:
            root = of[scope.input]
            last[root] = max(last[root], ends[scope.id])
    for output in graph.outputs:
        if training or not output.training_only:
            last.pop(of[output.node], None)
    for id in graph.inputs:
        last.pop(of[id], None)
    return last


def _scope_ends(graph: Graph) -> dict[int, int]:
    """The last node of every scope in which something is computed, that of the scopes in it counted."""
    ends = {node.scope: node.id for node in graph.nodes}
    for scope in reversed(graph.scopes):
        if scope.parent is not None and scope.id in ends:
            ends[scope.parent] = max(ends.get(scope.parent, 0), ends[scope.id])
    return ends


def _running(graph: Graph, node: Node, training: bool) -> int:
    """What a node takes while it runs, besides its value."""
    if isinstance(node.layer, Layer):
        return keeps_of(graph, node).running
    # Branches are joined one after the other, but for `concat`.
    if len(node.inputs) > 2 and node.layer.name != "concat" and node.output is not None:
        return prod(node.output.shape)
    return 0
