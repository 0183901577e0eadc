"""What to say when a text does not parse: the common slips, each in the words of the language.

The parser knows where it stopped and which tokens it would have taken; here that becomes a message
that names what stands there, what was expected, and the mend.
"""

from __future__ import annotations

import re

from cnndsl.diagnostics import Diagnostic
from cnndsl.text import Source, Span

__all__ = ["DEEPEST", "LONGEST", "describe_slip", "form_of", "python_style", "too_deep", "too_long"]

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
_WORD_HERE = re.compile(
    r'[A-Za-z_][A-Za-z0-9_]*|[0-9.]+[A-Za-z0-9_.]*|"[^"\n]*"?|->|=>|::|&&|\|\||/\*|[<>=!]=|//|\S'
)
# Sizes that are joined by anything but x: `(1, 28, 28)`.
_SIZES = re.compile(r"\s*[:=]?\s*[(\[]?\s*([0-9]+(?:\s*[,xX*]\s*[0-9]+)*)\s*[)\]]?\s*(?:#.*|->.*)?$")
_CLOSES = {")": "(", "]": "[", "}": "{"}
_SIGNS = {
    "→": "an arrow is written `->`",
    "=>": "an arrow is written `->`",
    ";": "a new line or `->` leads to the next layer",
    "'": 'a text stands in double quotes: `"text"`',
    "//": "a comment begins with `#`",
    "/*": "a comment begins with `#`",
    "&": "conditions are joined by `and`",
    "&&": "conditions are joined by `and`",
    "||": "conditions are joined by `or`",
    "!": "the opposite of a condition is `not condition`",
    "@": "a tap names a label: `@name`",
    "\\": "a line that ends with `->` goes on in the next",
}
# What is said where one of these tokens could stand, the first that can.
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
}
_ARROW_HELP = "an arrow leads from one layer to the next: `conv 16 k3 -> relu`"


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


def describe_slip(source: Source, at: int, start: int, end: int, expected: frozenset[str]) -> Diagnostic:
    """The diagnostic for a text that cannot go on at offset `at`; `expected` are the grammar's tokens.

    The text that was read is the stretch from `start` to `end`: the whole spec, or a splice in a label.
    """
    text = source.text
    if start and not text[at:end].strip():
        message = f"something is missing before `}}`: {_wanted(expected)}"
        return Diagnostic("syntax-error", message, source.span(end, end + 1))
    if not text[at:end].strip():
        # Nothing follows: the message stands behind the last word, not on an empty line further down.
        at = len(text[:end].rstrip())
    found = _WORD_HERE.match(text, at, end)
    word = found[0] if found else ""
    line_start = text.rfind("\n", 0, at) + 1
    before = text[line_start:at].rstrip()
    line_end = text.find("\n", at, end)
    after = text[at + len(word) : end if line_end < 0 else line_end]
    opened = _unclosed(text, start, at)
    bracket = "" if opened is None else text[opened]

    def say(message: str, *help: str, first: int = at, stop: int = at + len(word)) -> Diagnostic:
        return Diagnostic("syntax-error", message, source.span(first, stop), help=help)

    called = None if opened is None else re.search(r"(?<!block )\b[A-Za-z_]\w*$", text[line_start:opened])
    if called is not None and bracket == "(" and word in ("=", ")") and called[0] not in _KEYWORDS:
        closing = text.find(")", at, end if line_end < 0 else line_end)
        stop = closing + 1 if closing >= 0 else at + len(word)
        return python_style(source.span(line_start + called.start(), stop))
    if word in _CLOSES and bracket != _CLOSES[word]:
        if opened is None:
            return say(f"`{word}` closes nothing", f"take it out, or open it with `{_CLOSES[word]}` before")
        line = source.position(opened).line
        return say(f"`{word}` does not close the `{bracket}` of line {line}")
    if not word:
        if opened is not None:
            closing_help = f"close it with `{_partner(bracket)}`"
            return say(f"`{bracket}` is never closed", closing_help, first=opened, stop=opened + 1)
        if before.endswith("->"):
            return say("nothing follows the last `->`", "write a layer behind it, or take it out")
        return say(f"the text ends too early: {_wanted(expected)}", *_line_help(before))
    hint = _hint(word, before, after, bracket, expected)
    if hint is not None:
        return say(*hint)
    return say(f"`{_shown(word)}` cannot stand here: {_wanted(expected)}", *_line_help(before))


