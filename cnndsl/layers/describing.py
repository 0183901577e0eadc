"""A declaration in words, for the pages that show the vocabulary in a terminal and as Markdown."""

from __future__ import annotations

from typing import NamedTuple

from cnndsl.dims import kind_of
from cnndsl.layers import layers
from cnndsl.layers.declaration import Argument, Layer, SameAs
from cnndsl.layers.kinds import describe_value

__all__ = ["ArgumentText", "arriving", "describe", "families", "pytorch_classes", "signature"]


class ArgumentText(NamedTuple):
    """An argument in words: its short forms, its default, what it takes and what it means."""

    name: str
    short: tuple[str, ...]
    default: str
    takes: str
    doc: str


def describe(argument: Argument) -> ArgumentText:
    """The words for an argument.

    >>> from cnndsl.layers import find
    >>> describe(find("conv").layer.argument("stride"))[:3]
    ('stride', ('sN',), '1')
    """
    short = [f"{argument.flag}N"] if argument.flag else []
    short += [argument.switch[0]] if argument.switch is not None else []
    short += [f"{alias}=" for alias in argument.aliases]
    if argument.required:
        default = "required"
    elif isinstance(argument.default, SameAs):
        default = argument.default.argument
    else:
        default = describe_value(argument.default)
    return ArgumentText(argument.name, tuple(short), default, argument.kind.expected, argument.doc)


def signature(layer: Layer) -> str:
    """How a use is written: arguments in their order, those in square brackets may be left out.

    >>> from cnndsl.layers import find
    >>> signature(find("dwconv").layer)
    'dwconv kernel_size [stride] [padding] [dilation] [bias] [padding_mode] [mult=]'
    """
    words = [layer.name]
    for argument in layer.arguments:
        word = argument.name if argument.positional else f"{argument.name}="
        word += " ..." if argument.variadic else ""
        words.append(word if argument.required else f"[{word}]")
    return " ".join(words)


def arriving(layer: Layer) -> str:
    """The kinds of values that the layer takes: `sequences, images and volumes`."""
    if layer.ranks is None:
        return "any value"
    words = [f"{kind_of((1,) * (rank + 1))}s" for rank in sorted(layer.ranks)]
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


def pytorch_classes(layer: Layer) -> list[str]:
    """What the layer is in PyTorch, a class for each rank where there are several."""
    if "{rank}" not in layer.pytorch:
        return [layer.pytorch]
    return [layer.pytorch.replace("{rank}", str(rank)) for rank in sorted(layer.ranks or ()) if rank]


def families() -> dict[str, list[Layer]]:
    """The layers by family, both in the order of the registry."""
    result: dict[str, list[Layer]] = {}
    for layer in layers():
        result.setdefault(layer.family, []).append(layer)
    return result
