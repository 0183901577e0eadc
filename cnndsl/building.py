"""From the parser's tree to syntax nodes, from the leaves up.

The methods have the names of the grammar's rules; `parser` gives them what it has read. Kept apart from
it so that the parser is the one file that runs lark.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from cnndsl import syntax as s
from cnndsl.dims import LARGEST
from cnndsl.slips import Unparsed
from cnndsl.text import Source, Span

if TYPE_CHECKING:
    from lark import Token

__all__ = ["Builder"]


def _called(text: str, start: int, end: int) -> Unparsed:
    from cnndsl.slips.describing import python_style

    return Unparsed(python_style(text, start, end)._replace(parsed=True))


def _too_large(message: str, span: Span) -> Unparsed:
    from cnndsl.slips.slip import Slip

    line = span.source.text[: span.start].rpartition("\n")[2]
    help = ("large amounts have a unit: `assert macs < 15G`",) if line.lstrip().startswith("assert") else ()
    return Unparsed(Slip(message, help, span.start, span.start, span.end, rule="too-large", parsed=True))


def _shortened(word: str) -> str:
    return word if len(word) <= 20 else word[:17] + "..."


def _entries(found: Any) -> tuple[Any, ...]:
    return () if found is None else tuple(found)


class Builder:
    """A method for every rule of the grammar: the syntax node of what the rule's parts have become.

    Parts are tokens, which are strings that know their place, and what methods have given before.
    """

    source: Source

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

    def budget(self, children: list[Any]) -> s.Budget:
        keyword, limits = children
        return s.Budget(self._from(keyword, limits.span), limits)

    def amount(self, children: list[Any]) -> s.Amount:
        word = str(children[0])
        number = word.rstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
        value = float(number) if "." in number else self._whole(number, self._span(children[0]))
        return s.Amount(self._span(children[0]), value, word[len(number) :])

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
        """The expression that stands between two places of the text."""
        raise NotImplementedError

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

    limits = disjunction_unsigned = disjunction
    joint_limits = conjunction_unsigned = conjunction
    limit = comparison_unsigned = comparison
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
