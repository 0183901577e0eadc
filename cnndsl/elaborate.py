"""Syntax tree to graph: blocks, loops, conditions, names, arguments and shapes in one pass.

An expression may read the axes of the value that arrives, so each node's shape is computed as the node is
appended. A node that fails gets an unknown value; what depends on it stays silent, the rest is still read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from cnndsl import syntax as s
from cnndsl.binding import Bound, bind_block, bind_layer
from cnndsl.builder import GraphBuilder, Labelled, OpenScope
from cnndsl.declarations import Declarations, collect, reserved
from cnndsl.diagnostics import Diagnostic, Related, SpecError
from cnndsl.dims import LARGEST, Shape, Value, format_shape, kind_of
from cnndsl.expressions import UNDECIDED, Environment, Undecided, evaluate
from cnndsl.ir import Graph, Use
from cnndsl.labels import check_label, find_tap, label_text
from cnndsl.layers import find, find_join, join_names, names
from cnndsl.layers.declaration import INPUT, Join, Layer, LayerError, Operation
from cnndsl.layers.kinds import describe_value
from cnndsl.provenance import origin, use_notes
from cnndsl.slips import DEEPEST
from cnndsl.text import Source, Span
from cnndsl.words import did_you_mean

__all__ = ["MOST_NODES", "Elaboration", "elaborate"]

MOST_NODES = 100_000
# Statements run, so that empty loops end too; a network of MOST_NODES needs far fewer.
MOST_STEPS = 1_000_000
MOST_DIAGNOSTICS = 100


@dataclass(frozen=True, slots=True)
class Elaboration:
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


class _TooLarge(Exception):
    """The spec is beyond the bounds; a diagnostic has been reported."""


@dataclass(slots=True)
class _Place:
    """Where in the run we are: names in sight, the current value, the scope, the blocks in use."""

    names: Environment
    current: int
    scope: OpenScope
    uses: tuple[Use, ...]
    body: s.Body


@dataclass(slots=True)
class _Reporter:
    """Diagnostics in the order of their places, one for each mistake."""

    found: list[Diagnostic] = field(default_factory=list)
    seen: set[tuple[str, Span]] = field(default_factory=set)

    def add(self, diagnostic: Diagnostic) -> None:
        # A block used ten times is wrong once: the first use tells.
        if (diagnostic.rule, diagnostic.span) not in self.seen:
            self.seen.add((diagnostic.rule, diagnostic.span))
            self.found.append(diagnostic)
            if len(self.found) >= MOST_DIAGNOSTICS:
                raise _TooLarge


class _Elaborator:
    def __init__(self, source: Source, spec: s.Body, parameters: dict[str, Any]) -> None:
        self.source = source
        self.spec = spec
        self.builder = GraphBuilder(spec.span)
        self.reporter = _Reporter()
        self.given = parameters
        self.parameters: dict[str, Any] = {}
        self.depth = 0
        self.steps = 0
        self.active: list[str] = []
        self.uses: tuple[Use, ...] = ()
        self.root_names = Environment()
        self.declared = Declarations()

    def run(self, input: Shape | None) -> Elaboration:
        current = 0
        try:
            self.declared = collect(self.spec, self.reporter.add)
            current = self._input(input)
            place = _Place(self.root_names, current, self.builder.root, (), self.spec)
            self.body(self.spec, place)
            current = place.current
            self._unknown_parameters()
        except _TooLarge:
            pass
        if not len(self.builder):
            current = self._append_input(None, self.source.span(0, 0), "input")
        train = self.declared.train_settings(self.root_names, self.reporter.add)
        found = sorted(self.reporter.found, key=lambda one: (one.span.start, one.span.end))
        graph = self.builder.freeze(
            self.declared.model, current, self.parameters, train, complete=not found
        )
        return Elaboration(graph, tuple(found))

    # Reports

    def error(
        self,
        rule: str,
        message: str,
        span: Span,
        *help: str,
        label: str = "",
        related: tuple[Related, ...] = (),
    ) -> None:
        self.report(Diagnostic(rule, message, span, label, related, help))

    def report(self, diagnostic: Diagnostic) -> None:
        notes = use_notes(self.uses)
        if notes:
            diagnostic = replace(diagnostic, related=(*diagnostic.related, *notes))
        self.reporter.add(diagnostic)

    def too_large(self, message: str, span: Span) -> _TooLarge:
        self.error("too-large", message, span)
        return _TooLarge()

    # Inputs and parameters

    def _append_input(self, shape: Shape | None, span: Span, name: str) -> int:
        value = None if shape is None else Value(shape)
        root = self.builder.root
        return self.builder.append(root, INPUT, (), value, span, (), path=name)

    def _input(self, given: Shape | None) -> int:
        written = self.declared.input
        span = self.source.span(0, 0) if written is None else written.span
        name = (written.name if written is not None else None) or "input"
        if given is not None:
            return self._append_input(given, span, name)
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

    def body(self, body: s.Body, place: _Place) -> None:
        """Run the statements of a body; `place.current` is then the value that leaves it."""
        self.depth += 1
        if self.depth > DEEPEST:
            raise self.too_large(f"nesting deeper than {DEEPEST}", body.span)
        for statement in body.statements:
            self.step(statement.span)
            self.statement(statement, place)
        self.depth -= 1

    def inner(self, body: s.Body, place: _Place) -> None:
        """Run a body in braces or brackets of its own: what `let` binds there ends there."""
        inside = replace(place, names=Environment(place.names))
        self.body(body, inside)
        place.current = inside.current

    def step(self, span: Span) -> None:
        self.steps += 1
        if self.steps > MOST_STEPS:
            raise self.too_large(f"more than {MOST_STEPS:,} steps", span)
        if len(self.builder) >= MOST_NODES:
            raise self.too_large(f"more than {MOST_NODES:,} layers", span)

    def statement(self, statement: s.Statement, place: _Place) -> None:
        match statement:
            case s.Let():
                self.let(statement, place)
            case s.Param():
                self.param(statement, place)
            case s.For():
                self.loop(statement, place)
            case s.If():
                self.condition(statement, place)
            case s.Model() | s.Block() | s.Train() | s.FileUse() | s.OutputBlock() | s.Input():
                # Collected before the run, which also refused them below the top level.
                pass
            case _:
                self.item(statement, place, None)

    def value(self, expression: s.Expression, place: _Place) -> Any:
        """An expression's value, UNDECIDED where it has none; mistakes are reported."""
        try:
            return evaluate(expression, place.names, self.builder.value(place.current))
        except Undecided:
            return UNDECIDED
        except SpecError as error:
            for diagnostic in error.diagnostics:
                self.report(diagnostic)
            return UNDECIDED

    def lose(self, place: _Place, span: Span, word: str = "?") -> None:
        """After a mistake the value is unknown, and what depends on it stays silent."""
        unknown = Operation(name=word, summary="unknown after a mistake")
        place.current = self.builder.append(
            place.scope, unknown, (place.current,), None, span, place.uses
        )

    def let(self, statement: s.Let, place: _Place) -> None:
        name = statement.name
        value = self.value(statement.value, place)
        if reserved(name, self.report):
            return
        if place.names.here(name.word):
            self.error("duplicate-name", f"`{name.word}` already has a value here", name.span)
            return
        place.names.bind(name.word, value)

    def param(self, statement: s.Param, place: _Place) -> None:
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

    def loop(self, statement: s.For, place: _Place) -> None:
        if any([reserved(name, self.report) for name in statement.names]):
            return
        values = self.value(statement.values, place)
        if values is UNDECIDED:
            self.lose(place, statement.span)
            return
        if not isinstance(values, (list, tuple)):
            self.error(
                "invalid-argument",
                f"expected a list to loop over, got {describe_value(values)}",
                statement.values.span,
                "`for n in [64, 128] { ... }`, `for i in range(3) { ... }`",
            )
            self.lose(place, statement.span)
            return
        wanted = len(statement.names)
        for value in values:
            self.step(statement.span)
            entries = (value,) if wanted == 1 else value
            if not isinstance(entries, (list, tuple)) or len(entries) != wanted:
                self.error(
                    "invalid-argument",
                    f"expected {wanted} values for {', '.join(n.word for n in statement.names)}, "
                    f"got {describe_value(value)}",
                    statement.values.span,
                )
                self.lose(place, statement.span)
                return
            names_here = Environment(place.names)
            for name, entry in zip(statement.names, entries, strict=True):
                names_here.bind(name.word, entry)
            self.inner(statement.body, inside := replace(place, names=names_here))
            place.current = inside.current

    def condition(self, statement: s.If, place: _Place) -> None:
        chain: s.If | None = statement
        while chain is not None:
            chosen = self.value(chain.condition, place)
            if chosen is not UNDECIDED and not isinstance(chosen, bool):
                self.error(
                    "invalid-argument",
                    f"expected true or false, got {describe_value(chosen)}",
                    chain.condition.span,
                )
                chosen = UNDECIDED
            if chosen is UNDECIDED:
                self.lose(place, statement.span)
                return
            if chosen:
                self.inner(chain.then, place)
                return
            otherwise = chain.otherwise
            if otherwise is None:
                return
            only = otherwise.statements[0] if len(otherwise.statements) == 1 else None
            if not isinstance(only, s.If):
                self.inner(otherwise, place)
                return
            chain = only

    # Items

    def item(self, item: s.Statement, place: _Place, label: str | None) -> None:
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
                self.item(item.item, place, label)
                self.assertion(item.shape, place)
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

    def tap(self, tap: s.Tap, place: _Place) -> int | None:
        arriving = self.builder.value(place.current)
        return find_tap(tap, place.scope, place.names, arriving, place.body, self.report)

    def scoped(
        self, span: Span, place: _Place, label: str | None, kind: Any, run: Any
    ) -> OpenScope | None:
        """Run something in a scope of its own where it has a label, else in the scope around it."""
        if label is None:
            run(place)
            return None
        inside = self.builder.open(place.scope, label, kind, span, input=place.current)
        at = replace(place, scope=inside)
        run(at)
        inside.output = place.current = at.current
        return inside

    def labelled(self, item: s.Labelled, place: _Place, outer: str | None) -> None:
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

    def repeat(self, item: s.Repeat, place: _Place, label: str | None) -> None:
        count = self.value(item.count, place)
        if isinstance(count, float) and count.is_integer():
            count = int(count)
        if count is not UNDECIDED and (type(count) is not int or count < 0):
            self.error(
                "invalid-argument",
                f"expected a whole number of repeats, 0 or more, got {describe_value(count)}",
                item.count.span,
            )
            count = UNDECIDED
        if count is UNDECIDED:
            self.lose(place, item.span)
            return

        def run(at: _Place) -> None:
            for _ in range(count):
                self.step(item.span)
                self.nested(item.item, at)

        self.scoped(item.span, place, label, "repeat", run)

    def nested(self, item: s.Item, place: _Place) -> None:
        self.depth += 1
        if self.depth > DEEPEST:
            raise self.too_large(f"nesting deeper than {DEEPEST}", item.span)
        self.item(item, place, None)
        self.depth -= 1

    def assertion(self, shape: s.ShapeLiteral, place: _Place) -> None:
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
                size = self.value(axis, place)
                if size is UNDECIDED:
                    return
                if isinstance(size, float) and size.is_integer():
                    size = int(size)
                if type(size) is not int:
                    self.error(
                        "invalid-argument", f"expected a size, got {describe_value(size)}", axis.span
                    )
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

    # Joins

    def join(self, item: s.Join, place: _Place, label: str | None) -> None:
        join = find_join(item.name)
        if join is None:
            self.error(
                "unknown-layer",
                f"there is no join `{item.name}`",
                item.name_span,
                *did_you_mean(item.name, join_names()),
                f"the joins are {', '.join(join_names())} and residual",
            )
            self.lose(place, item.span, item.name)
            return
        self.scoped(
            item.span, place, label, "join", lambda at: self.branches(join, item, at)
        )

    def branches(self, join: Join, item: s.Join, place: _Place) -> None:
        start = place.current
        ends = []
        for branch in item.branches:
            place.current = start
            self.inner(branch, place)
            ends.append(place.current)
        self.merge(join, ends, place, item.span, item.name_span)

    def residual(self, item: s.Residual, place: _Place, label: str | None) -> None:
        skip: Any = True
        if item.condition is not None:
            skip = self.value(item.condition, place)
            if skip is not UNDECIDED and not isinstance(skip, bool):
                self.error(
                    "invalid-argument",
                    f"expected true or false, got {describe_value(skip)}",
                    item.condition.span,
                )
                skip = UNDECIDED
        if skip is UNDECIDED:
            self.lose(place, item.span)
            return
        add = find_join("add")
        assert add is not None
        word = Span(item.span.source, item.span.start, item.span.start + len("residual"))

        def run(at: _Place) -> None:
            start = at.current
            self.inner(item.branch, at)
            if skip:
                self.merge(add, [at.current, start], at, item.span, word)

        self.scoped(item.span, place, label, "join", run)

    def merge(
        self, join: Join, ends: Sequence[int], place: _Place, span: Span, blame: Span
    ) -> None:
        """Append the join of the values `ends`."""
        if len(ends) == 1:
            place.current = ends[0]
            return
        values = [self.builder.value(end) for end in ends]
        output: Value | None = None
        known = [value for value in values if value is not None]
        if len(known) == len(values):
            try:
                shape = join.shape(known)
                output = Value(shape, any(value.channels_first for value in known))
            except LayerError as problem:
                notes = tuple(
                    note
                    for number, end in enumerate(ends, 1)
                    for note in origin(self.builder, end, f"branch {number}: ")
                )
                self.report(
                    Diagnostic(problem.rule, problem.message, blame, problem.label, notes, problem.help)
                )
        place.current = self.builder.append(
            place.scope, join, tuple(ends), output, span, place.uses
        )

    def tap_join(self, join: Join, item: s.Call, place: _Place, label: str | None) -> None:
        """`concat @a @b`: the current value first, then the taps."""
        ends = [place.current]
        failed = False
        for argument in item.arguments:
            if not isinstance(argument.value, s.Tap) or argument.keyword is not None:
                self.error(
                    "unknown-argument",
                    f"`{join.name}` takes taps or branches, not `{argument.span.text}`",
                    argument.span,
                    f"`{join.name} @label`, or `{join.name} {{ identity | conv 16 k1 }}`",
                )
                failed = True
                continue
            tapped = self.tap(argument.value, place)
            failed = failed or tapped is None
            if tapped is not None:
                ends.append(tapped)
        if not item.arguments:
            self.error(
                "missing-argument",
                f"`{join.name}` needs something to join",
                item.name_span,
                f"`{join.name} @label`, or `{join.name} {{ identity | conv 16 k1 }}`",
            )
            failed = True
        if failed:
            self.lose(place, item.span, join.name)
            return
        self.scoped(
            item.span,
            place,
            label,
            "join",
            lambda at: self.merge(join, ends, at, item.span, item.name_span),
        )

    # Layers and blocks

    def call(self, item: s.Call, place: _Place, label: str | None) -> None:
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
        self.layer(found.layer, found.rank, item, place, label)

    def unknown_layer(self, item: s.Call) -> None:
        known = [*names(), *join_names(), *self.declared.blocks, "residual"]
        near = did_you_mean(item.name, known)
        self.error(
            "unknown-layer",
            f"there is no layer or block `{item.name}`",
            item.name_span,
            *(near or ("`cnndsl layers` lists the layers",)),
        )

    def layer(
        self, layer: Layer, fixed: int | None, item: s.Call, place: _Place, label: str | None
    ) -> None:
        arriving = self.builder.value(place.current)
        rank = fixed if fixed is not None else (arriving.rank if arriving is not None else None)
        bound = bind_layer(layer, item, place.names, arriving, rank, self.report)
        passes = layer.name == "identity"
        key = label
        if key is None and not passes:
            key = place.scope.next_position()
        elif not passes:
            place.scope.next_position()
        if passes:
            if bound is None:
                self.lose(place, item.span, layer.name)
            return
        output = None
        if bound is not None and bound.decided and arriving is not None:
            output = self.shape(layer, fixed, bound, arriving, item, place)
        if bound is None or arriving is None or output is None:
            place.current = self.builder.append(
                place.scope, layer, (place.current,), None, item.span, place.uses, key=key
            )
            return
        place.current = self.builder.append(
            place.scope,
            layer,
            (place.current,),
            output,
            item.span,
            place.uses,
            key=key,
            arguments=bound.arguments,
            given=tuple(bound.spans),
            weights=layer.weights(arriving, bound.arguments),
            macs=layer.macs(arriving, bound.arguments, output.shape),
        )

    def shape(
        self,
        layer: Layer,
        fixed: int | None,
        bound: Bound,
        arriving: Value,
        item: s.Call,
        place: _Place,
    ) -> Value | None:
        """The value that a layer gives; None after a mistake that was reported."""
        ranks = layer.ranks if fixed is None else frozenset({fixed})
        if ranks is not None and arriving.rank not in ranks:
            self.wrong_rank(ranks, arriving, item, place)
            return None
        try:
            shape = layer.shape(arriving, bound.arguments)
        except LayerError as problem:
            span = bound.spans.get(problem.argument or "", item.name_span)
            notes = origin(self.builder, place.current)
            self.report(
                Diagnostic(problem.rule, problem.message, span, problem.label, notes, problem.help)
            )
            return None
        if any(size > LARGEST for size in shape):
            self.error(
                "too-large", f"the output {format_shape(shape)} is above the largest size, 2^31 - 1",
                item.name_span,
            )  # fmt: skip
            return None
        if layer.layout == "same":
            return Value(shape, arriving.channels_first)
        return Value(shape, layer.layout == "channels_first")

    def wrong_rank(
        self, ranks: frozenset[int], arriving: Value, item: s.Call, place: _Place
    ) -> None:
        kinds = [kind_of((1,) * (rank + 1)) for rank in sorted(ranks)]
        articles = [f"{'an' if kind == 'image' else 'a'} {kind}" for kind in kinds]
        wanted = " or ".join(filter(None, [", ".join(articles[:-1]), articles[-1]]))
        kind = kind_of(arriving.shape)
        help = ()
        if arriving.rank == 0:
            help = ("`unflatten` makes an image of a vector: `unflatten 16 7 7`",)
        elif 0 in ranks and len(ranks) == 1:
            help = ("`flatten` makes a vector of it",)
        self.error(
            "wrong-rank",
            f"`{item.name}` takes {wanted}, but {'an' if kind == 'image' else 'a'} {kind} "
            f"{arriving} arrives",
            item.name_span,
            *help,
            related=origin(self.builder, place.current),
        )

    def block(self, block: s.Block, item: s.Call, place: _Place, label: str | None) -> None:
        key = place.scope.next_position()
        key = label if label is not None else key
        if item.name in self.active:
            chain = " -> ".join([*self.active[self.active.index(item.name) :], item.name])
            self.error(
                "recursive-block",
                f"the block `{item.name}` is used inside itself: {chain}",
                item.name_span,
                "a block may be repeated, `block x 3`, but never stand inside itself",
            )
            self.lose(place, item.span, item.name)
            return
        arriving = self.builder.value(place.current)
        inside_names = bind_block(block, item, place.names, arriving, self.root_names, self.report)
        if inside_names is None:
            self.lose(place, item.span, item.name)
            return
        arguments = {
            parameter.name.word: found[0]
            for parameter in block.parameters
            if (found := inside_names.lookup(parameter.name.word)) is not None
        }
        scope = self.builder.open(
            place.scope,
            key,
            "block",
            item.span,
            input=place.current,
            block=item.name,
            arguments=arguments,
        )
        uses = (*place.uses, Use(item.name, item.span))
        at = _Place(Environment(inside_names), place.current, scope, uses, block.body)
        outer, self.uses = self.uses, uses
        self.active.append(item.name)
        self.body(block.body, at)
        self.active.pop()
        self.uses = outer
        scope.output = place.current = at.current


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
