"""A text with mends in it, which knows where its characters stand in the original."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from cnndsl.diagnostics import Diagnostic, Edit, Fix
from cnndsl.slips.slip import Mend, Slip
from cnndsl.text import Source, Span

__all__ = ["Draft"]


class Change(NamedTuple):
    """The characters from `start` to `end` gave way to `length` others."""

    start: int
    end: int
    length: int


class Draft(NamedTuple):
    """`text` is what the changes, one after another, made of the source's text."""

    source: Source
    text: str
    changes: tuple[Change, ...] = ()

    def edited(self, edits: Sequence[tuple[int, int, str]]) -> Draft:
        """The draft with some more edits, which stand in their order and do not overlap."""
        text, changes = self.text, self.changes
        for start, end, new in reversed(edits):
            text = text[:start] + new + text[end:]
            changes = (*changes, Change(start, end, len(new)))
        return Draft(self.source, text, changes)

    def start(self, offset: int) -> int:
        """Where in the original a stretch begins that begins here at `offset`."""
        for start, end, length in reversed(self.changes):
            if offset >= start + length:
                offset += end - start - length
            elif offset > start:
                offset = start
        return offset

    def end(self, offset: int) -> int:
        """Where in the original a stretch ends that ends here at `offset`."""
        for start, end, length in reversed(self.changes):
            if offset > start:
                offset = max(end, offset + end - start - length)
        return offset

    def span(self, first: int, stop: int) -> Span:
        """The stretch of the original that became the one from `first` to `stop`."""
        start = self.start(first)
        return Span(self.source, start, max(start, self.end(stop)))

    def diagnostic(self, slip: Slip, mends: Sequence[Mend]) -> Diagnostic:
        """What is said of a slip of this draft, in places of the original."""
        fixes = tuple(
            Fix(
                mend.title,
                tuple(Edit(self.span(first, stop), new) for first, stop, new in mend.edits),
                mend.certain,
            )
            for mend in mends
        )
        return Diagnostic(
            slip.rule, slip.message, self.span(slip.first, slip.stop), help=slip.help, fixes=fixes
        )
