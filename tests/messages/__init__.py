"""Mistakes with what is said of them, recorded whole: message, place, notes and fixes.

`*.md` beside this file hold pairs of a spec and a text. `python -m tests.messages` records the texts again;
read the difference before it is committed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from cnndsl.api import check_source
from cnndsl.text import Source

__all__ = ["FILES", "Case", "cases", "recorded", "said"]

FILES = sorted(Path(__file__).parent.glob("*.md"))

_CASE = re.compile(
    r"^## (?P<title>[^\n]+)\n+```cnn\n(?P<spec>.*?)```\n(?:\n```text\n(?P<text>.*?)```\n)?", re.M | re.S
)


class Case(NamedTuple):
    """A spec, and what was recorded for it; empty where nothing was yet."""

    file: str
    title: str
    spec: str
    text: str


def cases(page: str, file: str) -> Iterator[Case]:
    """The cases of a page."""
    for found in _CASE.finditer(page):
        yield Case(file, found["title"], found["spec"], found["text"] or "")


def said(spec: str) -> str:
    """What a check says of a spec, as `cnndsl check` prints it."""
    return f"{check_source(Source(spec, 'net.cnn'))}\n"


def recorded(page: str) -> str:
    """The page with all texts recorded anew."""
    return _CASE.sub(
        lambda found: (
            f"## {found['title']}\n\n```cnn\n{found['spec']}```\n\n```text\n{said(found['spec'])}```\n"
        ),
        page,
    )
