"""Pages of text for a terminal: their width, and tables in them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from shutil import get_terminal_size
from textwrap import wrap

__all__ = ["page_width", "table"]

# Lines longer than this are hard to read, whatever the terminal's width.
WIDEST = 110
# The last column of a table is wrapped; where it would be narrower than this, it has lines of its own.
NARROWEST = 24


def page_width() -> int:
    """How many columns a page may fill."""
    return min(get_terminal_size().columns, WIDEST)


def table(
    rows: Sequence[tuple[str, ...]], width: int, widths: tuple[int, ...] = (), indent: str = "  "
) -> Iterator[str]:
    """The rows in columns, the last one wrapped; `widths` are those of the columns before it.

    Where these leave it no room, the last column stands below the others.
    """
    if not widths:
        widths = tuple(max(len(row[column]) for row in rows) for column in range(len(rows[0]) - 1))
    before = len(indent) + sum(widths) + 2 * len(widths)
    below = before + NARROWEST > width
    for row in rows:
        start = indent + "".join(f"{cell:<{size}}  " for cell, size in zip(row, widths, strict=False))
        if below:
            yield start.rstrip()
            start = f"{indent}    "
        for line in wrap(row[-1], width - len(start)):
            yield (start + line).rstrip()
            start = " " * len(start)
