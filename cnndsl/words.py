"""Words that are taken by the language, and words that are nearly right."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

__all__ = ["FLAG", "RESERVED", "advice", "closest", "did_you_mean", "guess"]

# No layer, block, name or label may be called so.
RESERVED = frozenset(
    "model input output param let block for in if else when train use residual reuse assert x and or not "
    "true false".split()
)


# A short flag: letters, at once followed by whole numbers.
FLAG = re.compile(r"([A-Za-z_]+?)([0-9]+(?:x[0-9]+)*)")

# What other libraries put around a word: `MaxPooling2D`, `LazyConv2d`, `batch_norm`, `relu_layer`.
_AROUND = re.compile(r"_|^lazy|(?<=\w\w)layer$|[123]d")


def closest(word: str, known: Iterable[str], cutoff: float = 0.6) -> str | None:
    """The known word that `word` was probably meant to be, None where none is near: 1 for the same word.

    >>> closest("covn", ["conv", "linear"])
    'conv'
    """
    return _closest(word, frozenset(known), cutoff)


@lru_cache(maxsize=64)
def _closest(word: str, known: frozenset[str], cutoff: float) -> str | None:
    # Cached, since a mistake in a loop is made every time round.
    # difflib is only loaded on the way to an error message.
    from difflib import get_close_matches

    # Of `Dropout` and `dropout` the second.
    lower = {candidate.lower(): candidate for candidate in sorted(known)}
    found = get_close_matches(word.lower(), lower, n=1, cutoff=cutoff)
    return lower[found[0]] if found else None


def did_you_mean(word: str, known: Iterable[str]) -> tuple[str, ...]:
    """A help line with the closest known word, or none."""
    near = closest(word, known)
    return () if near is None else (f"did you mean `{near}`?",)


def guess(word: str, known: Mapping[str, str], habits: Mapping[str, str]) -> str | None:
    """What a word that is not known was meant to be: a known word, or a sentence on it, or None.

    `known` are the words that would do, each with the one to say for it (an alias's layer). `habits` are
    words that people bring from elsewhere, without the digits and underscores around them, each with the
    known word for it, or with a sentence.

    >>> habits = {"maxpooling": "maxpool", "atrousconv": "`conv 64 k3 d2` is dilated"}
    >>> known = {"conv": "conv", "Conv2d": "conv", "maxpool": "maxpool"}
    >>> [guess(word, known, habits) for word in ("MaxPooling2D", "conv2d", "covn", "atrous_conv", "zzz")]
    ['maxpool', 'conv', 'conv', '`conv 64 k3 d2` is dilated', None]
    """
    lower = {one.lower(): meant for one, meant in known.items()}
    plain = _AROUND.sub("", word.lower())
    useful = {habit: said for habit, said in habits.items() if " " in said or said in lower}
    for words in (lower, useful):
        for form in (word.lower(), plain):
            if form in words:
                return words[form]
    slip = closest(word, known, cutoff=0.8)
    foreign = closest(plain, useful, cutoff=0.8) if slip is None else None
    return useful[foreign] if foreign is not None else slip or closest(word, known)


def advice(word: str, known: Mapping[str, str], habits: Mapping[str, str]) -> tuple[str, ...]:
    """A help line with the guess at a word, or none."""
    near = guess(word, known, habits)
    if near is None:
        return ()
    return (near,) if " " in near else (f"did you mean `{near}`?",)
