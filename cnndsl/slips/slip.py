"""A slip: a place where a text does not parse, and what may mend it."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Mend", "Slip"]


class Mend(NamedTuple):
    """Edits that may mend a text: stretches of it, in their order, and what stands there instead.

    `certain` where nothing else can be meant.
    """

    title: str
    edits: tuple[tuple[int, int, str], ...]
    certain: bool = False


class Slip(NamedTuple):
    """A place where a text cannot go on. `at` is where reading stopped, `first` to `stop` what to mark.

    `mends` are tried in their order; `structural` where a bracket is missing or too many; `parsed` where the
    text around is whole, and what stands here is refused all the same.
    """

    message: str
    help: tuple[str, ...]
    at: int
    first: int
    stop: int
    mends: tuple[Mend, ...] = ()
    structural: bool = False
    rule: str = "syntax-error"
    parsed: bool = False
