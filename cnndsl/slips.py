"""What to say when a text does not parse: the common slips, each in the words of the language.

The parser knows where it stopped and which tokens it would have taken; here that becomes a message
that names what stands there, what was expected, and the mend.
"""

from __future__ import annotations

import re

from cnndsl.diagnostics import Diagnostic
from cnndsl.text import Source, Span

__all__ = ["DEEPEST", "LONGEST", "describe_slip", "python_style", "too_deep", "too_long"]

# Nesting beyond this is never meant; the limit keeps recursion over the tree bounded.
DEEPEST = 100

# Characters, and words and signs, in one spec: a line for each of 90,000 layers fits, and reading takes
# a few seconds at most.
LONGEST = 4_000_000
MOST_TOKENS = 200_000

_KEYWORDS = frozenset(
    "model input output param let block for in if else when train use residual reuse".split()
)
_TOKENS = re.compile(r'#[^\n]*|"[^"\n]*"|->|\w+|[^\w\s]')
_BRACKETS = re.compile(r'#[^\n]*|"[^"\n]*"|[\[\](){}]')
_WORD_HERE = re.compile(r'[A-Za-z_][A-Za-z0-9_]*|[0-9.]+[A-Za-z0-9_.]*|"[^"\n]*"?|->|::|[<>=!]=|//|\S')
_CLOSES = {")": "(", "]": "[", "}": "{"}


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
    for found in _BRACKETS.finditer(source.text):
        if found[0] in "[({":
            depth += 1
            if depth > DEEPEST:
                message = f"brackets are nested deeper than {DEEPEST}"
                return Diagnostic("too-large", message, source.span(found.start(), found.end()))
        elif found[0] in "])}":
            depth -= 1
    return None


def describe_slip(source: Source, at: int, end: int, expected: frozenset[str]) -> Diagnostic:
    """The diagnostic for a text that cannot go on at offset `at`; `expected` are the grammar's tokens."""
    text = source.text
    if not text[at:end].strip():
        # Nothing follows: the message stands behind the last word, not on an empty line further down.
        at = len(text[:end].rstrip())
    found = _WORD_HERE.match(text, at, end)
    span = source.span(at, found.end() if found else at)
    word = found[0] if found else ""
    before = text[text.rfind("\n", 0, at) + 1 : at].rstrip()

    def say(message: str, *help: str, label: str = "", where: Span = span) -> Diagnostic:
        return Diagnostic("syntax-error", message, where, label=label, help=help)

    opened = _unclosed(text, at)
    if word in _CLOSES and (opened is None or text[opened] != _CLOSES[word]):
        if opened is None:
            return say(f"`{word}` closes nothing", f"take it out, or open it with `{_CLOSES[word]}` before")
        line = source.position(opened).line
        return say(f"`{word}` does not close the `{text[opened]}` of line {line}")
    if not word:
        if opened is not None:
            bracket = text[opened]
            return say(
                f"`{bracket}` is never closed",
                f"close it with `{_partner(bracket)}`",
                where=source.span(opened, opened + 1),
            )
        if before.endswith("->"):
            return say("nothing follows the last `->`", "write a layer behind it, or take it out")
        return say(f"the text ends too early: {_wanted(expected)}")
    if word.startswith('"') and (len(word) == 1 or not word.endswith('"')):
        return say("the quotation mark is never closed", 'close the text with `"` on the same line')
    if word == "{" and not before:
        return say(
            "`{` cannot stand here", "it stands on the line of the word that it belongs to: `add { ... }`"
        )
    if word == "," and re.search(r"\bin\s+[^\[(]*$", before):
        return say("a list stands in brackets", "`for c in [16, 32] { ... }`")
    if word == "," and not (opened is not None and text[opened] in "(["):
        return say("arguments are not separated by commas", "a blank is enough: `conv 16 k3 p1`")
    if word == "->":
        return say(
            "there is nothing for `->` to feed" if not before else "`->` cannot stand here", _item_help()
        )
    if word == "}" or word == "]" or word == "|":
        return say(
            f"something is missing before `{word}`: {_wanted(expected)}",
            "an empty branch is written `identity`",
        )
    if re.fullmatch(r"[0-9]+(?:x[0-9]+)+", word):
        keyword = re.search(r"\b([a-z]{1,2})\s*=$", before)
        flag = (keyword[1] if keyword else "k") + word
        return say(
            f"`{word}` is a shape, and no shape can stand here",
            f"sizes for several axes are written as a flag: `{flag}`; a shape stands behind `input` and `::`",
        )
    if re.fullmatch(r"[0-9]+[A-Za-z_]\w*", word):
        return say(
            f"`{word}` is neither a number nor a name", "put a blank between them, or begin with a letter"
        )
    if word == "*" and before.endswith("]"):
        return say("`*` cannot stand here", "a repeat is written with blanks: `[...] x 2`")
    if word == "//":
        return say("`//` cannot stand here", "a comment begins with `#`")
    if word == "(" and re.match(r"\s*input\b", before):
        return say("`(` cannot stand here", "the input's shape is written with x: `input 1x28x28`")
    if before.startswith("model ") and word[0].isalnum():
        return say(f"`{word}` cannot stand here", "a model's name is one word: `model LeNet5`")
    if word == "=" and re.search(r"[A-Za-z_]\w*$", before):
        return say(
            "`=` cannot stand here", "a name for a layer is written `name: layer`; a value `let name = value`"
        )
    if word == ":":
        return say("`:` cannot stand here", "a label is one word directly before it: `name: layer`")
    if re.fullmatch(r"x[0-9]+", word) and "WORD" not in expected:
        return say(f"`{word}` cannot stand here", f"a repeat is written with blanks: `x {word[1:]}`")
    if word in _KEYWORDS:
        return say(f"`{word}` cannot stand here: {_wanted(expected)}", _keyword_help(word))
    shown = word if word.isprintable() else ascii(word)[1:-1]
    return say(f"`{shown}` cannot stand here: {_wanted(expected)}")


