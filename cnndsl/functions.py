"""The functions that expressions may call; TypeError or ValueError for arguments that one does not take."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["FUNCTIONS", "LONGEST_LIST", "USAGE", "Misuse", "TooLong"]

LONGEST_LIST = 100_000


class TooLong(ValueError):
    """A list with too many entries was asked for."""


class Misuse(ValueError):
    """A refusal whose text is meant for the user."""


def _range(*bounds: int) -> list[int]:
    if not all(type(bound) is int for bound in bounds):
        raise TypeError
    numbers = range(*bounds)
    if len(numbers) > LONGEST_LIST:
        raise TooLong
    return list(numbers)


def _round(number: float, digits: int = 0) -> Any:
    return round(_real(number), digits) if digits else round(_real(number))


def _real(number: Any) -> Any:
    if isinstance(number, bool) or not isinstance(number, (int, float)):
        raise TypeError
    return number


def _reals(*numbers: Any) -> Any:
    values = numbers[0] if len(numbers) == 1 and isinstance(numbers[0], (list, tuple)) else numbers
    return [_real(number) for number in values]


def _zip(*lists: Any) -> list[tuple[Any, ...]]:
    if not lists or not all(isinstance(one, (list, tuple)) for one in lists):
        raise TypeError
    if len({len(one) for one in lists}) > 1:
        raise Misuse("the lists have different lengths: " + ", ".join(str(len(one)) for one in lists))
    return list(zip(*lists, strict=True))


def _len(values: Any) -> int:
    if not isinstance(values, (list, tuple)):
        raise TypeError
    return len(values)


def _divisible(v: float, by: int = 8) -> int:
    """A channel count rounded to a multiple of `by`, never by more than a tenth downwards.

    The rule of the MobileNet papers' code: round to the nearest multiple, and one step up where that
    took away more than 10 %.
    """
    if isinstance(by, bool) or not isinstance(by, int) or by < 1:
        raise TypeError
    nearest = max(by, int(_real(v) + by / 2) // by * by)
    return nearest + by if nearest < 0.9 * v else nearest


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "min": lambda *numbers: min(_reals(*numbers)),
    "max": lambda *numbers: max(_reals(*numbers)),
    "abs": lambda number: abs(_real(number)),
    "round": _round,
    "floor": lambda number: math.floor(_real(number)),
    "ceil": lambda number: math.ceil(_real(number)),
    "int": lambda number: int(_real(number)),
    "len": _len,
    "range": _range,
    "sum": lambda values: sum(_reals(values)),
    "zip": _zip,
    "divisible": _divisible,
}

USAGE: Mapping[str, str] = {
    "min": "numbers, or a list of numbers",
    "max": "numbers, or a list of numbers",
    "abs": "a number",
    "round": "a number, and how many digits to keep",
    "floor": "a number",
    "ceil": "a number",
    "int": "a number",
    "len": "a list",
    "range": "one to three whole numbers: `range(3)`, `range(1, 4)`, `range(0, 8, 2)`",
    "sum": "a list of numbers",
    "zip": "lists of one length",
    "divisible": "a number, and `by=` a whole number",
}
