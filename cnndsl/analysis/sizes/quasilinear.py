"""What a size is as a function of an open size n: exact, for every n from 1 on.

Windows round down, so that a size is no polynomial of n, but from some n on it is one for every remainder
of n by a period: floor((n + 1) / 2) is k for n = 2k and k + 1 for n = 2k + 1. These functions are closed
under +, -, *, and // by a whole number; where one is positive or zero is a `PeriodicSet`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import gcd, lcm
from typing import NamedTuple

from cnndsl.analysis.sizes.periodic import PeriodicSet, bounded, divisors

__all__ = ["IDENTITY", "Function", "merge"]

# The coefficients of a polynomial, the constant first; the last one is 0 in a constant alone.
Polynomial = tuple[int, ...]


class Function(NamedTuple):
    """n = 1 to len(head) by the table, n = len(head) + 1 + r + k*len(tail) by the polynomial tail[r] in k.

    >>> half = (IDENTITY + 1) // 2
    >>> [half.at(n) for n in (1, 2, 3, 4, 5, 224)]
    [1, 1, 2, 2, 3, 112]
    """

    head: tuple[int, ...]
    tail: tuple[Polynomial, ...]

    @classmethod
    def constant(cls, number: int) -> Function:
        """The function that is this number everywhere."""
        return cls((), ((number,),))

    @property
    def period(self) -> int:
        """After how many n the polynomials repeat."""
        return len(self.tail)

    @property
    def as_constant(self) -> int | None:
        """The number that the function is everywhere; None where it changes."""
        first = self.tail[0][0]
        same = all(part == (first,) for part in self.tail) and all(value == first for value in self.head)
        return first if same else None

    def at(self, n: int) -> int:
        """The value for n."""
        if n <= len(self.head):
            return self.head[n - 1]
        k, r = divmod(n - len(self.head) - 1, len(self.tail))
        return _value(self.tail[r], k)

    def values(self) -> Iterator[int]:
        """The values for n = 1, 2, 3, ... without end."""
        yield from self.head
        k = 0
        while True:
            for part in self.tail:
                yield _value(part, k)
            k += 1

    def aligned(self, start: int, period: int) -> Function:
        """The same function with a table of `start` values and a period that is a multiple."""
        if start == len(self.head) and period == len(self.tail):
            return self
        bounded(start, period)
        times = period // len(self.tail)
        head = tuple(value for _, value in zip(range(start), self.values(), strict=False))
        tail = []
        for n in range(start + 1, start + 1 + period):
            k, r = divmod(n - len(self.head) - 1, len(self.tail))
            tail.append(_stepping(self.tail[r], k, times))
        return Function(head, tuple(tail))

    def _with(self, other: Function) -> tuple[Function, Function]:
        start, period = max(len(self.head), len(other.head)), lcm(self.period, other.period)
        return self.aligned(start, period), other.aligned(start, period)

    def __add__(self, other: Function | int) -> Function:  # type: ignore[override]
        if isinstance(other, int):
            return Function(
                tuple(value + other for value in self.head),
                tuple((part[0] + other, *part[1:]) for part in self.tail),
            )
        a, b = self._with(other)
        return Function(
            tuple(x + y for x, y in zip(a.head, b.head, strict=True)),
            tuple(_sum(x, y) for x, y in zip(a.tail, b.tail, strict=True)),
        )

    def __neg__(self) -> Function:
        return Function(
            tuple(-value for value in self.head), tuple(tuple(-c for c in part) for part in self.tail)
        )

    def __sub__(self, other: Function | int) -> Function:
        return self + -other

    def __mul__(self, other: Function | int) -> Function:  # type: ignore[override]
        if isinstance(other, int):
            return Function(
                tuple(value * other for value in self.head),
                tuple(_product(part, (other,)) for part in self.tail),
            )
        a, b = self._with(other)
        return Function(
            tuple(x * y for x, y in zip(a.head, b.head, strict=True)),
            tuple(_product(x, y) for x, y in zip(a.tail, b.tail, strict=True)),
        )

    def __floordiv__(self, divisor: int) -> Function:
        """Rounded down, as Python does; `divisor` is not 0."""
        if divisor < 0:
            return -self // -divisor
        # With every coefficient behind the constant a multiple, the constant alone is rounded.
        times = lcm(*(divisor // gcd(divisor, *part[1:]) for part in self.tail if len(part) > 1))
        wide = self.aligned(len(self.head), self.period * times)
        return Function(
            tuple(value // divisor for value in wide.head),
            tuple(tuple(c // divisor for c in part) for part in wide.tail),
        ).canonical()

    def __mod__(self, divisor: int) -> Function:
        return (self - self // divisor * divisor).canonical()

    def where(self, test: Callable[[int], bool]) -> PeriodicSet:
        """The n whose value passes a test that looks at the sign alone."""
        start = len(self.head) + self.period * max(map(_settled, self.tail))
        bounded(start, self.period)
        head = tail = 0
        for index, value in zip(range(start + self.period), self.values(), strict=False):
            if not test(value):
                continue
            if index < start:
                head |= 1 << index
            else:
                tail |= 1 << (index - start)
        return PeriodicSet(start, self.period, head, tail).canonical()

    def equals(self, other: Function | int) -> PeriodicSet:
        """The n for which both are the same."""
        return (self - other).where(lambda value: value == 0)

    def canonical(self) -> Function:
        """The same function with the shortest table; of polynomials above degree 1 the period may stay."""
        tail = self._shortest_tail()
        start = len(self.head)
        short = Function(self.head, tail)
        while start and short.before(start) == self.head[start - 1]:
            start -= 1
        return short if start == len(self.head) else short.extended(start)

    def before(self, n: int) -> int:
        """What the polynomials would say of an n that the table is for, or of 0."""
        k, r = divmod(n - len(self.head) - 1, len(self.tail))
        return _value(self.tail[r], k)

    def extended(self, start: int = 0) -> Function:
        """The function with a table that ends earlier: what is behind it is as the polynomials say."""
        if start == len(self.head):
            return self
        tail = []
        for n in range(start + 1, start + 1 + self.period):
            k, r = divmod(n - len(self.head) - 1, len(self.tail))
            tail.append(_stepping(self.tail[r], k, 1))
        return Function(self.head[:start], tuple(tail))

    def _shortest_tail(self) -> tuple[Polynomial, ...]:
        if max(map(len, self.tail)) > 2:
            return self.tail
        for period in divisors(self.period)[:-1]:
            times = self.period // period
            slopes = [_slope(part) for part in self.tail[:period]]
            if any(slope % times for slope in slopes):
                continue
            if all(
                _slope(part) == slopes[r % period]
                and part[0] == self.tail[r % period][0] + slopes[r % period] // times * (r // period)
                for r, part in enumerate(self.tail)
            ):
                return tuple(
                    _trimmed((part[0], slope // times))
                    for part, slope in zip(self.tail[:period], slopes, strict=True)
                )
        return self.tail


def merge(pieces: list[tuple[Function, PeriodicSet]]) -> Function:
    """One function that is each of these on its set; the sets do not overlap, elsewhere any value will do."""
    rest = list(pieces)
    result, covered = rest.pop(0)
    for function, domain in rest:
        if not domain.within(function.equals(result)):
            start = max(len(result.head), len(function.head), covered.start, domain.start)
            period = lcm(result.period, function.period, covered.period, domain.period)
            a, b = result.aligned(start, period), function.aligned(start, period)
            result = Function(
                tuple(
                    y if n in domain else x for n, (x, y) in enumerate(zip(a.head, b.head, strict=True), 1)
                ),
                tuple(
                    y if n in domain else x
                    for n, (x, y) in enumerate(zip(a.tail, b.tail, strict=True), start + 1)
                ),
            )
        covered = covered | domain
    return result.canonical()


IDENTITY = Function((), ((1, 1),))


def _value(polynomial: Polynomial, k: int) -> int:
    result = 0
    for coefficient in reversed(polynomial):
        result = result * k + coefficient
    return result


def _trimmed(polynomial: Polynomial) -> Polynomial:
    length = len(polynomial)
    while length > 1 and not polynomial[length - 1]:
        length -= 1
    return polynomial[:length]


def _slope(polynomial: Polynomial) -> int:
    return polynomial[1] if len(polynomial) > 1 else 0


def _sum(a: Polynomial, b: Polynomial) -> Polynomial:
    if len(a) == len(b) == 2:
        slope = a[1] + b[1]
        return (a[0] + b[0], slope) if slope else (a[0] + b[0],)
    if len(a) < len(b):
        a, b = b, a
    return _trimmed(tuple(x + (b[i] if i < len(b) else 0) for i, x in enumerate(a)))


def _product(a: Polynomial, b: Polynomial) -> Polynomial:
    result = [0] * (len(a) + len(b) - 1)
    for i, x in enumerate(a):
        for j, y in enumerate(b):
            result[i + j] += x * y
    return _trimmed(tuple(result))


def _stepping(polynomial: Polynomial, first: int, times: int) -> Polynomial:
    """The polynomial in j that has the values of the given one at k = first + times*j."""
    if len(polynomial) == 1:
        return polynomial
    if len(polynomial) == 2:
        return (polynomial[0] + polynomial[1] * first, polynomial[1] * times)
    result: Polynomial = (0,)
    for coefficient in reversed(polynomial):
        result = _sum(_product(result, (first, times)), (coefficient,))
    return result


def _settled(polynomial: Polynomial) -> int:
    """A k from which on the sign stays."""
    if len(polynomial) == 1:
        return 0
    if polynomial[-1] < 0:
        polynomial = tuple(-c for c in polynomial)
    if len(polynomial) == 2:
        return max(0, -polynomial[0] // polynomial[1] + 1)
    # Fujiwara's bound on the roots of a polynomial, with a little room for the rounding.
    degree = len(polynomial) - 1
    ratios = ((abs(c) / polynomial[-1]) ** (1 / (degree - power)) for power, c in enumerate(polynomial[:-1]))
    return int(2 * max(ratios)) + 2
