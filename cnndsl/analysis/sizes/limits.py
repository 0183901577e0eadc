"""What limits the sizes of a network: a place, the sizes that it leaves, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from math import gcd, lcm
from typing import Any, NamedTuple

from cnndsl.analysis.sizes.periodic import NOTHING, PeriodicSet, divisors
from cnndsl.analysis.sizes.probing import Formula, Region, Size
from cnndsl.analysis.sizes.quasilinear import Function
from cnndsl.analysis.sizes.wording import formula_text, set_text
from cnndsl.dims import NotExact, Value, format_shape
from cnndsl.ir import Node
from cnndsl.layers.declaration import Join, LayerError
from cnndsl.text import Span

__all__ = ["Cause", "Limit", "Piece", "limits_of", "place_of"]

# Longer items are spoken of by their name alone.
LONGEST_ITEM = 40


class Cause(Exception):
    """Why a size is refused: the rule that a shape breaks, or none where the layer was made for another."""

    def __init__(self, rule: str, made_for: Value | None = None) -> None:
        super().__init__(rule)
        self.rule = rule
        self.made_for = made_for


class Piece(NamedTuple):
    """Sizes that are refused for one cause."""

    cause: Cause
    region: Region


class Limit(NamedTuple):
    """A place that lets only some sizes of an open axis pass.

    `allowed` is stated as simply as it can be: of the sizes that other places let pass, it leaves the right
    ones. `arriving` is what arrives there, with all sizes. `by_weights`: the layer there has weights for
    certain sizes.
    """

    letter: str
    allowed: PeriodicSet
    message: str
    span: Span
    node: int
    arriving: str
    by_weights: bool

    @property
    def condition(self) -> str:
        """The sizes in words."""
        return set_text(self.allowed, self.letter)


def limits_of(
    node: Node,
    span: Span,
    arriving: Sequence[tuple[Size, ...]],
    layouts: Sequence[bool],
    rule: Callable[[Sequence[Value]], Any],
    refused: Sequence[Piece],
    before: Region,
    after: Region,
) -> Iterator[Limit]:
    """The limits that a rule sets which was run on what arrives, in the region `before`.

    NotExact where the sizes of one axis that pass depend on another axis.
    """
    excluded: dict[tuple[str, str], list[Piece]] = {}
    for piece in refused:
        letter = next((one for one in before if not piece.region[one] & after[one]), None)
        if letter is None:
            raise NotExact(f"whether a size of {' or '.join(before)} fits depends on the others")
        excluded.setdefault((letter, piece.cause.rule), []).append(piece)
    for (letter, _), pieces in excluded.items():
        out = NOTHING
        for piece in pieces:
            out = out | piece.region[letter]
        kept = before[letter].without(out)
        allowed = simplest(out, kept)
        where = place_of(node, span)
        made_for = pieces[0].cause.made_for
        needs = _needs(node, arriving, made_for, letter, before[letter], kept)
        if made_for is not None:
            message = f"{where} was made for {made_for}" + (f": it needs {needs}" if needs else "")
        elif needs:
            message = f"{where} needs {needs}"
        else:
            message = f"{where}: {_example(out, after, letter, pieces, arriving, layouts, rule)}"
        arrives = "x".join(map(str, arriving[0]))
        yield Limit(letter, allowed, message, span, node.id, arrives, made_for is not None)


def simplest(excluded: PeriodicSet, kept: PeriodicSet) -> PeriodicSet:
    """A set that holds all of `kept` and nothing of `excluded`, one that is simply said if there is one."""
    if not kept:
        return kept
    first = kept.minimum
    if excluded.is_finite and excluded.maximum < first:
        return PeriodicSet.at_least(first)
    if kept.is_finite and excluded.minimum > kept.maximum:
        return ~PeriodicSet.at_least(kept.maximum + 1)
    if kept.is_finite:
        return kept
    for start in (1, first):
        rest = excluded.above(start - 1)
        for period in divisors(lcm(kept.period, rest.period)):
            good = residues(kept, period)
            if not good & residues(rest, period):
                return PeriodicSet.residues(period, frozenset(good)) & PeriodicSet.at_least(start)
    return kept


def residues(sizes: PeriodicSet, period: int) -> set[int]:
    """The remainders that the numbers of a set have; `period` divides or is divided by the set's."""
    last = sizes.start + lcm(sizes.period, period)
    return {n % period for n in range(1, last + 1) if n in sizes}


