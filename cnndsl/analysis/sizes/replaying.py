"""A graph computed again with open sizes in the place of numbers: which sizes pass, and what limits them.

The graph was made for one size of the input. Its layers are modules made for that size: they keep their
arguments and weights, whatever arrives now.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from cnndsl.analysis.sizes.limits import Cause, Limit, Piece, limits_of, place_of
from cnndsl.analysis.sizes.merging import along, simplified, union
from cnndsl.analysis.sizes.periodic import EVERYTHING, PeriodicSet
from cnndsl.analysis.sizes.probing import Formula, Probe, Region, Several, Size, explore, opened
from cnndsl.analysis.sizes.quasilinear import IDENTITY
from cnndsl.diagnostics import PluginError
from cnndsl.dims import NotExact, Value
from cnndsl.ir import Graph, Node
from cnndsl.layers.declaration import INPUT, Join, Layer, LayerError, Weight
from cnndsl.text import Span

__all__ = ["Check", "Replay", "Sizes", "replay"]

# How long the tables of all formulas may be together.
MOST_WORK = 500_000

# The sizes of one value.
Sizes = tuple[Size, ...]


class Replay(NamedTuple):
    """What came of it: the valid sizes, those of every node, and what limits them, in the graph's order.

    The sizes of a node are None behind a place that no size passes, or that `unclear` tells of: there the
    valid sizes are not known, and the region is what was found before.
    """

    region: Region
    sizes: tuple[Sizes | None, ...]
    limits: tuple[Limit, ...]
    unclear: tuple[str, Span] | None


class Check(NamedTuple):
    """A condition on nodes' sizes that the spec states: `rule` raises LayerError where it is broken."""

    node: int
    others: tuple[int, ...]
    rule: Callable[[Sequence[Value]], None]
    span: Span


def replay(graph: Graph, letters: Mapping[tuple[int, int], str], checks: Sequence[Check] = ()) -> Replay:
    """Compute the graph again; `letters` name the open axes by input node and position in its shape."""
    return _Replay(graph, letters, checks).run()