def python_style(span: Span) -> Diagnostic:
    """The diagnostic for `conv(16, 3)`: arguments in brackets directly behind the word."""
    name, _, arguments = span.text.partition("(")
    inside = arguments.rpartition(")")[0] if ")" in arguments else arguments
    written = re.sub(r"\s*,\s*", " ", inside).strip()
    return Diagnostic(
        "syntax-error",
        "arguments stand behind the layer without brackets or commas",
        span,
        help=(f"write `{name} {written}`" if written else f"write `{name}`",),
    )


def _partner(bracket: str) -> str:
    return {"(": ")", "[": "]", "{": "}"}[bracket]


def _unclosed(text: str, at: int) -> int | None:
    """The offset of the innermost bracket that is open at offset `at`."""
    stack: list[int] = []
    for found in _BRACKETS.finditer(text, 0, at):
        if found[0] in "[({":
            stack.append(found.start())
        elif found[0] in _CLOSES and stack:
            stack.pop()
    return stack[-1] if stack else None


def _item_help() -> str:
    return "an arrow leads from one layer to the next: `conv 16 k3 -> relu`"


def _keyword_help(word: str) -> str:
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
        "use": '`use "file.cnn"` stands on a line of its own',
        "residual": "`residual { ... }` stands where a layer can stand",
        "reuse": "`reuse label` stands where a layer can stand",
    }
    return forms[word]


def _wanted(expected: frozenset[str]) -> str:
    """What could stand here, the most telling thing only."""
    if "SHAPE" in expected:
        return "expected a shape such as 3x32x32"
    if "LSQB" in expected and "TAP" in expected and "RESIDUAL" in expected:
        return "expected a layer, a block or a bracket"
    if "NUMBER" in expected and "_ARROW" not in expected and "_NL" not in expected:
        return "expected a value"
    if "_LBRACE" in expected and len(expected) <= 16 and "_NL" not in expected:
        return "expected `{`"
    if expected == {"EQUAL"}:
        return "expected `=`"
    if expected <= {"WORD"}:
        return "expected a name"
    if "STRING" in expected and len(expected) <= 2:
        return 'expected a file name in quotes, such as "blocks.cnn"'
    if "_ARROW" in expected or "_NL" in expected:
        return "expected `->`, a new line or an argument"
    return "expected `)` or a comma" if "RPAR" in expected else "expected the end of what was begun"
