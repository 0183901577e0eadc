"""The syntax tree: what a spec says, word for word, before anything is looked up.

Every node is frozen and knows its span. No layer names live here: `conv 16 k3` and `basic 64` are both a
`Call`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cnndsl.text import Span

__all__ = [
    "Argument",
    "Assertion",
    "Block",
    "Body",
    "Call",
    "Chain",
    "Comparison",
    "Conditional",
    "Expression",
    "FileUse",
    "For",
    "FunctionCall",
    "Group",
    "If",
    "Input",
    "Item",
    "Join",
    "Label",
    "Labelled",
    "Let",
    "Listing",
    "Logical",
    "Model",
    "Name",
    "Number",
    "OutputBlock",
    "Param",
    "Parameter",
    "Parenthesised",
    "Repeat",
    "Residual",
    "Reuse",
    "Setting",
    "ShapeLiteral",
    "Statement",
    "Tap",
    "Text",
    "Train",
    "Truth",
    "Tuple",
    "Unary",
    "bodies",
]


@dataclass(frozen=True, slots=True)
class Syntax:
    """Anything that stands in the text."""

    span: Span


# Expressions


@dataclass(frozen=True, slots=True)
class Number(Syntax):
    """A whole or decimal number."""

    value: int | float


@dataclass(frozen=True, slots=True)
class Text(Syntax):
    """A quoted text."""

    value: str


@dataclass(frozen=True, slots=True)
class Truth(Syntax):
    """`true` or `false`."""

    value: bool


@dataclass(frozen=True, slots=True)
class Name(Syntax):
    """A bare word: a bound name, an axis letter, a flag, a switch or a word that an argument takes."""

    word: str


@dataclass(frozen=True, slots=True)
class Listing(Syntax):
    """`[a, b]`."""

    entries: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Tuple(Syntax):
    """`(a, b)`."""

    entries: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Parenthesised(Syntax):
    """`(a)`: the same value, but never a flag or a word."""

    inside: Expression


@dataclass(frozen=True, slots=True)
class Unary(Syntax):
    """`-a` or `not a`."""

    operator: str
    operand: Expression


@dataclass(frozen=True, slots=True)
class Chain(Syntax):
    """Operators of one precedence from left to right: `a + b - c`."""

    first: Expression
    rest: tuple[tuple[str, Expression], ...]


@dataclass(frozen=True, slots=True)
class Comparison(Syntax):
    """`a < b`; chained as in Python: `1 < n <= 4`."""

    first: Expression
    rest: tuple[tuple[str, Expression], ...]


@dataclass(frozen=True, slots=True)
class Logical(Syntax):
    """`a and b and c`, or with `or`."""

    operator: str
    operands: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Conditional(Syntax):
    """`a if condition else b`."""

    condition: Expression
    then: Expression
    otherwise: Expression


@dataclass(frozen=True, slots=True)
class FunctionCall(Syntax):
    """`min(a, b)`, `divisible(v, by=8)`."""

    function: str
    arguments: tuple[Argument, ...]


@dataclass(frozen=True, slots=True)
class Tap(Syntax):
    """`@name` or `@scope.name`; splices as in a label."""

    label: Label


Expression = (
    Number
    | Text
    | Truth
    | Name
    | Listing
    | Tuple
    | Parenthesised
    | Unary
    | Chain
    | Comparison
    | Logical
    | Conditional
    | FunctionCall
)


@dataclass(frozen=True, slots=True)
class Argument(Syntax):
    """An argument as written; `keyword` is the word before `=`, with its own span."""

    value: Expression | Tap
    keyword: str | None = None
    keyword_span: Span | None = None


# Items: what can be fed by an arrow


@dataclass(frozen=True, slots=True)
class Call(Syntax):
    """The use of a layer or block: `conv 16 k3`; `name_span` is the word alone."""

    name: str
    name_span: Span
    arguments: tuple[Argument, ...]


@dataclass(frozen=True, slots=True)
class Group(Syntax):
    """`[ ... ]`."""

    body: Body


@dataclass(frozen=True, slots=True)
class Join(Syntax):
    """`add { a | b }`."""

    name: str
    name_span: Span
    branches: tuple[Body, ...]


@dataclass(frozen=True, slots=True)
class Residual(Syntax):
    """`residual { a }`, `residual if condition { a }`."""

    branch: Body
    condition: Expression | None


@dataclass(frozen=True, slots=True)
class Reuse(Syntax):
    """`reuse name`."""

    name: str


@dataclass(frozen=True, slots=True)
class Repeat(Syntax):
    """`item x count`."""

    item: Item
    count: Expression


@dataclass(frozen=True, slots=True)
class Label(Syntax):
    """The name before a colon: literal parts and spliced expressions in turn."""

    parts: tuple[str | Expression, ...]

    @property
    def literal(self) -> str | None:
        """The name where nothing is spliced in, else None."""
        if all(isinstance(part, str) for part in self.parts):
            return "".join(part for part in self.parts if isinstance(part, str))
        return None


@dataclass(frozen=True, slots=True)
class Labelled(Syntax):
    """`label: item`."""

    label: Label
    item: Item


@dataclass(frozen=True, slots=True)
class ShapeLiteral(Syntax):
    """`16x14x14`, `3xHxW`, `_x7x7`, or a tuple of expressions: numbers, letters, `_` or expressions."""

    axes: tuple[int | str | Expression, ...]


@dataclass(frozen=True, slots=True)
class Assertion(Syntax):
    """`item :: shape`."""

    item: Item
    shape: ShapeLiteral


@dataclass(frozen=True, slots=True)
class For(Syntax):
    """`for a, b in list { ... }`."""

    names: tuple[Name, ...]
    values: Expression
    body: Body


@dataclass(frozen=True, slots=True)
class If(Syntax):
    """`if condition { ... } else { ... }`; an `else if` is an `If` in a body of its own."""

    condition: Expression
    then: Body
    otherwise: Body | None


@dataclass(frozen=True, slots=True)
class Input(Syntax):
    """`input 3x32x32`, `input left: 3x32x32`."""

    name: str | None
    shape: ShapeLiteral


Item = Call | Group | Join | Residual | Reuse | Repeat | Labelled | Assertion | Tap | For | If | Input


# Statements that feed nothing on


@dataclass(frozen=True, slots=True)
class Model(Syntax):
    """`model Name`."""

    name: Name


@dataclass(frozen=True, slots=True)
class Param(Syntax):
    """`param name = value`."""

    name: Name
    value: Expression


@dataclass(frozen=True, slots=True)
class Let(Syntax):
    """`let name = value`."""

    name: Name
    value: Expression


@dataclass(frozen=True, slots=True)
class Parameter(Syntax):
    """A parameter of a block, with its default."""

    name: Name
    default: Expression | None


@dataclass(frozen=True, slots=True)
class Block(Syntax):
    """`block name(parameters) { ... }`."""

    name: Name
    parameters: tuple[Parameter, ...]
    body: Body


@dataclass(frozen=True, slots=True)
class FileUse(Syntax):
    """`use "blocks.cnn"`, `use "blocks.cnn": a, b`."""

    path: Text
    names: tuple[Name, ...]


@dataclass(frozen=True, slots=True)
class OutputBlock(Syntax):
    """`output name { ... }`, `output name when training { ... }`."""

    name: Name
    when: Name | None
    body: Body


@dataclass(frozen=True, slots=True)
class Setting(Syntax):
    """A line of the `train` section."""

    name: Name
    arguments: tuple[Argument, ...]


@dataclass(frozen=True, slots=True)
class Train(Syntax):
    """`train { ... }`."""

    settings: tuple[Setting, ...]


Statement = Item | Model | Param | Let | Block | FileUse | OutputBlock | Train


@dataclass(frozen=True, slots=True)
class Body(Syntax):
    """Statements one after another: a whole spec, a branch, a group, a block's inside."""

    statements: tuple[Statement, ...]


def bodies(statement: Statement) -> Iterator[Body]:
    """The bodies that lie directly in a statement."""
    at: Statement = statement
    while isinstance(at, (Labelled, Assertion, Repeat)):
        at = at.item
    match at:
        case Group() | For() | Block() | OutputBlock():
            yield at.body
        case Join():
            yield from at.branches
        case Residual():
            yield at.branch
        case If():
            yield at.then
            if at.otherwise is not None:
                yield at.otherwise
        case _:
            pass
