"""What runs several times or not at all: `for`, `if`, and `item x N`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from cnndsl import syntax as s
from cnndsl.elaboration.context import MOST_NODES, MOST_STEPS, Context, Place
from cnndsl.elaboration.counting import least_layers
from cnndsl.elaboration.declarations import reserved
from cnndsl.expressions import UNDECIDED
from cnndsl.layers.kinds import describe_value
from cnndsl.slips import DEEPEST

__all__ = ["Looping"]

# Repeats from which on it pays to count first what they come to.
MANY = 20


class Looping(Context):
    """Loops, repeats and conditions, which run while the spec is read."""

    def loop(self, statement: s.For, place: Place) -> None:
        refused = [reserved(name, self.report) for name in statement.names]
        if any(refused):
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
            inside = place.inside()
            for name, entry in zip(statement.names, entries, strict=True):
                inside.names.bind(name.word, entry)
            self.rounds.append((statement.values.span, partial(_bindings, statement.names, entries)))
            self.inner(statement.body, inside)
            self.rounds.pop()
            place.current = inside.current

    def condition(self, statement: s.If, place: Place) -> None:
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

    def repeat(self, item: s.Repeat, place: Place, label: str | None) -> None:
        count = self.value(item.times, place)
        if isinstance(count, float) and count.is_integer():
            count = int(count)
        if not isinstance(count, int) or isinstance(count, bool) or count < 0:
            if count is not UNDECIDED:
                self.error(
                    "invalid-argument",
                    f"expected a whole number of repeats, 0 or more, got {describe_value(count)}",
                    item.times.span,
                )
            self.lose(place, item.span)
            return
        times = count
        if self.steps + times > MOST_STEPS:
            # Each round is a step at least: there is no need to try.
            raise self.too_large(f"more than {MOST_STEPS:,} steps", item.times.span)
        if times > MANY and len(self.builder) + times * least_layers(item.item, self.home) > MOST_NODES:
            raise self.too_large(f"more than {MOST_NODES:,} layers", item.times.span)

        def run(at: Place) -> None:
            for number in range(1, times + 1):
                self.step(item.span)
                said = partial("in round {} of {}".format, number, times)
                self.rounds.append((item.times.span, said))
                self.nested(item.item, at)
                self.rounds.pop()

        self.scoped(item.span, place, label, "repeat", run)

    def nested(self, item: s.Item, place: Place) -> None:
        self.depth += 1
        if self.depth > DEEPEST:
            raise self.too_large(f"nesting deeper than {DEEPEST}", item.span)
        self.item(item, place, None)
        self.depth -= 1


def _bindings(names: Sequence[s.Name], values: Sequence[Any]) -> str:
    """What the names of a loop are bound to, for a message."""
    pairs = zip(names, values, strict=True)
    return "where " + " and ".join(f"{name.word} = {describe_value(value)}" for name, value in pairs)
