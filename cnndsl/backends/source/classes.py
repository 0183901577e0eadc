"""Which scopes of a graph share a class, and what each class looks like.

Worked out from the innermost scopes outwards, one level of nesting at a time: when a scope's turn
comes, it is known of which classes its children are, and with which arguments they are made.

One block definition gives one class wherever a person would write one; `variants` says where that is.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from cnndsl.analysis.flow import Flow, flows
from cnndsl.backends.source.children import Child, numbered
from cnndsl.backends.source.class_plan import ClassPlan, Maker, children, is_sequential, word_of
from cnndsl.backends.source.forward import module_of
from cnndsl.backends.source.matching import is_stage
from cnndsl.backends.source.parts import IDENTITY, Entry, Inline, Part, leaves, part_of, skeleton
from cnndsl.backends.source.variants import Shared, Variant, alone, share
from cnndsl.diagnostics import PluginError
from cnndsl.ir import Graph, Node, Scope
from cnndsl.layers.declaration import Layer

__all__ = ["Plan", "make_plan"]

# Sequentials that are written in place may nest this deep before one becomes a class of its own.
DEEPEST = 3


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that is to be written: the classes, innermost first, and what the root is.

    The root is the last class, or, where `chain` is not None, an `nn.Sequential` of these children.
    `helpers` are the sources of classes that PyTorch lacks, by name.
    """

    graph: Graph
    flows: tuple[Flow, ...]
    classes: tuple[ClassPlan, ...]
    chain: tuple[Child, ...] | None
    helpers: dict[str, str]


def make_plan(graph: Graph) -> Plan:
    """Decide what is to be written for a graph without errors."""
    return Planner(graph).run()


