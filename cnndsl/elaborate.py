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
from cnndsl.dims import Shape
from cnndsl.elaboration.applying import Applying
from cnndsl.elaboration.arriving import Arriving
from cnndsl.elaboration.builder import Labelled
from cnndsl.elaboration.context import Place, Stated, TooLarge
from cnndsl.elaboration.declarations import BlockEntry, collect, reserved
from cnndsl.elaboration.joining import Joining
from cnndsl.elaboration.labels import check_label, label_text
from cnndsl.elaboration.looping import Looping
from cnndsl.elaboration.provenance import origin
from cnndsl.elaboration.reusing import Reusing
from cnndsl.expressions import UNDECIDED, Read
from cnndsl.ir import Graph, Output, TrainSetting
from cnndsl.layers import find, find_join
from cnndsl.layers.kinds import describe_value
from cnndsl.slips import DEEPEST
from cnndsl.text import Source
from cnndsl.words import did_you_mean

__all__ = ["Elaboration", "elaborate"]


class Elaboration(NamedTuple):
    """The graph of a spec, as far as it could be made, and what was found wrong with it.

    Where sizes are open: which sizes its expressions read, and what it states of its values.
    """

    graph: Graph
    diagnostics: tuple[Diagnostic, ...]
    reads: tuple[Read, ...] = ()
    stated: tuple[Stated, ...] = ()


def elaborate(
    source: Source,
    spec: s.Body,
    input: Shape | Mapping[str, Shape] | None = None,
    parameters: Mapping[str, Any] | None = None,
    letters: Mapping[str, int] | None = None,
) -> Elaboration:
    """Run a spec. `parameters` set `param`s, `letters` are the sizes to take for open ones.

    `input` is the arriving shape in place of the spec's own, or shapes by the names of inputs.
    """
    elaborator = _Elaborator(source, spec, dict(parameters or {}))
    if letters:
        elaborator.letters = letters
        elaborator.root_names.budget.reads = []
    return elaborator.run(input)


class _Elaborator(Arriving, Joining, Applying, Reusing, Looping):
    """The statements of the language."""

    def run(self, input: Shape | Mapping[str, Shape] | None) -> Elaboration:
        current = 0
        train: tuple[TrainSetting, ...] = ()
        try:
            self.declared = collect(self.spec, self.reporter.add)
            self._use_files()
            current = self.inputs(input)
            place = Place(self.root_names, current, self.builder.root, (), self.spec)
            self.body(self.spec, place)
            current = place.current
            self._unknown_parameters()
            train = self.declared.train_settings(self.root_names, self.reporter.add)
        except TooLarge:
            pass
        if not len(self.builder):
            current = self.append_input(None, self.source.span(0, 0), "input")
        found = sorted(self.reporter.found, key=self._place_of)
        graph = self.builder.freeze(
            self.declared.model,
            current,
            self.parameters,
            train,
            complete=not found,
            outputs=self._outputs(current),
            files=self.files,
        )
        return Elaboration(graph, tuple(found), tuple(self.root_names.budget.reads or ()), tuple(self.stated))

    def _place_of(self, one: Diagnostic) -> tuple[bool, str, int, int]:
        """The order of messages: this file from top to bottom, then the files that it uses."""
        source = one.span.source
        return source is not self.source, source.name, one.span.start, one.span.end

    # Files, inputs and outputs

    def _use_files(self) -> None:
        """Bring the blocks of other files; this file's own come first."""
        for name, block in self.declared.blocks.items():
            self.home.blocks[name] = BlockEntry(block, self.home)
        if self.declared.uses:
            from cnndsl.elaboration.using import Library

            library = Library(self.source, self.root_names, self.reporter.add)
            self.files = library.files
            library.bring(self.declared.uses, self.home)

    def _outputs(self, current: int) -> tuple[Output, ...]:
        """The main output, unless the last statement is an `output`, and the named ones, training's last."""
        named = sorted(self.outputs, key=lambda output: output.training_only)
        is_last_named = isinstance(self.declared.last, s.OutputBlock)
        if is_last_named and any(not output.training_only for output in named):
            return tuple(named)
        return (Output("output", current), *named)

    def named_output(self, statement: s.OutputBlock, place: Place) -> None:
        """Run the body of an `output`; the current value stays."""
        inside = place.inside()
        self.builder.training_only = statement.when is not None
        self.body(statement.body, inside)
        self.builder.training_only = False
        if all(output.name != statement.name.word for output in self.outputs):
            self.outputs.append(Output(statement.name.word, inside.current, statement.when is not None))

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
            case s.OutputBlock():
                # Below the top level it was refused, and its value has nowhere to go.
                self.named_output(statement, place)
            case s.Model() | s.Block() | s.Train() | s.FileUse() | s.Input() | s.Budget():
                # Collected before the run, which also refused them below the top level; budgets are judged
                # when the whole network is there.
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
                # What an assertion reads decides nothing but whether it holds.
                reads, self.root_names.budget.reads = self.root_names.budget.reads, None
                self.assertion(item.shape, place, arriving)
                self.root_names.budget.reads = reads
                if self.letters:
                    self.stated.append(Stated(item.shape, place.current, arriving.current, place.names))
            case s.Tap():
                tapped = self.tap(item, place)
                if tapped is None:
                    self.lose(place, item.span)
                else:
                    place.current = tapped
            case s.Reuse():
                self.reuse(item, place)
            case s.Lost():
                if item.has_value:
                    self.lose(place, item.span)
            case _:
                raise TypeError(f"{type(item).__name__} is no item")

    def call(self, item: s.Call, place: Place, label: str | None) -> None:
        entry = self.home.blocks.get(item.name)
        if entry is not None:
            self.block(entry, item, place, label)
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
            if scope is not None and (scope.key == label or isinstance(item.item, s.Reuse)):
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
