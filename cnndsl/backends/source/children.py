"""The code that makes the children of a class, and sequentials of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from cnndsl.backends.source.layout import Call, Expression, layout
from cnndsl.backends.source.naming import attribute, literal

__all__ = ["Child", "Made", "numbered", "positions", "registration", "sequential"]

# So many children in a row that follow a rule are written as a comprehension.
RUN = 3
ENDS_IN_NUMBER = re.compile(r"(.*?)(0|[1-9]\d*)", re.DOTALL)
WHOLE_NUMBER = re.compile(r"((?:\w+=)?)(\d+)")


@dataclass(frozen=True, slots=True)
class Made:
    """A child with its arguments written out.

    `target` is the class's name, or its number among the generated ones. `is_parameter` for a bare
    parameter, which is no module.
    """

    target: str | int
    arguments: tuple[str, ...]
    is_parameter: bool


@dataclass(frozen=True, slots=True)
class Child:
    """A child of a class under its key: made by one call, or an `nn.Sequential` of such.

    `condition` is the code that says whether the child is made, empty where it always is.
    """

    key: str
    tree: Made | tuple[Child, ...]
    condition: str = ""

    def expression(self, names: Sequence[str]) -> Expression:
        """The code that makes the child, given the names of the generated classes."""
        if isinstance(self.tree, Made):
            return Call(f"{name_of(self.tree, names)}(", self.tree.arguments)
        return sequential("nn.Sequential(", self.tree, names)


def name_of(made: Made, names: Sequence[str]) -> str:
    """The name of the class that makes a child."""
    return made.target if isinstance(made.target, str) else names[made.target]


def registration(child: Child, names: Sequence[str], indent: str) -> Iterator[str]:
    """The lines of the statement that makes a child an attribute of `self`."""
    place = attribute(child.key, isinstance(child.tree, Made) and child.tree.is_parameter)
    code = child.expression(names)
    if place.register:
        return layout(Call(f"{place.register}(", (literal(child.key), code)), indent)
    return layout(code, indent, before=f"{place.read} = ")


def numbered(keys: Iterable[str]) -> bool:
    """Whether the keys are 0, 1, 2 ... as `nn.Sequential` numbers its children."""
    return all(key == str(index) for index, key in enumerate(keys))


def sequential(head: str, children: Sequence[Child], names: Sequence[str]) -> Call:
    """The call that makes a sequential of the children, by position where their keys allow it."""
    if numbered(child.key for child in children):
        arguments = tuple(positions(children, names))
        return Call(head, arguments, upright=True, tall=len(arguments) > 2)
    rule = comprehension(children, names)
    if rule is not None:
        return Call(head, (Call("OrderedDict(", (Call("[", rule, "]", joint=" "),)),))
    many = len(children) > 2
    if all(attribute(child.key).read == f"self.{child.key}" for child in children):
        words = tuple(prefixed(f"{child.key}=", child.expression(names)) for child in children)
        return Call(head, (Call("OrderedDict(", words, upright=True, tall=many),))
    pairs = tuple(prefixed(f"{literal(child.key)}: ", child.expression(names)) for child in children)
    return Call(head, (Call("OrderedDict(", (Call("{", pairs, "}", upright=True, tall=many),)),))


def positions(children: Sequence[Child], names: Sequence[str]) -> Iterator[Expression]:
    """The children in order; several equal ones in a row become `*[Block(64) for _ in range(5)]`."""
    start = 0
    for end in range(1, len(children) + 1):
        if end < len(children) and children[end].tree == children[start].tree:
            continue
        code = children[start].expression(names)
        if end - start >= RUN:
            yield Call("*[", (code, f"for _ in range({end - start})"), "]", joint=" ")
        else:
            yield from (code for _ in range(start, end))
        start = end


def comprehension(children: Sequence[Child], names: Sequence[str]) -> tuple[Expression, Expression] | None:
    """Children that differ by a number alone: `(f"layer{i}", Layer(32 + 32 * i)) for i in range(1, 7)`."""
    found = [ENDS_IN_NUMBER.fullmatch(child.key) for child in children]
    ends = [(match[1], int(match[2])) for match in found if match]
    makers = [child.tree for child in children if isinstance(child.tree, Made)]
    if len(children) <= RUN or len(ends) < len(children) or len(makers) < len(children):
        return None
    word, start = ends[0]
    if ends != [(word, start + index) for index in range(len(ends))] or not word.isidentifier():
        return None
    if any(made.target != makers[0].target or made.is_parameter for made in makers):
        return None
    if any(len(made.arguments) != len(makers[0].arguments) for made in makers):
        return None
    columns = zip(*(made.arguments for made in makers), strict=True)
    arguments = [progression(column, start) for column in columns]
    if None in arguments:
        return None
    code = f"{name_of(makers[0], names)}({', '.join(text for text in arguments if text)})"
    first = f"{start}, " if start else ""
    return f'(f"{word}{{i}}", {code})', f"for i in range({first}{start + len(children)})"


def progression(texts: Sequence[str], start: int) -> str | None:
    """One argument of many calls as an expression in `i`, which counts the calls from `start`.

    >>> progression(["64", "96", "128"], 1), progression(["k=3", "k=3"], 0), progression(["1", "2", "4"], 0)
    ('32 + 32 * i', 'k=3', None)
    """
    if all(text == texts[0] for text in texts):
        return texts[0]
    found = [WHOLE_NUMBER.fullmatch(text) for text in texts]
    numbers = [int(match[2]) for match in found if match]
    if len(numbers) < len(texts) or found[0] is None:
        return None
    step = numbers[1] - numbers[0]
    base = numbers[0] - step * start
    if step <= 0 or base < 0 or numbers != [base + step * (start + index) for index in range(len(numbers))]:
        return None
    times = "i" if step == 1 else f"{step} * i"
    return f"{found[0][1]}{f'{base} + {times}' if base else times}"


def prefixed(before: str, code: Expression) -> Expression:
    """The expression with text in front of it."""
    if isinstance(code, str):
        return before + code
    return Call(before + code.head, code.arguments, code.tail, code.joint, code.upright, code.tall)
