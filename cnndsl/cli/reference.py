"""The reference of the vocabulary as Markdown: docs/layers.md, and the same for a plugin's layers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from cnndsl.api import check
from cnndsl.ir import Node
from cnndsl.layers import all_joins
from cnndsl.layers.declaration import Example, Join, Layer
from cnndsl.layers.describing import arriving, describe, families, pytorch_classes, signature

__all__ = ["escaped", "page", "section"]

INTRODUCTION = """# Layers

Every layer and join of the language, with its arguments, what it gives, and uses that are right and wrong.
How a spec is written is in [language.md](language.md). `cnndsl layers NAME` shows the same in a terminal.
This page is made from the declarations of the layers by `make docs`; the test-suite runs every example.

- Arguments go by their order, by keyword (`stride=2`) or in a short form: letters at once followed by
  numbers (`sN`, so `s2`, or `s2x1` for two axes), or a word that stands for a value (`nobias`). Those in
  square brackets may be left out.
- Where a layer works on several axes, one number holds for all: `k3` is `k3x3` on an image.
- Shapes are those of one sample, the channels first; the batch is never written. Multiply-adds are the
  multiplications of convolutions, linear layers and attention on one sample.
- PyTorch's class names mean the layer too, for their rank: `Conv2d 16 3`, `BatchNorm1d`.
- In formulas, `n` is the size of an axis, `k s p d op` are kernel, stride, padding, dilation and output
  padding."""

OWN = """## A layer of your own

`cnndsl.layers.register` adds one in Python, `--plugin MODULE` on the command line, and an installed package
offers layers as entry points in the group `cnndsl.layers`, which `--plugin NAME` loads.
[examples/plugin](../examples/plugin/README.md) shows how."""


def page() -> str:
    """The whole reference."""
    # Not the family's bare name: a layer may be called so, and two headings of one name have odd anchors.
    groups: dict[str, Sequence[Layer | Join]] = {
        f"{family.capitalize()} layers": members for family, members in families().items()
    }
    groups["Joins"] = all_joins()
    contents = [
        f"- [{title}](#{_anchor(title)}): " + ", ".join(f"[{one.name}](#{one.name})" for one in members)
        for title, members in groups.items()
    ]
    parts = [INTRODUCTION, "\n".join(contents)]
    for title, members in groups.items():
        parts.append(f"## {title}")
        parts.extend(map(section, members))
    return "\n\n".join([*parts, OWN])


def _anchor(heading: str) -> str:
    """Where a code host puts the heading."""
    return heading.lower().replace(" ", "-")


def section(one: Layer | Join) -> str:
    """What there is to say about one layer or join."""
    return "\n\n".join(_parts(one))


def _parts(one: Layer | Join) -> Iterator[str]:
    yield f"### {one.name}"
    summary = escaped(one.summary)
    yield f"{summary[0].upper()}{summary[1:]}."
    if isinstance(one, Layer):
        yield f"```text\n{signature(one)}\n```"
        yield "\n".join(f"- {name}: {text}" for name, text in _facts(one))
        if one.arguments:
            yield _table(("argument", "short", "takes", "default", "meaning"), list(_arguments(one)))
    titles = ("example", "arrives", "leaves", "parameters", "multiply-adds")
    yield _table(titles, [_example(example) for example in one.examples], right=2)
    if one.rejects:
        rows = [
            (_code(reject.use), reject.input, *_refusal(reject.use, reject.input)) for reject in one.rejects
        ]
        yield _table(("refused", "arrives", "rule", "because"), rows)


def _facts(layer: Layer) -> Iterator[tuple[str, str]]:
    yield "takes", arriving(layer)
    yield "gives", escaped(layer.formula)
    if layer.aliases:
        yield "also called", ", ".join(map(_code, layer.aliases))
    yield "in PyTorch", ", ".join(map(_code, pytorch_classes(layer)))
    weights = _weights(layer)
    if weights:
        yield "weights", weights
    if layer.stricter:
        yield "stricter than PyTorch", escaped(layer.stricter)


def _weights(layer: Layer) -> str:
    """The weights of the example that has the most, with their shapes there."""
    example = max(layer.examples, key=lambda one: len(_nodes(one)[-1].weights))
    found = []
    for weight in _nodes(example)[-1].weights:
        shape = "x".join(map(str, weight.shape)) or "one number"
        name = f"{_code(weight.name)} " if weight.name else ""
        found.append(f"{name}{shape}" + ("" if weight.trainable else " (not trained)"))
    return f"{', '.join(found)} in {_code(example.use)}" if found else ""


def _arguments(layer: Layer) -> Iterator[tuple[str, ...]]:
    for text in map(describe, layer.arguments):
        default = text.default if text.default == "required" else _code(text.default)
        short = ", ".join(map(_code, text.short))
        yield _code(text.name), short, escaped(text.takes), default, escaped(text.doc)


def _nodes(example: Example) -> tuple[Node, ...]:
    return check(f"input {example.input} -> {example.use}").graph.nodes


def _example(example: Example) -> tuple[str, ...]:
    nodes = _nodes(example)
    parameters, macs = (sum(node.parameters for node in nodes), sum(node.macs for node in nodes))
    counts = (f"{count:,}" if count else "" for count in (parameters, macs))
    return (_code(example.use), example.input, example.output, *counts)


def _refusal(use: str, input: str) -> tuple[str, str]:
    diagnostic = check(f"input {input} -> {use}").diagnostics[0]
    return _code(diagnostic.rule), escaped(diagnostic.message)


def _table(titles: Sequence[str], rows: Sequence[Sequence[str]], right: int = 0) -> str:
    """A table; empty columns are left out, the last `right` ones hold numbers."""
    kept = [index for index in range(len(titles)) if any(row[index] for row in rows)]
    numbers = range(len(titles) - right, len(titles))
    lines = [
        [titles[index] for index in kept],
        ["--:" if index in numbers else "---" for index in kept],
        *([row[index] for index in kept] for row in rows),
    ]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _code(text: str) -> str:
    # A bar would end the cell of a table, even in code.
    return f"`{text}`".replace("|", "\\|")


def escaped(text: str) -> str:
    """Text in which Markdown sees no marks of its own; what stands in backticks stays as it is."""
    pieces = re.split(r"(`[^`]*`)", text)
    return "".join(
        piece.replace("|", "\\|") if piece.startswith("`") else re.sub(r"([\\*<\[|]|\b_|_\b)", r"\\\1", piece)
        for piece in pieces
    )
