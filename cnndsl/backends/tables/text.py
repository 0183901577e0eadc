"""Tables as plain text: columns side by side, in a terminal never wider than it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from cnndsl.backends.tables.table import Head, Line, Note, Table
from cnndsl.terminal import Style, printable, text_width

__all__ = ["Page", "fitting", "table_text"]

BETWEEN = 2
# To how many columns a text that may be cut is shortened where all else has been done.
LEAST = 6
# Parts of a name keep so many characters.
SHORTEST_PART = 4
# Where a terminal shows no more than ASCII: signs as wide as those that they stand for.
ASCII = str.maketrans("─×…✗█▉▊▋▌▍▎▏→−", "-x~X#####...>-")


class Page(NamedTuple):
    """What a text is for: how wide it may be, None for any width; its colours; whether it is ASCII alone."""

    width: int | None = None
    style: Style = Style()
    ascii: bool = False


def fitting(tables: Iterable[Table], width: int | None) -> Table:
    """The first of several forms of a table, the fullest first, that fits; the last if none does."""
    for table in tables:
        if width is None or _whole(_narrowest(table)) <= width:
            break
    return table


def table_text(table: Table, page: Page | None = None) -> str:
    """A table as lines of text, none wider than the page.

    >>> table = Table("", (Head("name"), Head("size", right=True)), (Line(("a", "12")),), (), ())
    >>> print(table_text(table))
    name  size
    ──────────
    a       12
    """
    width, style, ascii = page or Page()
    widths = _widths(table, width)
    titles = Line(tuple(_title(head, size) for head, size in zip(table.heads, widths, strict=True)))
    rule = style.quiet("─" * (_whole(widths) if width is None else min(_whole(widths), width)))
    foot = [_line(line, table.heads, widths, width, style) for line in table.foot]
    text = [
        *([style.bold(_cut(printable(table.title), width, "end")), ""] if table.title else []),
        style.bold(_joined(titles, table.heads, widths, width)),
        rule,
        *(_line(line, table.heads, widths, width, style) for line in table.lines),
        *([rule, *foot] if foot else []),
        *(["", *_notes(table.notes, width)] if table.notes else []),
    ]
    found = "\n".join(text)
    return found.translate(ASCII) if ascii else found


def _whole(widths: Sequence[int]) -> int:
    return sum(widths) + BETWEEN * (len(widths) - 1)


def _title(head: Head, size: int) -> str:
    return head.short if head.short and len(head.title) > size else head.title


def _needed(table: Table) -> list[int]:
    """How wide each column's texts are; a message does not count."""
    needed = [0] * len(table.heads)
    for line in (*table.lines, *table.foot):
        for column, cell in enumerate(line.cells[:1] if line.message else line.cells):
            needed[column] = max(needed[column], text_width(printable(cell)))
    return needed


def _narrowest(table: Table, least: int | None = None) -> list[int]:
    """The widths with short titles, and with texts cut that may be, to `least` or to what the columns say."""
    return [
        max(min(needed, least or head.least) if head.cut else needed, len(head.short or head.title))
        for head, needed in zip(table.heads, _needed(table), strict=True)
    ]


def _widths(table: Table, width: int | None) -> list[int]:
    """The widths of the columns: titles are shortened first, then what may be cut, the widest first."""
    heads, needed = table.heads, _needed(table)
    widths = [max(size, len(head.title)) for head, size in zip(heads, needed, strict=True)]
    if width is None or _whole(widths) <= width:
        return widths
    for column in sorted(range(len(heads)), key=lambda column: needed[column] - widths[column]):
        head = heads[column]
        spare = widths[column] - max(needed[column], len(head.short or head.title))
        widths[column] -= max(0, min(spare, len(head.title)) if head.short else 0)
        if _whole(widths) <= width:
            return widths
    for least in (_narrowest(table), _narrowest(table, LEAST)):
        while _whole(widths) > width:
            cuttable = [
                column for column, head in enumerate(heads) if head.cut and widths[column] > least[column]
            ]
            if not cuttable:
                break
            widths[max(cuttable, key=lambda column: widths[column])] -= 1
    return widths


def _line(line: Line, heads: Sequence[Head], widths: Sequence[int], width: int | None, style: Style) -> str:
    if line.message:
        before = _padded(line.cells[0], heads[0], widths[0]) + " " * BETWEEN
        text = before + printable(line.message)
        if width is not None:
            text = _cut(text, width, "end")
    else:
        text = _joined(line, heads, widths, width)
    if line.kind in ("mistake", "removed"):
        return style.severity("error", text)
    if line.kind == "changed":
        return style.severity("warning", text)
    if line.kind == "added":
        return style.good(text)
    return style.bold(text) if line.kind == "total" else style.quiet(text) if line.kind == "quiet" else text


def _joined(line: Line, heads: Sequence[Head], widths: Sequence[int], width: int | None) -> str:
    cells = zip(line.cells, heads, widths, strict=True)
    text = (" " * BETWEEN).join(_padded(cell, head, size) for cell, head, size in cells).rstrip()
    return _cut(text, width, "end")


def _padded(text: str, head: Head, size: int) -> str:
    text = _cut(printable(text), size, head.cut or "end")
    room = " " * (size - text_width(text))
    return room + text if head.right else text + room


def _cut(text: str, size: int | None, how: str) -> str:
    """A text that is too wide with dots in its place: at its end, or in the longest parts of a name.

    >>> _cut("layer1.0.downsample.0", 16, "parts"), _cut("conv 64 k3", 8, "end")
    ('lay…1.0.dow…le.0', 'conv 64…')
    """
    if size is None or text_width(text) <= size:
        return text
    if how == "parts":
        parts = text.split(".")
        lengths = list(map(len, parts))
        while sum(lengths) + len(parts) - 1 > size and max(lengths) > SHORTEST_PART:
            # Of equally long parts the first ones: what stands behind tells more.
            lengths[lengths.index(max(lengths))] -= 1
        text = ".".join(map(_shortened, parts, lengths))
        while text_width(text) > size:
            text = "…" + text.removeprefix("…")[1:]
    while text_width(text) > size:
        text = text.removesuffix("…")[:-1] + "…"
    return text


def _shortened(part: str, length: int) -> str:
    """A part of a name with dots in it; its end, where the numbers are, stays."""
    if len(part) <= length:
        return part
    end = min(2, length // 3)
    return f"{part[: length - 1 - end]}…{part[len(part) - end :]}"


def _notes(notes: Sequence[Note], width: int | None) -> Iterator[str]:
    """The notes, those with a value in columns of their own; long ones are wrapped where there is a width."""
    label = max((len(note.label) for note in notes), default=0)
    value = max((len(note.value) for note in notes), default=0)
    for note in notes:
        before = f"{note.label:<{label}}  {note.value:>{value}}  " if note.label else ""
        text = printable(note.text)
        if width is None or text_width(before + text) <= width:
            yield before + text
            continue
        from textwrap import wrap

        indent = " " * len(before) or "  "
        yield from wrap(
            text,
            max(width, len(before) + 12),
            initial_indent=before,
            subsequent_indent=indent,
            break_long_words=False,
        )
