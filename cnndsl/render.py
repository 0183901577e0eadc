"""How diagnostics are shown: in full, with the lines of the spec, or one line each.

Plain text and plain ANSI codes; whether to colour is the caller's decision. What stands in a spec is
shown in a form that a terminal cannot take for commands: control characters become visible symbols.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from cnndsl.diagnostics import Diagnostic, Fix
from cnndsl.terminal import Style, printable, text_width, visible
from cnndsl.text import Source, Span

__all__ = ["render_concise", "render_full"]

# Columns of the output where nobody says how wide it is, and the fewest that a line is cut to.
WIDTH = 100
NARROWEST = 40
# A fix over more lines is told by its title alone.
MOST_FIX_LINES = 6
TAB = 4


class Mark(NamedTuple):
    """Columns of one line to underline, `start` and `end` counted in characters from 0."""

    line: int
    start: int
    end: int
    label: str
    primary: bool


def _cells(line: str) -> list[str]:
    """What each character of a line shows as; a cell's width is that of its text."""
    if line.isascii() and line.isprintable():
        return list(line)
    cells: list[str] = []
    column = 0
    for character in line:
        cell = " " * (TAB - column % TAB) if character == "\t" else visible(character)
        cells.append(cell)
        column += text_width(cell)
    return cells


def _marks(span: Span, label: str, primary: bool) -> list[Mark]:
    """The lines of a span: all of them if few, else the first and the last, which gets the label."""
    source = span.source
    first, last = span.first, source.position(max(span.start, span.end - 1))
    if first.line == last.line:
        width = max(1, span.end - span.start)
        return [Mark(first.line, first.column - 1, first.column - 1 + width, label, primary)]
    lines = range(first.line, last.line + 1)
    shown = lines if len(lines) <= 4 else (first.line, last.line)
    marks = []
    for number in shown:
        text = source.line(number)
        start = first.column - 1 if number == first.line else len(text) - len(text.lstrip())
        end = last.column if number == last.line else len(text.rstrip())
        if end > start:
            marks.append(Mark(number, start, end, "", primary))
    if not marks:
        return [Mark(first.line, first.column - 1, first.column, label, primary)]
    bottom = marks[-1]
    return [*marks[:-1], Mark(bottom.line, bottom.start, bottom.end, label, primary)]


def _columns(cells: Sequence[str], marks: Iterable[Mark]) -> list[tuple[Mark, int, int]]:
    """Each mark with its terminal columns; a mark behind the line's end is one column wide."""
    edges = [0]
    for cell in cells:
        edges.append(edges[-1] + text_width(cell))

    def edge(index: int) -> int:
        return edges[index] if index < len(edges) else edges[-1] + index - len(edges) + 1

    return [(mark, edge(mark.start), max(edge(mark.start) + 1, edge(mark.end))) for mark in marks]


