"""The syntax tree: what a spec says, word for word, before anything is looked up.

Every node is immutable and knows its span. No layer names live here: `conv 16 k3` and `basic 64` are both a
`Call`. The nodes are named tuples, not dataclasses: making forty dataclasses takes a third of the time that
`cnndsl check` may take as a whole process.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from cnndsl.text import Span

if TYPE_CHECKING:
    from typing import Self, dataclass_transform

    # A type checker compares named tuples field by field, and unions of nodes that hold nodes for minutes: to
    # it the nodes are frozen classes of their own.
    @dataclass_transform(frozen_default=True)
    class Node:
        """What every node is to a type checker."""

        def _replace(self, **changes: Any) -> Self: ...

else:
    from typing import NamedTuple as Node

__all__ = [
    "Amount",
    "Argument",
    "Assertion",
    "Block",
    "Body",
    "Budget",
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
    "Lost",
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


# Expressions


class Number(Node):
    """A whole or decimal number."""

    span: Span
    value: int | float


class Amount(Node):
    """A number with a unit behind it, in what is asserted of the network: `5M`, `2GB`."""

    span: Span
    number: int | float
    unit: str


class Text(Node):
    """A quoted text."""

    span: Span
    value: str


class Truth(Node):
    """`true` or `false`."""

    span: Span
    value: bool


class Name(Node):
    """A bare word: a bound name, an axis letter, a flag, a switch or a word that an argument takes."""

    span: Span
    word: str


class Listing(Node):
    """`[a, b]`."""

    span: Span
    entries: tuple[Expression, ...]


class Tuple(Node):
    """`(a, b)`."""

    span: Span
    entries: tuple[Expression, ...]


class Parenthesised(Node):
    """`(a)`: the same value, but never a flag or a word."""

    span: Span
    inside: Expression


class Unary(Node):
    """`-a` or `not a`."""

    span: Span
    operator: str
    operand: Expression


class Chain(Node):
    """Operators of one precedence from left to right: `a + b - c`."""

    span: Span
    first: Expression
    rest: tuple[tuple[str, Expression], ...]


class Comparison(Node):
    """`a < b`; chained as in Python: `1 < n <= 4`."""

    span: Span
    first: Expression
    rest: tuple[tuple[str, Expression], ...]


class Logical(Node):
    """`a and b and c`, or with `or`."""

    span: Span
    operator: str
    operands: tuple[Expression, ...]


class Conditional(Node):
    """`a if condition else b`."""

    span: Span
    condition: Expression
    then: Expression
    otherwise: Expression


class FunctionCall(Node):
    """`min(a, b)`, `divisible(v, by=8)`."""

    span: Span
    function: str
    arguments: tuple[Argument, ...]


class Tap(Node):
    """`@name` or `@scope.name`; splices as in a label."""

    span: Span
    label: Label


Expression = (
    Number
    | Amount
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


class Argument(Node):
    """An argument as written; `keyword` is the word before `=`, with its own span."""

    span: Span
    value: Expression | Tap
    keyword: str | None = None
    keyword_span: Span | None = None


# Items: what can be fed by an arrow


class Call(Node):
    """The use of a layer or block: `conv 16 k3`; `name_span` is the word alone."""

    span: Span
    name: str
    name_span: Span
    arguments: tuple[Argument, ...]


class Group(Node):
    """`[ ... ]`."""

    span: Span
    body: Body


class Join(Node):
    """`add { a | b }`."""

    span: Span
    name: str
    name_span: Span
    branches: tuple[Body, ...]


class Residual(Node):
    """`residual { a }`, `residual if condition { a }`."""

    span: Span
    branch: Body
    condition: Expression | None


class Reuse(Node):
    """`reuse name`."""

    span: Span
    name: str


class Repeat(Node):
    """`item x times`."""

    span: Span
    item: Item
    times: Expression


class Label(Node):
    """The name before a colon: literal parts and spliced expressions in turn."""

    span: Span
    parts: tuple[str | Expression, ...]

    @property
    def literal(self) -> str | None:
        """The name where nothing is spliced in, else None."""
        if all(isinstance(part, str) for part in self.parts):
            return "".join(part for part in self.parts if isinstance(part, str))
        return None


class Labelled(Node):
    """`label: item`."""

    span: Span
    label: Label
    item: Item


class ShapeLiteral(Node):
    """`16x14x14`, `3xHxW`, `_x7x7`, or a tuple of expressions: numbers, letters, `_` or expressions."""

    span: Span
    axes: tuple[int | str | Expression, ...]


class Assertion(Node):
    """`item :: shape`."""

    span: Span
    item: Item
    shape: ShapeLiteral


class For(Node):
    """`for a, b in list { ... }`."""

    span: Span
    names: tuple[Name, ...]
    values: Expression
    body: Body


class If(Node):
    """`if condition { ... } else { ... }`; an `else if` is an `If` in a body of its own."""

    span: Span
    condition: Expression
    then: Body
    otherwise: Body | None


class Input(Node):
    """`input 3x32x32`, `input left: 3x32x32`."""

    span: Span
    name: str | None
    shape: ShapeLiteral


class Lost(Node):
    """What stands where a text does not parse; a declaration has no value, and feeds nothing on."""

    span: Span
    has_value: bool


Item = Call | Group | Join | Residual | Reuse | Repeat | Labelled | Assertion | Tap | For | If | Input | Lost


# Statements that feed nothing on


class Model(Node):
    """`model Name`."""

    span: Span
    name: Name


class Param(Node):
    """`param name = value`."""

    span: Span
    name: Name
    value: Expression


class Let(Node):
    """`let name = value`."""

    span: Span
    name: Name
    value: Expression


class Parameter(Node):
    """A parameter of a block, with its default."""

    span: Span
    name: Name
    default: Expression | None


class Block(Node):
    """`block name(parameters) { ... }`."""

    span: Span
    name: Name
    parameters: tuple[Parameter, ...]
    body: Body


class FileUse(Node):
    """`use "blocks.cnn"`, `use "blocks.cnn": a, b`."""

    span: Span
    path: Text
    names: tuple[Name, ...]


class OutputBlock(Node):
    """`output name { ... }`, `output name when training { ... }`."""

    span: Span
    name: Name
    when: Name | None
    body: Body


class Budget(Node):
    """`assert params < 5M`: comparisons of what the network costs, joined by `and` and `or`."""

    span: Span
    limits: Comparison | Logical


class Setting(Node):
    """A line of the `train` section."""

    span: Span
    name: Name
    arguments: tuple[Argument, ...]


class Train(Node):
    """`train { ... }`."""

    span: Span
    settings: tuple[Setting, ...]


Statement = Item | Model | Param | Let | Block | FileUse | OutputBlock | Budget | Train


class Body(Node):
    """Statements one after another: a whole spec, a branch, a group, a block's inside."""

    span: Span
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
