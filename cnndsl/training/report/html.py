"""HTML from values: tables, pictures and texts, every text escaped."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Sequence
from html import escape
from typing import NamedTuple

from cnndsl.terminal import printable

__all__ = ["Row", "facts", "figure", "heading", "picture", "pre", "section", "table", "text", "tile"]


# What may stand in a text of several lines though it cannot be printed.
SPACE = "\n\t"


class Row(NamedTuple):
    """Cells of a table; `kind` is the row's CSS class."""

    cells: Sequence[str]
    kind: str = ""


def text(value: object) -> str:
    """A value as it stands in a page.

    >>> text("<b>&</b>")
    '&lt;b&gt;&amp;&lt;/b&gt;'
    """
    return escape(printable(str(value)))


def pre(value: str) -> str:
    """A text of several lines as it stands."""
    return f"<pre>{escape(''.join(one if one in SPACE else printable(one) for one in value))}</pre>"


def heading(value: str) -> str:
    """A heading within a section."""
    return f"<h3>{text(value)}</h3>"


def section(name: str, title: str, *parts: str) -> str:
    """A part of the page that can be linked to as #NAME."""
    return f'<section id="{escape(name)}"><h2>{text(title)}</h2>{"".join(parts)}</section>'


def tile(value: str, label: str, kind: str = "") -> str:
    """A number and what it is."""
    return f'<div class="tile {kind}"><b>{text(value)}</b><span>{text(label)}</span></div>'


def facts(rows: Iterable[Row]) -> str:
    """What has a name in the first column and a value in the second."""
    body = "".join(
        f'<tr class="{escape(row.kind)}">'
        + "".join(f'<td class="text">{text(cell)}</td>' for cell in row.cells)
        + "</tr>"
        for row in rows
    )
    return f'<table class="rows facts"><tbody>{body}</tbody></table>'


def table(heads: Sequence[str], rows: Iterable[Row], numbers: frozenset[int] = frozenset()) -> str:
    """A table; `numbers` are the columns that stand to the right.

    >>> '<tr class=""><td class="text">&lt;</td></tr>' in table(["a"], [Row(["<"])])
    True
    """
    sides = ["number" if column in numbers else "text" for column in range(len(heads))]
    head = "".join(
        f"<th{' class=number' if side == 'number' else ''}>{text(one)}</th>"
        for one, side in zip(heads, sides, strict=True)
    )
    body = "".join(
        f'<tr class="{escape(row.kind)}">'
        + "".join(
            f'<td class="{side}">{text(cell)}</td>' for cell, side in zip(row.cells, sides, strict=True)
        )
        + "</tr>"
        for row in rows
    )
    return (
        f'<div class="scroll"><table class="rows"><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def picture(
    data: bytes, kind: str, alt: str, size: tuple[int, int] | None = None, dark: bytes | None = None
) -> str:
    """An image within the page; `kind` is its media type, like image/png, `dark` is for dark pages."""
    room = "" if size is None else f' width="{size[0]}" height="{size[1]}"'
    image = f'<img src="{_inline(data, kind)}" alt="{text(alt)}"{room}>'
    if dark is None:
        return image
    source = f'<source media="(prefers-color-scheme: dark)" srcset="{_inline(dark, kind)}">'
    return f"<picture>{source}{image}</picture>"


def _inline(data: bytes, kind: str) -> str:
    return f"data:{kind};base64,{b64encode(data).decode()}"


def figure(content: str, kind: str) -> str:
    """A picture on a sheet of its own."""
    return f'<figure class="{escape(kind)}">{content}</figure>'