class Planner:
    """Groups scopes into classes, level by level."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.flows = flows(graph)
        self.classes: list[ClassPlan] = []
        self.helpers: dict[str, str] = {}
        self.contents: dict[int, tuple[Entry, ...]] = {}
        # What stands for a scope in the scope around it, and how deep it nests if written in place.
        self.trees: dict[int, Part | Inline] = {}
        self.depths: dict[int, int] = {}
        self.maker = Maker(graph, self.flows, self.contents, self.classes)

    def run(self) -> Plan:
        """The whole plan."""
        for level in self.levels():
            groups: dict[tuple[str, bool], dict[Hashable, list[int]]] = {}
            for number in level:
                flow = self.flows[number]
                entries = self.contents[number] = tuple(self.entries(flow))
                if self.is_in_place(flow, entries):
                    self.trees[number] = Inline(entries)
                    continue
                variants = groups.setdefault((word_of(flow.scope), flow.scope.kind == "block"), {})
                variants.setdefault((skeleton(entries), shape_of(flow)), []).append(number)
            for (_, is_block), variants in groups.items():
                found = [self.variant(numbers) for numbers in variants.values()]
                classes = list(share(found)) if is_block else [alone(one) for one in found]
                if len(classes) > 1 and all(one.is_sequential and is_stage(one.entries) for one in found):
                    # Stages of several lengths; a class for each length would say nothing.
                    for number in (number for one in found for number in one.numbers):
                        self.trees[number] = Inline(self.contents[number])
                        self.depths[number] = 1
                    continue
                for scopes in classes:
                    self.add_class(scopes)
        root, chain = self.trees[0], None
        if isinstance(root, Inline):
            made = {path: self.maker.constant(part) for path, part in leaves(root.entries)}
            chain = children(root.entries, made, {})
        return Plan(self.graph, self.flows, tuple(self.classes), chain, self.helpers)

    def levels(self) -> list[list[int]]:
        """The scopes in which something is computed, the innermost first, the root last.

        All uses of a block are on one level, so that it is known of all together what they are made of.
        """
        scopes = self.graph.scopes
        heights = [0] * len(scopes)
        lowest: dict[str, int] = {}
        # A block is never inside itself: a chain of blocks within blocks is no longer than there are blocks.
        for _ in range(len({scope.block for scope in scopes}) + 1):
            before = dict(lowest)
            for scope in reversed(scopes):
                here = max(heights[scope.id], lowest.get(scope.block or "", 0))
                heights[scope.id] = here
                if scope.block:
                    lowest[scope.block] = here
                if scope.parent is not None:
                    heights[scope.parent] = max(heights[scope.parent], here + 1)
            if lowest == before:
                break
        levels: list[list[int]] = [[] for _ in range(heights[0] + 1)]
        for scope in self.graph.scopes:
            if scope.parent is None or not (self.flows[scope.id].empty or scope.shares is not None):
                levels[heights[scope.id]].append(scope.id)
        return levels

    def entries(self, flow: Flow) -> list[Entry]:
        """The children of a scope, each as the call that makes it."""
        result: list[Entry] = []
        for unit in flow.units:
            if unit.key is None or unit.is_copy:
                continue
            if isinstance(unit.content, Scope):
                result.append((unit.key, self.trees.get(unit.content.id, IDENTITY)))
            else:
                result.append((unit.key, self.part(unit.content)))
        return result

    def part(self, node: Node) -> Part:
        """A layer's constructor; its helper, if it has one, is remembered."""
        module = module_of(self.graph, node)
        if module.helper and self.helpers.setdefault(module.name, module.helper) != module.helper:
            raise self.clash(module.name)
        return part_of(node, module)

    def clash(self, name: str) -> PluginError:
        """The exception for two helpers of one name, which only plugins can bring."""
        plugins = {
            node.layer.plugin
            for node in self.graph.nodes
            if isinstance(node.layer, Layer)
            and node.layer.plugin
            and module_of(self.graph, node).name == name
        }
        return PluginError(
            f"plugin {' and '.join(sorted(plugins))}: two helpers with different sources are called {name}"
        )

    def is_in_place(self, flow: Flow, entries: Sequence[Entry]) -> bool:
        """Whether the scope is written as `nn.Sequential(...)` where it is used.

        Blocks have classes of their own, so that their name can be read. So have sequences with names
        in them that hold other sequences, for what they hold would be hard to find.
        """
        scope, positional = flow.scope, numbered(key for key, _ in entries)
        inner = [unit.content.id for unit in flow.units if isinstance(unit.content, Scope)]
        depth = 1 + max((self.depths.get(number, 0) for number in inner), default=0)
        if scope.kind == "block" or not is_sequential(flow, entries):
            return False
        if scope.parent is None:
            return positional
        if not (positional and depth <= DEEPEST) and any(isinstance(tree, Inline) for _, tree in entries):
            return False
        self.depths[scope.id] = depth
        return True

    def add_class(self, scopes: Shared) -> None:
        """Make a class of scopes that share it."""
        one = self.maker.make(scopes)
        self.classes.append(one)
        for index, scope in enumerate(one.scopes):
            given = [(p.name, p.values[index], p.is_positional) for p in one.parameters]
            self.trees[scope] = Part(
                one.number,
                tuple((name, value) for name, value, is_positional in given if is_positional),
                tuple((name, value) for name, value, is_positional in given if not is_positional),
            )

    def variant(self, numbers: Sequence[int]) -> Variant:
        """Scopes that share everything but values."""
        flow, entries = self.flows[numbers[0]], self.contents[numbers[0]]
        return Variant(tuple(numbers), flow, entries, is_sequential(flow, entries))


def shape_of(flow: Flow) -> Hashable:
    """How values flow in a scope, the values numbered from its own first one."""
    numbers: dict[int, int] = {}
    for value in flow.takes:
        numbers.setdefault(value, len(numbers))
    steps = []
    for unit in flow.units:
        takes = tuple(numbers[value] for value in unit.takes)
        for value in unit.gives:
            numbers.setdefault(value, len(numbers))
        operation = None if isinstance(unit.content, Scope) else unit.content.layer.name
        steps.append((unit.key, operation, takes, tuple(numbers[value] for value in unit.gives)))
    return tuple(steps), tuple(numbers[value] for value in flow.returns)