def _crop(
    cells: list[str], placed: list[tuple[Mark, int, int]], width: int
) -> tuple[str, list[tuple[Mark, int, int]]]:
    """A line that is too long, cut to what stands around its marks, with room for two dots."""
    width -= 2
    low = min(start for _, start, _ in placed)
    high = max(end for _, _, end in placed)
    begin = max(0, low - max(8, (width - (high - low)) // 2))
    text, column = "", 0
    for cell in cells:
        end = column + text_width(cell)
        if begin <= column and end <= begin + width:
            text += cell
        elif column < begin < end:
            # half of a wide character, or a part of a tab
            text += " " * (end - begin)
        column = end
    before, after = ("…" if begin else ""), ("…" if column > begin + width else "")
    shift, limit = len(before) - begin, len(before) + width
    moved = [
        (mark, min(start + shift, limit - 1), max(min(end + shift, limit), min(start + shift, limit - 1) + 1))
        for mark, start, end in placed
    ]
    return before + text + after, moved


def _underlines(placed: list[tuple[Mark, int, int]], style: Style, severity: str, width: int) -> list[str]:
    """The rows under a line: the marks, the last one's label behind it, the others' below."""
    rows: list[str] = []
    waiting = sorted(placed, key=lambda entry: (not entry[0].primary, entry[1]))
    while waiting:
        row: list[tuple[Mark, int, int]] = []
        rest: list[tuple[Mark, int, int]] = []
        for entry in waiting:
            free = all(entry[2] < start or end < entry[1] for _, start, end in row)
            (row if free else rest).append(entry)
        row.sort(key=lambda entry: entry[1])
        rows.extend(_one_row(row, style, severity, width))
        waiting = rest
    return rows


def _one_row(row: list[tuple[Mark, int, int]], style: Style, severity: str, width: int) -> list[str]:
    def paint(mark: Mark, text: str) -> str:
        return style.severity(severity, text) if mark.primary else style.related(text)

    line, column = "", 0
    for mark, start, end in row:
        line += " " * (start - column) + paint(mark, ("^" if mark.primary else "-") * (end - start))
        column = end
    last = row[-1][0]
    fits = column + 1 + text_width(last.label) <= width
    if last.label and fits:
        line += " " + paint(last, last.label)
    rows = [line]
    if last.label and not fits:
        rows.append(" " * max(0, min(row[-1][1], width - text_width(last.label))) + paint(last, last.label))
    hanging = [entry for entry in row[:-1] if entry[0].label]

    def stems(entries: list[tuple[Mark, int, int]]) -> tuple[str, int]:
        text, at = "", 0
        for mark, start, _ in entries:
            text += " " * (start - at) + paint(mark, "|")
            at = start + 1
        return text, at

    if hanging:
        rows.append(stems(hanging)[0])
    while hanging:
        mark, start, _ = hanging.pop()
        text, at = stems(hanging)
        rows.append(text + " " * (start - at) + paint(mark, mark.label))
    return rows


def _snippet(
    source: Source, marks: list[Mark], gutter: int, style: Style, severity: str, width: int
) -> list[str]:
    """The marked lines of a source in their order, the marks under each; `width` is the text's."""
    by_line: dict[int, list[Mark]] = {}
    for mark in marks:
        by_line.setdefault(mark.line, []).append(mark)
    rows: list[str] = []
    previous = None
    bar = style.quiet("|")
    for number in sorted(by_line):
        if previous is not None and number > previous + 1:
            rows.append(style.quiet("  " + "." * max(3, gutter)))
        previous = number
        cells = _cells(source.line(number))
        placed = _columns(cells, dict.fromkeys(by_line[number]))
        total = sum(map(text_width, cells))
        groups = [placed]
        if total > width and max(end for _, _, end in placed) - min(start for _, start, _ in placed) > width:
            groups = [[entry] for entry in placed]
        for group in groups:
            text, moved = ("".join(cells), group) if total <= width else _crop(cells, group, width)
            rows.append(f"  {style.quiet(f'{number:>{gutter}}')} {bar} {text}".rstrip())
            rows.extend(
                f"  {' ' * gutter} {bar} {row}".rstrip() for row in _underlines(moved, style, severity, width)
            )
    return rows


def _fix(fix: Fix, gutter: int, style: Style, width: int) -> list[str]:
    """A fix: its title and the lines as they would be, where they are few."""
    rows = [f"  {style.good('help')}: {printable(fix.title)}"]
    sources = {id(edit.span.source): edit.span.source for edit in fix.edits}
    if len(sources) != 1:
        return rows
    (source,) = sources.values()
    edits = sorted(fix.edits, key=lambda edit: edit.span.start)
    first, last = edits[0].span.first.line, edits[-1].span.last.line
    if last - first >= MOST_FIX_LINES:
        return rows
    begin = edits[0].span.start - edits[0].span.first.column + 1
    text = "\n".join(source.line(number) for number in range(first, last + 1))
    if "\r" in source.text[begin : edits[-1].span.end]:
        return rows
    for edit in reversed(edits):
        text = text[: edit.span.start - begin] + edit.text + text[edit.span.end - begin :]
    shown = text.rstrip("\n").split("\n")
    if len(shown) > MOST_FIX_LINES or any(text_width("".join(_cells(line))) > width for line in shown):
        return rows
    for number, line in enumerate(shown, first):
        rows.append(
            f"  {style.quiet(f'{number:>{gutter}}')} {style.good('+ ' + ''.join(_cells(line)))}".rstrip()
        )
    return rows


def _head(diagnostic: Diagnostic, style: Style) -> str:
    place = diagnostic.span.first
    where = f"{printable(diagnostic.span.source.name)}:{place.line}:{place.column}:"
    what = style.severity(diagnostic.severity, f"{diagnostic.severity}[{diagnostic.rule}]:")
    return f"{style.bold(where)} {what} {style.bold(printable(diagnostic.message))}"


def _full(diagnostic: Diagnostic, style: Style, columns: int) -> str:
    source = diagnostic.span.source
    marks: dict[int, tuple[Source, list[Mark]]] = {
        id(source): (source, _marks(diagnostic.span, printable(diagnostic.label), primary=True))
    }
    for related in diagnostic.related:
        entry = marks.setdefault(id(related.span.source), (related.span.source, []))
        entry[1].extend(_marks(related.span, printable(related.message), primary=False))
    gutter = max(len(str(mark.line)) for _, found in marks.values() for mark in found)
    width = max(columns, NARROWEST) - gutter - 5
    rows = [_head(diagnostic, style)]
    for other, found in marks.values():
        if other is not source:
            rows.append(style.quiet(f"  in {printable(other.name)}:"))
        rows.extend(_snippet(other, found, gutter, style, diagnostic.severity, width))
    rows.extend(f"  {style.good('help')}: {printable(line)}" for line in diagnostic.help)
    for fix in diagnostic.fixes:
        rows.extend(_fix(fix, gutter, style, width))
    return "\n".join(rows)


def render_full(diagnostics: Sequence[Diagnostic], color: bool = False, columns: int = WIDTH) -> str:
    """Each diagnostic with the lines that it speaks of, marked, and with its help.

    Lines that are longer than `columns` are cut to what stands around the marks.

    >>> from cnndsl.text import Source
    >>> source = Source("conv 8 k9", "lenet.cnn")
    >>> message = "kernel 9x9 does not fit into 5x5"
    >>> print(render_full([Diagnostic("kernel-too-large", message, source.span(7, 9), "too wide")]))
    lenet.cnn:1:8: error[kernel-too-large]: kernel 9x9 does not fit into 5x5
      1 | conv 8 k9
        |        ^^ too wide
    """
    style = Style(color)
    return "\n\n".join(_full(diagnostic, style, columns) for diagnostic in diagnostics)


def render_concise(diagnostics: Sequence[Diagnostic], color: bool = False) -> str:
    """Each diagnostic on one line, which suffices alone.

    >>> from cnndsl.text import Source
    >>> source = Source("convv 8 k9", "lenet.cnn")
    >>> print(render_concise([Diagnostic("unknown-layer", "unknown layer `convv`", source.span(0, 5))]))
    lenet.cnn:1:1: error[unknown-layer]: unknown layer `convv`
    """
    style = Style(color)
    return "\n".join(_head(diagnostic, style) for diagnostic in diagnostics)
