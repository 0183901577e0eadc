"""What a candidate for a fix is made from: the mistake, the syntax around it, and the value that arrives."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any, NamedTuple

from cnndsl import syntax as s
from cnndsl.diagnostics import Diagnostic, Edit
from cnndsl.dims import Value, format_shape
from cnndsl.ir import Graph, Node
from cnndsl.layers.declaration import Argument, Layer
from cnndsl.text import Source, Span
from cnndsl.words import FLAG

__all__ = ["Candidate", "Case", "Maker", "written"]


class Candidate(NamedTuple):
    """A change that may mend a mistake.

    In the title, `{shape}` stands for the value that the item ending at `ends_at` gives then.
    """

    title: str
    edits: tuple[Edit, ...]
    certain: bool = False
    ends_at: int = 0


Maker = Callable[["Case"], Iterable[Candidate]]


class Case:
    """One mistake in a spec, with what stands around it."""

    def __init__(self, source: Source, tree: s.Body, graph: Graph, diagnostic: Diagnostic) -> None:
        self.source = source
        self.text = source.text
        self.tree = tree
        self.graph = graph
        self.diagnostic = diagnostic
        self.span = diagnostic.span

    # What stands where the mistake is

    @cached_property
    def statements(self) -> list[tuple[s.Statement, s.Statement]]:
        """Every statement that is or holds an item here, with the item in it, from the outside in."""
        found: list[tuple[s.Statement, s.Statement]] = []
        pending: list[s.Body] = [self.tree]
        while pending:
            for statement in pending.pop().statements:
                if statement.span.start <= self.span.start and self.span.end <= statement.span.end:
                    found.append((statement, plain(statement)))
                    pending.extend(s.bodies(statement))
        return found

    @cached_property
    def statement(self) -> s.Statement | None:
        """The innermost statement here, its label and its repeats included."""
        return self.statements[-1][0] if self.statements else None

    @cached_property
    def item(self) -> s.Statement | None:
        """The item itself."""
        return self.statements[-1][1] if self.statements else None

    @property
    def call(self) -> s.Call | None:
        """The item, where it is the use of a layer or block."""
        return self.item if isinstance(self.item, s.Call) else None

    @cached_property
    def node(self) -> Node | None:
        """The node that stands for the item: the one without a value, if there are several."""
        if self.item is None:
            return None
        nodes = [node for node in self.graph.nodes if node.span == self.item.span]
        return next((node for node in nodes if node.output is None), nodes[0] if nodes else None)

    @property
    def layer(self) -> Layer | None:
        """The layer that is used here."""
        return self.node.layer if self.node is not None and isinstance(self.node.layer, Layer) else None

    @property
    def args(self) -> Mapping[str, Any]:
        """The layer's arguments, defaults filled in; empty where they could not be bound."""
        return {} if self.node is None else self.node.arguments

    @property
    def arriving(self) -> Value | None:
        """The value that arrives at the item."""
        if self.node is None or not self.node.inputs:
            return None
        return self.graph.nodes[self.node.inputs[0]].output

    # Edits

    def edit(self, start: int, end: int, text: str) -> Edit:
        return Edit(self.source.span(start, end), text)

    def replace(
        self, title: str, span: Span, text: str, *, certain: bool = False, ends_at: int | None = None
    ) -> Candidate:
        """The candidate that writes `text` in the place of a stretch."""
        return Candidate(
            title, (Edit(span, text),), certain, self.end_of_item if ends_at is None else ends_at
        )

    @property
    def end_of_item(self) -> int:
        return self.span.end if self.item is None else self.item.span.end

    def written_argument(self, layer: Layer, name: str) -> s.Argument | None:
        """What was written for an argument."""
        return None if self.call is None else written(layer, self.call).get(name)

    def set_argument(
        self,
        name: str,
        value: Any,
        title: str = "",
        *,
        call: s.Call | None = None,
        layer: Layer | None = None,
    ) -> Candidate | None:
        """The candidate that gives an argument another value, in its short form."""
        call, layer = call or self.call, layer or self.layer
        if call is None or layer is None or name not in {one.name for one in layer.arguments}:
            return None
        argument = layer.argument(name)
        before = written(layer, call).get(name)
        new = form(argument, value, positional=before is not None and _is_positional(before, argument))
        lead = "" if new[:1].isalpha() else f"{call.name} "
        title = title or f"`{lead}{new}` fits: {{shape}}"
        if before is not None:
            return self.replace(title, before.span, new, ends_at=call.span.end)
        edit = self.edit(call.span.end, call.span.end, f" {new}")
        return Candidate(title, (edit,), ends_at=call.span.end)

    def without(self, title: str, span: Span) -> Candidate:
        """The candidate that takes a word and the blanks before it out."""
        start = span.start
        while start and self.text[start - 1] in " \t":
            start -= 1
        return Candidate(title, (self.edit(start, span.end, ""),), ends_at=self.end_of_item)

    def without_item(self, span: Span, title: str) -> Candidate:
        """The candidate that takes an item out, with an arrow at its side, or its line."""
        before = self.text[: span.start].rstrip(" \t")
        after = self.text[span.end :]
        gap = len(after) - len(after.lstrip(" \t"))
        if before.endswith("->"):
            edit = self.edit(len(before[:-2].rstrip(" \t")), span.end, "")
        elif after[gap:].startswith("->"):
            end = span.end + gap + 2
            edit = self.edit(span.start, end + len(self.text[end:]) - len(self.text[end:].lstrip(" \t")), "")
        elif (not before or before.endswith("\n")) and re.match(r"[ \t]*(?:#[^\n]*)?(?:\n|$)", after):
            line_end = self.text.find("\n", span.end)
            end = len(self.text) if line_end < 0 else line_end + 1
            edit = self.edit(len(before), end, "")
        else:
            edit = self.edit(span.start, span.end, "identity")
        return Candidate(title, (edit,), ends_at=-1)

    def insert_before(self, text: str, title: str) -> Candidate | None:
        """The candidate that feeds what arrives here through something else first."""
        if self.statement is None:
            return None
        start = self.statement.span.start
        return Candidate(title, (self.edit(start, start, f"{text} -> "),), ends_at=self.end_of_item)


