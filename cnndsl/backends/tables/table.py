"""A finished table: titles, lines of texts, notes; what all that write one have in common."""

from __future__ import annotations

from typing import Literal, NamedTuple

__all__ = ["Head", "Line", "LineKind", "Note", "Table"]

LineKind = Literal["row", "total", "mistake", "quiet", "added", "removed", "changed"]


class Head(NamedTuple):
    """A column: its title, a short one for narrow terminals, and how its texts stand.

    `cut` says how a text that is too wide loses a part, a name in its parts, anything else at its end;
    None where it never does. To `least` columns it is cut before another column is left out.
    """

    title: str
    short: str = ""
    right: bool = False
    cut: Literal["parts", "end"] | None = None
    least: int = 16


class Line(NamedTuple):
    """One line: a text a column. A `message` goes over all columns behind the first.

    `kind` decides how it is stressed: a plain row, a total, a mistake, something told in passing, or one of
    the changes that a comparison tells of.
    """

    cells: tuple[str, ...]
    kind: LineKind = "row"
    message: str = ""


class Note(NamedTuple):
    """A line below the table: a remark, or a number with its name and the rule that it counts by."""

    text: str
    label: str = ""
    value: str = ""


class Table(NamedTuple):
    """A table with a title above and notes below; `foot` are the lines under the last rule."""

    title: str
    heads: tuple[Head, ...]
    lines: tuple[Line, ...]
    foot: tuple[Line, ...]
    notes: tuple[Note, ...]
