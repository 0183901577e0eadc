"""How generated Python is laid out: the form that `ruff format` and `black` give, 88 columns wide."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["WIDTH", "Call", "Expression", "layout", "statement"]

WIDTH = 88
INDENT = "    "


@dataclass(frozen=True, slots=True)
class Call:
    """A bracketed list of expressions; `head` ends in the opening bracket, `tail` closes it.

    A tall one puts every argument on a line of its own, also where one line would do.

    >>> "\\n".join(layout(Call("nn.Sequential(", ("nn.ReLU()", "nn.Flatten()"), tall=True)))
    'nn.Sequential(\\n    nn.ReLU(),\\n    nn.Flatten(),\\n)'
    """

    head: str
    arguments: tuple[Expression, ...] = ()
    tail: str = ")"
    tall: bool = False


Expression = str | Call


def flat(expression: Expression) -> str | None:
    """The expression on one line, None where a part of it is tall."""
    if isinstance(expression, str):
        return expression
    parts = [flat(argument) for argument in expression.arguments]
    if expression.tall or None in parts:
        return None
    return f"{expression.head}{', '.join(part for part in parts if part is not None)}{expression.tail}"


def layout(expression: Expression, indent: str = "", before: str = "", after: str = "") -> Iterator[str]:
    """The lines of an expression that stands between `before` and `after`, a level deep in `indent`."""
    line = flat(expression)
    if isinstance(expression, str) or (
        line is not None and len(indent) + len(before) + len(line) + len(after) <= WIDTH
    ):
        yield f"{indent}{before}{line}{after}"
        return
    yield f"{indent}{before}{expression.head}"
    for argument in expression.arguments:
        yield from layout(argument, indent + INDENT, after=",")
    yield f"{indent}{expression.tail}{after}"


def statement(before: str, code: str, indent: str) -> Iterator[str]:
    """The lines of `before` and an expression that is given as text, wrapped where it is too long.

    >>> list(statement("return ", "torch.cat([x, y], dim=1)", ""))
    ['return torch.cat([x, y], dim=1)']
    """
    if len(indent) + len(before) + len(code) <= WIDTH:
        yield f"{indent}{before}{code}"
        return
    values = split(code, ", ")
    if len(values) > 1:
        yield from layout(Call("(", tuple(values)), indent, before)
        return
    for sign in ("+", "-", "*"):
        terms = split(code, f" {sign} ")
        if len(terms) > 1:
            yield f"{indent}{before}("
            yield f"{indent}{INDENT}{terms[0]}"
            yield from (f"{indent}{INDENT}{sign} {term}" for term in terms[1:])
            yield f"{indent})"
            return
    yield from layout(parse(code), indent, before)


def parse(code: str) -> Expression:
    """The text taken apart at its last pair of brackets, and so on inside."""
    closed = 0
    for at in range(len(code) - 1, -1, -1):
        closed += (code[at] in ")]") - (code[at] in "([")
        if closed == 0:
            inner = code[at + 1 : -1]
            if at == len(code) - 1 or not inner:
                return code
            return Call(code[: at + 1], tuple(parse(part) for part in split(inner, ", ")), code[-1])
    return code


def split(code: str, separator: str) -> list[str]:
    """The parts of the text between separators that stand outside all brackets."""
    parts, depth, start = [], 0, 0
    for at, character in enumerate(code):
        depth += (character in "([") - (character in ")]")
        if depth == 0 and code.startswith(separator, at):
            parts.append(code[start:at])
            start = at + len(separator)
    return [*parts, code[start:]]
