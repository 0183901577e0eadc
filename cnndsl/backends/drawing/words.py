"""What a diagram says of layers, sizes and costs."""

from __future__ import annotations

from collections.abc import Sequence

from cnndsl.backends.notation import written
from cnndsl.ir import Node
from cnndsl.layers.declaration import Join, Layer

__all__ = [
    "amount",
    "behind",
    "cost",
    "details",
    "family_of",
    "head_words",
    "short_words",
    "times",
    "with_count",
]

LONGEST = 44
UNITS = ((10**12, "T"), (10**9, "G"), (10**6, "M"), (10**3, "k"))


def times(sizes: Sequence[int | str] | None) -> str:
    """A shape as papers write it.

    >>> times((64, 56, 56))
    '64×56×56'
    """
    return "?" if sizes is None else "×".join(map(str, sizes))


def amount(number: int) -> str:
    """A number with three significant digits.

    >>> amount(156), amount(61706), amount(1_000_000), amount(25_557_032)
    ('156', '61.7k', '1M', '25.6M')
    """
    for unit, letter in UNITS:
        if number >= unit or round(number / unit, 3) >= 1:
            value = number / unit
            digits = 2 if value < 9.995 else 1 if value < 99.95 else 0
            shown = f"{value:.{digits}f}"
            return (shown.rstrip("0").rstrip(".") if "." in shown else shown) + letter
    return str(number)


def cost(parameters: int, macs: int) -> str:
    """Parameters and multiply-adds in a line; empty where there are neither."""
    words = [f"{amount(parameters)} params"] if parameters else []
    if macs:
        words.append(f"{amount(macs)} MACs")
    return " · ".join(words)


def family_of(node: Node) -> str:
    """What a layer is coloured by."""
    if isinstance(node.layer, Join):
        return "join"
    if not isinstance(node.layer, Layer):
        return "input" if node.layer.name == "input" else ""
    return "linear" if node.layer.name == "linear" else node.layer.family


def head_words(node: Node) -> str:
    """A layer's name, kernel and channels, and how often the stride takes a pixel: `conv 3×3, 64`."""
    arguments = node.arguments
    kernel = arguments.get("kernel_size")
    if not isinstance(kernel, tuple) or node.output is None:
        return cut(written(node))
    out = f", {arguments['out']}" if "out" in arguments else ""
    return f"{node.layer.name} {times(kernel)}{out}"


def behind(nodes: Sequence[Node]) -> str:
    """What is applied behind a layer in its box: norms by their name alone."""
    plain = ("normalisation", "activation")
    return " · ".join(node.layer.name if family_of(node) in plain else head_words(node) for node in nodes)


def details(node: Node) -> str:
    """What is out of the ordinary in a layer with a window: `stride 2, groups 32`."""
    arguments = node.arguments
    kernel = arguments.get("kernel_size")
    if not isinstance(kernel, tuple) or node.output is None:
        return ""
    pool = isinstance(node.layer, Layer) and node.layer.family == "pooling"
    usual = kernel if pool else (1,) * len(kernel)
    words = []
    for name, word, ordinary in (
        ("stride", "stride", usual),
        ("dilation", "dilation", (1,) * len(kernel)),
        ("groups", "groups", 1),
    ):
        value = arguments.get(name, ordinary)
        if value == ordinary:
            continue
        if name == "groups" and value == arguments.get("out"):
            words.append("depthwise")
            continue
        same = isinstance(value, tuple) and len(set(value)) == 1
        shown = value[0] if same else times(value) if isinstance(value, tuple) else value
        words.append(f"{word} {shown}")
    return ", ".join(words)


def short_words(node: Node) -> str:
    """A layer in the words of a paper, its stride behind a slash: `conv 7×7, 64, /2`."""
    words = head_words(node)
    special = details(node)
    if not special:
        return words
    stride = [word for word in special.split(", ") if word.startswith("stride ")]
    rest = [word for word in special.split(", ") if not word.startswith("stride ")]
    return ", ".join([words, *(f"/{word.removeprefix('stride ')}" for word in stride), *rest])


def with_count(text: str, count: int) -> str:
    """What stands there several times in a row.

    >>> with_count("basic", 2), with_count("basic", 1)
    ('basic ×2', 'basic')
    """
    return f"{text} ×{count}" if count > 1 else text


def cut(text: str) -> str:
    """A text of bounded length."""
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
