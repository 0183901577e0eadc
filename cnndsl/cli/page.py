"""What a table for a stream has to fit. By itself, for `show` is to start fast."""

from __future__ import annotations

from typing import TextIO

from cnndsl.backends.tables.text import Page
from cnndsl.cli.common import columns, use_color
from cnndsl.terminal import Style

__all__ = ["page_of"]


def page_of(stream: TextIO) -> Page:
    """A terminal's width and its colours; a pipe takes any width and no colours.

    >>> from io import StringIO
    >>> page = page_of(StringIO())
    >>> page.width, page.style.color, page.ascii
    (None, False, False)
    """
    try:
        "─×█".encode(stream.encoding or "utf-8")
        ascii = False
    except (UnicodeEncodeError, LookupError):
        ascii = True
    return Page(columns(stream) if stream.isatty() else None, Style(use_color(stream)), ascii)
