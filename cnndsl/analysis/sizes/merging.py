"""Formulas that were found for some sizes each, as one for all; and formulas in their simplest form."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from cnndsl.analysis.sizes.periodic import NOTHING, PeriodicSet
from cnndsl.analysis.sizes.probing import Formula, Region, Size
from cnndsl.analysis.sizes.quasilinear import IDENTITY, Function, merge

__all__ = ["along", "simplified", "union"]


def simplified(size: Formula, valid: PeriodicSet) -> Size:
    """A formula in the simplest form that is right for the valid sizes; a number where it is one for all."""
    if not valid:
        return size
    function = size.function
    constant = function.as_constant
    if constant is not None:
        return constant
    some = list(islice(valid.numbers(), 5))
    first, value = some[0], function.at(some[0])
    slope, rest = divmod(function.tail[0][-1], function.period)
    line = IDENTITY * slope + (value - slope * first)
    for candidate in (Function.constant(value), function if rest else line, function.extended()):
        alike = all(candidate.at(n) == function.at(n) for n in some)
        if candidate != function and alike and valid.within(function.equals(candidate)):
            return value if candidate.as_constant is not None else Formula(size.letter, candidate)
    return size


def union(sets: Sequence[PeriodicSet]) -> PeriodicSet:
    """The union of sets of sizes."""
    result = NOTHING
    for one in sets:
        result = result | one
    return result


def along(letter: str, parts: Sequence[tuple[Size, Region]]) -> Function | None:
    """The parts as one function of an open size; None where they are not."""
    pieces: list[tuple[Function, PeriodicSet]] = []
    covered = NOTHING
    for size, region in parts:
        if isinstance(size, str) or (isinstance(size, Formula) and size.letter != letter):
            return None
        function = size.function if isinstance(size, Formula) else Function.constant(size)
        for other, domain in pieces:
            if not (domain & region[letter]).within(function.equals(other)):
                return None
        fresh = region[letter].without(covered)
        if fresh:
            pieces.append((function, fresh))
        covered = covered | fresh
    return merge(pieces)
