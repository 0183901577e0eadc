"""What one class looks like: its children, its parameters, and the conditions in it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from cnndsl.analysis.flow import Flow, Unit
from cnndsl.backends.source.children import Child, Made
from cnndsl.backends.source.conditions import condition
from cnndsl.backends.source.forward import Conditional
from cnndsl.backends.source.naming import attribute, fits_sequential, unique, variable
from cnndsl.backends.source.parameters import SIZES, Parameters, Request
from cnndsl.backends.source.parts import Column, Entry, Inline, Part, Path, Tree, TypeName, columns, leaves
from cnndsl.backends.source.signature import Parameter
from cnndsl.backends.source.values import ABSENT, key_of
from cnndsl.backends.source.variants import Gate, Shared, gates, places
from cnndsl.ir import Graph, Scope

__all__ = ["ClassPlan", "Maker", "children", "is_sequential", "word_of"]

# What the parameter is called that says whether a join is made; its attribute has an `is_` before it.
JOINS = {"add": "residual", "mul": "gated", "concat": "joined"}


@dataclass(frozen=True, slots=True)
class ClassPlan:
    """A class to be written.

    `word` is the block's name or a label. `scopes` are its instances, by number; the first stands for
    all where they do not differ. A sequential one needs no `forward`. `conditional` are the steps that
    stand behind an `if` there, `switches` the attributes that are asked, with the code for their values.
    """

    number: int
    word: str
    is_block: bool
    is_sequential: bool
    scopes: tuple[int, ...]
    parameters: tuple[Parameter, ...]
    children: tuple[Child, ...]
    sizes: Parameters
    conditional: tuple[Conditional, ...]
    switches: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Row:
    """A part of a class and its arguments over all instances, None as target where it differs."""

    path: Path
    target: str | int | None
    arguments: tuple[tuple[Column, list[Request]], ...]


class Maker:
    """Plans one class after the other; `contents` are the children of the scopes, `classes` what there is."""

    def __init__(
        self,
        graph: Graph,
        flows: Sequence[Flow],
        contents: Mapping[int, Sequence[Entry]],
        classes: Sequence[ClassPlan],
    ) -> None:
        self.graph = graph
        self.flows = flows
        self.contents = contents
        self.classes = classes

    def make(self, scopes: Shared) -> ClassPlan:
        """The class of scopes that share it."""
        flow, entries = self.flows[scopes.numbers[0]], self.contents[scopes.numbers[0]]
        in_sequence = is_sequential(flow, entries)
        rows = list(self.rows(scopes))
        sizes = self.parameters(scopes.numbers)
        sizes.resolve([request for row in rows for _, asked in row.arguments for request in asked])
        made = {row.path: self.made(row, sizes) for row in rows}
        tests = {} if scopes.is_uniform else self.tests(scopes, sizes, not in_sequence)
        switches: dict[str, str] = {}
        conditional: list[Conditional] = []
        if not scopes.is_uniform and not in_sequence:
            for gate in gates(flow, scopes) or ():
                test = self.tested(gate, sizes, switches, {key for key, _ in entries})
                conditional.append(Conditional(gate.units, gate.instead, test))
        return ClassPlan(
            len(self.classes),
            word_of(flow.scope),
            flow.scope.kind == "block",
            in_sequence,
            scopes.numbers,
            sizes.ordered(),
            children(entries, made, tests),
            sizes,
            tuple(conditional),
            switches,
        )

    def rows(self, scopes: Shared) -> Iterator[Row]:
        """The parts of a class with what its instances give them."""
        owned = [dict(leaves(self.contents[number])) for number in scopes.numbers]
        for path, part in leaves(self.contents[scopes.numbers[0]]):
            found = [
                own[paths[path]] if path in paths else None
                for own, paths in zip(owned, scopes.paths, strict=True)
            ]
            present = [one for one in found if one is not None]
            target: str | int | None = part.target
            table = columns(present)
            if len({one.target for one in present}) > 1:
                target = None
                table = [Column("activation", False, None, ([TypeName(str(one.target)) for one in present],))]
            yield self.row(path, target, spread(table, [one is not None for one in found]))

    def row(self, path: Path, target: str | int | None, table: Sequence[Column]) -> Row:
        """A part of a class with the requests for its arguments."""
        known: Collection[str] = SIZES
        if isinstance(target, int):
            known = {one.name for one in self.classes[target].parameters if one.is_size}
        arguments = []
        for column in table:
            is_size = column.name in known
            asked = [Request(one, key_of(one), column.name, path, is_size) for one in column.values]
            arguments.append((column, asked))
        return Row(path, target, tuple(arguments))

    def made(self, row: Row, sizes: Parameters) -> Made:
        """A part of a class with its arguments written out."""
        texts = [column.write([sizes.text(request) for request in asked]) for column, asked in row.arguments]
        if row.target is None:
            return Made(texts[0], (), False)
        if isinstance(row.target, int):
            left_out = {f"{one.name}={one.default}" for one in self.classes[row.target].parameters}
            texts = [text for text in texts if text not in left_out]
        return Made(row.target, tuple(texts), row.target == "nn.Parameter")

    def constant(self, part: Part) -> Made:
        """A part that is made once."""
        return self.made(self.row((), part.target, columns([part])), Parameters({}, (), (), False))

    def tests(self, scopes: Shared, sizes: Parameters, joins: bool) -> dict[Path, str]:
        """The conditions of the parts that some scopes lack, by their places."""
        found: dict[Path, str] = {}
        for path, tree in places(self.contents[scopes.numbers[0]]):
            present = scopes.has(path)
            if not all(present) and not (path[:-1] and scopes.has(path[:-1]) == present):
                word = variable(path[-1]) or self.word(tree)
                found[path] = condition(sizes, present, word, joins and len(path) == 1)
        return found

    def word(self, tree: Tree) -> str:
        """A word for a part that has no label."""
        if isinstance(tree, Inline):
            return "layers"
        name = self.classes[tree.target].word if isinstance(tree.target, int) else tree.target
        return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|\W+", "_", name.rpartition(".")[2]).lower()

    def tested(self, gate: Gate, sizes: Parameters, switches: dict[str, str], taken: Collection[str]) -> str:
        """What `forward` asks before it takes the steps: a child that may be None, or else a switch."""
        for unit in gate.units:
            if unit.key is not None:
                return f"{attribute(unit.key).read} is not None"
        name = JOINS.get(joined(gate.units[-1]), "joined")
        switch = unique(f"is_{name}", {*taken, *switches})
        switches[switch] = condition(sizes, gate.present, name, True)
        return f"self.{switch}"

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


def spread(table: Sequence[Column], is_here: Sequence[bool]) -> Sequence[Column]:
    """The columns with a value for the instances that lack the part."""
    if all(is_here):
        return table
    result = []
    for column in table:
        rests = [iter(values) for values in column.values]
        spread = tuple([next(rest) if here else ABSENT for here in is_here] for rest in rests)
        result.append(replace(column, values=spread))
    return result


def joined(unit: Unit) -> str:
    """The name of a join."""
    return "" if isinstance(unit.content, Scope) else unit.content.layer.name


def children(
    entries: Sequence[Entry], made: Mapping[Path, Made], tests: Mapping[Path, str], path: Path = ()
) -> tuple[Child, ...]:
    """The entries as they are written."""
    return tuple(
        Child(
            key,
            children(tree.entries, made, tests, (*path, key))
            if isinstance(tree, Inline)
            else made[*path, key],
            tests.get((*path, key), ""),
        )
        for key, tree in entries
    )


def word_of(scope: Scope) -> str:
    """What a scope's class is named after: its block, or its label without a number at the end."""
    return scope.block or re.sub(r"[\W_]*\d+$", "", scope.key) or scope.key


def is_sequential(flow: Flow, entries: Sequence[Entry]) -> bool:
    """Whether the scope can be an `nn.Sequential`: a chain of modules that are called with one value."""
    return flow.is_chain() and not any(
        not fits_sequential(key) or (isinstance(tree, Part) and tree.apply) for key, tree in entries
    )
