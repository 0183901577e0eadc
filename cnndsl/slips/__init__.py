"""What is wrong with a text before it is a tree: bounds, and slips in the words of the language.

Here stand the bounds, which every text is held against. What is said where a text does not parse, and how
reading goes on behind that place, stands in modules that are loaded only then.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cnndsl.diagnostics import Diagnostic
from cnndsl.text import Source

if TYPE_CHECKING:
    from cnndsl.slips.slip import Slip

__all__ = ["DEEPEST", "LONGEST", "Unparsed", "form_of", "too_deep", "too_long"]

# Nesting beyond this is never meant; the limit keeps recursion over the tree bounded.
DEEPEST = 100

# Characters, and words and signs, in one spec: a line for each of 90,000 layers fits, and reading takes
# a few seconds at most.
LONGEST = 4_000_000
MOST_TOKENS = 200_000

_TOKENS = re.compile(r'#[^\n]*|"[^"\n]*"|->|\w+|[^\w\s]')
BRACKETS = re.compile(r'#[^\n]*|"[^"\n]*"|[\[\](){}]')


class Unparsed(Exception):
    """Raised where a text does not parse; carries the slip."""

    def __init__(self, slip: Slip) -> None:
        super().__init__(slip.message)
        self.slip = slip


def too_long(source: Source) -> Diagnostic | None:
    """A diagnostic where the text is longer than any spec that is meant."""
    text = source.text
    if len(text) > LONGEST:
        message = f"the spec has {len(text):,} characters, at most {LONGEST:,} are read"
        return Diagnostic("too-large", message, source.span(0, 0))
    if len(text) > MOST_TOKENS:
        for count, found in enumerate(_TOKENS.finditer(text)):
            if count >= MOST_TOKENS:
                message = f"the spec has more than {MOST_TOKENS:,} words and signs"
                return Diagnostic("too-large", message, source.span(found.start(), found.end()))
    return None


def too_deep(source: Source) -> Diagnostic | None:
    """A diagnostic where brackets are nested deeper than the tree may be."""
    depth = 0
    for found in BRACKETS.finditer(source.text):
        if found[0] in "[({":
            depth += 1
            if depth > DEEPEST:
                message = f"brackets are nested deeper than {DEEPEST}"
                return Diagnostic("too-large", message, source.span(found.start(), found.end()))
        elif found[0] in "])}":
            depth -= 1
    return None


def form_of(word: str) -> tuple[str, ...]:
    """A help line that says how a word of the language is used; none for the words of expressions."""
    forms = {
        "model": "`model Name` stands on a line of its own",
        "input": "`input 3x32x32`, or `input name: 3x32x32`",
        "output": "`output name { ... }` stands on a line of its own",
        "param": "`param name = value` stands on a line of its own",
        "let": "`let name = value` stands on a line of its own",
        "block": "`block name(a, b=1) { ... }` stands on a line of its own",
        "for": "`for name in list { ... }`",
        "in": "`for name in list { ... }`",
        "if": "`if condition { ... } else { ... }`",
        "else": "`else` follows the `}` of an `if`, or stands in `a if condition else b`",
        "when": "`output name when training { ... }`",
        "train": "`train { ... }` stands on a line of its own",
        "assert": "`assert params < 5M` stands on a line of its own",
        "use": '`use "file.cnn"` stands on a line of its own',
        "residual": "`residual { ... }` stands where a layer can stand",
        "reuse": "`reuse label` stands where a layer can stand",
    }
    return (forms[word],) if word in forms else ()