def _hint(
    word: str, before: str, after: str, bracket: str, expected: frozenset[str]
) -> tuple[str, ...] | None:
    """The message and help for a slip that is known; None for others.

    `before` and `after` are what stands on the line around `word`; `bracket` is the innermost open one.
    """
    cannot = f"`{_shown(word)}` cannot stand here"
    shape_line = re.search(r"(input\b|::)(?!.*->)(.*)$", before)
    if word.startswith('"') and (len(word) == 1 or not word.endswith('"')):
        return "the quotation mark is never closed", 'close the text with `"` on the same line'
    if word in _SIGNS:
        return cannot, _SIGNS[word]
    if shape_line is not None and word != "|":
        hint = _shape_hint(cannot, shape_line[1], shape_line[2] + word + after, expected)
        if hint is not None:
            return hint
    if word == "{" and not before:
        return cannot, "it stands on the line of the word that it belongs to: `add { ... }`"
    if word == "," and re.search(r"\bin\s+[^\[(]*$", before):
        return "a list stands in brackets", "`for c in [16, 32] { ... }`"
    if word == "," and bracket not in ("(", "["):
        return "arguments are not separated by commas", "a blank is enough: `conv 16 k3 p1`"
    if word == "->":
        return (cannot if before else "there is nothing for `->` to feed"), *(
            _line_help(before) or (_ARROW_HELP,)
        )
    if word == ">" and before.endswith(("=", "-")):
        return cannot, _SIGNS["→"]
    if word == "|" and "TAP" not in expected:
        mend = "a residual has one branch" if re.search(r"\bresidual\b[^}]*$", before) else ""
        return cannot, (mend + "; " if mend else "") + "`|` parts the branches of a join: `add { a | b }`"
    if word in ("}", "]", "|") and "LABEL" in expected:
        return (
            f"something is missing before `{word}`: {_wanted(expected)}",
            "an empty branch is written `identity`",
        )
    if re.fullmatch(r"[0-9]+(?:x[0-9]+)+", word):
        keyword = re.search(r"\b([a-z]{1,2})\s*=$", before)
        flag = (keyword[1] if keyword else "k") + word
        return (
            f"`{_shown(word)}` is a shape, and no shape can stand here",
            f"sizes for several axes are written as a flag: `{_shown(flag)}`; "
            "a shape stands behind `input` and `::`",
        )
    if re.fullmatch(r"[0-9]+[A-Za-z_]\w*", word):
        return (
            f"`{_shown(word)}` is neither a number nor a name",
            "put a blank between them, or begin with a letter",
        )
    if word == "-" and "NUMBER" in expected and "SIGN" not in expected:
        return cannot, "an argument that begins with a minus stands in parentheses: `(-1)`"
    if word == "*" and before.endswith("]"):
        return cannot, "a repeat is written with blanks: `[...] x 2`"
    if before.lstrip().startswith("model ") and word[0].isalnum():
        return cannot, "a model's name is one word: `model LeNet5`"
    if word == "=" and re.search(r"\bif\b[^{]*$", before):
        return cannot, "two values are compared with `==`"
    assigned = re.search(r"[A-Za-z_]\w*$", before)
    if word == "=" and "IN" not in expected and assigned is not None and assigned[0] not in _KEYWORDS:
        return cannot, "a name for a layer is written `name: layer`; a value `let name = value`"
    if word == ":" and re.match(r"\s*(?:for|if|else|block)\b", before):
        return f"{cannot}: expected `{{`", *_line_help(before)
    if word == "(" and "LABEL" in expected:
        return cannot, "a group stands in square brackets: `[conv 16 k3 -> relu] x 2`"
    if word == ":" and not _line_help(before):
        return cannot, "a label stands before its layer, `name: layer`; an argument is written `name=value`"
    if re.fullmatch(r"x[0-9]+", word) and "WORD" not in expected:
        return cannot, f"a repeat is written with blanks: `x {word[1:]}`"
    if word in _KEYWORDS:
        return f"{cannot}: {_wanted(expected)}", *form_of(word)
    return None


def _shape_hint(cannot: str, lead: str, written: str, expected: frozenset[str]) -> tuple[str, ...] | None:
    """The slips in the shape behind `lead`, which is `input` or `::`; `written` is what stands there."""
    sizes = _SIZES.match(written)
    if sizes is not None:
        shape = _shown("x".join(re.findall("[0-9]+", sizes[1])))
        return f"{cannot}: a shape is written {shape}", f"`{lead} {shape}`"
    if "SHAPE" not in expected:
        return None
    named = re.match(r"\s*([A-Za-z_]\w*)\s+([0-9]\w*)", written)
    if named is not None and lead == "input":
        return f"{cannot}: {_wanted(expected)}", f"a name ends in a colon: `input {named[1]}: {named[2]}`"
    free = "`input 3xHxW`" if lead == "input" else "`:: 16x_x_`"
    what = "a free axis is a capital letter" if lead == "input" else "a size that does not matter"
    return f"{cannot}: {_wanted(expected)}", f"whole numbers are joined by x; {what}: {free}"


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


def _unclosed(text: str, start: int, at: int) -> int | None:
    """The offset of the innermost bracket that is opened behind `start` and still open at offset `at`."""
    stack: list[int] = []
    for found in _BRACKETS.finditer(text, start, at):
        if found[0] in "[({":
            stack.append(found.start())
        elif found[0] in _CLOSES and stack:
            stack.pop()
    return stack[-1] if stack else None


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
        "use": '`use "file.cnn"` stands on a line of its own',
        "residual": "`residual { ... }` stands where a layer can stand",
        "reuse": "`reuse label` stands where a layer can stand",
    }
    return (forms[word],) if word in forms else ()


def _line_help(before: str) -> tuple[str, ...]:
    """How the word is used that the line, or its last item, begins with."""
    begun = re.search(r"(?:^|->|[\[{|}])\s*(else|[a-z]+)\b(?!.*(?:->|[\[{|}]))", before)
    return form_of(begun[1]) if begun is not None else ()


def _shown(word: str) -> str:
    """The word as it stands in a message: short, and without signs that cannot be printed."""
    shown = word if word.isprintable() else ascii(word)[1:-1]
    return shown if len(shown) <= 40 else shown[:37] + "..."


def _wanted(expected: frozenset[str]) -> str:
    """What could stand here, the most telling thing only."""
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
