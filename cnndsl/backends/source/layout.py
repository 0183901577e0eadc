"""How generated Python is laid out: the form that `ruff format` and `black` give, 88 columns wide."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["WIDTH", "Call", "Expression", "layout", "statement"]

WIDTH = 88
INDENT = "    "


@dataclass(frozen=True, slots=True)
class Call:
    """Expressions between brackets; `head` ends in the opening bracket, `tail` closes it.

    `joint` stands between the expressions: a comma, or a blank in a comprehension. An upright call is
    on one line or has a line for each argument, never all of them on one line of their own; a tall
    one always has a line for each.

    >>> print("\\n".join(layout(Call("nn.Sequential(", ("nn.ReLU()", "nn.Flatten()"), tall=True))))
    nn.Sequential(
        nn.ReLU(),
        nn.Flatten(),
    )
    """

    head: str
    arguments: tuple[Expression, ...] = ()
    tail: str = ")"
    joint: str = ", "
    upright: bool = False
    tall: bool = False


Expression = str | Call


def flat(expression: Expression) -> str | None:
    """The expression on one line, None where a part of it is tall."""
    if isinstance(expression, str):
        return expression
    body = flat_body(expression)
    return None if body is None else f"{expression.head}{body}{expression.tail}"


def flat_body(call: Call) -> str | None:
    """What stands between the brackets, on one line."""
    parts = [flat(argument) for argument in call.arguments]
    return None if call.tall or None in parts else call.joint.join(part for part in parts if part)


def layout(expression: Expression, indent: str = "", before: str = "", after: str = "") -> Iterator[str]:
    """The lines of an expression that stands between `before` and `after`, a level deep in `indent`."""
    if isinstance(expression, str):
        yield f"{indent}{before}{expression}{after}"
        return
    body = flat_body(expression)
    if body is not None:
        line = f"{indent}{before}{expression.head}{body}{expression.tail}{after}"
        if len(line) <= WIDTH or not expression.arguments:
            yield line
            return
    yield f"{indent}{before}{expression.head}"
    if body is not None and not expression.upright and len(indent) + len(INDENT) + len(body) <= WIDTH:
        yield f"{indent}{INDENT}{body}"
    else:
        for argument in expression.arguments:
            yield from layout(argument, indent + INDENT, after=expression.joint.rstrip())
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
        yield from layout(Call("(", tuple(values), upright=True), indent, before)
        return
    for sign in ("+", "-", "*"):
        first, *others = split(code, f" {sign} ")
        if others:
            terms = (first, *(f"{sign} {term}" for term in others))
            yield from layout(Call("(", terms, joint=" "), indent, before)
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
