"""What two networks differ in, layer by layer and in sum.

Scope by scope, what lies in one is laid beside what lies in the other so that as much as possible is
alike, in the order of the text: a layer put in moves those behind it and changes none of them. A label
counts, a number does not. Runs that one spec has in a scope of its own, and the other has not, are
found afterwards by what they hold.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from cnndsl.analysis.aligning import Part, align, leftovers_alike, same_operation
from cnndsl.analysis.costs import Costs, costs_of
from cnndsl.ir import Node
from cnndsl.report import Report

if TYPE_CHECKING:
    from cnndsl.analysis.memory import Memory

__all__ = ["Change", "Comparison", "Totals", "compare"]

ChangeKind = Literal["added", "removed", "changed", "follows", "renamed"]


class Change(NamedTuple):
    """One difference: what stands there before and after, an operation or a whole scope.

    `kind`: added or removed, an operation or a scope with all that lies in it; changed, in the layer, its
    arguments or where its values come from, or an input in its sizes; follows: the same layer, whose sizes
    differ because of another change; renamed, and nothing else. `arguments` has the values of an argument
    before and after, by its canonical name; `inputs` the names of the operations that it reads, where these
    have changed.
    """

    kind: ChangeKind
    before: Part | None
    after: Part | None
    arguments: Mapping[str, tuple[Any, Any]] = {}
    inputs: tuple[tuple[str, ...], tuple[str, ...]] | None = None

    @property
    def parameters(self) -> int:
        """How many trainable numbers more there are."""
        return self._more.parameters

    @property
    def macs(self) -> int:
        """How many multiply-adds more there are for one sample."""
        return self._more.macs

    @property
    def _more(self) -> Costs:
        if self.kind == "renamed":
            # What differs in a renamed scope is told of what lies in it.
            return costs_of(())
        sides = (costs_of(()) if part is None else part.costs for part in (self.before, self.after))
        before, after = sides
        return Costs(*(more - less for less, more in zip(before, after, strict=True)))


class Totals(NamedTuple):
    """A whole network in numbers; `memory` is that of one sample in evaluation mode."""

    operations: int
    parameters: int
    buffers: int
    macs: int
    memory: Memory


class Comparison(NamedTuple):
    """What `cnndsl.diff` found; printed, it is the table.

    `moved` are the names, before and after, of layers with weights that both have under different names, so
    that the weights of one network do not fit the other by name alone. `outputs` are the names of the
    outputs, where these differ.

    >>> import cnndsl
    >>> found = cnndsl.diff("input 3x8x8 -> conv 8 k3 -> relu", "input 3x8x8 -> conv 8 k3 -> bn -> relu")
    >>> [(change.kind, change.after.path) for change in found.changes], found.moved
    ([('added', '1')], ())
    >>> found.after.parameters - found.before.parameters
    16
    """

    first: Report
    second: Report
    changes: tuple[Change, ...]
    before: Totals
    after: Totals
    moved: tuple[tuple[str, str], ...] = ()
    outputs: tuple[tuple[str, ...], tuple[str, ...]] | None = None

    @property
    def same(self) -> bool:
        """Whether the networks do not differ, names included."""
        return not self.changes and not self.moved and self.outputs is None

    def to_json(self) -> dict[str, Any]:
        """The comparison as `cnndsl diff --format json` prints it."""
        from cnndsl.backends.comparison import comparison_json

        return comparison_json(self)

    def _repr_html_(self) -> str:
        """How a notebook displays it."""
        from cnndsl.backends.comparison import comparison_html

        return comparison_html(self)

    def __str__(self) -> str:
        from cnndsl.backends.comparison import comparison_text

        return comparison_text(self)


def compare(first: Report, second: Report) -> Comparison:
    """What the network of the second report has that the first has not, and the other way round."""
    graphs = first.graph, second.graph
    pairs = list(align(*(Part(graph, graph.scopes[0]) for graph in graphs)))
    pairs = leftovers_alike(pairs)
    partners = {
        pair.before.node.id: pair.after.node.id
        for pair in pairs
        if pair.before is not None and pair.after is not None and pair.before.node and pair.after.node
    }
    changes = [
        change
        for before, after, renamed in pairs
        if (change := _change(first, second, before, after, renamed, partners)) is not None
    ]
    nodes = ((graphs[0].nodes[one], graphs[1].nodes[other]) for one, other in partners.items())
    moved = tuple((one.path, other.path) for one, other in nodes if one.weights and one.path != other.path)
    names = tuple(tuple(output.name for output in graph.outputs) for graph in graphs)
    return Comparison(
        first,
        second,
        tuple(changes),
        _totals(first),
        _totals(second),
        moved,
        None if names[0] == names[1] else (names[0], names[1]),
    )


def _totals(report: Report) -> Totals:
    operations = len(report.graph.nodes) - len(report.graph.inputs)
    return Totals(operations, report.parameters, report.buffers, report.macs, report.memory())


def _change(
    first: Report,
    second: Report,
    before: Part | None,
    after: Part | None,
    renamed: bool,
    partners: Mapping[int, int],
) -> Change | None:
    if before is None or after is None:
        return Change("removed" if after is None else "added", before, after)
    if before.node is None or after.node is None:
        return Change("renamed", before, after) if renamed else None
    one, other = before.node, after.node
    arguments = dict(_arguments(one, other))
    inputs = _inputs(first, second, one, other, partners)
    if arguments or inputs or one.layer.name != other.layer.name:
        return Change("changed", before, after, arguments, inputs)
    if first.shape(one) != second.shape(other) or not same_operation(one, other):
        return Change("follows" if other.inputs else "changed", before, after)
    return Change("renamed", before, after) if renamed else None


def _arguments(one: Node, other: Node) -> Iterator[tuple[str, tuple[Any, Any]]]:
    """The arguments that differ; of different layers none, for they do not compare."""
    if one.layer.name != other.layer.name:
        return
    for name in dict.fromkeys((*one.arguments, *other.arguments)):
        values = one.arguments.get(name), other.arguments.get(name)
        if values[0] != values[1]:
            yield name, values


def _inputs(
    first: Report, second: Report, one: Node, other: Node, partners: Mapping[int, int]
) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """What the two read, if it is not the same.

    What is new on the way there, or is gone, is told where it stands.
    """
    known = set(partners.values())
    if all(source in partners for source in one.inputs) and all(source in known for source in other.inputs):
        if [partners[source] for source in one.inputs] != list(other.inputs):
            return _names(first, one.inputs), _names(second, other.inputs)
    elif len(one.inputs) != len(other.inputs):
        return _names(first, one.inputs), _names(second, other.inputs)
    return None


def _names(report: Report, nodes: Sequence[int]) -> tuple[str, ...]:
    return tuple(report.graph.nodes[id].path for id in nodes)
