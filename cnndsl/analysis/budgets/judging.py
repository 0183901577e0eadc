"""Whether a network keeps the limits of an `assert`, and what is said where it does not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from cnndsl import syntax as s
from cnndsl.analysis.budgets.advice import helps, notes
from cnndsl.analysis.budgets.quantities import NAMES, UNITS, Quantity, measure
from cnndsl.analysis.memory import OPTIMIZERS
from cnndsl.diagnostics import Diagnostic, SpecError
from cnndsl.expressions import Environment, Undecided, evaluate
from cnndsl.ir import Graph
from cnndsl.layers.kinds import describe_value
from cnndsl.text import Span
from cnndsl.words import did_you_mean

__all__ = ["Judge"]

HOLDS: Mapping[str, Any] = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
}
TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


class Side(NamedTuple):
    """One side of a comparison: its value, and the quantity where it is one and nothing else."""

    value: int | float
    node: s.Expression
    quantity: Quantity | None


class Judge:
    """Holds a network against limits; every quantity is computed when it is first asked for."""

    def __init__(self, graph: Graph, is_open: bool) -> None:
        self.graph = graph
        values = [graph.nodes[id].output for id in graph.inputs]
        self.size = " and ".join(str(value) for value in values if value is not None) if is_open else ""
        self.names = Environment()
        for name, value in graph.parameters.items():
            self.names.bind(name, value)
        self.known: dict[tuple[str, int, str | None], Quantity | None] = {}

    def diagnostics(self, limits: s.Comparison | s.Logical) -> tuple[Diagnostic, ...]:
        """What is wrong with an `assert`, or not kept."""
        try:
            return self._judge(limits)
        except SpecError as error:
            return error.diagnostics
        except Undecided:
            return ()

    def _judge(self, limits: Any) -> tuple[Diagnostic, ...]:
        if isinstance(limits, s.Comparison):
            return tuple(self._compare(limits))
        found = [self._judge(operand) for operand in limits.operands]
        if limits.operator == "and":
            return tuple(one for part in found for one in part)
        if not all(found):
            return ()
        messages = [one.message for part in found for one in part]
        related = tuple(dict.fromkeys(note for part in found for one in part for note in one.related))
        help = tuple(dict.fromkeys(line for part in found for one in part for line in one.help))
        return (
            Diagnostic(
                "budget-exceeded",
                f"none of the limits is kept: {'; '.join(messages)}",
                limits.span,
                "one of them has to be",
                related,
                help,
            ),
        )

    def _compare(self, limits: s.Comparison) -> Iterator[Diagnostic]:
        sides = [self._side(one) for one in (limits.first, *(part for _, part in limits.rest))]
        if not any(self._measures(side.node) for side in sides):
            raise _wrong(
                "invalid-argument",
                "nothing of the network is asserted here",
                limits.span,
                f"an assertion compares one of {', '.join(NAMES)}: `assert params < 5M`",
            )
        for (operator, _), left, right in zip(limits.rest, sides, sides[1:], strict=False):
            _same_kind(left, right)
            if not HOLDS[operator](left.value, right.value):
                yield self._exceeded(operator, left, right, limits.span)

    def _exceeded(self, operator: str, left: Side, right: Side, span: Span) -> Diagnostic:
        """The diagnostic for a comparison that does not hold."""
        if right.quantity is not None and left.quantity is None and operator in TURNED:
            left, right, operator = right, left, TURNED[operator]
        quantity, limit = left.quantity, right.value
        if quantity is None or right.quantity is not None or operator not in TURNED:
            where = f", for {self.size}" if self.size else ""
            message = (
                f"`{_text(left.node)} {operator} {_text(right.node)}` does not hold: "
                f"it is {_shown(left)} and {_shown(right)}{where}"
            )
            return Diagnostic("budget-exceeded", message, span)
        too_much = operator in ("<", "<=")
        allowed = f"the {quantity.text(limit)} {'allowed' if too_much else 'asked for'}"
        difference = abs(quantity.value - limit)
        if not difference:
            rest = f"and has to stay {'below' if too_much else 'above'} that"
        else:
            rest = f"{quantity.text(difference)} {_more(quantity, too_much)} than {allowed}"
        where = f" for {self.size}" if self.size and quantity.at_size else ""
        return Diagnostic(
            "budget-exceeded",
            f"{quantity.said}{where}, {rest}",
            span,
            _share(quantity.value, limit, too_much),
            notes(self.graph, quantity) if too_much or quantity.name == "receptive_field" else (),
            helps(self.graph, quantity, limit, too_much, _bare(right.node)),
        )

    # Sides

    def _side(self, node: s.Expression) -> Side:
        quantity = self._quantity(node)
        if quantity is not None:
            return Side(quantity.value, node, quantity)
        value = evaluate(self._numbers(node), self.names, None, frozenset(NAMES))
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise _wrong("invalid-argument", f"expected a number, got {describe_value(value)}", node.span)
        return Side(value, node, None)

    def _measures(self, node: Any) -> bool:
        """Whether a quantity stands in an expression."""
        if isinstance(node, s.Name):
            return node.word in NAMES
        if isinstance(node, s.FunctionCall) and node.function in NAMES:
            return True
        return isinstance(node, tuple) and any(self._measures(part) for part in node)

    def _numbers(self, node: Any) -> Any:
        """The expression with numbers in the place of quantities and amounts."""
        if isinstance(node, s.Amount):
            return s.Number(node.span, amount(node))
        quantity = self._quantity(node)
        if quantity is not None:
            return s.Number(node.span, quantity.value)
        if isinstance(node, Span) or not isinstance(node, tuple):
            return node
        parts = [self._numbers(part) for part in node]
        return type(node)(*parts) if hasattr(node, "_fields") else tuple(parts)

    def _quantity(self, node: Any) -> Quantity | None:
        if isinstance(node, s.Name):
            if node.word in NAMES:
                return self._measured(node.word, 1, None, node.span)
            if self.names.lookup(node.word) is None:
                raise _wrong(
                    "unknown-name",
                    f"there is nothing called `{node.word}` to assert",
                    node.span,
                    *did_you_mean(node.word, (*NAMES, *self.graph.parameters)),
                    f"what can be asserted: {', '.join(NAMES)}",
                )
        if isinstance(node, s.FunctionCall) and node.function in NAMES:
            batch, optimizer = self._of_memory(node)
            return self._measured(node.function, batch, optimizer, node.span)
        return None

    def _measured(self, name: str, batch: int, optimizer: str | None, span: Span) -> Quantity:
        key = (name, batch, optimizer)
        if key not in self.known:
            self.known[key] = measure(self.graph, name, batch, optimizer)
        found = self.known[key]
        if found is None:
            raise _wrong(
                "invalid-argument",
                "there is no receptive field: no output comes from an image, a sequence or a volume",
                span,
            )
        return found

    def _of_memory(self, node: s.FunctionCall) -> tuple[int, str | None]:
        """The batch and the optimizer of `memory(batch=32, optimizer=adam)`."""
        if node.function != "memory":
            raise _wrong(
                "too-many-arguments",
                f"`{node.function}` takes no arguments",
                node.span,
                f"write `{node.function}`",
            )
        given: dict[str, Any] = {}
        for index, argument in enumerate(node.arguments):
            word = argument.keyword or ("batch", "optimizer", "")[min(index, 2)]
            if word not in ("batch", "optimizer"):
                raise _wrong(
                    "unknown-argument" if word else "too-many-arguments",
                    f"`memory` has no argument `{word}`" if word else "`memory` takes two arguments",
                    argument.keyword_span or argument.span,
                    "`memory(batch=32, optimizer=adam)`: a batch, and for training an optimizer",
                )
            if word in given:
                raise _wrong("duplicate-argument", f"`{word}` is given twice", argument.span)
            assert not isinstance(argument.value, s.Tap), "the grammar has no taps in expressions"
            words = frozenset(OPTIMIZERS) if word == "optimizer" else frozenset[str]()
            given[word] = evaluate(argument.value, self.names, None, None if words else frozenset())
            if word == "optimizer" and given[word] not in words:
                raise _wrong(
                    "invalid-argument",
                    f"there is no optimizer {describe_value(given[word])}",
                    argument.value.span,
                    *did_you_mean(str(given[word]), OPTIMIZERS),
                    f"the optimizers are {', '.join(OPTIMIZERS)}",
                )
            if word == "batch" and (type(given[word]) is not int or given[word] < 1):
                message = f"batch: expected a whole number of at least 1, got {describe_value(given[word])}"
                raise _wrong("invalid-argument", message, argument.value.span)
        return given.get("batch", 1), given.get("optimizer")


def amount(node: s.Amount) -> int | float:
    """The number that an amount stands for.

    >>> from cnndsl.text import Source
    >>> amount(s.Amount(Source("").span(0, 0), 2.5, "M"))
    2500000
    """
    factor = UNITS.get(node.unit)
    if factor is None:
        lower = {unit.lower(): unit for unit in reversed(tuple(UNITS))}
        near = lower.get(node.unit.lower())
        raise _wrong(
            "invalid-argument",
            f"`{node.unit}` is no unit",
            node.span,
            *((f"did you mean `{node.number}{near}`?",) if near else ()),
            "the units are k, M, G, T for numbers, KB, MB, GB, KiB, MiB, GiB for memory",
        )
    value = node.number * factor
    return int(value) if float(value).is_integer() else value


def _same_kind(left: Side, right: Side) -> None:
    """Refuse a memory's unit for what is counted."""
    for quantity, other in ((left.quantity, right.node), (right.quantity, left.node)):
        if quantity is None or not isinstance(other, s.Amount) or not other.unit.endswith("B"):
            continue
        if quantity.name != "memory":
            unit = other.unit.removesuffix("B").removesuffix("i")
            raise _wrong(
                "invalid-argument",
                f"`{_text(other)}` is a memory, and {quantity.name} are {quantity.unit}",
                other.span,
                f"`{other.number:g}{unit}` is a number; `memory(batch=32)` is a memory",
            )


def _wrong(rule: str, message: str, span: Span, *help: str) -> SpecError:
    return SpecError((Diagnostic(rule, message, span, help=help),))


def _text(node: s.Expression) -> str:
    return " ".join(node.span.text.split())


def _shown(side: Side) -> str:
    if side.quantity is not None:
        return side.quantity.text(side.value)
    return f"{side.value:,}"


def _more(quantity: Quantity, too_much: bool) -> str:
    if quantity.name == "memory" or quantity.name == "receptive_field":
        return "more" if too_much else "less"
    return "more" if too_much else "fewer"


def _share(value: int, limit: int | float, too_much: bool) -> str:
    """By how much a limit is missed, in parts of it."""
    if limit <= 0:
        return ""
    if too_much and value >= 10 * limit:
        return f"{value / limit:,.0f} times as much"
    percent = abs(value - limit) / limit * 100
    digits = 0 if percent >= 9.5 else 1 if percent >= 0.95 else 2
    return f"{percent:.{digits}f} % {'over' if too_much else 'short'}" if value != limit else ""


def _bare(node: s.Expression) -> bool:
    """Whether a limit is a small number without a unit."""
    return isinstance(node, s.Number) and 1 <= node.value < 1000
