"""Text to syntax tree. The only file that knows lark.

The grammar stands in `grammars/cnn.lark`. Its parse table is cached in the user's cache folder, since
computing it takes half a second and reading it a hundredth of one.
"""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from lark import Lark, Token, Transformer_NonRecursive, UnexpectedInput
from lark.exceptions import UnexpectedCharacters, UnexpectedToken, VisitError
from lark.utils import TextSlice

from cnndsl import syntax as s
from cnndsl.collector import without_collector
from cnndsl.diagnostics import Diagnostic, SpecError
from cnndsl.dims import LARGEST
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


def _called(text: str, start: int, end: int) -> Unparsed:
    from cnndsl.slips.describing import python_style

    return Unparsed(python_style(text, start, end)._replace(parsed=True))


def _too_large(message: str, span: Span) -> Unparsed:
    from cnndsl.slips.slip import Slip

    return Unparsed(Slip(message, (), span.start, span.start, span.end, rule="too-large", parsed=True))


def _shortened(word: str) -> str:
    return word if len(word) <= 20 else word[:17] + "..."


def _entries(found: Any) -> tuple[Any, ...]:
    return () if found is None else tuple(found)


class _Builder(Transformer_NonRecursive[Token, Any]):
    """Turns lark's tree into syntax nodes, from the leaves up."""

    def __init__(self, source: Source) -> None:
        super().__init__()
        self.source = source

    # Places

    def _span(self, token: Token) -> Span:
        return Span(self.source, token.start_pos or 0, token.end_pos or 0)

    def _place(self, start: int, end: int) -> Span:
        return Span(self.source, start, end)

    def _word(self, token: Token) -> s.Name:
        return s.Name(self._span(token), str(token))

    def _from(self, token: Token, last: Token | Span) -> Span:
        end = last.end if isinstance(last, Span) else (last.end_pos or 0)
        return Span(self.source, token.start_pos or 0, end)

    # Bodies and declarations

    def spec(self, children: list[Any]) -> s.Body:
        return s.Body(Span(self.source, 0, len(self.source.text)), tuple(children))

    def body(self, children: list[Any]) -> s.Body:
        return s.Body(children[0].span.to(children[-1].span), tuple(children))

    def model(self, children: list[Any]) -> s.Model:
        keyword, name = children
        return s.Model(self._from(keyword, name), self._word(name))

    def param(self, children: list[Any]) -> s.Param:
        keyword, name, value = children
        return s.Param(self._from(keyword, value.span), self._word(name), value)

    def let(self, children: list[Any]) -> s.Let:
        keyword, name, value = children
        return s.Let(self._from(keyword, value.span), self._word(name), value)

    def block(self, children: list[Any]) -> s.Block:
        keyword, function, parameters, _, body, brace = children
        name = self._function_name(function)
        return s.Block(self._from(keyword, brace), name, _entries(parameters), body)

    def plain_block(self, children: list[Any]) -> s.Block:
        keyword, name, body, brace = children
        return s.Block(self._from(keyword, brace), self._word(name), (), body)

    def parameter(self, children: list[Any]) -> s.Parameter:
        name, default = children
        span = self._from(name, name if default is None else default.span)
        return s.Parameter(span, self._word(name), default)

    def use(self, children: list[Any]) -> s.FileUse:
        keyword, path = children
        return s.FileUse(self._from(keyword, path), self.string([path]), ())

    def use_names(self, children: list[Any]) -> s.FileUse:
        keyword, path, *names = children
        span = self._span(path)
        text = s.Text(span, str(path).rstrip(": \t").strip('"'))
        return s.FileUse(self._from(keyword, names[-1]), text, tuple(map(self._word, names)))

    def output(self, children: list[Any]) -> s.OutputBlock:
        keyword, name, when, body, brace = children
        condition = None if when is None else self._word(when)
        return s.OutputBlock(self._from(keyword, brace), self._word(name), condition, body)

    def train(self, children: list[Any]) -> s.Train:
        keyword, settings, brace = children
        return s.Train(self._from(keyword, brace), _entries(settings))

    def setting(self, children: list[Any]) -> s.Setting:
        name, *arguments = children
        last = arguments[-1].span if arguments else name
        return s.Setting(self._from(name, last), self._word(name), tuple(arguments))

    def input(self, children: list[Any]) -> s.Input:
        keyword, label, shape = children
        name = None if label is None else str(label).rstrip(": \t")
        return s.Input(self._from(keyword, shape), name, self.shape([shape]))

    # Items

    def call(self, children: list[Any]) -> s.Call:
        name, *arguments = children
        last = arguments[-1].span if arguments else name
        if arguments and arguments[0].span.start == name.end_pos:
            raise _called(self.source.text, name.start_pos or 0, self._from(name, last).end)
        return s.Call(self._from(name, last), str(name), self._span(name), tuple(arguments))

    def group(self, children: list[Any]) -> s.Group:
        bracket, body, closing = children
        return s.Group(self._from(bracket, closing), body)

    def join(self, children: list[Any]) -> s.Join:
        name, branches, brace = children
        return s.Join(self._from(name, brace), str(name), self._span(name), tuple(branches))

    def residual(self, children: list[Any]) -> s.Residual:
        keyword, _, condition, body, brace = children
        return s.Residual(self._from(keyword, brace), body, condition)

    def reuse(self, children: list[Any]) -> s.Reuse:
        keyword, name = children
        return s.Reuse(self._from(keyword, name), str(name))

    def tap(self, children: list[Any]) -> s.Tap:
        return s.Tap(self._span(children[0]), self._label(children[0], 1))

    def repeat(self, children: list[Any]) -> s.Repeat:
        item, count = children
        return s.Repeat(item.span.to(count.span), item, count)

    def labelled(self, children: list[Any]) -> s.Labelled:
        label, item = children
        return s.Labelled(self._from(label, item.span), self._label(label, 0), item)

    def assertion(self, children: list[Any]) -> s.Assertion:
        item, shape = children
        return s.Assertion(item.span.to(shape.span), item, shape)

    def shape(self, children: list[Any]) -> s.ShapeLiteral:
        span = self._span(children[0])
        axes = str(children[0]).split("x")
        return s.ShapeLiteral(
            span, tuple(self._whole(axis, span) if axis.isdigit() else axis for axis in axes)
        )

    def computed_shape(self, children: list[Any]) -> s.ShapeLiteral:
        opening, *axes, closing = children
        return s.ShapeLiteral(self._from(opening, closing), tuple(axes))

    def for_(self, children: list[Any]) -> s.For:
        keyword, *names, values, body, brace = children
        return s.For(self._from(keyword, brace), tuple(map(self._word, names)), values, body)

    def if_(self, children: list[Any]) -> s.If:
        keyword, condition, body, brace, otherwise = children
        last = brace if otherwise is None else otherwise.span
        return s.If(self._from(keyword, last), condition, body, otherwise)

    def else_(self, children: list[Any]) -> s.Body:
        body, brace = children
        return s.Body(body.span.to(self._span(brace)), body.statements)

    def else_if(self, children: list[Any]) -> s.Body:
        return s.Body(children[0].span, (children[0],))

    # Lark looks a rule's callback up by the rule's name, and these are Python's words.
    locals().update({"for": for_, "if": if_, "else": else_})

    # Arguments and labels

    def argument(self, children: list[Any]) -> s.Argument:
        return s.Argument(children[0].span, children[0])

    def keyword_argument(self, children: list[Any]) -> s.Argument:
        keyword, value = children
        return s.Argument(self._from(keyword, value.span), value, str(keyword), self._span(keyword))

    def tap_argument(self, children: list[Any]) -> s.Argument:
        tap = self.tap(children)
        return s.Argument(tap.span, tap)

    def _label(self, token: Token, skip: int) -> s.Label:
        """The label in a token, behind its first `skip` characters and without its colon."""
        start = (token.start_pos or 0) + skip
        word = str(token)[skip:].rstrip(": \t") if skip == 0 else str(token)[skip:]
        span = self._place(start, start + len(word))
        parts: list[str | s.Expression] = []
        at = 0
        while at < len(word):
            opening = word.find("{", at)
            if opening < 0:
                break
            closing = word.find("}", opening)
            if closing < 0:
                break
            parts.append(word[at:opening].replace('"', ""))
            parts.append(self._splice(start + opening + 1, start + closing))
            at = closing + 1
        parts.append(word[at:].replace('"', ""))
        return s.Label(span, tuple(part for part in parts if part != ""))

    def _splice(self, start: int, end: int) -> Any:
        return _parse(self.source, start, end, "expression")

    # Expressions

    def conditional(self, children: list[Any]) -> s.Conditional:
        then, _, condition, otherwise = children
        return s.Conditional(then.span.to(otherwise.span), condition, then, otherwise)

    def disjunction(self, children: list[Any]) -> s.Logical:
        return s.Logical(children[0].span.to(children[-1].span), "or", tuple(children))

    def conjunction(self, children: list[Any]) -> s.Logical:
        return s.Logical(children[0].span.to(children[-1].span), "and", tuple(children))

    def comparison(self, children: list[Any]) -> s.Comparison:
        return s.Comparison(*self._chain(children))

    def operators(self, children: list[Any]) -> s.Chain:
        return s.Chain(*self._chain(children))

    disjunction_unsigned = disjunction
    conjunction_unsigned = conjunction
    comparison_unsigned = comparison
    arithmetic = term = arithmetic_unsigned = term_unsigned = operators

    def _chain(self, children: list[Any]) -> tuple[Span, s.Expression, tuple[tuple[str, s.Expression], ...]]:
        first, *rest = children
        pairs = tuple((str(sign), operand) for sign, operand in zip(rest[::2], rest[1::2], strict=True))
        return first.span.to(children[-1].span), first, pairs

    def unary(self, children: list[Any]) -> s.Unary:
        sign, operand = children
        return s.Unary(self._from(sign, operand.span), str(sign), operand)

    def number(self, children: list[Any]) -> s.Number:
        span = self._span(children[0])
        word = str(children[0])
        if word.isdigit():
            return s.Number(span, self._whole(word, span))
        if not math.isfinite(float(word)):
            message = f"{_shortened(word)} is above the largest number, about 1.8e308"
            raise _too_large(message, span)
        return s.Number(span, float(word))

    def _whole(self, word: str, span: Span) -> int:
        # Python refuses to convert very long numbers; ours end far below that.
        if len(word.lstrip("0")) > 10 or int(word) > LARGEST:
            message = f"{_shortened(word)} is above the largest size, 2^31 - 1"
            raise _too_large(message, span)
        return int(word)

    def string(self, children: list[Any]) -> s.Text:
        return s.Text(self._span(children[0]), str(children[0])[1:-1])

    def true(self, children: list[Any]) -> s.Truth:
        return s.Truth(self._span(children[0]), True)

    def false(self, children: list[Any]) -> s.Truth:
        return s.Truth(self._span(children[0]), False)

    def name(self, children: list[Any]) -> s.Name:
        return self._word(children[0])

    def function(self, children: list[Any]) -> s.FunctionCall:
        function, arguments, closing = children
        name = self._function_name(function)
        return s.FunctionCall(self._from(function, closing), name.word, _entries(arguments))

    def _function_name(self, token: Token) -> s.Name:
        word = str(token).rstrip().partition("(")[0]
        start = token.start_pos or 0
        return s.Name(self._place(start, start + len(word)), word)

    def listing(self, children: list[Any]) -> s.Listing:
        bracket, entries, closing = children
        return s.Listing(self._from(bracket, closing), _entries(entries))

    def tuple(self, children: list[Any]) -> s.Tuple:
        opening, first, rest, closing = children
        return s.Tuple(self._from(opening, closing), (first, *_entries(rest)))

    def parenthesised(self, children: list[Any]) -> s.Parenthesised:
        opening, inside, closing = children
        return s.Parenthesised(self._from(opening, closing), inside)

    def _list(self, children: list[Any]) -> list[Any]:
        return children

    parameters = settings = branches = expressions = function_arguments = _list


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
