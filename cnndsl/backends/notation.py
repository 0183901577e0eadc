"""Nodes and scopes as the language writes them, blocks and expressions worked out."""

from __future__ import annotations

from typing import Any

from cnndsl.ir import Node, Scope
from cnndsl.layers.declaration import Argument, Layer
from cnndsl.layers.kinds import describe_value

__all__ = ["written", "written_argument", "written_scope", "written_value"]


def written(node: Node, without: frozenset[str] = frozenset()) -> str:
    """A node as a spec would write it, with the numbers that its expressions came to: `conv 64 k3 s2 p1`.

    `without` are arguments, by their canonical names, that are told elsewhere.
    """
    if not isinstance(node.layer, Layer):
        return node.layer.name
    if node.output is None and not node.arguments:
        # its arguments were not understood, so they stand as in the spec
        return " ".join(node.span.text.split())
    words = [node.layer.name]
    leading = True
    for index, argument in enumerate(node.layer.arguments):
        if argument.name not in node.given or argument.name in without:
            leading = False
            continue
        value = node.arguments[argument.name]
        leading = leading and argument.positional and (index == 0 or not argument.flag)
        words.append(_argument(argument, value, leading))
    return " ".join(words)


def written_scope(scope: Scope) -> str:
    """A scope as its title says it: the block with its arguments, else nothing.

    >>> from cnndsl.text import Source
    >>> span = Source("basic 64").span(0, 8)
    >>> written_scope(Scope(1, 0, "0", "0", "block", "basic", {"c": 64, "s": 1}, 0, 1, (), span))
    'basic 64 s1'
    """
    if scope.block is None:
        return ""
    words = [scope.block]
    for index, (name, value) in enumerate(scope.arguments.items()):
        words.append(describe_value(value) if index == 0 else written_value(name, value))
    return " ".join(words)


def written_value(name: str, value: Any) -> str:
    """A block's argument behind the first, as a spec would write it: `s2`, `act=relu`."""
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0 and name.isalpha():
        return f"{name}{value}"
    return f"{name}={describe_value(value)}"


def written_argument(layer: Layer, name: str, value: Any) -> str:
    """One argument of a layer, as a spec would write it behind others: `k3`, `eps=0.001`, `nobias`."""
    return _argument(layer.argument(name), value, positional=False)


def _argument(argument: Argument, value: Any, positional: bool) -> str:
    if argument.switch is not None and argument.switch[1] == value:
        return argument.switch[0]
    numbers = _numbers(value)
    if positional:
        if argument.variadic and numbers:
            return " ".join(map(str, numbers))
        if numbers is None or len(set(numbers)) == 1:
            return describe_value(numbers[0] if numbers else value)
        if not argument.flag:
            return describe_value(tuple(numbers))
    if argument.flag and numbers and min(numbers) >= 0:
        shown = numbers[:1] if len(set(numbers)) == 1 else numbers
        return argument.flag + "x".join(map(str, shown))
    name = argument.flag or argument.name
    if numbers and len(set(numbers)) == 1 and not argument.variadic:
        value = numbers[0]
    return f"{name}={describe_value(value)}"


def _numbers(value: Any) -> list[int] | None:
    """The whole numbers that a value consists of, one or several."""
    values = value if isinstance(value, tuple) else (value,)
    if values and all(isinstance(entry, int) and not isinstance(entry, bool) for entry in values):
        return list(values)
    return None
