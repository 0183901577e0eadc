"""What the constructor of a scope's class makes: the tree of its children, as data.

Two uses of a block share a class where their trees have the same skeleton: the same children of the
same classes, whatever the values of their arguments.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from cnndsl.backends.source.naming import literal
from cnndsl.ir import Node
from cnndsl.layers.declaration import Layer, Module, Raw
from cnndsl.layers.windows import repeat

__all__ = [
    "IDENTITY",
    "Column",
    "Entry",
    "Inline",
    "Part",
    "Path",
    "Tree",
    "TypeName",
    "columns",
    "fits",
    "leaves",
    "likeness",
    "part_of",
    "skeleton",
]

# A number in code: `1e-06` is one too, the 2 of `conv2` is none.
NUMBER = re.compile(r"(?<![\w.])(\d+(?:\.\d*)?(?:[eE][+-]?\d+)?)")

Arguments = tuple[tuple[str, Any], ...]

# The keys that lead to a part.
Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TypeName:
    """A class as a value: `nn.ReLU`, where the uses of a block differ in their activations."""

    name: str

    def __repr__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Part:
    """One child: the class that is called, by name or by its number here, and the arguments.

    `apply` is how it is used where it is not just called. `node` is the layer's node, None for a
    generated class.
    """

    target: str | int
    positional: Arguments = ()
    keywords: Arguments = ()
    apply: str = ""
    node: Node | None = None


@dataclass(frozen=True, slots=True)
class Inline:
    """An `nn.Sequential` that is written in place, without a class of its own."""

    entries: tuple[Entry, ...]


Tree = Part | Inline
Entry = tuple[str, Tree]

IDENTITY = Part("nn.Identity")


def part_of(node: Node, module: Module) -> Part:
    """The child that a layer's node is."""
    return Part(module.name, module.positional, module.keywords, module.apply, node)


def leaves(entries: Sequence[Entry], path: Path = ()) -> Iterator[tuple[Path, Part]]:
    """Every part in order, with the keys that lead to it."""
    for key, tree in entries:
        if isinstance(tree, Part):
            yield (*path, key), tree
        else:
            yield from leaves(tree.entries, (*path, key))


def skeleton(entries: Sequence[Entry]) -> Hashable:
    """What the entries have in common with others that differ only in the values of arguments."""
    return tuple(
        (key, "chain", skeleton(tree.entries)) if isinstance(tree, Inline) else (key, *part_skeleton(tree))
        for key, tree in entries
    )


def part_skeleton(part: Part) -> tuple[Hashable, ...]:
    """A part without its values. Keywords that the layer's arguments explain may come and go."""
    return (
        part.target,
        part.apply,
        tuple((name, pieces(value)) for name, value in part.positional),
        tuple((name, pieces(value)) for name, value in part.keywords if not is_plain(part, name, value)),
    )


def fits(part: Part, other: Part) -> bool:
    """Whether two parts may stand for each other in one class: both of one class, or both activations."""
    return part_skeleton(part) == part_skeleton(other) or (is_activation(part) and is_activation(other))


def is_activation(part: Part) -> bool:
    """Whether the part is an activation that is made without arguments."""
    return (
        part.node is not None
        and isinstance(part.node.layer, Layer)
        and part.node.layer.family == "activation"
        and not (part.positional or part.keywords or part.apply)
    )


def likeness(part: Part, other: Part) -> int:
    """How much two parts that fit are alike: the arguments that agree, and the pairs of equal ones.

    The two convolutions of an inverted residual are told apart by it: one widens with a 1x1 kernel, the
    other keeps the channels.
    """
    if part.target != other.target:
        return 0
    values: list[list[Any]] = [one.values[0] for one in columns([part, other])]
    pairs = [(a == b, c == d) for (a, c), (b, d) in combinations(values, 2)]
    return sum(bool(a == b) for a, b in values) + sum(bool(a and b) for a, b in pairs)


def is_plain(part: Part, name: str, value: Any) -> bool:
    """Whether the keyword is an argument of the layer, so that its value is known where it is left out."""
    if part.node is None:
        return True
    arguments = part.node.arguments
    return name in arguments and literal(repeat(arguments[name])) == literal(value)


def pieces(value: Any) -> tuple[str, ...] | None:
    """Raw code around the whole numbers in it; None for any other value."""
    return tuple(split_code(value)[0]) if isinstance(value, Raw) else None


def split_code(raw: Raw) -> tuple[list[str], list[int]]:
    """Raw code as the text around its whole numbers, and these."""
    texts, numbers = [""], []
    for index, piece in enumerate(NUMBER.split(raw.code)):
        if index % 2 and piece.isdigit():
            numbers.append(int(piece))
            texts.append("")
        else:
            texts[-1] += literal(float(piece)) if index % 2 else piece
    return texts, numbers


@dataclass(frozen=True, slots=True)
class Column:
    """An argument of one part over all instances of a class.

    `values` are lists with a value an instance: one list, or for raw code one for each whole number
    between the `code` pieces.
    """

    name: str
    is_keyword: bool
    code: tuple[str, ...] | None
    values: tuple[list[Any], ...]

    def write(self, texts: Sequence[str]) -> str:
        """The argument as source, with an expression for each list of values."""
        text = texts[0] if self.code is None else self.code[0]
        if self.code is not None:
            text += "".join(number + code for number, code in zip(texts, self.code[1:], strict=True))
        return f"{self.name}={text}" if self.is_keyword else text


def columns(parts: Sequence[Part]) -> list[Column]:
    """The arguments of one child over all instances, which share a skeleton.

    Where an instance leaves out a keyword that another one has, its value is the layer's argument.
    """
    result = [
        column(name, False, [part.positional[index][1] for part in parts])
        for index, (name, _) in enumerate(parts[0].positional)
    ]
    given = [dict(part.keywords) for part in parts]
    for name in merged([tuple(keywords) for keywords in given]):
        values = [
            keywords[name] if name in keywords else left_out(part, name)
            for part, keywords in zip(parts, given, strict=True)
        ]
        result.append(column(name, True, values))
    return result


def left_out(part: Part, name: str) -> Any:
    """The value of a keyword that a part leaves out because it is PyTorch's default."""
    assert part.node is not None, f"{part.target} lacks {name}"
    return repeat(part.node.arguments[name])


def column(name: str, is_keyword: bool, values: list[Any]) -> Column:
    """The column of an argument with these values."""
    code = pieces(values[0])
    if code is None:
        return Column(name, is_keyword, None, (values,))
    numbers = [split_code(value)[1] for value in values]
    return Column(name, is_keyword, code, tuple(map(list, zip(*numbers, strict=True))))


def merged(orders: Sequence[tuple[str, ...]]) -> list[str]:
    """One order of names that goes with all orders.

    >>> merged([("kernel_size", "bias"), ("kernel_size", "stride")])
    ['kernel_size', 'stride', 'bias']
    """
    result: list[str] = []
    for order in dict.fromkeys(orders):
        place = 0
        for name in order:
            if name in result:
                place = result.index(name) + 1
            else:
                result.insert(place, name)
                place += 1
    return result
