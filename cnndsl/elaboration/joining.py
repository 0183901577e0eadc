"""Joins: branches that start from one value and end in one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cnndsl import syntax as s
from cnndsl.diagnostics import Diagnostic
from cnndsl.dims import Value
from cnndsl.elaboration.context import Context, Place
from cnndsl.elaboration.provenance import clash
from cnndsl.elaboration.unknown import join_help
from cnndsl.expressions import UNDECIDED
from cnndsl.layers import find_join
from cnndsl.layers.declaration import Join, LayerError
from cnndsl.layers.kinds import describe_value
from cnndsl.text import Span
from cnndsl.words import RESERVED

__all__ = ["Joining"]


class Joining(Context):
    """`add { a | b }`, `residual { a }`, `concat @label`."""

    def join(self, item: s.Join, place: Place, label: str | None) -> None:
        join = find_join(item.name)
        if join is not None:
            self.scoped(item.span, place, label, "join", lambda at: self.merged(join, item, at))
            return
        if item.name in RESERVED:
            self.misplaced(item.name, item.name_span)
        else:
            message = f"there is no join `{item.name}`"
            self.error("unknown-layer", message, item.name_span, *join_help(item.name))
        self.branches(item, place)
        self.lose(place, item.span, item.name)

    def branches(self, item: s.Join, place: Place) -> list[int]:
        """Run the branches; the nodes whose values leave them."""
        start = place.current
        ends = []
        for branch in item.branches:
            place.current = start
            self.inner(branch, place)
            ends.append(place.current)
        return ends

    def merged(self, join: Join, item: s.Join, place: Place) -> None:
        """Run the branches and append their join."""
        ends = self.branches(item, place)
        self.merge(join, ends, place, item.span, item.name_span)

    def residual(self, item: s.Residual, place: Place, label: str | None) -> None:
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

        def run(at: Place) -> None:
            start = at.current
            self.inner(item.branch, at)
            if skip:
                self.merge(add, [at.current, start], at, item.span, word)

        self.scoped(item.span, place, label, "join", run)

    def merge(self, join: Join, ends: Sequence[int], place: Place, span: Span, blame: Span) -> None:
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
                notes = clash(self.builder, ends)
                self.report(
                    Diagnostic(problem.rule, problem.message, blame, problem.label, notes, problem.help)
                )
        place.current = self.builder.append(place.scope, join, tuple(ends), output, span, place.uses)

    def tap_join(self, join: Join, item: s.Call, place: Place, label: str | None) -> None:
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
