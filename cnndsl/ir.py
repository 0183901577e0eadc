"""The graph that a spec means: flat, ordered, frozen.

Nodes stand in the order in which they are computed, so every input of a node stands before it.
Scopes (block uses, labelled groups, joins and repeats) are kept beside the nodes: they decide the
names of the weights, and backends draw, fold and generate code by them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from cnndsl.dims import Shape, Value
from cnndsl.layers.declaration import Operation, Weight
from cnndsl.text import Span

__all__ = ["Graph", "Node", "Output", "Scope", "ScopeKind", "TrainSetting", "Use"]

ScopeKind = Literal["root", "block", "group", "join", "repeat"]


class Use(NamedTuple):
    """One use of a block, in the chain of uses that leads to a node."""

    block: str
    span: Span


class Node(NamedTuple):
    """One operation: an input, a layer or a join.

    `path` is unique in the graph. For a node with a `key` it is the module's dotted name, the prefix
    of its weights' state-dict keys; inputs and joins have no key, for they are no modules.
    `arguments` holds every argument of the layer by its canonical name, defaults filled in and
    per-axis values spread over the axes; `given` names those that the spec wrote.
    `output` is None where an error left the value unknown.
    `shares` is the node that a `reuse` applies again: this one has the same key and no weights of its own.
    `training_only` nodes are computed in training mode alone.
    """

    id: int
    path: str
    key: str | None
    layer: Operation
    arguments: Mapping[str, Any]
    given: tuple[str, ...]
    inputs: tuple[int, ...]
    output: Value | None
    weights: tuple[Weight, ...]
    macs: int
    scope: int
    span: Span
    uses: tuple[Use, ...]
    shares: int | None = None
    training_only: bool = False

    @property
    def parameters(self) -> int:
        """How many trainable numbers the node holds."""
        return sum(weight.size for weight in self.weights if weight.trainable)

    @property
    def buffers(self) -> int:
        """How many numbers the node keeps that are not trained: batch norm's statistics."""
        return sum(weight.size for weight in self.weights if not weight.trainable)

    @property
    def output_shape(self) -> Shape | None:
        """The shape of the output without the batch axis, None where it is unknown."""
        return None if self.output is None else self.output.shape


class Scope(NamedTuple):
    """A module that holds modules.

    `input` is the node whose value arrives at the scope, `output` the node whose value leaves it (the
    same where nothing is computed inside; None where an error left a value unknown). `children` stand in
    the order of the text: `("node", id)` for nodes that lie directly in the scope, joins too, and
    `("scope", id)` for scopes. `block` is the block's name for a block use, and `arguments` its
    parameters' values there. `shares` is the scope that a `reuse` applies again: this one has its key
    and, node for node and scope for scope, what lies in it. `training_only` as for nodes.
    """

    id: int
    parent: int | None
    key: str
    path: str
    kind: ScopeKind
    block: str | None
    arguments: Mapping[str, Any]
    input: int | None
    output: int | None
    children: tuple[tuple[Literal["node", "scope"], int], ...]
    span: Span
    shares: int | None = None
    training_only: bool = False


class Output(NamedTuple):
    """A value that the network gives, and the node that computes it; in training mode only, or always."""

    name: str
    node: int
    training_only: bool = False


class TrainSetting(NamedTuple):
    """A line of the `train` section, evaluated: `optimizer sgd lr=0.1`."""

    name: str
    positional: tuple[Any, ...]
    keywords: Mapping[str, Any]
    span: Span
    positional_spans: tuple[Span, ...]
    keyword_spans: Mapping[str, Span]


@dataclass(frozen=True, slots=True)
class Graph:
    """A whole network. `complete` is False when an error left some value unknown."""

    model: str | None
    nodes: tuple[Node, ...]
    inputs: tuple[int, ...]
    outputs: tuple[Output, ...]
    scopes: tuple[Scope, ...]
    parameters: Mapping[str, Any]
    train: tuple[TrainSetting, ...]
    complete: bool
    # The texts of the files that `use` brought, by their paths beside the spec.
    files: Mapping[str, str] = field(default_factory=dict)

    def verify(self) -> None:
        """Check the invariants that this module states; AssertionError where one is broken."""
        paths: set[str] = set()
        children = [set(scope.children) for scope in self.scopes]
        for index, node in enumerate(self.nodes):
            assert node.id == index, f"node {index} has the id {node.id}"
            assert all(0 <= source < index for source in node.inputs), f"{node.path} reads ahead"
            assert node.path not in paths, f"two nodes are called {node.path}"
            paths.add(node.path)
            assert ("node", index) in children[node.scope], f"{node.path} is in no scope"
            assert not self.complete or node.output is not None, f"{node.path} has no value"
            if node.output is not None:
                assert all(size >= 0 for size in node.output.shape), f"{node.path}: {node.output}"
            if node.shares is not None:
                original = self.nodes[node.shares]
                assert node.shares < index, f"{node.path} is used again before it is made"
                assert (node.key, node.layer) == (original.key, original.layer), node.path
                assert not node.weights, f"{node.path} has weights of its own"
            elif node.key is not None:
                prefix = self.scopes[node.scope].path
                assert node.path == (f"{prefix}.{node.key}" if prefix else node.key), node.path
        for index, scope in enumerate(self.scopes):
            assert scope.id == index, f"scope {index} has the id {scope.id}"
            assert (scope.parent is None) == (index == 0), f"scope {scope.path} has no parent"
            if scope.parent is not None:
                assert scope.parent < index, f"scope {scope.path} stands before its parent"
                assert ("scope", index) in children[scope.parent], scope.path
        counted = [child for scope in self.scopes for child in scope.children]
        assert len(counted) == len(set(counted)) == len(self.nodes) + len(self.scopes) - 1
        always = [output for output in self.outputs if not output.training_only]
        assert always, "there is no output"
        assert len({output.name for output in self.outputs}) == len(self.outputs), "two outputs of one name"
        assert not any(self.nodes[output.node].training_only for output in always), "an output is missing"
        for output in self.outputs:
            assert 0 <= output.node < len(self.nodes), f"output {output.name} has no node"