def place_of(node: Node, span: Span) -> str:
    """An item and its line: `` `conv 16 k3` at line 4``."""
    text = span.text
    if isinstance(node.layer, Join):
        # `residual` and `concat @skip` are joins too.
        text = text.split()[0]
    elif len(text) > LONGEST_ITEM or "\n" in text:
        text = node.layer.name
    place = f"`{text}` at line {span.first.line}"
    if node.uses and node.uses[-1].span.source is span.source:
        use = node.uses[-1]
        place += f", in the `{use.block}` of line {use.span.first.line}"
    return place


def _needs(
    node: Node,
    arriving: Sequence[tuple[Size, ...]],
    made_for: Value | None,
    letter: str,
    before: PeriodicSet,
    kept: PeriodicSet,
) -> str:
    """The equation of sizes that is the whole condition: `2*floor(H/2) == H`; empty where there is none."""
    pairs: list[tuple[Size, Size]] = []
    if made_for is not None:
        pairs = list(zip(arriving[0], made_for.shape, strict=True))
    elif isinstance(node.layer, Join):
        same = [sizes for sizes in arriving if len(sizes) == len(arriving[0])]
        pairs = [pair for other in same[1:] for pair in zip(arriving[0], other, strict=True)]
    for a, b in pairs:
        if not isinstance(a, Formula):
            a, b = b, a
        if not isinstance(a, Formula) or isinstance(b, str) or a.letter != letter:
            continue
        if isinstance(b, Formula):
            if b.letter == letter and before & a.function.equals(b.function) == kept:
                return f"{a} == {b}"
        elif before & a.function.equals(b) == kept:
            function, number = _divided(a.function, b)
            return f"{formula_text(function, letter)} == {number}"
    return ""


def _divided(function: Function, number: int) -> tuple[Function, int]:
    """Both sides of an equation without the factor that all terms share."""
    shared = gcd(number, *function.head, *(c for part in function.tail for c in part))
    return (function // shared, number // shared) if shared > 1 else (function, number)


def _example(
    excluded: PeriodicSet,
    valid: Region,
    letter: str,
    pieces: Sequence[Piece],
    arriving: Sequence[tuple[Size, ...]],
    layouts: Sequence[bool],
    rule: Callable[[Sequence[Value]], Any],
) -> str:
    """What the rule says of one of the sizes that it refuses, the one that is nearest to a valid one."""
    number = excluded.minimum
    if excluded.is_finite:
        number = excluded.maximum
    elif valid[letter] and (larger := excluded.above(valid[letter].minimum)):
        number = larger.minimum
    region: Mapping[str, PeriodicSet] = next(
        piece.region for piece in pieces if number in piece.region[letter]
    )
    witness = {
        one: number if one == letter else (sizes & valid[one] or sizes).minimum
        for one, sizes in region.items()
    }

    def settled(size: Size) -> Any:
        return size.function.at(witness[size.letter]) if isinstance(size, Formula) else size

    values = [
        Value(tuple(map(settled, sizes)), first) for sizes, first in zip(arriving, layouts, strict=True)
    ]
    with_sizes = f"{letter} = {number}"
    try:
        rule(values)
    except LayerError as problem:
        return f"with {with_sizes}, {problem.message}"
    except Cause:
        return f"with {with_sizes}, it gets {' and '.join(format_shape(value.shape) for value in values)}"
    return f"with {with_sizes}, it does not fit"
