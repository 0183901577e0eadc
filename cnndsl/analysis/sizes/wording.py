"""Sizes and sets of sizes as a person writes them: `floor((H + 1)/2)`, `H >= 32 and H % 4 == 0`."""

from __future__ import annotations

from typing import NamedTuple

from cnndsl.analysis.sizes.periodic import PeriodicSet
from cnndsl.analysis.sizes.quasilinear import Function

__all__ = ["NormalForm", "formula_text", "normal_form", "set_text"]

# Remainders and numbers that a text lists; the others are dots.
MOST_LISTED = 8
# Periods up to which a rounded multiple is recognised.
MOST_PERIOD = 256


def formula_text(function: Function, letter: str) -> str:
    """A function of an open size as a formula.

    >>> from cnndsl.analysis.sizes.quasilinear import IDENTITY
    >>> formula_text((IDENTITY - 3) // 2 + 1, "H"), formula_text(IDENTITY // 16 * 2 + 1, "H")
    ('floor((H - 1)/2)', '2*floor(H/16) + 1')
    """
    function = function.canonical()
    if function.head or len({len(part) for part in function.tail}) != 1:
        return _listed_values(function, letter)
    if function.period == 1:
        return _polynomial(function, letter)
    if len(function.tail[0]) == 2 and function.period <= MOST_PERIOD:
        return _rounded(function, letter) or _listed_values(function, letter)
    return _listed_values(function, letter)


def _polynomial(function: Function, letter: str) -> str:
    """`2*H - 1`: the coefficients are read off the values at 0, 1, 2, ..."""
    degree = len(function.tail[0]) - 1
    values = [function.before(n) for n in range(degree + 1)]
    if degree == 0:
        return str(values[0])
    if degree == 1:
        return _line(values[1] - values[0], letter, values[0])
    if degree == 2:
        square = (values[2] - 2 * values[1] + values[0]) // 2
        rest = _line(values[1] - values[0] - square, letter, values[0])
        head = f"{letter}^2" if square == 1 else f"{square}*{letter}^2"
        return head if rest == "0" else f"{head} + {rest}"
    return _listed_values(function, letter)


def _line(factor: int, what: str, constant: int) -> str:
    if not factor:
        return str(constant)
    text = what if factor == 1 else f"-{what}" if factor == -1 else f"{factor}*{what}"
    return text if not constant else f"{text} {'+' if constant > 0 else '-'} {abs(constant)}"


