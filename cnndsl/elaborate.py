"""Syntax tree to graph: blocks, loops, conditions, names, arguments and shapes in one pass.

An expression may read the axes of the value that arrives, so each node's shape is computed as the node is
appended. A node that fails gets an unknown value; what depends on it stays silent, the rest is still read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from cnndsl import syntax as s
from cnndsl.diagnostics import Diagnostic
from cnndsl.dims import LARGEST, Shape, Value, format_shape
from cnndsl.elaboration.applying import Applying
from cnndsl.elaboration.builder import Labelled
from cnndsl.elaboration.context import Place, TooLarge
from cnndsl.elaboration.declarations import collect, reserved
from cnndsl.elaboration.joining import Joining
from cnndsl.elaboration.labels import check_label, label_text
from cnndsl.elaboration.looping import Looping
from cnndsl.elaboration.provenance import origin
from cnndsl.expressions import UNDECIDED
from cnndsl.ir import Graph, TrainSetting
from cnndsl.layers import find, find_join
from cnndsl.layers.declaration import INPUT
from cnndsl.layers.kinds import describe_value
from cnndsl.slips import DEEPEST
from cnndsl.text import Source, Span
from cnndsl.words import did_you_mean

__all__ = ["Elaboration", "elaborate", "input_problem"]


class Elaboration(NamedTuple):
    """The graph of a spec, as far as it could be made, and what was found wrong with it."""

    graph: Graph
    diagnostics: tuple[Diagnostic, ...]


def elaborate(
    source: Source,
    spec: s.Body,
    input: Shape | None = None,
    parameters: Mapping[str, Any] | None = None,
) -> Elaboration:
    """Run a spec. `input` is the arriving shape, in place of the spec's own; `parameters` set `param`s."""
    return _Elaborator(source, spec, dict(parameters or {})).run(input)


