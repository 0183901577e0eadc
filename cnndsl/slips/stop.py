"""The place where reading stopped, and what stands around it."""

from __future__ import annotations

import re
from typing import NamedTuple

from cnndsl.slips import BRACKETS, form_of
from cnndsl.slips.slip import Mend, Slip

__all__ = ["CLOSES", "KEYWORDS", "NAME", "OPENS", "Stop", "element_end", "find_stop", "shown"]

KEYWORDS = frozenset(
    "model input output param let block for in if else when train use residual reuse assert".split()
)
CLOSES = {")": "(", "]": "[", "}": "{"}
OPENS = {opening: closing for closing, opening in CLOSES.items()}

NAME = r"[A-Za-z_]\w*"
_ENDS = re.compile(r'"[^"\n]*"|->|[\[\](){}|#\n]')
_WORD_HERE = re.compile(
    r'[A-Za-z_][A-Za-z0-9_]*|(?:[0-9]+\.?[0-9]*|\.[0-9]+)[A-Za-z0-9_]*|"[^"\n]*"?|->|=>|::|:=|&&|\|\||\*\*|/\*|[<>=!]=|//|\S'
)
# What can be said of a place where one of these tokens could stand, the first that can.
_TELLING = {
    "_LBRACE": "`{`",
    "RPAR": "`)` or a comma",
    "EQUAL": "`=`",
    "IN": "`in`",
    "STRING": 'a file name in quotes, such as "blocks.cnn"',
    "WORD": "a name",
    "_ELSE": "`else`",
    "RSQB": "`]` or a comma",
    "RBRACE": "`}`",
    "COMPARISON": "a comparison, such as `<`",
}


class Stop(NamedTuple):
    """Where a text cannot go on.

    `word` stands at `at`; `before` is what stands on its line before it, without blanks at the end, and
    `after` what stands behind it. `opened` is the offset of the innermost bracket that is open there, and
    `expected` are the grammar's tokens that could stand there.
    """

    text: str
    at: int
    word: str
    before: str
    after: str
    line_start: int
    line_end: int
    opened: int | None
    expected: frozenset[str]

    @property
    def bracket(self) -> str:
        """The innermost bracket that is open, empty where none is."""
        return "" if self.opened is None else self.text[self.opened]

    @property
    def end(self) -> int:
        """The offset behind the word."""
        return self.at + len(self.word)

    @property
    def cannot(self) -> str:
        """The beginning of a message on the word."""
        return f"`{shown(self.word)}` cannot stand here"

    @property
    def gap(self) -> int:
        """The offset behind the last character before the word that is no blank."""
        return len(self.text[: self.at].rstrip())

    @property
    def wanted(self) -> str:
        """What could stand here, the most telling thing only."""
        expected = self.expected
        if "SHAPE" in expected:
            return "expected a shape such as 3x32x32"
        if expected >= {"TAP", "LABEL"}:
            return "expected a layer, a block or a bracket"
        if "_ARROW" in expected or "_NL" in expected:
            ways = ["`->`"] if "_ARROW" in expected else []
            ways += ["a new line"] if "_NL" in expected else []
            ways += ["an argument"] if "TAP" in expected else []
            return "expected " + " or ".join(filter(None, [", ".join(ways[:-1]), ways[-1]]))
        if "NUMBER" in expected:
            return "expected a value"
        if "$END" in expected:
            return "expected `}`"
        for token, words in _TELLING.items():
            if token in expected:
                return f"expected {words}"
        return "expected the end of what was begun"

    @property
    def line_help(self) -> tuple[str, ...]:
        """How the word is used that the line, or its last item, begins with."""
        begun = re.search(r"(?:^|->|[\[{|}])\s*(else|[a-z]+)\b(?!.*(?:->|[\[{|}]))", self.before)
        return form_of(begun[1]) if begun is not None else ()

    def say(
        self,
        message: str,
        *help: str,
        first: int | None = None,
        stop: int | None = None,
        mends: tuple[Mend, ...] = (),
        structural: bool = False,
    ) -> Slip:
        """The slip with this message, which marks the word if nothing else is said."""
        if message == self.cannot and help:
            # One line has to suffice alone.
            message, help = f"{message}: {help[0]}", help[1:]
        return Slip(
            message,
            help,
            self.at,
            self.at if first is None else first,
            self.end if stop is None else stop,
            mends,
            structural,
        )

    def instead(self, title: str, new: str, first: int | None = None, stop: int | None = None) -> Mend:
        """The certain mend that puts `new` in the place of the word, or of the stretch."""
        start = self.at if first is None else first
        return Mend(title, ((start, self.end if stop is None else stop, new),), certain=True)


def find_stop(text: str, at: int, start: int, end: int, expected: frozenset[str]) -> Stop:
    """The surroundings of the offset `at`, of a text that was read from `start` to `end`."""
    found = _WORD_HERE.match(text, at, end)
    word = found[0] if found else ""
    line_start = text.rfind("\n", 0, at) + 1
    line_end = text.find("\n", at, end)
    line_end = end if line_end < 0 else line_end
    line_end -= text[line_end - 1 : line_end] == "\r" and line_end > at
    return Stop(
        text,
        at,
        word,
        text[line_start:at].rstrip(),
        text[at + len(word) : line_end],
        line_start,
        line_end,
        unclosed(text, start, at),
        expected,
    )


def unclosed(text: str, start: int, at: int) -> int | None:
    """The offset of the innermost bracket that is opened behind `start` and still open at offset `at`."""
    stack: list[int] = []
    for found in BRACKETS.finditer(text, start, at):
        if found[0] in "[({":
            stack.append(found.start())
        elif found[0] in CLOSES and stack:
            stack.pop()
    return stack[-1] if stack else None


def shown(word: str) -> str:
    """The word as it stands in a message: short, and without signs that cannot be printed."""
    readable = word if word.isprintable() else ascii(word)[1:-1]
    return readable if len(readable) <= 40 else readable[:37] + "..."


def element_end(text: str, at: int, end: int) -> int:
    """Where the element around `at` ends: before an arrow, a bar, a bracket or the line's end."""
    depth = 0
    for found in _ENDS.finditer(text, at, end):
        if found[0] in ("(", "["):
            depth += 1
        elif found[0] in (")", "]") and depth:
            depth -= 1
        elif found[0] in ("->", "|", "}", "{", "]", ")", "#", "\n") and (not depth or found[0] in "#\n"):
            return len(text[at : found.start()].rstrip()) + at
    return len(text[at:end].rstrip()) + at
