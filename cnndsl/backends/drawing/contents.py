"""What a box says of the layers in it: equal ones that follow each other are said once, with their count."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from cnndsl.backends.drawing.context import Context
from cnndsl.backends.drawing.plan import Box, Line, Part
from cnndsl.backends.drawing.units import Unit
from cnndsl.backends.drawing.words import behind, family_of, short_words, with_count
from cnndsl.ir import Scope
from cnndsl.layers.declaration import Join

__all__ = ["MOST_LINES", "grouped_lines", "leading_family", "parts_of", "scope_box", "scopes_box"]

MOST_LINES = 6
# The longest pattern of layers that is looked for when layers alternate.
LONGEST_PATTERN = 6
# What gives a box its colour when several kinds of layers are in it, the first that is there.
LEADING = ("attention", "convolution", "linear", "pooling", "resampling")


class Word(NamedTuple):
    """One unit or scope in words: the same for equal ones."""

    strong: str
    small: str
    family: str
    shape: tuple[int | str, ...] | None

    @property
    def said(self) -> tuple[str, str]:
        """What makes two of them equal."""
        return self.strong, self.small


def _word(context: Context, unit: Unit) -> Word:
    return Word(
        short_words(unit.head), behind(unit.nodes[1:]), family_of(unit.head), context.shape(unit.last)
    )


def parts_of(context: Context, units: Sequence[Unit]) -> tuple[Part, ...]:
    """The layers as runs of equal ones."""
    return _parts([_word(context, unit) for unit in units])


def _parts(words: Sequence[Word]) -> tuple[Part, ...]:
    parts: list[Part] = []
    for word in words:
        before = parts[-1] if parts else None
        if before and before.text == word.strong and before.family == word.family:
            parts[-1] = before._replace(times=before.times + 1, shape=word.shape)
        else:
            parts.append(Part(word.strong, word.family, 1, word.shape))
    return tuple(parts)


def grouped_lines(
    context: Context, units: Sequence[Unit], most: int
) -> Iterator[tuple[Sequence[Unit], tuple[Line, ...]]]:
    """A line for each run of equal layers, and for each pattern of layers that comes again and again.

    Of many, portions of no more than `most` lines, or of one pattern, with the units that they are of.
    """
    words = [_word(context, unit) for unit in units]
    at = 0
    while at < len(words):
        lines, end = _lines(words, most, at)
        yield units[at:end], lines
        at = end


def _lines(words: Sequence[Word], most: int, at: int = 0) -> tuple[tuple[Line, ...], int]:
    """Lines from a place on, and the place where they end."""
    lines: list[Line] = []
    while at < len(words):
        length, count = _pattern(words, at)
        said = [word.said for word in words[at : at + length]]
        if length == 1:
            strong, small = said[0]
            new = [Line(with_count(strong, count), small)]
        else:
            inner = [f"{strong} · {small}" if small else strong for strong, small in said]
            new = [*map(Line, inner), Line(f"all ×{count}")]
        if lines and len(lines) + len(new) > most:
            break
        lines += new
        at += length * count
    return tuple(lines), at


def _pattern(words: Sequence[Word], at: int) -> tuple[int, int]:
    """The length of the pattern that begins here, and how often it comes in a row."""
    best = (1, 1)
    for length in range(1, LONGEST_PATTERN + 1):
        equal = 0
        while at + length + equal < len(words) and words[at + equal].said == words[at + length + equal].said:
            equal += 1
        count = equal // length + 1
        if count > 1 and length * count > best[0] * best[1]:
            best = (length, count)
        if length == 1 and count > 1:
            return best
    return best


def leading_family(families: Sequence[str]) -> str:
    """The kind that a box of several layers is coloured by."""
    for family in LEADING:
        if family in families:
            return family
    return families[0] if families else ""


def scope_box(context: Context, scope: Scope, frame: int | None) -> Box:
    """A closed scope as one box: its name, its block, what it consists of, what it costs."""
    return scopes_box(context, [scope], frame)


def scopes_box(context: Context, scopes: Sequence[Scope], frame: int | None) -> Box:
    """Uses of one block, one behind the other, as one box; or a single scope."""
    scope = scopes[0]
    nodes = tuple(id for one in scopes for id in context.inside[one.id])
    words = _contents(context, scope)
    shape = None if scopes[-1].output is None else context.shape(context.graph.nodes[scopes[-1].output])
    block = scope.block or ""
    named = not scope.key.isdigit()
    if named:
        title = Line(scope.key, block)
    else:
        title = Line(with_count(block, len(scopes)))
    inner: tuple[Line, ...] = ()
    if words and len(scopes) == 1:
        inner, taken = _lines(words, MOST_LINES)
        if taken < len(words):
            inner = (*inner, Line("", f"… and {len(words) - taken} more"))
    shared = context.shared(scope)
    lines = [
        title,
        *(Line("", plain) for plain in map(_plain, inner)),
        *([Line("", shared)] if shared else []),
    ]
    parts = _parts(words) if words and len(scopes) == 1 else ()
    if not parts:
        parts = (Part(block or scope.key, "block", len(scopes), shape),)
    only_layers = bool(words) and all(word.family != "block" for word in words)
    family = leading_family([word.family for word in words]) if only_layers else "block"
    return Box(
        0,
        "stage",
        family,
        (*lines, *context.cost_lines(nodes)),
        nodes,
        parts,
        frame=frame,
        training_only=scope.training_only,
    )


def _plain(line: Line) -> str:
    return f"{line.strong} · {line.small}" if line.small else line.strong


def _contents(context: Context, scope: Scope) -> list[Word]:
    """What a scope consists of, one level down; nothing where branches make that more than a list."""
    words: list[Word] = []
    for kind, index in scope.children:
        if kind == "node":
            unit = context.units.get(index)
            if unit is None:
                continue
            if isinstance(unit.head.layer, Join) or unit.head.id in context.graph.inputs:
                return []
            words.append(_word(context, unit))
        else:
            child = context.graph.scopes[index]
            if not context.inside[index]:
                continue
            nodes = context.inside[index]
            if nodes[0] in context.units and len(context.units[nodes[0]].nodes) == len(nodes):
                words.append(_word(context, context.units[nodes[0]]))
                continue
            shape = None if child.output is None else context.shape(context.graph.nodes[child.output])
            words.append(Word(child.block or child.key, "", "block", shape))
    return words
