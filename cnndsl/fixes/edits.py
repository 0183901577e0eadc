"""Edits made to texts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cnndsl.diagnostics import Edit, Fix

__all__ = ["applied", "compatible", "shifted"]


def applied(text: str, edits: Iterable[Edit]) -> str:
    """The text with the edits made, which do not overlap.

    >>> from cnndsl.text import Source
    >>> source = Source("conv 16, k3")
    >>> applied(source.text, [Edit(source.span(7, 8), "")])
    'conv 16 k3'
    """
    for edit in sorted(edits, key=lambda one: (one.span.start, one.span.end), reverse=True):
        text = text[: edit.span.start] + edit.text + text[edit.span.end :]
    return text


def shifted(offset: int, edits: Iterable[Edit]) -> int:
    """Where what ends at `offset` ends after the edits."""
    return offset + sum(
        len(edit.text) - (edit.span.end - edit.span.start) for edit in edits if edit.span.start <= offset
    )


def compatible(fixes: Sequence[Fix]) -> list[Fix]:
    """The fixes that can be made together: of two whose edits touch, the first."""
    chosen: list[Fix] = []
    taken: list[Edit] = []
    for fix in fixes:
        if not any(_touch(edit, other) for edit in fix.edits for other in taken):
            chosen.append(fix)
            taken.extend(fix.edits)
    return chosen


def _touch(one: Edit, other: Edit) -> bool:
    return one.span.start <= other.span.end and other.span.start <= one.span.end
