"""Words that are taken by the language, and words that are nearly right."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

__all__ = ["RESERVED", "closest", "did_you_mean"]

# No layer, block, name or label may be called so.
RESERVED = frozenset(
    "model input output param let block for in if else when train use residual reuse x and or not "
    "true false".split()
)


def closest(word: str, known: Iterable[str]) -> str | None:
    """The known word that `word` was probably meant to be, None where none is near.

    >>> closest("covn", ["conv", "linear"])
    'conv'
    """
    return _closest(word, frozenset(known))


@lru_cache(maxsize=64)
def _closest(word: str, known: frozenset[str]) -> str | None:
    # Cached, since a mistake in a loop is made every time round.
    # difflib is only loaded on the way to an error message.
    from difflib import get_close_matches

    lower = {candidate.lower(): candidate for candidate in sorted(known, reverse=True)}
    found = get_close_matches(word.lower(), lower, n=1, cutoff=0.6)
    return lower[found[0]] if found else None


def did_you_mean(word: str, known: Iterable[str]) -> tuple[str, ...]:
    """A help line with the closest known word, or none."""
    near = closest(word, known)
    return () if near is None else (f"did you mean `{near}`?",)