class _Elaborator(Joining, Applying, Looping):
    """The statements of the language."""

    def run(self, input: Shape | None) -> Elaboration:
        current = 0
        train: tuple[TrainSetting, ...] = ()
        try:
            self.declared = collect(self.spec, self.reporter.add)
            current = self._input(input)
            place = Place(self.root_names, current, self.builder.root, (), self.spec)
            self.body(self.spec, place)
            current = place.current
            self._unknown_parameters()
            train = self.declared.train_settings(self.root_names, self.reporter.add)
        except TooLarge:
            pass
        if not len(self.builder):
            current = self._append_input(None, self.source.span(0, 0), "input")
        found = sorted(self.reporter.found, key=lambda one: (one.span.start, one.span.end))
        graph = self.builder.freeze(self.declared.model, current, self.parameters, train, complete=not found)
        return Elaboration(graph, tuple(found))

    # Inputs and parameters

    def _append_input(self, shape: Shape | None, span: Span, name: str) -> int:
        value = None if shape is None else Value(shape)
        root = self.builder.root
        id = self.builder.append(root, INPUT, (), value, span, (), path=name)
        if self.declared.input is not None and self.declared.input.name is not None:
            root.labels[name] = Labelled(id, span)
        return id

    def _input(self, given: Shape | None) -> int:
        written = self.declared.input
        span = self.source.span(0, 0) if written is None else written.span
        name = (written.name if written is not None else None) or "input"
        if given is not None:
            # No place of the text says this shape.
            return self._append_input(given, self.source.span(0, 0), name)
        if written is None:
            if self.spec.statements:
                first = self.spec.statements[0].span
                self.error(
                    "missing-input",
                    "the spec does not say what arrives",
                    self.source.span(first.start, first.end),
                    "begin it with a line such as `input 1x28x28`, or give `--input 1x28x28`",
                )
            else:
                self.error(
                    "syntax-error",
                    "the spec is empty",
                    span,
                    "write layers: `input 1x28x28 -> flatten -> linear 10`",
                )
            return self._append_input(None, span, name)
        axes = written.shape.axes
        free = [axis for axis in axes if not isinstance(axis, int)]
        if free:
            example = "x".join("224" if not isinstance(axis, int) else str(axis) for axis in axes)
            self.error(
                "missing-input",
                f"the input's size is open: {', '.join(map(str, free))}",
                written.shape.span,
                f"give the sizes with `--input {example}`, or write numbers",
            )
            return self._append_input(None, span, name)
        shape = tuple(axis for axis in axes if isinstance(axis, int))
        problem = input_problem(shape)
        if problem is not None:
            self.error(*problem, written.shape.span)
            return self._append_input(None, span, name)
        return self._append_input(shape, span, name)

    def _unknown_parameters(self) -> None:
        for name in self.given:
            if name not in self.parameters:
                known = ", ".join(self.parameters)
                self.error(
                    "unknown-parameter",
                    f"the spec has no parameter `{name}`",
                    self.source.span(0, 0),
                    *(did_you_mean(name, self.parameters) or (() if known else ("it has none",))),
                    *((f"its parameters are: {known}",) if known else ()),
                )

    # Statements

    def body(self, body: s.Body, place: Place) -> None:
        """Run the statements of a body; `place.current` is then the value that leaves it."""
        self.depth += 1
        if self.depth > DEEPEST:
            raise self.too_large(f"nesting deeper than {DEEPEST}", body.span)
        for statement in body.statements:
            self.step(statement.span)
            self.statement(statement, place)
        self.depth -= 1

    def inner(self, body: s.Body, place: Place) -> None:
        """Run a body in braces or brackets of its own: what `let` binds there ends there."""
        inside = place.inside()
        self.body(body, inside)
        place.current = inside.current

    def statement(self, statement: s.Statement, place: Place) -> None:
        match statement:
            case s.Let():
                self.let(statement, place)
            case s.Param():
                self.param(statement, place)
            case s.For():
                self.loop(statement, place)
            case s.If():
                self.condition(statement, place)
            case s.Lost():
                if statement.has_value:
                    self.lose(place, statement.span)
            case s.Model() | s.Block() | s.Train() | s.FileUse() | s.OutputBlock() | s.Input():
                # Collected before the run, which also refused them below the top level.
                pass
            case _:
                self.item(statement, place, None)

    def let(self, statement: s.Let, place: Place) -> None:
        name = statement.name
        value = self.value(statement.value, place)
        if reserved(name, self.report):
            return
        if place.names.here(name.word):
            self.error("duplicate-name", f"`{name.word}` already has a value here", name.span)
            return
        place.names.bind(name.word, value)

    def param(self, statement: s.Param, place: Place) -> None:
        name = statement.name
        if reserved(name, self.report):
            return
        if name.word in self.parameters or place.names.here(name.word):
            self.error("duplicate-name", f"`{name.word}` already has a value here", name.span)
            return
        value = self.given.get(name.word, UNDECIDED)
        if value is UNDECIDED:
            value = self.value(statement.value, place)
        place.names.bind(name.word, value)
        self.parameters[name.word] = value

    # Items

    def item(self, item: s.Statement, place: Place, label: str | None) -> None:
        """Run an item. `label` is the key that a label gives it."""
        match item:
            case s.Call():
                self.call(item, place, label)
            case s.Group():
                self.scoped(item.span, place, label, "group", lambda at: self.inner(item.body, at))
            case s.Join():
                self.join(item, place, label)
            case s.Residual():
                self.residual(item, place, label)
            case s.Repeat():
                self.repeat(item, place, label)
            case s.Labelled():
                self.labelled(item, place, label)
            case s.Assertion():
                arriving = replace(place)
                self.item(item.item, place, label)
                self.assertion(item.shape, place, arriving)
            case s.Tap():
                tapped = self.tap(item, place)
                if tapped is None:
                    self.lose(place, item.span)
                else:
                    place.current = tapped
            case s.Reuse():
                self.error(
                    "syntax-error", "`reuse` is not supported by this version of cnndsl yet", item.span
                )
                self.lose(place, item.span)
            case _:
                raise TypeError(f"{type(item).__name__} is no item")

    def call(self, item: s.Call, place: Place, label: str | None) -> None:
        block = self.declared.blocks.get(item.name)
        if block is not None:
            self.block(block, item, place, label)
            return
        join = find_join(item.name)
        if join is not None:
            self.tap_join(join, item, place, label)
            return
        found = find(item.name)
        if found is None:
            self.unknown_layer(item)
            place.scope.next_position()
            self.lose(place, item.span, item.name)
            return
        self.layer(found, item, place, label)

    def labelled(self, item: s.Labelled, place: Place, outer: str | None) -> None:
        if outer is not None:
            self.error("duplicate-label", "an item takes one label", item.label.span)
        text = label_text(item.label, place.names, self.builder.value(place.current), self.report)
        label = None if text is None else check_label(text, item.label.span, place.scope, self.report)
        scopes = len(place.scope.children)
        self.item(item.item, place, label)
        if label is None:
            return
        inside = None
        for kind, id in place.scope.children[scopes:]:
            scope = self.builder.scope(id) if kind == "scope" else None
            if scope is not None and scope.key == label:
                inside = scope
        place.scope.labels[label] = Labelled(place.current, item.label.span, inside)

    def assertion(self, shape: s.ShapeLiteral, place: Place, arriving: Place) -> None:
        """Hold the current value against a shape; expressions read the axes that arrived at the item."""
        value = self.builder.value(place.current)
        wanted: list[int | None] = []
        for axis in shape.axes:
            if isinstance(axis, int):
                wanted.append(axis)
            elif axis == "_" or (isinstance(axis, s.Name) and axis.word == "_"):
                wanted.append(None)
            elif isinstance(axis, str):
                self.error(
                    "invalid-argument",
                    f"`{axis}` is not a size",
                    shape.span,
                    "a size that does not matter is written `_`: `16x_x_`",
                )
                return
            else:
                size = self.value(axis, arriving)
                if size is UNDECIDED:
                    return
                if isinstance(size, float) and size.is_integer():
                    size = int(size)
                if type(size) is not int:
                    self.error("invalid-argument", f"expected a size, got {describe_value(size)}", axis.span)
                    return
                wanted.append(size)
        if value is None:
            return
        fits = len(wanted) == len(value.shape) and all(
            want is None or want == size for want, size in zip(wanted, value.shape, strict=True)
        )
        if not fits:
            text = "x".join("_" if want is None else str(want) for want in wanted)
            self.error(
                "shape-assertion",
                f"expected {text}, got {value}",
                shape.span,
                label=f"it is {value}",
                related=origin(self.builder, place.current),
            )
            self.lose(place, shape.span)


def input_problem(shape: Shape) -> tuple[str, str] | None:
    """The rule and message for a shape that no value has; None for a good one."""
    if not 1 <= len(shape) <= 4:
        return (
            "wrong-rank",
            f"{format_shape(shape)} has {len(shape)} axes; a value has 1 to 4, the batch not written",
        )
    if any(size < 1 for size in shape):
        return ("invalid-argument", f"{format_shape(shape)} has an empty axis")
    if any(size > LARGEST for size in shape):
        return ("too-large", f"{format_shape(shape)} is above the largest size, 2^31 - 1")
    return None