def plain(statement: s.Statement) -> s.Statement:
    """The item in a labelled, repeated or asserted one."""
    while isinstance(statement, (s.Labelled, s.Assertion, s.Repeat)):
        statement = statement.item
    return statement


def every_statement(body: s.Body) -> Iterator[s.Statement]:
    """The statements of a body and of the bodies in it."""
    pending = [body]
    while pending:
        for statement in pending.pop().statements:
            yield statement
            pending.extend(s.bodies(statement))


def defined(body: s.Body, word: str) -> list[Span]:
    """Where a name is made: a value, a block, a block's parameter, a label."""
    found: list[Span] = []
    for statement in every_statement(body):
        match statement:
            case s.Let() | s.Param() if statement.name.word == word:
                found.append(statement.name.span)
            case s.Block():
                named = [statement.name, *(one.name for one in statement.parameters)]
                found += [one.span for one in named if one.word == word]
            case s.Labelled() if statement.label.literal == word:
                found.append(statement.label.span)
            case _:
                pass
    return found


def written(layer: Layer, call: s.Call) -> dict[str, s.Argument]:
    """The arguments of a use by canonical name, as they are written; what lands nowhere is left out."""
    flags = {one.flag: one for one in layer.arguments if one.flag}
    switches = {one.switch[0]: one for one in layer.arguments if one.switch is not None}
    keywords = {word: one for one in layer.arguments for word in one.keywords}
    places = [one for one in layer.arguments if one.positional]
    found: dict[str, s.Argument] = {}
    place = 0
    for argument in call.arguments:
        value = argument.value
        meant: Argument | None = None
        if argument.keyword is not None:
            meant = keywords.get(argument.keyword)
        elif isinstance(value, s.Name) and value.word in switches:
            meant = switches[value.word]
        elif isinstance(value, s.Name) and (flag := FLAG.fullmatch(value.word)) and flag[1] in flags:
            meant = flags[flag[1]]
        elif place < len(places):
            meant = places[place]
            place += not places[place].variadic
        if meant is not None:
            found.setdefault(meant.name, argument)
    return found


def _is_positional(written: s.Argument, argument: Argument) -> bool:
    value = written.value
    if written.keyword is not None:
        return False
    flag = FLAG.fullmatch(value.word) if isinstance(value, s.Name) else None
    return flag is None or flag[1] != argument.flag


def form(argument: Argument, value: Any, positional: bool = False) -> str:
    """An argument as the language writes it: `p1`, `k3x5`, `mode=bilinear`, `size=(7, 9)`."""
    if isinstance(value, (tuple, list)):
        numbers = tuple(value)
        if len(set(numbers)) == 1:
            numbers = numbers[:1]
        if argument.flag and not positional and min(numbers) >= 0:
            return argument.flag + format_shape(numbers)
        text = str(numbers[0]) if len(numbers) == 1 else f"({', '.join(map(str, numbers))})"
    elif argument.switch is not None and value == argument.switch[1]:
        return argument.switch[0]
    elif isinstance(value, bool):
        text = "true" if value else "false"
    elif isinstance(value, int) and argument.flag and not positional and value >= 0:
        return f"{argument.flag}{value}"
    else:
        text = str(value)
    if positional:
        return f"({text})" if text.startswith("-") else text
    return f"{argument.flag or argument.name}={text}"
