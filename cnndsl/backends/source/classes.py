"""Which scopes of a graph share a class, and what each class looks like.

Worked out from the innermost scopes outwards, one level of nesting at a time: when a scope's turn
comes, it is known of which classes its children are, and with which arguments they are made.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from itertools import takewhile

from cnndsl.backends.source.children import Child, Made, numbered
from cnndsl.backends.source.flow import Flow, flows, parent_of
from cnndsl.backends.source.forward import module_of
from cnndsl.backends.source.naming import fits_sequential, literal
from cnndsl.backends.source.parameters import SIZES, Parameter, Parameters, Request
from cnndsl.backends.source.parts import (
    IDENTITY,
    Column,
    Entry,
    Inline,
    Part,
    columns,
    leaves,
    part_of,
    skeleton,
)
from cnndsl.diagnostics import PluginError
from cnndsl.ir import Graph, Node, Scope
from cnndsl.layers.declaration import Layer

__all__ = ["ClassPlan", "Plan", "make_plan"]

# Sequentials that are written in place may nest this deep before one becomes a class of its own.
DEEPEST = 3
# The counts of channels that a class begins with are given by position, so many of them; the rest by keyword.
POSITIONAL = 2


@dataclass(frozen=True, slots=True)
class ClassPlan:
    """A class to be written.

    `word` is the block's name or a label. `scopes` are its instances, by number; the first stands for
    all where they do not differ. A sequential one needs no `forward`.
    """

    number: int
    word: str
    is_block: bool
    is_sequential: bool
    scopes: tuple[int, ...]
    parameters: tuple[Parameter, ...]
    children: tuple[Child, ...]
    sizes: Parameters


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

    def run(self) -> Plan:
        """The whole plan."""
        for level in self.levels():
            groups: dict[Hashable, list[int]] = {}
            for number in level:
                flow = self.flows[number]
                entries = self.contents[number] = tuple(self.entries(flow))
                if self.is_in_place(flow, entries):
                    self.trees[number] = Inline(entries)
                    continue
                family = (word_of(flow.scope), flow.scope.kind == "block")
                groups.setdefault((family, skeleton(entries), shape_of(flow)), []).append(number)
            for numbers in groups.values():
                self.add_class(numbers)
        root, chain = self.trees[0], None
        if isinstance(root, Inline):
            chain = written(root.entries, [constants(part) for part in parts_of(root.entries)])
        return Plan(self.graph, self.flows, tuple(self.classes), chain, self.helpers)

    def levels(self) -> list[list[int]]:
        """The scopes in which something is computed, the innermost first, the root last."""
        heights = [0] * len(self.graph.scopes)
        for scope in reversed(self.graph.scopes[1:]):
            parent = parent_of(scope)
            heights[parent] = max(heights[parent], heights[scope.id] + 1)
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

    def add_class(self, numbers: Sequence[int]) -> None:
        """Make a class of scopes that share everything but values."""
        trees = [self.contents[number] for number in numbers]
        paths = [path for path, _ in leaves(trees[0])]
        table = [
            columns(parts) for parts in zip(*(tuple(parts_of(entries)) for entries in trees), strict=True)
        ]
        targets = [part.target for part in parts_of(trees[0])]
        requests = [
            [[self.request(column, values, path, target) for values in column.values] for column in row]
            for path, target, row in zip(paths, targets, table, strict=True)
        ]
        sizes = self.parameters(numbers)
        sizes.resolve([one for row in requests for column in row for one in column])
        arguments = [
            tuple(
                column.write([sizes.text(one) for one in asked])
                for column, asked in zip(row, asked_row, strict=True)
            )
            for row, asked_row in zip(table, requests, strict=True)
        ]
        flow = self.flows[numbers[0]]
        parameters = sizes.ordered()
        number = len(self.classes)
        self.classes.append(
            ClassPlan(
                number,
                word_of(flow.scope),
                flow.scope.kind == "block",
                is_sequential(flow, trees[0]),
                tuple(numbers),
                parameters,
                written(trees[0], arguments),
                sizes,
            )
        )
        count = len(list(takewhile(lambda parameter: parameter.is_size, parameters[:POSITIONAL])))
        for index, scope in enumerate(numbers):
            given = tuple((parameter.name, parameter.values[index]) for parameter in parameters)
            self.trees[scope] = Part(number, given[:count], given[count:])

    def request(
        self, column: Column, values: Sequence[object], path: tuple[str, ...], target: str | int
    ) -> Request:
        """The request for the values of an argument of the class `target`."""
        if isinstance(target, str):
            return Request(values, column.name, path, column.name in SIZES)
        sizes = {parameter.name for parameter in self.classes[target].parameters if parameter.is_size}
        return Request(values, column.name, path, column.name in sizes)

    def parameters(self, numbers: Sequence[int]) -> Parameters:
        """What may name the parameters of a class with these instances."""
        scopes = [self.graph.scopes[number] for number in numbers]
        arriving = [self.shape(self.flows[number].takes[:1]) for number in numbers]
        leaving = [self.shape(self.flows[number].returns[:1]) for number in numbers]
        return Parameters(
            {name: [scope.arguments[name] for scope in scopes] for name in scopes[0].arguments},
            [shape[0] if shape else 0 for shape in arriving],
            [shape[0] if shape else 0 for shape in leaving],
            all(len(shape) == 1 for shape in arriving),
        )

    def shape(self, values: Sequence[int]) -> tuple[int, ...]:
        """The shape of the first value."""
        value = self.graph.nodes[values[0]].output if values else None
        return () if value is None else value.shape


def constants(part: Part) -> tuple[str, ...]:
    """The arguments of a part that is made once."""
    return tuple(column.write([literal(values[0]) for values in column.values]) for column in columns([part]))


def written(entries: Sequence[Entry], arguments: Sequence[tuple[str, ...]]) -> tuple[Child, ...]:
    """The entries, each part with its arguments from the list, which is in the order of `leaves`."""
    rest = iter(arguments)

    def children(entries: Sequence[Entry]) -> tuple[Child, ...]:
        return tuple(
            Child(
                key,
                children(tree.entries)
                if isinstance(tree, Inline)
                else Made(tree.target, next(rest), tree.target == "nn.Parameter"),
            )
            for key, tree in entries
        )

    return children(entries)


def parts_of(entries: Sequence[Entry]) -> list[Part]:
    """Every part of the entries in order."""
    return [part for _, part in leaves(entries)]


def word_of(scope: Scope) -> str:
    """What a scope's class is named after: its block, or its label without a number at the end."""
    return scope.block or re.sub(r"[\W_]*\d+$", "", scope.key) or scope.key


def is_sequential(flow: Flow, entries: Sequence[Entry]) -> bool:
    """Whether the scope can be an `nn.Sequential`: a chain of modules that are called with one value."""
    return flow.is_chain() and not any(
        not fits_sequential(key) or (isinstance(tree, Part) and tree.apply) for key, tree in entries
    )


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
