"""Tables as Markdown, as GitHub renders it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from cnndsl.backends.tables.table import Head, Line, Note, Table
from cnndsl.terminal import printable

__all__ = ["table_markdown"]

# What Markdown or HTML would take for markup; an underscore and a tilde only where they could be.
MARKUP = re.compile(r"[\\`*_{}\[\]<>#|~&]")


def table_markdown(table: Table) -> str:
    """A table in Markdown: a heading, the table, the notes as a list.

    >>> table = Table("", (Head("name"), Head("size", right=True)), (Line(("a_1", "12")),), (), ())
    >>> print(table_markdown(table))
    | name | size |
    |:---|---:|
    | a\\_1 | 12 |
    """
    lines = [*([f"## {_escaped(table.title)}", ""] if table.title else [])]
    lines.append(_joined([head.title for head in table.heads]))
    lines.append("|" + "|".join("---:" if head.right else ":---" for head in table.heads) + "|")
    lines += [_line(line, table.heads) for line in (*table.lines, *table.foot)]
    if table.notes:
        lines += ["", *map(_note, table.notes)]
    return "\n".join(lines)


def _line(line: Line, heads: Sequence[Head]) -> str:
    cells = [_escaped(cell.strip()) for cell in line.cells]
    if line.message:
        cells = [cells[0], _escaped(line.message), *[""] * (len(heads) - 2)]
    if line.kind in ("total", "mistake"):
        cells = [f"**{cell}**" if cell else "" for cell in cells]
    return _joined(cells)


def _joined(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _note(note: Note) -> str:
    text = _escaped(note.text)
    return f"- {note.label}: **{note.value}** ({text})" if note.label else f"- {text}"


def _escaped(text: str) -> str:
    return MARKUP.sub(r"\\\g<0>", printable(text))
