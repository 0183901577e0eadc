"""Source texts and places in them.

A `Source` is one text with a name; a `Span` is a stretch of characters in it. Everything that the
compiler reports points at a span, so that a message can say where it stands.
"""

from __future__ import annotations

from bisect import bisect_right
from functools import cached_property
from typing import NamedTuple

__all__ = ["Position", "Source", "Span"]


class Position(NamedTuple):
    """A line and a column, both counted from 1, the column in characters."""

    line: int
    column: int


class Source:
    """A text and the name under which messages speak of it.

    `path` is the file that the text is from, beside which `use` looks for others; None without one.
    Compared by identity: two files with the same text are two sources.

    >>> source = Source("relu\\nconv 16 k3\\n", "net.cnn")
    >>> source.position(5)
    Position(line=2, column=1)
    >>> source.line(2)
    'conv 16 k3'
    """

    def __init__(self, text: str, name: str = "<text>", path: str | None = None) -> None:
        self.text = text
        self.name = name
        self.path = path

    @cached_property
    def _line_starts(self) -> list[int]:
        starts = [0]
        find = self.text.find
        at = find("\n")
        while at >= 0:
            starts.append(at + 1)
            at = find("\n", at + 1)
        return starts

    def position(self, offset: int) -> Position:
        """The line and column of the character at `offset`, counted from 0."""
        line = bisect_right(self._line_starts, offset)
        return Position(line, offset - self._line_starts[line - 1] + 1)

    def line(self, number: int) -> str:
        """The text of a line, counted from 1, without its line ending."""
        start = self._line_starts[number - 1]
        end = self.text.find("\n", start)
        return self.text[start : len(self.text) if end < 0 else end].rstrip("\r")

    @property
    def line_count(self) -> int:
        """How many lines the text has; an empty text has one."""
        return len(self._line_starts)

    def span(self, start: int, end: int) -> Span:
        """The stretch from offset `start` up to, not including, offset `end`."""
        return Span(self, start, end)


class Span(NamedTuple):
    """The characters of `source` from offset `start` up to, not including, offset `end`."""

    source: Source
    start: int
    end: int

    @property
    def text(self) -> str:
        """The characters themselves."""
        return self.source.text[self.start : self.end]

    @property
    def first(self) -> Position:
        """Where the span begins."""
        return self.source.position(self.start)

    @property
    def last(self) -> Position:
        """Where the span ends: the place after its last character."""
        return self.source.position(self.end)

    def to(self, other: Span) -> Span:
        """The stretch from the beginning of this span to the end of `other`."""
        return Span(self.source, self.start, other.end)
