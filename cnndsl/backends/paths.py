"""Dotted names of modules and weights: the name that was meant, and names by shell-style patterns."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

from cnndsl.words import did_you_mean

__all__ = ["help_with_path", "matches", "prefixes"]

SHOWN = 12


def prefixes(name: str) -> tuple[str, ...]:
    """A dotted name and the names of everything it lies in, outermost first.

    >>> prefixes("layer1.0.conv1")
    ('layer1', 'layer1.0', 'layer1.0.conv1')
    """
    parts = name.split(".")
    return tuple(".".join(parts[:end]) for end in range(1, len(parts) + 1))


def matches(pattern: str, name: str) -> bool:
    """Whether a shell-style pattern fits a dotted name, or what the name lies in; `all` fits every name.

    `*` stands for any characters, dots too, `?` for one, `[1-3]` and `[!a]` for one of a choice.

    >>> [matches("layer[1-3]", name) for name in ("layer1.0.conv1.weight", "layer4.0.conv1.weight")]
    [True, False]
    >>> [matches("*.bn1", name) for name in ("layer1.0.bn1.bias", "bn1.bias")]
    [True, False]
    """
    return pattern == "all" or any(fnmatchcase(prefix, pattern) for prefix in prefixes(name))


def help_with_path(word: str, names: Iterable[str]) -> tuple[str, ...]:
    """What to write instead of a dotted name, or pattern, that fits none of `names`.

    >>> for line in help_with_path("layer1.2", ["conv1", "layer1.0.conv1", "layer1.1.conv1", "fc"]):
    ...     print(line)
    did you mean `layer1.1`?
    `layer1` holds 0, 1
    """
    known = dict.fromkeys(prefix for name in names for prefix in prefixes(name))
    around = next((prefix for prefix in reversed(prefixes(word)[:-1]) if prefix in known), "")
    start = f"{around}." if around else ""
    inside = [
        name.removeprefix(start)
        for name in known
        if name.startswith(start) and "." not in name.removeprefix(start)
    ]
    shown = ", ".join([*inside[:SHOWN], *(["..."] if len(inside) > SHOWN else [])])
    place = f"`{around}` holds" if around else "the network's outermost names are"
    return (*did_you_mean(word, known), *([f"{place} {shown}"] if inside else []))
