"""Layers with what belongs to them: a norm, an activation and a dropout stand in their box."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from cnndsl.ir import Graph, Node
from cnndsl.layers.declaration import Layer

__all__ = ["Readers", "Unit", "readers_of", "units_of"]

# What may stand in the box of the layer before it.
FOLDED = frozenset({"normalisation", "activation", "regularisation"})

# How many nodes and outputs read each value, by the number of the node that gives it.
Readers = Counter[int]


class Unit(NamedTuple):
    """A layer, and what is applied to its value on the spot."""

    nodes: tuple[Node, ...]

    @property
    def head(self) -> Node:
        """The layer that gives the unit its name."""
        return self.nodes[0]

    @property
    def last(self) -> Node:
        """The node whose value leaves the unit."""
        return self.nodes[-1]


def readers_of(graph: Graph) -> Readers:
    """How often each value is read; an output reads it too."""
    readers: Readers = Counter()
    for node in graph.nodes:
        readers.update(node.inputs)
    readers.update(output.node for output in graph.outputs)
    return readers


def units_of(graph: Graph, readers: Readers) -> dict[int, Unit]:
    """The units of a graph by the number of their first node; each node is in exactly one."""
    home: dict[int, int] = {}
    members: dict[int, list[Node]] = {}
    for node in graph.nodes:
        first = home.get(node.inputs[0]) if len(node.inputs) == 1 else None
        if first is None or not _folds(members[first], node) or readers[node.inputs[0]] != 1:
            first = node.id
            members[first] = []
        members[first].append(node)
        home[node.id] = first
    return {first: Unit(tuple(nodes)) for first, nodes in members.items()}


def _folds(before: list[Node], node: Node) -> bool:
    head, last = before[0], before[-1]
    return (
        isinstance(node.layer, Layer)
        and isinstance(head.layer, Layer)
        and node.layer.family in FOLDED
        and head.layer.family not in FOLDED
        and node.inputs[0] == last.id
        and node.scope == head.scope
        and node.training_only == head.training_only
        and (node.output is None or node.output_shape == last.output_shape)
    )
