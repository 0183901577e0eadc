"""The files that a command line names: single ones, whole folders, each once."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from cnndsl.cli.common import UsageError
from cnndsl.text import Source

__all__ = ["Named", "named_specs", "not_text", "plural", "summary"]


class Named(NamedTuple):
    """The specs of a command line, and what is wrong with folders of it."""

    specs: tuple[Path | Source, ...]
    problems: tuple[str, ...]


def named_specs(words: Sequence[str], texts: Sequence[str], exact: bool = False) -> Named:
    """The specs that words and texts name, in their order; standard input is read here.

    A byte of it that is no UTF-8 text is replaced, or with `exact` a problem.

    A folder stands for every `.cnn` file below it, sorted by path; hidden files and folders are left out
    and links to folders are not followed, so that no loop of links is entered. A file is named once,
    however many words lead to it.
    """
    from cnndsl.api import read_spec

    specs: list[Path | Source] = []
    problems: list[str] = []
    seen: set[str] = set()
    for word in words:
        if word == "-":
            if word not in seen:
                data = sys.stdin.buffer.read()
                try:
                    text = data.decode("utf-8-sig", errors="strict" if exact else "replace")
                    specs.append(Source(text, "<stdin>"))
                except UnicodeDecodeError as error:
                    problems.append(not_text("standard input", error))
            seen.add(word)
            continue
        if word.startswith("zoo:"):
            try:
                specs.append(read_spec(word))
            except FileNotFoundError as error:
                problems.append(f"cannot read {word}: {error.strerror}")
            continue
        paths: list[str] = [word]
        if os.path.isdir(word):
            paths = sorted(_below(word, problems), key=lambda path: path.split(os.sep))
            if not paths:
                problems.append(f"{word}: no .cnn file in this folder")
        for path in paths:
            real = os.path.realpath(path)
            if real not in seen:
                specs.append(Path(path))
            seen.add(real)
    specs.extend(Source(text, "<text>") for text in texts)
    if not specs and not problems:
        raise UsageError(
            "no spec: give a .cnn file, a folder, `zoo:NAME`, `-` for standard input or `-e TEXT`"
        )
    return Named(tuple(specs), tuple(problems))


def not_text(name: str, error: UnicodeDecodeError) -> str:
    """What is wrong with bytes that are no text, and where."""
    line = error.object.count(b"\n", 0, error.start) + 1
    return f"cannot read {name}: line {line} is not UTF-8 text"


def _below(folder: str, problems: list[str]) -> Iterator[str]:
    def unreadable(error: OSError) -> None:
        problems.append(f"cannot read {error.filename}: {error.strerror or error}")

    for place, folders, files in os.walk(folder, onerror=unreadable):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in files:
            if name.endswith(".cnn") and not name.startswith("."):
                yield os.path.normpath(os.path.join(place, name))


def summary(total: int, counts: Mapping[str, int]) -> str:
    """The last line of a command on several files.

    >>> summary(18, {"ok": 17, "with errors": 1, "not read": 0})
    '18 files: 17 ok, 1 with errors'
    """
    found = ", ".join(f"{count:,} {what}" for what, count in counts.items() if count)
    return f"{plural(total, 'file')}: {found}"


def plural(count: int, word: str) -> str:
    """A number and its noun."""
    return f"{count:,} {word}{'' if count == 1 else 's'}"
