"""The canonical text of a spec: the blanks, line ends and numbers that mean nothing, written one way.

Lines stay as the author broke them, and so do comments; docs/checking.md says what changes. The work is
done on the words and signs of each line, the tree says what an ambiguous one is, and the result is parsed
again and held against the tree: a format that would change a network is a defect, never a file.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby, zip_longest
from string import ascii_letters
from typing import Any, NamedTuple

from cnndsl import syntax as s
from cnndsl.parser import parse
from cnndsl.text import Source, Span

__all__ = ["CommentRule", "format_source"]

INDENT = 2
TAB = 4

# Behind the longest line of a run its comments stand this far; nearer than the second they never do.
COMMENT_GAP = 4
LEAST_GAP = 2
# The comments of a run do not wait for a line as long as this, nor for one that goes this far beyond the
# column that the others share: its comment stands behind it alone.
LONG_LINE = 72
FAR = 12

# What a trailing comment becomes, None for none: from the line's number and the comment as it stands.
CommentRule = Callable[[int, str | None], str | None]

_SPLICED = r"[A-Za-z0-9_]|\{[^{}\n]*\}"
_TOKEN = re.compile(
    rf"""
      (?P<comment> \#[^\n]* )
    | (?P<label>   (?: "[^"\n]*" | [A-Za-z_](?:{_SPLICED})* ) [ \t]* :(?!:) )
    | (?P<text>    "[^"\n]*" )
    | (?P<tap>     @ (?: "[^"\n]*" | [A-Za-z_](?:{_SPLICED})* ) (?: \. (?: "[^"\n]*" | (?:{_SPLICED})+ ) )* )
    | (?P<shape>   [0-9]+ (?: x (?: [0-9]+ | [A-Z] | _ ) )+ (?![A-Za-z0-9_]) )
    | (?P<amount>  (?! [0-9.]+ [eE][+-]?[0-9] ) (?: [0-9]+\.?[0-9]* | \.[0-9]+ ) [A-Za-z]+ (?![A-Za-z0-9_]) )
    | (?P<number>  (?: [0-9]+\.?[0-9]* | \.[0-9]+ ) (?: [eE][+-]?[0-9]+ )? )
    | (?P<word>    [A-Za-z_][A-Za-z0-9_]* )
    | (?P<sign>    -> | :: | [<>=!]= | // | [-+*/%<>=|,(){{}}\[\]] )
    """,
    re.VERBOSE,
)
_OPENING = frozenset("([{")
_CLOSING = frozenset(")]}")
_ARITHMETIC = frozenset(("+", "-", "*", "/", "//", "%"))


def format_source(source: Source, comments: CommentRule | None = None) -> str:
    """The canonical text of a spec; SpecError where it does not parse.

    `comments`, where given, says what each line's trailing comment becomes.

    >>> print(format_source(Source("conv   16 k3->relu#done")), end="")
    conv 16 k3 -> relu    #done
    """
    tree = parse(source)
    lines = _Layout(_Roles(source.text, tree), comments or (lambda number, comment: comment)).run(source.text)
    text = "".join(f"{line}\n" for line in _with_comments(lines))
    if not _same(tree, parse(Source(text, source.name))):
        raise AssertionError("the canonical text is another spec")
    return text


class _Token(NamedTuple):
    """A word or sign, `start` its offset in the whole text."""

    kind: str
    text: str
    start: int


@dataclass(slots=True)
class _Line:
    """A line to be written: the code with its indentation, and the comment behind it.

    `column` is where the author put the comment, None for a new one.
    """

    code: str
    comment: str | None = None
    column: int | None = None


# What the words and signs of the text are


class _Roles:
    """What the tree knows of single signs: offsets of brackets and operators."""

    def __init__(self, text: str, tree: s.Body) -> None:
        self.text = text
        # brackets that follow their word at once: `max(`, `block basic(`
        self.glued: set[int] = set()
        # signs of one operand: `-1`
        self.unary: set[int] = set()
        # operators and equals signs with a blank on either side
        self.spaced: set[int] = set()
        pending: list[Any] = [tree]
        while pending:
            node = pending.pop()
            self._note(node)
            parts = (part for part in node if isinstance(part, tuple) and not isinstance(part, Span))
            pending.extend(parts)

    def _note(self, node: Any) -> None:
        match node:
            case s.Let() | s.Param():
                self.spaced.add(self.text.index("=", node.name.span.end))
            case s.Chain():
                before = node.first
                for operator, operand in node.rest:
                    if operator in ("+", "-") or isinstance(operand, s.Unary):
                        self.spaced.add(self.text.index(operator, before.span.end))
                    before = operand
            case s.Unary() if node.operator != "not":
                self.unary.add(node.span.start)
            case s.FunctionCall():
                self.glued.add(node.span.start + len(node.function))
            case s.Block() if self.text.startswith("(", node.name.span.end):
                self.glued.add(node.name.span.end)
            case _:
                pass

    def gap(self, before: _Token | None, token: _Token) -> str:
        """What stands between two words or signs of a line."""
        if before is None or token.text in (",", ")", "]") or before.text in ("(", "["):
            return ""
        if token.start in self.glued or before.start in self.unary:
            return ""
        if (before.text, token.text) == ("{", "}"):
            return ""
        for sign in (before, token):
            is_tight = sign.text == "=" or (sign.text in _ARITHMETIC and sign.start not in self.unary)
            if sign.kind == "sign" and is_tight and sign.start not in self.spaced:
                return ""
        return " "


def _written(token: _Token) -> str:
    """A word or sign in its canonical spelling."""
    if token.kind == "label":
        return token.text[:-1].rstrip(" \t") + ":"
    if token.kind == "shape":
        return "x".join(_whole(axis) if axis.isdigit() else axis for axis in token.text.split("x"))
    if token.kind == "amount":
        number = token.text.rstrip(ascii_letters)
        return _number(number) + token.text[len(number) :]
    return _number(token.text) if token.kind == "number" else token.text


def _whole(digits: str) -> str:
    return digits.lstrip("0") or "0"


def _number(text: str) -> str:
    """A number without what says nothing: `0.5` for `.5`, `1e-3` for `1E-03`; whole ones stay whole."""
    mantissa, e, exponent = text.lower().partition("e")
    whole, point, decimals = mantissa.partition(".")
    written = _whole(whole) + (f".{decimals or 0}" if point else "")
    if not e:
        return written
    sign = "-" if exponent.startswith("-") else ""
    return f"{written}e{sign}{_whole(exponent.lstrip('+-'))}"


# Lines


class _Bracket(NamedTuple):
    """An open bracket: the indentation of the line it belongs to, and the number of the line it stands on."""

    sign: str
    base: int
    line: int


class _Layout:
    """Writes the lines of a text anew, one by one: the words, the blanks between them, the indentation."""

    def __init__(self, roles: _Roles, comments: CommentRule) -> None:
        self.roles = roles
        self.comments = comments
        self.lines: list[_Line] = []
        self.open: list[_Bracket] = []
        # The indentation of the bracket that was closed last, for an `else` below it.
        self.closed = 0
        self.last: _Token | None = None

    def run(self, text: str) -> list[_Line]:
        """The lines, without blank ones at the beginning, at the end, doubled, or beside brackets."""
        rows: list[tuple[list[_Token], _Token | None, int]] = []
        start = 0
        for line in text.split("\n"):
            tokens = [
                _Token(str(found.lastgroup), found[0], found.start())
                for found in _TOKEN.finditer(text, start, start + len(line))
            ]
            comment = tokens.pop() if tokens and tokens[-1].kind == "comment" else None
            column = 0 if comment is None else len(line[: comment.start - start].expandtabs(TAB))
            rows.append((tokens, comment, column))
            start += len(line) + 1
        arrow_below = False
        leads = []
        for tokens, comment, _ in reversed(rows):
            arrow_below = tokens[0].text == "->" if tokens else arrow_below and comment is not None
            leads.append(arrow_below)
        for number, ((tokens, comment, column), lead) in enumerate(
            zip(rows, reversed(leads), strict=True), 1
        ):
            if tokens:
                self._code(number, tokens, comment, column)
            elif comment is not None:
                self._add(_Line(" " * (self._inside() + INDENT * lead) + comment.text.rstrip()))
            elif self.lines and self.lines[-1].code and not self._just_opened():
                self._add(_Line(""))
        while self.lines and not self.lines[-1].code:
            self.lines.pop()
        return self.lines

    def _add(self, line: _Line) -> None:
        self.lines.append(line)

    def _inside(self) -> int:
        """The indentation of a line in the innermost bracket."""
        return self.open[-1].base + INDENT if self.open else 0

    def _just_opened(self) -> bool:
        """Whether the line before ends with an opening bracket."""
        is_comment = self.lines[-1].code.lstrip().startswith("#")
        return self.last is not None and self.last.text in _OPENING and not is_comment

    def _code(self, number: int, tokens: list[_Token], comment: _Token | None, column: int) -> None:
        first = tokens[0].text
        indent = self._inside()
        if first in _CLOSING:
            indent = self.open[-1].base
            if self.lines and not self.lines[-1].code:
                self.lines.pop()
        elif first == "|":
            indent = self.open[-1].base
        elif first == "else":
            indent = self.closed
        elif first == "->" or self._goes_on():
            indent += INDENT
        # What is opened behind `| ` lies inside the branch.
        base = indent + INDENT if first == "|" else indent
        code = " " * indent
        before: _Token | None = None
        for token in tokens:
            code += self.roles.gap(before, token) + _written(token)
            before = token
            if token.kind == "sign" and token.text in _OPENING:
                self.open.append(_Bracket(token.text, base, number))
            elif token.kind == "sign" and token.text in _CLOSING:
                bracket = self.open.pop()
                self.closed = bracket.base
                if bracket.line != number:
                    base = bracket.base
        self.last = before
        written = None if comment is None else comment.text.rstrip()
        kept = self.comments(number, written)
        self._add(_Line(code, kept, column if written is not None else None))

    def _goes_on(self) -> bool:
        """Whether a comma outside of brackets leads on from the line before: `use "file": a,`."""
        listed = bool(self.open) and self.open[-1].sign != "{"
        return self.last is not None and self.last.text == "," and not listed


# Comments at the ends of lines


def _with_comments(lines: list[_Line]) -> Iterator[str]:
    """The lines with their comments: where the author aligned them, else at one column for the run."""
    for _, run in groupby(lines, key=lambda line: line.code == ""):
        entries = list(run)
        stretches = [list(group) for _, group in groupby(entries, key=lambda line: line.comment is None)]
        columns = [_shared_column(stretch) for stretch in stretches]
        whole = _shared_column(entries)
        if whole is not None or None in columns:
            column = _column_behind(entries) if whole is None else whole
            stretches, columns = [entries], [column]
        for stretch, shared in zip(stretches, columns, strict=True):
            for line in stretch:
                yield _commented(line, shared or 0)


def _counted(lines: list[_Line]) -> list[_Line]:
    return [line for line in lines if line.comment is not None and len(line.code) <= LONG_LINE]


def _shared_column(lines: list[_Line]) -> int | None:
    """The column at which all comments stand already, but for lines that go far beyond it; None for none."""
    counted = _counted(lines)
    columns = Counter(line.column for line in counted if line.column is not None)
    if not columns:
        return None if counted else 0
    ((column, _),) = columns.most_common(1)
    reached = [line for line in counted if line.column is None or len(line.code) <= column + FAR]
    fits = all(len(line.code) + LEAST_GAP <= column for line in reached)
    aligned = all(line.column in (column, None) for line in reached)
    return column if reached and fits and aligned else None


def _column_behind(lines: list[_Line]) -> int:
    return max((len(line.code) for line in _counted(lines)), default=0) + COMMENT_GAP


def _commented(line: _Line, target: int) -> str:
    if line.comment is None:
        return line.code
    least = len(line.code) + LEAST_GAP
    if target < least:
        target = max(least, line.column or 0)
    return line.code.ljust(target) + line.comment


# The proof


def _leaves(tree: s.Body) -> Iterator[tuple[Any, Any]]:
    """What a tree says, word for word, without places."""
    pending: list[Any] = [tree]
    while pending:
        node = pending.pop()
        if isinstance(node, Span):
            continue
        if isinstance(node, tuple):
            yield type(node), len(node)
            pending.extend(reversed(node))
        else:
            yield type(node), node


def _same(one: s.Body, other: s.Body) -> bool:
    return all(left == right for left, right in zip_longest(_leaves(one), _leaves(other)))
