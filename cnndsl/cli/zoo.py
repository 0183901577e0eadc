"""`cnndsl zoo`: the known networks, and the text of one."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Iterator
from shutil import get_terminal_size
from textwrap import wrap
from typing import Any

from cnndsl.cli.common import UsageError, use_color
from cnndsl.terminal import Style
from cnndsl.zoo import PREFIX, families, source

__all__ = ["add_parser", "run"]

# Longer lines are hard to read, whatever the terminal's width.
WIDEST = 110


def add_parser(subparsers: Any) -> None:
    """Declare the command's options."""
    parser = subparsers.add_parser(
        "zoo", description="Known networks: `zoo:NAME` is a spec for every command. With NAME, its text."
    )
    parser.add_argument("name", metavar="NAME", nargs="?", help="a network, whose spec is printed")


def run(options: Namespace) -> int:
    """Print the names of the networks, or the spec of one."""
    if options.name is None:
        print("\n".join(_listing(Style(use_color(sys.stdout)), min(get_terminal_size().columns, WIDEST))))
        return 0
    try:
        print(source(options.name.removeprefix(PREFIX)).text, end="")
    except FileNotFoundError as error:
        raise UsageError(str(error.strerror)) from None
    return 0


def _listing(style: Style, width: int) -> Iterator[str]:
    for family in families():
        yield style.bold(family.title)
        yield from wrap("  ".join(family.networks), width, initial_indent="  ", subsequent_indent="  ")
        yield ""
    yield f"`cnndsl show {PREFIX}NAME` shows one, `cnndsl zoo NAME` prints its spec"
