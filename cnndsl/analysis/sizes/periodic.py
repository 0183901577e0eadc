"""Sets of sizes: whole numbers from 1 on that are, from some number on, told by their remainder alone.

Such sets are closed under union, intersection and complement, so that a question about all sizes is
answered by a finite table.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import lcm
from typing import NamedTuple

from cnndsl.dims import NotExact

__all__ = ["EVERYTHING", "NOTHING", "PeriodicSet", "bounded"]

# Where tables end: sizes that matter one by one, and remainders.
LONGEST = 20_000


def bounded(start: int, period: int) -> None:
    """NotExact where a table would be longer than we compute with."""
    if start > LONGEST or period > LONGEST:
        raise NotExact(f"which sizes are valid repeats only after more than {LONGEST:,}")


class PeriodicSet(NamedTuple):
    """The numbers 1 to `start` whose bits in `head` are set, and those above by their remainder.

    Bit i of `head` stands for i + 1, bit i of `tail` for start + 1 + i and every `period` numbers on.

    >>> even = PeriodicSet(0, 2, 0, 0b10)
    >>> [n for n in range(1, 9) if n in even.above(3)]
    [4, 6, 8]
    """

    start: int
    period: int
    head: int
    tail: int

    @classmethod
    def of(cls, *numbers: int) -> PeriodicSet:
        """The set of these numbers."""
        head = 0
        for number in numbers:
            head |= 1 << (number - 1)
        bounded(head.bit_length(), 1)
        return cls(head.bit_length(), 1, head, 0)

    @classmethod
    def residues(cls, period: int, residues: frozenset[int]) -> PeriodicSet:
        """The numbers whose remainder by `period` is one of these."""
        return cls(0, period, 0, sum(1 << ((residue - 1) % period) for residue in residues))

    @classmethod
    def at_least(cls, number: int) -> PeriodicSet:
        """The numbers from this one on."""
        start = max(number - 1, 0)
        bounded(start, 1)
        return cls(start, 1, 0, 1)

    def __contains__(self, number: object) -> bool:
        assert isinstance(number, int)
        if number < 1:
            return False
        if number <= self.start:
            return bool(self.head >> (number - 1) & 1)
        return bool(self.tail >> ((number - self.start - 1) % self.period) & 1)

    def aligned(self, start: int, period: int) -> PeriodicSet:
        """The same set with a longer table: `start` not smaller, `period` a multiple."""
        bounded(start, period)
        more = start - self.start
        stream = _repeated(self.tail, self.period, more + period)
        head = self.head | (stream & ((1 << more) - 1)) << self.start
        return PeriodicSet(start, period, head, stream >> more)

    def _with(self, other: PeriodicSet) -> tuple[PeriodicSet, PeriodicSet]:
        start, period = max(self.start, other.start), lcm(self.period, other.period)
        return self.aligned(start, period), other.aligned(start, period)

    def __and__(self, other: PeriodicSet) -> PeriodicSet:
        a, b = self._with(other)
        return PeriodicSet(a.start, a.period, a.head & b.head, a.tail & b.tail).canonical()

    def __or__(self, other: PeriodicSet) -> PeriodicSet:
        a, b = self._with(other)
        return PeriodicSet(a.start, a.period, a.head | b.head, a.tail | b.tail).canonical()

    def __invert__(self) -> PeriodicSet:
        head, tail = (1 << self.start) - 1, (1 << self.period) - 1
        return PeriodicSet(self.start, self.period, self.head ^ head, self.tail ^ tail)

    def without(self, other: PeriodicSet) -> PeriodicSet:
        """The numbers that are not in `other`."""
        return self & ~other

    def above(self, number: int) -> PeriodicSet:
        """The numbers above this one."""
        return self & PeriodicSet.at_least(number + 1)

    def within(self, other: PeriodicSet) -> bool:
        """Whether every number of this set is in `other`."""
        return not self.without(other)

    def __bool__(self) -> bool:
        return bool(self.head or self.tail)

    @property
    def is_finite(self) -> bool:
        """Whether the set ends."""
        return not self.tail

    @property
    def minimum(self) -> int:
        """The smallest number; ValueError in an empty set."""
        return next(self.numbers())

    @property
    def maximum(self) -> int:
        """The largest number of a finite set that is not empty."""
        return self.head.bit_length()

    def numbers(self) -> Iterator[int]:
        """The numbers in their order, of an infinite set without end; ValueError in an empty set."""
        if not self:
            raise ValueError("the set is empty")
        number = 1
        while self.tail or number <= self.start:
            if number in self:
                yield number
            number += 1

    def canonical(self) -> PeriodicSet:
        """The same set with the shortest table."""
        period = self.period
        for shorter in divisors(period):
            if _repeated(self.tail & ((1 << shorter) - 1), shorter, self.period) == self.tail:
                period = shorter
                break
        tail = self.tail & ((1 << period) - 1)
        # What the remainders would say of 1 to start; the head ends with the last number that differs.
        turn = -self.start % period
        start = (self.head ^ (_repeated(tail, period, turn + self.start) >> turn)).bit_length()
        turn = (start - self.start) % period
        tail = _repeated(tail, period, turn + period) >> turn
        return PeriodicSet(start, period, self.head & ((1 << start) - 1), tail)


def _repeated(bits: int, period: int, length: int) -> int:
    """`length` bits that repeat every `period`."""
    if not bits or not length:
        return 0
    count = -(-length // period)
    return bits * (((1 << period * count) - 1) // ((1 << period) - 1)) & ((1 << length) - 1)


def divisors(number: int) -> list[int]:
    """Every divisor, the smallest first."""
    small = [one for one in range(1, int(number**0.5) + 1) if number % one == 0]
    return [*small, *(number // one for one in reversed(small) if one * one != number)]


EVERYTHING = PeriodicSet(0, 1, 0, 1)
NOTHING = PeriodicSet(0, 1, 0, 0)
