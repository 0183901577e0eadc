"""Specs as trees: one and the same spec is written as text and run by an interpreter of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = [
    "Block",
    "BlockUse",
    "Formula",
    "Group",
    "Item",
    "JoinOf",
    "Labelled",
    "Loop",
    "Repeat",
    "Residual",
    "Reuse",
    "Spec",
    "TapJoin",
    "Use",
    "When",
    "spec_text",
]


@dataclass(frozen=True)
class Formula:
    """An expression: its text, and what it comes to for the arriving shape and the bound names."""

    text: str
    value: Callable[[Sequence[int], dict[str, int]], int]


@dataclass(frozen=True)
class Use:
    """A layer with arguments by canonical name; `style` is the notation that each is written in."""

    layer: str
    arguments: tuple[tuple[str, Any], ...]
    written: tuple[str, ...]


@dataclass(frozen=True)
class Group:
    items: tuple[Item, ...]


@dataclass(frozen=True)
class Repeat:
    item: Item
    count: int


@dataclass(frozen=True)
class JoinOf:
    join: str
    branches: tuple[tuple[Item, ...], ...]


@dataclass(frozen=True)
class Residual:
    items: tuple[Item, ...]
    condition: tuple[str, Callable[[Sequence[int]], bool]] | None


@dataclass(frozen=True)
class Labelled:
    label: str
    item: Item


@dataclass(frozen=True)
class TapJoin:
    join: str
    labels: tuple[str, ...]


@dataclass(frozen=True)
class Reuse:
    """`reuse`: the item that the label names, with the modules that it has."""

    label: str


@dataclass(frozen=True)
class BlockUse:
    block: str
    arguments: tuple[tuple[str, int], ...]
    written: tuple[str, ...]


@dataclass(frozen=True)
class Loop:
    name: str
    values: tuple[int, ...]
    items: tuple[Item, ...]


@dataclass(frozen=True)
class When:
    """`if`: the condition's text and what it comes to for the arriving shape."""

    text: str
    holds: Callable[[Sequence[int]], bool]
    then: tuple[Item, ...]
    otherwise: tuple[Item, ...]


Item = Use | Group | Repeat | JoinOf | Residual | Labelled | TapJoin | Reuse | BlockUse | Loop | When


@dataclass(frozen=True)
class Block:
    name: str
    parameters: tuple[tuple[str, int | None], ...]
    items: tuple[Item, ...]


@dataclass(frozen=True)
class Spec:
    shape: tuple[int, ...]
    blocks: tuple[Block, ...]
    items: tuple[Item, ...]


def spec_text(spec: Spec) -> str:
    """The spec in the language."""
    lines = ["input " + "x".join(map(str, spec.shape))]
    for block in spec.blocks:
        parameters = ", ".join(
            name if default is None else f"{name}={default}" for name, default in block.parameters
        )
        lines.append(f"block {block.name}({parameters}) {{ {line(block.items)} }}")
    lines.extend(map(item_text, spec.items))
    return "\n".join(lines) + "\n"


def line(items: Sequence[Item]) -> str:
    return " -> ".join(map(item_text, items)) or "identity"


def item_text(item: Item) -> str:
    match item:
        case Use():
            return " ".join([item.layer, *item.written])
        case BlockUse():
            return " ".join([item.block, *item.written])
        case Group():
            return f"[{line(item.items)}]"
        case Repeat():
            return f"{item_text(item.item)} x {item.count}"
        case JoinOf():
            return f"{item.join} {{ {' | '.join(map(line, item.branches))} }}"
        case Residual():
            condition = f"if {item.condition[0]} " if item.condition else ""
            return f"residual {condition}{{ {line(item.items)} }}"
        case Labelled():
            return f"{item.label}: {item_text(item.item)}"
        case TapJoin():
            return " ".join([item.join, *(f"@{label}" for label in item.labels)])
        case Reuse():
            return f"reuse {item.label}"
        case Loop():
            return f"for {item.name} in [{', '.join(map(str, item.values))}] {{ {line(item.items)} }}"
        case When():
            otherwise = f" else {{ {line(item.otherwise)} }}" if item.otherwise else ""
            return f"if {item.text} {{ {line(item.then)} }}{otherwise}"
