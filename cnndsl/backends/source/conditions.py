"""The conditions under which the parts of a block are there, in the constructor's own parameters.

A spec's `if` is decided while the spec is read. What a generated class says in its place is the simplest
test that gives the same answers: a switch of the block, a stride or a change of channels, a number that
is not 1. Where none does, the class gets a switch for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import combinations, product
from typing import Any, NamedTuple

from cnndsl.backends.source.naming import literal
from cnndsl.backends.source.parameters import Parameters
from cnndsl.backends.source.values import is_varying_size, key_of

__all__ = ["condition"]

Outcome = tuple[bool, ...]


class Test(NamedTuple):
    """A test, with its result in every instance and what writes the code for it."""

    outcome: Outcome
    write: Callable[[], str]


class Comparison(NamedTuple):
    """Two values that are the same in some instances: the code for them, and in which they are."""

    write: Callable[[], str]
    same: Outcome

    @property
    def differs(self) -> Test:
        """The test that is true where they are not the same."""
        return Test(tuple(not same for same in self.same), lambda: self.write().format(sign="!="))

    @property
    def equals(self) -> Test:
        """The test that is true where they are the same."""
        return Test(self.same, lambda: self.write().format(sign="=="))

    @property
    def tests(self) -> tuple[Test, Test]:
        """Both tests."""
        return self.differs, self.equals


def condition(sizes: Parameters, present: Outcome, name: str, joins: bool) -> str:
    """The code that is true in the instances where a part is present.

    `joins` for a part of a branch that meets others, which has to do with shapes first of all. `name` is
    for a new parameter, if one is needed.
    """
    for test in all_tests(sizes, joins):
        if test.outcome == present:
            return test.write()
    return sizes.name_values(present, name)


def all_tests(sizes: Parameters, joins: bool) -> Iterator[Test]:
    """The tests that a class may make, the likeliest first."""
    shapes, numbers, strides = list(changes(sizes)), list(neutral(sizes)), list(stride(sizes))
    yield from switches(sizes)
    if joins:
        for one, other in product(strides, shapes):
            yield either(one.differs, other.differs)
            yield both(one.equals, other.equals)
    single = [*shapes, *numbers, *strides] if joins else [*numbers, *shapes, *strides]
    for comparison in single:
        yield from comparison.tests
    for first, second in combinations([*strides, *numbers, *shapes], 2):
        for test, more in product(first.tests, second.tests):
            yield either(test, more)
            yield both(test, more)


def either(one: Test, other: Test) -> Test:
    """One of two tests."""
    outcome = tuple(a or b for a, b in zip(one.outcome, other.outcome, strict=True))
    return Test(outcome, lambda: f"{one.write()} or {other.write()}")


def both(one: Test, other: Test) -> Test:
    """Two tests at once."""
    outcome = tuple(a and b for a, b in zip(one.outcome, other.outcome, strict=True))
    return Test(outcome, lambda: f"{one.write()} and {other.write()}")


def switches(sizes: Parameters) -> Iterator[Test]:
    """Parameters that are there or not, true or false."""
    for name, given in sizes.named.items():
        if None in given:
            yield Test(tuple(value is not None for value in given), partial("{} is not None".format, name))
    known: list[tuple[str, Sequence[Any]]] = [*sizes.words.items(), *sizes.named.items()]
    for name, values in known:
        if all(isinstance(value, bool) for value in values):
            write = partial(sizes.name_values, values, name)
            yield Test(tuple(values), write)
            yield Test(tuple(not value for value in values), partial(negated, write))


def negated(write: Callable[[], str]) -> str:
    """The code for a switch that is off."""
    return f"not {write()}"


def changes(sizes: Parameters) -> Iterator[Comparison]:
    """Counts of channels against that which arrives: what leaves, and the block's own."""
    if not is_varying_size(sizes.arriving):
        return
    words = [values for values in sizes.words.values() if is_varying_size(values)]
    if key_of(sizes.leaving) in sizes.texts and is_varying_size(sizes.leaving):
        yield compared(sizes, sizes.arriving, sizes.leaving)
    for values in words:
        yield compared(sizes, values, sizes.arriving)


def compared(sizes: Parameters, one: Sequence[Any], other: Sequence[Any]) -> Comparison:
    """The comparison of two sizes."""
    same = tuple(a == b for a, b in zip(one, other, strict=True))
    return Comparison(lambda: f"{sizes.expression(one)} {{sign}} {sizes.expression(other)}", same)


def stride(sizes: Parameters) -> Iterator[Comparison]:
    """The stride against 1, where it is a parameter."""
    values = sizes.named.get("stride", ())
    if len(set(values)) > 1:
        yield Comparison(lambda: "stride {sign} 1", tuple(value == 1 for value in values))


def neutral(sizes: Parameters) -> Iterator[Comparison]:
    """The block's parameters that count no channels, against 0, 1 and words."""
    for name, values in sizes.words.items():
        if key_of(values) in sizes.sizes or len(set(map(literal, values))) == 1:
            continue
        for value in dict.fromkeys(v for v in values if isinstance(v, str) or (type(v) is int and v < 2)):
            same = tuple(other == value for other in values)
            yield Comparison(partial(against, sizes, name, values, value), same)


def against(sizes: Parameters, name: str, values: Sequence[Any], value: Any) -> str:
    """The code that compares a parameter with a value."""
    text = literal(value).replace("{", "{{").replace("}", "}}")
    return f"{sizes.name_values(values, name)} {{sign}} {text}"
