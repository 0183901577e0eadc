"""The types of layer arguments: what is accepted, and how it is said when it is not.

Here and in `declaration`, classes that nobody compares go without `__eq__`, and small records are named
tuples: every method that `dataclass` writes costs each run of `check` a tenth of a millisecond.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cnndsl.dims import LARGEST

__all__ = [
    "Factors",
    "Invalid",
    "Kind",
    "OrNone",
    "PerAxis",
    "Real",
    "Sizes",
    "Truth",
    "Whole",
    "Word",
    "describe_value",
]


class Invalid(Exception):
    """A value that an argument does not take; `rule` is `invalid-argument` or `too-large`."""

    def __init__(self, message: str, rule: str = "invalid-argument") -> None:
        super().__init__(message)
        self.message = message
        self.rule = rule


def describe_value(value: Any) -> str:
    """A value as the language writes it.

    >>> describe_value((3, 5))
    '(3, 5)'
    >>> describe_value(True)
    'true'
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "none"
    if isinstance(value, str):
        shown = value if len(value) <= 60 else value[:57] + "..."
        return shown if value.isidentifier() else f'"{shown}"'
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, (tuple, list)):
        entries = ", ".join(map(describe_value, value[:12]))
        if len(value) > 12:
            entries += f", ... {len(value):,} in all"
        return f"({entries})" if isinstance(value, tuple) else f"[{entries}]"
    return str(value)


def whole_number(value: Any, minimum: int, maximum: int, expected: str) -> int:
    """`value` as a whole number within bounds; a decimal that comes out whole is one."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise Invalid(f"expected {expected}, got {describe_value(value)}")
    if abs(value) > LARGEST:
        raise Invalid(f"{value} is above the largest size, 2^31 - 1", "too-large")
    if not minimum <= value <= maximum:
        raise Invalid(f"expected {expected}, got {value}")
    return value


def one_an_axis(value: Any, axes: int) -> Sequence[Any]:
    """An entry for every axis: those of a list of that length, or the one value again and again."""
    if not isinstance(value, (tuple, list)):
        return (value,) * axes
    if len(value) != axes:
        wanted = "1 number for 1 axis" if axes == 1 else f"{axes} numbers for {axes} axes"
        raise Invalid(f"expected {wanted}, got {describe_value(tuple(value))}")
    return value


class Kind:
    """The type of an argument. `words` are the bare words that it takes as they stand."""

    __slots__ = ()

    @property
    def words(self) -> frozenset[str]:
        """Bare words that the argument takes."""
        return frozenset()

    @property
    def expected(self) -> str:
        """What is accepted, to stand behind "expected"."""
        raise NotImplementedError

    def accept(self, value: Any, rank: int) -> Any:
        """The value brought to its normal form for a layer on `rank` axes, or `Invalid`."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Whole(Kind):
    """A whole number."""

    minimum: int = 1
    maximum: int = LARGEST

    @property
    def expected(self) -> str:
        if self.maximum < LARGEST:
            return f"a whole number from {self.minimum} to {self.maximum}"
        return f"a whole number of {self.minimum} or more" if self.minimum > -LARGEST else "a whole number"

    def accept(self, value: Any, rank: int) -> int:
        return whole_number(value, self.minimum, self.maximum, self.expected)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Real(Kind):
    """A number from `minimum` to `maximum`, the bounds included unless `open_minimum`.

    The normal form is a float; numbers that would overflow in PyTorch's single precision never pass.
    """

    minimum: float = float("-inf")
    maximum: float = float("inf")
    open_minimum: bool = False

    @property
    def expected(self) -> str:
        low, high = self.minimum != float("-inf"), self.maximum != float("inf")
        if low and high:
            return f"a number from {self.minimum:g} to {self.maximum:g}"
        if low:
            return f"a number {'above' if self.open_minimum else 'of at least'} {self.minimum:g}"
        return f"a number of at most {self.maximum:g}" if high else "a number"

    def accept(self, value: Any, rank: int) -> float:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise Invalid(f"expected {self.expected}, got {describe_value(value)}")
        if abs(value) > LARGEST:
            raise Invalid(f"{describe_value(value)} is beyond the largest number, 2^31 - 1", "too-large")
        below = value <= self.minimum if self.open_minimum else value < self.minimum
        if below or value > self.maximum or value != value:
            raise Invalid(f"expected {self.expected}, got {describe_value(value)}")
        return float(value)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Word(Kind):
    """One of a few words."""

    choices: tuple[str, ...]

    @property
    def words(self) -> frozenset[str]:
        return frozenset(self.choices)

    @property
    def expected(self) -> str:
        return (
            " or ".join([", ".join(self.choices[:-1]), self.choices[-1]])
            if len(self.choices) > 1
            else self.choices[0]
        )

    def accept(self, value: Any, rank: int) -> str:
        if isinstance(value, str) and value in self.choices:
            return value
        raise Invalid(f"expected {self.expected}, got {describe_value(value)}")


