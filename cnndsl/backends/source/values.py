"""The values of one constructor argument in every instance of a class."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any

from cnndsl.backends.source.naming import literal

__all__ = ["ABSENT", "Key", "agree", "candidates", "filled", "is_constant", "is_varying_size", "key_of"]

# The value of an argument in an instance that lacks the child.
ABSENT = object()

# The values of one argument, one an instance, as source: equal keys are one parameter. Empty for ABSENT.
Key = tuple[str, ...]


def key_of(values: Sequence[Any]) -> Key:
    """The values as source."""
    return tuple(["" if value is ABSENT else literal(value) for value in values])


def is_constant(key: Key) -> bool:
    """Whether all instances agree that have the argument."""
    return len(set(key) - {""}) == 1


def agree(key: Key, other: Key) -> bool:
    """Whether two keys are the same for the instances that have both."""
    return all(a == b for a, b in zip(key, other, strict=True) if a and b)


def filled(values: Sequence[Any]) -> list[Any]:
    """The values with None where an instance lacks the child."""
    return [None if value is ABSENT else value for value in values]


def is_varying_size(values: Sequence[Any]) -> bool:
    """Whether the values are positive whole numbers that are not all the same."""
    kinds = set(map(type, values))
    if ABSENT in values:
        values = [value for value in values if value is not ABSENT]
        kinds = set(map(type, values))
    return kinds == {int} and min(values) > 0 and len(set(values)) > 1


def candidates(
    values: Sequence[int], bases: Mapping[str, Sequence[int]]
) -> Iterator[tuple[tuple[str, ...], str]]:
    """The ways to write the values: names of bases, and a template for their expressions."""
    here = [index for index, value in enumerate(values) if value is not ABSENT]
    values = [values[index] for index in here]
    present = {name: [base[index] for index in here] for name, base in bases.items()}
    for name, base in present.items():
        ratios = {value // b if value % b == 0 else 0 for value, b in zip(values, base, strict=True)}
        ratio = ratios.pop()
        if not ratios and ratio > 1:
            yield (name,), f"{ratio} * {{}}"
        ratios = {b // value if b % value == 0 else 0 for value, b in zip(values, base, strict=True)}
        ratio = ratios.pop()
        if not ratios and ratio > 1:
            yield (name,), f"{{}} // {ratio}"
    for (name, base), (other, factor) in combinations(present.items(), 2):
        pairs = list(zip(values, base, factor, strict=True))
        if all(value == a * b for value, a, b in pairs):
            yield (name, other), "{} * {}"
        if all(value == a + b for value, a, b in pairs):
            yield (name, other), "{} + {}"
