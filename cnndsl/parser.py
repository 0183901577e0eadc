"""Text to syntax tree. The only file that knows lark.

The grammar stands in `grammars/cnn.lark`. Its parse table is cached in the user's cache folder, since
computing it takes half a second and reading it a hundredth of one.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from lark import Lark, Token, Transformer_NonRecursive, UnexpectedInput
from lark.exceptions import UnexpectedCharacters, UnexpectedToken, VisitError
from lark.utils import TextSlice

from cnndsl import syntax as s
from cnndsl.building import Builder
from cnndsl.collector import without_collector
from cnndsl.diagnostics import Diagnostic, SpecError
from cnndsl.slips import Unparsed, too_deep, too_long
from cnndsl.text import Source, Span

if TYPE_CHECKING:
    from cnndsl.slips.draft import Draft
    from cnndsl.slips.recovery import Recovered
    from cnndsl.slips.slip import Slip

__all__ = ["Parsed", "grammar_path", "parse", "parse_all", "together"]


class Parsed(NamedTuple):
    """A tree, as far as there is one, what does not parse, and the words that stand there."""

    body: s.Body | None
    diagnostics: tuple[Diagnostic, ...] = ()
    lost: frozenset[str] = frozenset()


def parse(source: Source) -> s.Body:
    """The syntax tree of a spec; SpecError with each `syntax-error` or `too-large` where there is none.

    >>> body = parse(Source("conv 16 k3 -> relu"))
    >>> [statement.span.text for statement in body.statements]
    ['conv 16 k3', 'relu']
    """
    parsed = parse_all(source)
    if parsed.diagnostics:
        raise SpecError(parsed.diagnostics)
    assert parsed.body is not None, "nothing was refused"
    return parsed.body


def parse_all(source: Source) -> Parsed:
    """The tree of a spec; where something does not parse, of what stands around it.

    A slip with a certain mend is read as mended, anything else that does not parse is a `Lost`.

    >>> parsed = parse_all(Source("input 1x28x28 -> conv 16, k3 -> flatten ->"))
    >>> [one.message for one in parsed.diagnostics]
    ['arguments are not separated by commas', 'nothing follows the last `->`']
    >>> [statement.span.text for statement in parsed.body.statements]
    ['input 1x28x28', 'conv 16, k3', 'flatten']
    """
    refused = too_long(source) or too_deep(source)
    if refused is not None:
        return Parsed(None, (refused,))
    with without_collector():
        try:
            return Parsed(_parse(source, 0, len(source.text), "spec"))
        except Unparsed as stopped:
            return _parse_around(source, stopped.slip)


def _parse_around(source: Source, slip: Slip) -> Parsed:
    """What can be read of a text besides its slips."""
    from cnndsl.slips.recovery import recover

    def attempt(text: str) -> Slip | None:
        try:
            _parse(Source(text), 0, len(text), "spec")
        except Unparsed as stopped:
            return stopped.slip
        return None

    recovered = recover(source, slip, attempt)
    body = _body_of(recovered) if recovered.complete else None
    return Parsed(body, recovered.diagnostics, recovered.lost)


def _body_of(recovered: Recovered) -> s.Body:
    draft = recovered.draft
    text = draft.text + "\n"
    tree = _lark().parse(TextSlice(text, 0, len(text)), start="spec")
    body = _MendedBuilder(draft).transform(tree)
    assert isinstance(body, s.Body)
    return body


def together(parsed: Parsed, found: Sequence[Diagnostic]) -> tuple[Diagnostic, ...]:
    """What does not parse and what else is wrong, in the order of the text, without follow-ups."""
    from cnndsl.slips.recovery import without_follow_ups

    both = (*parsed.diagnostics, *without_follow_ups(found, parsed.diagnostics, parsed.lost))
    return tuple(sorted(both, key=lambda one: (one.span.start, one.span.end)))


def grammar_path() -> Path:
    """Where the grammar lies: inside an installed package, or beside it in a checkout."""
    here = Path(__file__).resolve().parent
    installed = here / "grammars" / "cnn.lark"
    return installed if installed.exists() else here.parent / "grammars" / "cnn.lark"


@cache
def _lark() -> Lark:
    grammar = grammar_path().read_text(encoding="utf-8")
    return Lark(grammar, parser="lalr", start=["spec", "expression"], cache=_cache_file() or False)


def _cache_file() -> str | None:
    """The file for the parse table; None where no folder of the user's own can be written."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    folder = os.path.join(base, "cnndsl")
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
    except OSError:
        return None
    return os.path.join(folder, "grammar.table") if os.access(folder, os.W_OK) else None


def _parse(source: Source, start: int, end: int, rule: str) -> Any:
    # The grammar counts on a newline behind the last line, so that a comment there has an end.
    text = source.text[:end] + "\n" if rule == "spec" else source.text
    try:
        tree = _lark().parse(TextSlice(text, start, len(text) if rule == "spec" else end), start=rule)
        return _Builder(source).transform(tree)
    except VisitError as error:
        raise error.orig_exc from None
    except UnexpectedInput as error:
        raise Unparsed(_slip(source.text, error, start, end)) from None


def _slip(text: str, error: UnexpectedInput, start: int, end: int) -> Slip:
    # Only loaded on the way to a message.
    from cnndsl.slips.describing import describe_slip

    expected: frozenset[str] = frozenset()
    if isinstance(error, UnexpectedToken):
        token = error.token
        at = end if token.type == "$END" else min(token.start_pos or 0, end)
        # Some tokens take the blanks before them: the message points at what follows those.
        while at < end and (text[at] in " \t\r\f\n"):
            at += 1
        expected = frozenset(error.accepts or error.expected)
    elif isinstance(error, UnexpectedCharacters):
        at = min(error.pos_in_stream or 0, end)
        expected = frozenset(error.allowed or ())
    else:
        at = end
    return describe_slip(text, at, start, end, expected)


class _Builder(Builder, Transformer_NonRecursive[Token, Any]):
    """The builder for a text as it stands."""

    def __init__(self, source: Source) -> None:
        super().__init__()
        self.source = source

    def _splice(self, start: int, end: int) -> Any:
        return _parse(self.source, start, end, "expression")


class _MendedBuilder(_Builder):
    """The builder for a text with mends in it: its nodes stand where the original has them."""

    def __init__(self, draft: Draft) -> None:
        super().__init__(draft.source)
        self.draft = draft

    def _span(self, token: Token) -> Span:
        return self.draft.span(token.start_pos or 0, token.end_pos or 0)

    def _from(self, token: Token, last: Token | Span) -> Span:
        start = self.draft.start(token.start_pos or 0)
        end = last.end if isinstance(last, Span) else self.draft.end(last.end_pos or 0)
        return Span(self.source, start, max(start, end))

    def call(self, children: list[Any]) -> Any:
        from cnndsl.slips.recovery import KEPT, LOST

        name, *arguments = children
        if name in (LOST, KEPT):
            return s.Lost(self._span(name), name == LOST)
        last = arguments[-1].span if arguments else name
        return s.Call(self._from(name, last), str(name), self._span(name), tuple(arguments))

    def _place(self, start: int, end: int) -> Span:
        return self.draft.span(start, end)

    def _splice(self, start: int, end: int) -> Any:
        tree = _lark().parse(TextSlice(self.draft.text, start, end), start="expression")
        return _MendedBuilder(self.draft).transform(tree)
