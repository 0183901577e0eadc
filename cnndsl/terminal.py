"""What a terminal shows: colours, and texts that it cannot take for commands.

Small, for every start of the command line loads it.
"""

from __future__ import annotations

__all__ = ["Style", "printable", "text_width", "visible"]

# Signs that change the reading direction could make a line look like another.
_DIRECTION = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


class Style:
    """The colours: each method wraps a text into its ANSI codes, or leaves it as it is."""

    __slots__ = ("color",)

    def __init__(self, color: bool = False) -> None:
        self.color = color

    def _wrap(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.color and text else text

    def bold(self, text: str) -> str:
        """Where it is: file, line and column."""
        return self._wrap("1", text)

    def quiet(self, text: str) -> str:
        """What frames the spec's lines."""
        return self._wrap("2", text)

    def severity(self, severity: str, text: str) -> str:
        """The guilty: red for an error, yellow for a warning."""
        return self._wrap("1;31" if severity == "error" else "1;33", text)

    def related(self, text: str) -> str:
        """The second place that a diagnostic speaks of."""
        return self._wrap("1;34", text)

    def good(self, text: str) -> str:
        """What would be right."""
        return self._wrap("32", text)


def printable(text: str) -> str:
    """`text` with control characters as visible symbols.

    >>> printable("red\\x1b[31m")
    'red␛[31m'
    """
    return text if text.isprintable() else "".join(map(visible, text))


def visible(character: str) -> str:
    """A character, or the symbol that stands for it where a terminal would act on it."""
    if character.isprintable() or character == "\u3000":
        return character
    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code)
    return "␡" if code == 0x7F else "\N{REPLACEMENT CHARACTER}" if code < 0xA0 else _unusual(character)


def text_width(text: str) -> int:
    """How many columns a terminal gives to a text.

    >>> text_width("conv"), text_width("畳み込み")
    (4, 8)
    """
    if text.isascii():
        return len(text)
    from unicodedata import category, east_asian_width

    # Marks stand over the character before them; joiners and other signs of format have no width at all.
    nothing = ("Mn", "Me", "Cf")
    return sum(0 if category(c) in nothing else 2 if east_asian_width(c) in "WF" else 1 for c in text)


def _unusual(character: str) -> str:
    if character in _DIRECTION or 0xD800 <= ord(character) <= 0xDFFF:
        return "\N{REPLACEMENT CHARACTER}"
    return " " if character.isspace() else character