def _rounded(function: Function, letter: str) -> str | None:
    """`m*floor((H + a)/b) + c` or `floor((m*H + a)/b)`; None where it is neither."""
    period, slope = function.period, function.tail[0][1]
    if any(part[1] != slope for part in function.tail) or slope == 0:
        return None
    values = [function.at(n) for n in range(1, period + 2)]
    jumps = [n for n in range(1, period + 1) if values[n] != values[n - 1]]
    if len(jumps) == 1:
        shift = -(jumps[0] + 1) % period
        constant = values[0] - slope * ((1 + shift) // period)
        whole, constant = divmod(constant, slope)
        if constant < 0:
            whole, constant = whole + 1, constant - slope
        inner = _quotient(_line(1, letter, shift + whole * period), period)
        return _line(slope, inner, constant)
    lowest = values[0] * period - slope
    for shift in sorted(range(lowest, lowest + period), key=abs):
        if all((slope * n + shift) // period == values[n - 1] for n in range(1, period + 1)):
            return _quotient(_line(slope, letter, shift), period)
    return None


def _quotient(text: str, divisor: int) -> str:
    return f"floor({f'({text})' if ' ' in text else text}/{divisor})"


def _listed_values(function: Function, letter: str) -> str:
    shown = ", ".join(str(function.at(n)) for n in range(1, 5))
    return f"({shown}, ... for {letter} = 1, 2, 3, 4, ...)"


class NormalForm(NamedTuple):
    """`also`, and the numbers from `minimum` to `maximum` with these remainders, without `exceptions`.

    No `maximum` is no end; no `minimum`: `also` alone.
    """

    minimum: int | None
    maximum: int | None
    period: int
    residues: tuple[int, ...]
    also: tuple[int, ...]
    exceptions: tuple[int, ...]


def normal_form(sizes: PeriodicSet) -> NormalForm:
    """The set with the smallest period, few exceptions and the smallest beginning."""
    sizes = sizes.canonical()
    if sizes.is_finite:
        return _finite_form(list(sizes.numbers()) if sizes else [])
    period, start = sizes.period, sizes.start
    residues = {n % period for n in range(start + 1, start + period + 1) if n in sizes}
    regular = [n for n in range(1, start + period + 1) if n % period in residues]
    also = [n for n in range(1, start + 1) if n in sizes and n % period not in residues]
    missing = sum(n not in sizes for n in regular)
    below = 0
    best: tuple[int, int] | None = None
    for n in regular:
        if n not in sizes:
            missing -= 1
            continue
        if best is None or below + missing < best[0]:
            best = below + missing, n
        below += 1
    assert best is not None, "an infinite set has regular numbers"
    minimum = best[1]
    also += [n for n in regular if n < minimum and n in sizes]
    exceptions = [n for n in regular if n >= minimum and n not in sizes]
    return NormalForm(minimum, None, period, tuple(sorted(residues)), tuple(sorted(also)), tuple(exceptions))


def _finite_form(numbers: list[int]) -> NormalForm:
    if not numbers:
        return NormalForm(None, None, 1, (), (), ())
    first, last = numbers[0], numbers[-1]
    present = set(numbers)
    for period in range(1, max(2, len(numbers) // 2)):
        residues = {n % period for n in numbers}
        if all(n in present for n in range(first, last + 1) if n % period in residues):
            return NormalForm(first, last, period, tuple(sorted(residues)), (), ())
    missing = tuple(n for n in range(first, last + 1) if n not in present)
    if 3 * len(missing) < len(numbers):
        return NormalForm(first, last, 1, (0,), (), missing)
    return NormalForm(None, None, 1, (), tuple(numbers), ())


def set_text(sizes: PeriodicSet, letter: str) -> str:
    """A set of sizes in words.

    >>> set_text(PeriodicSet.at_least(64) & PeriodicSet.residues(32, frozenset({0})), "H")
    'H >= 64 and H % 32 == 0'
    >>> set_text(PeriodicSet.of(26, 27, 28, 29), "H"), set_text(PeriodicSet.of(5, 7), "H")
    ('26 <= H <= 29', 'H in {5, 7}')
    >>> set_text(PeriodicSet.at_least(7) & ~PeriodicSet.of(9), "H")
    'every H >= 7 but 9'
    """
    form = normal_form(sizes)
    if form.minimum is None:
        return _one_of(letter, form.also) if form.also else f"no {letter}"
    text = _core(form, letter)
    if form.exceptions:
        if form.period == 1:
            text = f"every {text.removeprefix('every ')} but {_numbers(form.exceptions)}"
        else:
            text += f", but not {_one_of(letter, form.exceptions)}"
    return f"{text} or {_one_of(letter, form.also)}" if form.also else text


def _core(form: NormalForm, letter: str) -> str:
    assert form.minimum is not None
    residue = _residue_text(form, letter)
    smallest = min(r or form.period for r in form.residues)
    if form.maximum == form.minimum:
        return f"{letter} == {form.minimum}"
    if form.maximum is not None and form.minimum == 1:
        bound = f"{letter} <= {form.maximum}"
    elif form.maximum is not None:
        bound = f"{form.minimum} <= {letter} <= {form.maximum}"
    else:
        bound = f"{letter} >= {form.minimum}" if form.minimum > smallest else ""
    return " and ".join(filter(None, [bound, residue])) or f"every {letter}"


def _residue_text(form: NormalForm, letter: str) -> str:
    period, residues = form.period, form.residues
    count = len(residues)
    if count == period:
        return ""
    what = f"{letter} % {period}"
    if count == 1:
        return f"{what} == {residues[0]}"
    if count == period - 1:
        return f"{what} != {next(r for r in range(period) if r not in residues)}"
    if residues[-1] == count - 1:
        return f"{what} <= {count - 1}"
    if residues[0] == period - count:
        return f"{what} >= {residues[0]}"
    return f"{what} in {{{_numbers(residues)}}}"


def _one_of(letter: str, numbers: tuple[int, ...]) -> str:
    return f"{letter} == {numbers[0]}" if len(numbers) == 1 else f"{letter} in {{{_numbers(numbers)}}}"


def _numbers(numbers: tuple[int, ...]) -> str:
    shown = ", ".join(map(str, numbers[:MOST_LISTED]))
    return f"{shown}, ... {len(numbers)} in all" if len(numbers) > MOST_LISTED else shown