class Truth(Kind):
    """True or false."""

    __slots__ = ()

    @property
    def expected(self) -> str:
        return "true or false"

    def accept(self, value: Any, rank: int) -> bool:
        if isinstance(value, bool):
            return value
        raise Invalid(f"expected true or false, got {describe_value(value)}")


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class PerAxis(Kind):
    """A whole number for every axis, or one for each: 3, (3, 5), k3x5.

    The normal form is a tuple with an entry an axis. `choices` are words taken instead (`same`);
    with `none`, an axis may be `none`. `axes` is how many there are, where it is not the arriving
    value that says so.
    """

    minimum: int = 1
    choices: tuple[str, ...] = ()
    none: bool = False
    axes: int = 0

    @property
    def words(self) -> frozenset[str]:
        return frozenset(self.choices) | ({"none"} if self.none else frozenset())

    @property
    def expected(self) -> str:
        number = f"a whole number of {self.minimum} or more"
        ways = ["one an axis", *self.choices, *(["none"] if self.none else [])]
        return ", ".join([number, *ways[:-1]]) + f", or {ways[-1]}"

    def accept(self, value: Any, rank: int) -> tuple[int | None, ...] | str:
        if isinstance(value, str) and value in self.choices:
            return value
        return tuple(self._one(entry) for entry in one_an_axis(value, self.axes or rank))

    def _one(self, value: Any) -> int | None:
        if self.none and (value is None or value == "none"):
            return None
        return whole_number(value, self.minimum, LARGEST, self.expected)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Sizes(Kind):
    """Several whole numbers: axes, a shape, paddings. `lengths` are the counts that are allowed."""

    minimum: int = 1
    lengths: tuple[int, ...] = ()

    @property
    def expected(self) -> str:
        return "whole numbers" if self.minimum <= -LARGEST else f"whole numbers of {self.minimum} or more"

    def accept(self, value: Any, rank: int) -> tuple[int, ...]:
        values = value if isinstance(value, (tuple, list)) else (value,)
        if self.lengths and len(values) not in self.lengths:
            counts = " or ".join(map(str, self.lengths))
            raise Invalid(f"expected {counts} numbers, got {describe_value(tuple(values))}")
        if not values:
            raise Invalid(f"expected {self.expected}, got none")
        return tuple(whole_number(one, self.minimum, LARGEST, self.expected) for one in values)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Factors(Kind):
    """A number above 0 for every axis, or one for each; the normal form has an entry an axis.

    Whole factors stay whole numbers, so that sizes multiplied by them do too. `below` is a bound that is
    not reached.
    """

    below: float = float("inf")

    @property
    def expected(self) -> str:
        limit = f" and below {self.below:g}" if self.below != float("inf") else ""
        return f"a number above 0{limit}, or one an axis"

    def accept(self, value: Any, rank: int) -> tuple[int | float, ...]:
        return tuple(self._one(entry) for entry in one_an_axis(value, rank))

    def _one(self, value: Any) -> int | float:
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < self.below:
            raise Invalid(f"expected {self.expected}, got {describe_value(value)}")
        number = Real().accept(value, 0)
        return int(number) if number.is_integer() else number


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class OrNone(Kind):
    """What `kind` takes, or the word `none`, which becomes Python's None."""

    kind: Kind

    @property
    def words(self) -> frozenset[str]:
        return self.kind.words | {"none"}

    @property
    def expected(self) -> str:
        return f"{self.kind.expected.replace(', or ', ', ')}, or none"

    def accept(self, value: Any, rank: int) -> Any:
        if value is None or value == "none":
            return None
        try:
            return self.kind.accept(value, rank)
        except Invalid as error:
            message = error.message.replace(self.kind.expected, self.expected, 1)
            raise Invalid(message, error.rule) from None