class _Replay:
    def __init__(self, graph: Graph, letters: Mapping[tuple[int, int], str], checks: Sequence[Check]) -> None:
        self.graph = graph
        self.letters = letters
        self.checks: dict[int, list[Check]] = {}
        for check in checks:
            self.checks.setdefault(max(check.node, *check.others), []).append(check)
        self.made_for = {letter: self.base(id).shape[axis] for (id, axis), letter in letters.items()}
        self.region: Region = dict.fromkeys(letters.values(), EVERYTHING)
        self.sizes: list[Sizes] = []
        self.limits: list[Limit] = []
        # Whether the sizes that the graph was made for are the only ones left.
        self.is_settled = False
        # What layers gave that have been met before with the same arguments and sizes, in the same region.
        self.met: dict[object, Sizes] = {}
        # Formulas in their simplest form in this region, by the identity of what they were.
        self.simplified: dict[int, tuple[Size, Size]] = {}
        self.work = 0

    def run(self) -> Replay:
        unclear = None
        for node in self.graph.nodes:
            try:
                self.sizes.append(self.node(node))
                for check in self.checks.get(node.id, ()):
                    self.check(check)
            except (NotExact, PluginError) as problem:
                unclear = f"{place_of(node, node.span)}: {problem}", node.span
            if unclear is not None or not all(self.region.values()):
                break
        sizes: list[Sizes | None] = [tuple(map(self.simple, one)) for one in self.sizes]
        sizes += [None] * (len(self.graph.nodes) - len(sizes))
        return Replay(self.region, tuple(sizes), tuple(self.limits), unclear)

    def node(self, node: Node) -> Sizes:
        assert node.output is not None, "only complete graphs are computed again"
        if node.layer is INPUT:
            return tuple(
                Formula(self.letters[node.id, axis], IDENTITY) if (node.id, axis) in self.letters else size
                for axis, size in enumerate(node.output.shape)
            )
        if self.is_settled:
            return node.output.shape
        arriving = [self.sizes[source] for source in node.inputs]
        if all(isinstance(size, int) for sizes in arriving for size in sizes):
            return node.output.shape
        if isinstance(node.layer, Join):
            return self.computed(node, arriving, node.layer.shape)
        assert isinstance(node.layer, Layer), f"{node.path} is no layer"
        layer, made = node.layer, self.original(node)
        key = layer.name, repr(node.arguments), arriving[0], self.base(made.inputs[0]).shape
        if key not in self.met:
            before = self.region
            result = self.layer(layer, node, made, arriving)
            if self.region is not before:
                self.met.clear()
            self.met[key] = result
            self.work += sum(
                len(size.function.head) + size.function.period for size in result if isinstance(size, Formula)
            )
            if self.work > MOST_WORK:
                raise NotExact("the formulas of all sizes together are too long")
        return self.met[key]

    def layer(self, layer: Layer, node: Node, made: Node, arriving: Sequence[Sizes]) -> Sizes:
        output = node.output
        assert output is not None, "only complete graphs are computed again"
        if self.mixed(layer, node, arriving):
            return output.shape
        if layer.plugin:
            # A plugin's other rules may want a value that its shape rule has passed.
            sizes = self.computed(node, arriving, lambda values: layer.shape(values[0], node.arguments))
            self.hold(layer, node, made, arriving, sizes)
            return tuple(map(self.simple, sizes))
        self.hold(layer, node, made, arriving, output.shape)
        return self.computed(
            node, self.simpler(arriving), lambda values: layer.shape(values[0], node.arguments)
        )

    def hold(self, layer: Layer, node: Node, made: Node, arriving: Sequence[Sizes], output: Sizes) -> None:
        """Let no size pass for which the weights, or what the constructor is given, would be others."""
        first, before = self.base(made.inputs[0]), made.output
        assert before is not None, "only complete graphs are computed again"
        data = layer.module(first, made.arguments, before.shape).data

        def weights(values: Sequence[Value]) -> tuple[()]:
            if layer.weights(values[0], node.arguments) != made.weights:
                raise Cause("", first)
            return ()

        def module(values: Sequence[Value]) -> tuple[()]:
            if layer.module(values[0], node.arguments, values[1].shape).data != data:
                raise Cause("", first)
            return ()

        self.explored(node, arriving, weights)
        if all(self.region.values()):
            # What the weights settle is a number now, also where it stands in the source of a parameter.
            source = self.graph.nodes[node.inputs[0]]
            self.explored(node, self.simpler([*arriving, output]), module, (source, node))

    def simpler(self, values: Sequence[Sizes]) -> list[Sizes]:
        return [tuple(map(self.simple, sizes)) for sizes in values]

    def mixed(self, layer: Layer, node: Node, arriving: Sequence[Sizes]) -> bool:
        """Whether a weight would depend on several open sizes at once: then no others are looked at."""
        (source,) = node.inputs
        probe = Probe(self.region)
        value = Value(tuple(map(probe.size, arriving[0])), self.base(source).channels_first)
        weights: tuple[Weight, ...] = layer.weights(value, node.arguments)
        if not any(isinstance(size, Several) for weight in weights for size in weight.shape):
            return False
        arrives = "x".join(map(str, arriving[0]))
        message = f"{place_of(node, node.span)} was made for {self.base(source)}, {arrives} arrives"
        for id, axis in self.letters:
            letter, size = self.letters[id, axis], self.base(id).shape[axis]
            self.region = {**self.region, letter: PeriodicSet.of(size)}
            allowed = self.region[letter]
            self.limits.append(Limit(letter, allowed, message, node.span, node.id, arrives, True))
        self.is_settled = True
        self.simplified = {}
        return True

    def check(self, check: Check) -> None:
        arriving = [self.sizes[id] for id in (check.node, *check.others)]

        def held(values: Sequence[Value]) -> tuple[()]:
            check.rule(values)
            return ()

        nodes = tuple(self.graph.nodes[id] for id in (check.node, *check.others))
        self.explored(self.graph.nodes[check.node], arriving, held, nodes, check.span)

    def original(self, node: Node) -> Node:
        """The node that the module was made for."""
        while node.shares is not None:
            node = self.graph.nodes[node.shares]
        return node

    def base(self, id: int) -> Value:
        value = self.graph.nodes[id].output
        assert value is not None, "only complete graphs are computed again"
        return value

    def computed(
        self, node: Node, arriving: Sequence[Sizes], rule: Callable[[Sequence[Value]], tuple[Any, ...]]
    ) -> Sizes:
        """What a rule gives, in the region where it gives something, which is then the region."""
        found = self.explored(node, arriving, rule)
        if not found:
            return ()
        return tuple(self.simple(self.merged(found, index)) for index in range(len(found[0][0])))

    def explored(
        self,
        node: Node,
        arriving: Sequence[Sizes],
        rule: Callable[[Sequence[Value]], tuple[Any, ...]],
        nodes: Sequence[Node] = (),
        span: Span | None = None,
    ) -> list[tuple[Sizes, Region]]:
        """Run a rule on what arrives; what it refuses leaves the region."""
        layouts = [
            one.output.channels_first
            for one in nodes or [self.graph.nodes[source] for source in node.inputs]
            if one.output is not None
        ]

        def run(probe: Probe) -> Sizes | Cause:
            values = [
                Value(tuple(map(probe.size, sizes)), first)
                for sizes, first in zip(arriving, layouts, strict=True)
            ]
            try:
                return tuple(map(opened, rule(values)))
            except Cause as cause:
                return cause
            except LayerError as error:
                return Cause(error.rule)

        passed: list[tuple[Sizes, Region]] = []
        refused: list[Piece] = []
        for result, region in explore(run, self.region):
            if isinstance(result, Cause):
                refused.append(Piece(result, region))
            else:
                passed.append((result, region))
        if refused:
            before = self.region
            self.simplified = {}
            self.region = {letter: union([region[letter] for _, region in passed]) for letter in before}
            if not all(size in self.region[letter] for letter, size in self.made_for.items()):
                raise NotExact("the rule is not of sizes alone: it refuses the size that it was made for")
            self.limits += limits_of(
                node, span or node.span, arriving, layouts, rule, refused, before, self.region
            )
        return passed

    def merged(self, found: list[tuple[Sizes, Region]], index: int) -> Size:
        """One size of an output that was computed in parts."""
        parts = [(sizes[index], region) for sizes, region in found]
        first = parts[0][0]
        if all(size == first for size, _ in parts):
            return first
        for letter in self.region:
            merged = along(letter, parts)
            if merged is not None:
                return Formula(letter, merged)
        raise NotExact("a size depends on several open sizes at once")

    def simple(self, size: Size) -> Size:
        """The same size for all in the region, in the simplest form."""
        if not isinstance(size, Formula) or size.function == IDENTITY:
            return size
        if id(size) not in self.simplified:
            self.simplified[id(size)] = size, simplified(size, self.region[size.letter])
        return self.simplified[id(size)][1]
