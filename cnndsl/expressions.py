"""What expressions come to: numbers, texts, truth values, lists and tuples, computed while a spec is read.

Nothing here can run code, and every result is bounded: numbers by 2^31 - 1, lists by a length.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, NamedTuple

from cnndsl import syntax as s
from cnndsl.diagnostics import Diagnostic, SpecError
from cnndsl.dims import AXIS_LETTERS, LARGEST, OpenSize, Value, describe
from cnndsl.functions import FUNCTIONS, LONGEST_LIST, USAGE, Misuse, TooLong
from cnndsl.layers.kinds import describe_value
from cnndsl.slips import DEEPEST
from cnndsl.text import Span
from cnndsl.words import did_you_mean

__all__ = ["AXES", "Environment", "Read", "Undecided", "evaluate"]

AXES = frozenset("CHWDL")
# Operations in all expressions of a spec together, so that loops over long lists end in time.
MOST_WORK = 2_000_000

_AXIS_NAMES = {"C": "channels", "H": "height", "W": "width", "D": "depth", "L": "length"}


class Undecided(Exception):
    """The expression reads a value that an earlier mistake left unknown; nothing is to be said."""


class Read(NamedTuple):
    """An expression at `span` read a size of the value that arrived: the one at `axis` of its shape."""

    value: Value
    axis: int
    span: Span


class Budget:
    """How many operations the expressions of a spec may still take, and what they read, if that is asked."""

    __slots__ = ("left", "reads", "reported")

    def __init__(self) -> None:
        self.left = MOST_WORK
        self.reported = False
        self.reads: list[Read] | None = None

    def spend(self, operations: int, span: Span) -> None:
        """Count operations; the first time that there are too many is an error, later ones are silent."""
        self.left -= operations
        if self.left >= 0:
            return
        if self.reported:
            raise Undecided
        self.reported = True
        raise _fail("too-large", f"more than {MOST_WORK:,} operations in expressions", span)


class Environment:
    """The names that are bound at a place: inner braces see the outer ones' names.

    >>> outer = Environment()
    >>> outer.bind("width", 64)
    >>> Environment(outer).lookup("width")
    (64,)
    """

    __slots__ = ("_names", "_parent", "budget")

    def __init__(self, parent: Environment | None = None) -> None:
        self._names: dict[str, Any] = {}
        self._parent = parent
        self.budget: Budget = Budget() if parent is None else parent.budget

    def bind(self, name: str, value: Any) -> None:
        """Give `name` a value here."""
        self._names[name] = value

    def here(self, name: str) -> bool:
        """Whether `name` is bound in these braces, not in outer ones."""
        return name in self._names

    def lookup(self, name: str) -> tuple[Any] | None:
        """The value of `name` in a tuple of one, None where it is bound nowhere."""
        at: Environment | None = self
        while at is not None:
            if name in at._names:
                return (at._names[name],)
            at = at._parent
        return None

    def names(self) -> set[str]:
        """Every name that is bound here or outside."""
        found: set[str] = set()
        at: Environment | None = self
        while at is not None:
            found.update(at._names)
            at = at._parent
        return found


# Bound in place of a value that an earlier mistake left unknown.
UNDECIDED = object()


def evaluate(
    expression: s.Expression,
    names: Environment,
    arriving: Value | None,
    words: frozenset[str] | None = frozenset(),
) -> Any:
    """The value of an expression.

    `arriving` is the value whose axes C, H, W, D and L are. `words` are the bare words that stand for
    themselves where nothing has their name, None for all. Raises SpecError with a diagnostic, or
    `Undecided`.
    """
    return _Evaluator(names, arriving, words).value(expression, 0)


def _fail(rule: str, message: str, span: Span, *help: str) -> SpecError:
    return SpecError((Diagnostic(rule, message, span, help=help),))


# What Python calls the values of the language; anything else is a fraction, or came from the caller.
_KINDS = (bool, int, float, str, list, tuple)


def _fractions() -> Any:
    """The module, which is loaded for a division that does not come out whole only."""
    import fractions

    return fractions


def _plain(value: Any) -> Any:
    return float(value) if isinstance(value, _fractions().Fraction) else value


class _Evaluator:
    def __init__(self, names: Environment, arriving: Value | None, words: frozenset[str] | None) -> None:
        self.names = names
        self.arriving = arriving
        self.words = words

    def value(self, node: s.Expression, depth: int) -> Any:
        """The value of an expression in the numbers of Python: a fraction becomes a decimal."""
        value = self.exact(node, depth)
        return value if isinstance(value, _KINDS) else _plain(value)

    def exact(self, node: s.Expression, depth: int) -> Any:
        """The value, where divisions inside one expression are exact: `1 / 49 * 49` is 1."""
        if depth > DEEPEST:
            raise _fail("too-large", f"the expression is nested deeper than {DEEPEST}", node.span)
        depth += 1
        self.names.budget.spend(1, node.span)
        match node:
            case s.Number() | s.Text() | s.Truth():
                return node.value
            case s.Amount():
                raise _fail("syntax-error", "an amount stands behind `assert` only", node.span)
            case s.Name():
                return self._name(node)
            case s.Parenthesised():
                return self.exact(node.inside, depth)
            case s.Listing():
                return self._listed([self.value(entry, depth) for entry in node.entries], node.span)
            case s.Tuple():
                return self._listed(tuple(self.value(entry, depth) for entry in node.entries), node.span)
            case s.Unary():
                if node.operator == "not":
                    return not self._truth(self.value(node.operand, depth), node.operand.span)
                number = self._number(self.exact(node.operand, depth), node.operand.span)
                return -number if node.operator == "-" else number
            case s.Chain():
                result = self.exact(node.first, depth)
                for operator, part in node.rest:
                    result = self._operate(operator, result, self.exact(part, depth), node, part)
                return result
            case s.Comparison():
                left, before = self.value(node.first, depth), node.first
                for operator, part in node.rest:
                    right = self.value(part, depth)
                    if not self._compare(operator, left, right, before.span, part.span):
                        return False
                    left, before = right, part
                return True
            case s.Logical():
                stop = node.operator == "or"
                for operand in node.operands:
                    if self._truth(self.value(operand, depth), operand.span) is stop:
                        return stop
                return not stop
            case s.Conditional():
                chosen = self._truth(self.value(node.condition, depth), node.condition.span)
                return self.exact(node.then if chosen else node.otherwise, depth)
            case s.FunctionCall():
                return self._call(node, depth)

    def _name(self, node: s.Name) -> Any:
        found = self.names.lookup(node.word)
        if found is not None:
            if found[0] is UNDECIDED:
                raise Undecided
            return found[0]
        if node.word in AXES:
            return self._axis(node)
        if self.words is None or node.word in self.words:
            return node.word
        raise _fail(
            "unknown-name",
            f"nothing is called `{node.word}` here",
            node.span,
            *did_you_mean(node.word, self.names.names() | self.words),
        )

    def _axis(self, node: s.Name) -> int:
        if self.arriving is None:
            raise Undecided
        shape = self.arriving.shape
        letters = AXIS_LETTERS.get(len(shape), "C")
        if node.word not in letters:
            raise _fail(
                "wrong-rank",
                f"`{node.word}` is the {_AXIS_NAMES[node.word]}, but {describe(shape)} "
                f"arrives, with the axes {', '.join(letters)}",
                node.span,
            )
        axis = letters.index(node.word)
        if self.names.budget.reads is not None:
            self.names.budget.reads.append(Read(self.arriving, axis, node.span))
        return shape[axis]

    def _truth(self, value: Any, span: Span) -> bool:
        if isinstance(value, bool):
            return value
        raise _fail("invalid-argument", f"expected true or false, got {describe_value(value)}", span)

    def _number(self, value: Any, span: Span) -> Any:
        """The whole number, decimal or fraction that `value` is."""
        if isinstance(value, (int, float, OpenSize)) and not isinstance(value, bool):
            return value
        if not isinstance(value, _KINDS) and isinstance(value, _fractions().Fraction):
            return value
        raise _fail("invalid-argument", f"expected a number, got {describe_value(value)}", span)

    def _bounded(self, value: Any, span: Span) -> Any:
        if isinstance(value, (int, float, OpenSize)):
            pass
        elif value.denominator == 1:
            value = value.numerator
        elif max(abs(value.numerator), value.denominator) > LARGEST:
            value = float(value)
        if isinstance(value, int):
            if abs(value) > LARGEST:
                raise _fail("too-large", f"{value} is above the largest size, 2^31 - 1", span)
        elif isinstance(value, float) and not math.isfinite(value):
            raise _fail("too-large", "the result is not a finite number", span)
        return value

    def _operate(self, operator: str, left: Any, right: Any, node: s.Chain, part: s.Expression) -> Any:
        if operator == "+" and type(left) is type(right) and isinstance(left, (list, tuple)):
            joined: Any = left + right
            return self._listed(joined, node.span)
        a, b = self._number(left, node.first.span), self._number(right, part.span)
        if operator in ("/", "//", "%") and b == 0:
            raise _fail("invalid-argument", "division by zero", part.span)
        result: Any
        if operator == "+":
            result = a + b
        elif operator == "-":
            result = a - b
        elif operator == "*":
            result = a * b
        elif operator == "//":
            result = a // b
        elif operator == "%":
            result = a % b
        else:
            decimal = isinstance(a, float) or isinstance(b, float)
            result = a / b if decimal else a // b if a % b == 0 else _fractions().Fraction(a, b)
        return self._bounded(result, node.span)

    def _compare(self, operator: str, left: Any, right: Any, left_span: Span, right_span: Span) -> bool:
        self._spend_on((left, right), left_span)
        if operator == "==":
            return bool(left == right)
        if operator == "!=":
            return bool(left != right)
        a, b = self._number(left, left_span), self._number(right, right_span)
        return bool({"<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}[operator])

    def _listed(self, values: list[Any] | tuple[Any, ...], span: Span) -> Any:
        """The list, if it is within the bounds; the entries of lists inside it count too."""
        entries = _extent(values, span)
        if entries > LONGEST_LIST:
            raise _fail("too-large", f"a list of more than {LONGEST_LIST:,} entries", span)
        self.names.budget.spend(entries // 4, span)
        return values

    def _spend_on(self, values: Iterable[Any], span: Span) -> None:
        """Count the work on long lists: an entry counts as a quarter of an operation."""
        entries = sum(_extent(value, span) for value in values)
        self.names.budget.spend(entries // 4, span)

    def _call(self, node: s.FunctionCall, depth: int) -> Any:
        function = FUNCTIONS.get(node.function)
        if function is None:
            if node.function in ("not", "and", "or"):
                message = f"`{node.function}(` reads as a function: a blank stands behind `{node.function}`"
                raise _fail("unknown-name", message, node.span)
            raise _fail(
                "unknown-name",
                f"there is no function `{node.function}`",
                node.span,
                *did_you_mean(node.function, FUNCTIONS),
                f"the functions are {', '.join(FUNCTIONS)}",
            )
        positional: list[Any] = []
        keywords: dict[str, Any] = {}
        for argument in node.arguments:
            assert not isinstance(argument.value, s.Tap), "the grammar has no taps in expressions"
            value = self.value(argument.value, depth)
            if argument.keyword is None:
                positional.append(value)
            elif argument.keyword in keywords:
                raise _fail("duplicate-argument", f"`{argument.keyword}` is given twice", argument.span)
            else:
                keywords[argument.keyword] = value
        self._spend_on((*positional, *keywords.values()), node.span)
        try:
            result = function(*positional, **keywords)
        except TooLong:
            raise _fail("too-large", f"a list of more than {LONGEST_LIST:,} entries", node.span) from None
        except (TypeError, ValueError, OverflowError) as error:
            detail = str(error) if isinstance(error, Misuse) else f"expected {USAGE[node.function]}"
            raise _fail(
                "invalid-argument",
                f"`{node.function}` does not take these arguments: {detail}",
                node.span,
            ) from None
        if isinstance(result, (list, tuple)):
            return self._listed(result, node.span)
        if isinstance(result, (int, float)) and not isinstance(result, bool):
            return self._bounded(result, node.span)
        return result


def _extent(value: Any, span: Span) -> int:
    """How many entries a list has, with those of the lists in it, counted until there are too many."""
    pending: list[tuple[Any, int]] = [(value, 1)]
    entries = 0
    while pending and entries <= LONGEST_LIST:
        at, depth = pending.pop()
        if isinstance(at, (list, tuple)):
            if depth > DEEPEST:
                raise _fail("too-large", f"lists are nested deeper than {DEEPEST}", span)
            entries += len(at)
            pending.extend((entry, depth + 1) for entry in at if isinstance(entry, (list, tuple)))
    return entries
