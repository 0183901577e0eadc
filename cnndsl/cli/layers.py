"""`cnndsl layers`: the vocabulary, and what each word of it takes."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Iterator
from textwrap import wrap
from typing import Any

from cnndsl.cli.common import UsageError, add_plugin_option, load_plugins, use_color
from cnndsl.cli.tables import page_width, table
from cnndsl.elaboration.unknown import layer_help
from cnndsl.layers import all_joins, find, find_join
from cnndsl.layers.declaration import Example, Join, Layer, Reject
from cnndsl.layers.describing import arriving, describe, families, pytorch_classes, signature
from cnndsl.terminal import Style

__all__ = ["add_parser", "run"]

# From this width on there is room for PyTorch's names beside ours.
WIDE = 100


def add_parser(subparsers: Any) -> None:
    """Declare the command's options."""
    parser = subparsers.add_parser(
        "layers", description="The vocabulary; of one layer the arguments, formula and examples."
    )
    parser.add_argument("name", metavar="NAME", nargs="?", help="a layer or a join, by any of its names")
    parser.add_argument("--markdown", action="store_true", help="as Markdown: the page docs/layers.md")
    add_plugin_option(parser)


def run(options: Namespace) -> int:
    """Print the vocabulary, or one layer's page."""
    load_plugins(options)
    one = None if options.name is None else _named(options.name)
    if options.markdown:
        from cnndsl.cli.reference import page, section

        print(page() if one is None else section(one))
        return 0
    style = Style(use_color(sys.stdout))
    width = page_width()
    lines = _vocabulary(style, width) if one is None else _page(one, style, width)
    print("\n".join(lines))
    return 0


def _named(name: str) -> Layer | Join:
    found, join = find(name), find_join(name)
    if found is not None:
        return found.layer
    if join is not None:
        return join
    raise UsageError(f"no layer `{name}`; {layer_help(name, ())[0]}")


def _vocabulary(style: Style, width: int) -> Iterator[str]:
    rows: dict[str, list[tuple[str, ...]]] = {
        family: [(layer.name, _pytorch(layer), layer.summary) for layer in members]
        for family, members in families().items()
    }
    rows["joins"] = [(join.name, "", join.summary) for join in all_joins()]
    if width < WIDE:
        rows = {family: [(row[0], row[2]) for row in members] for family, members in rows.items()}
    columns = list(zip(*(row for members in rows.values() for row in members), strict=True))
    widths = tuple(max(map(len, column)) for column in columns[:-1])
    for family, members in rows.items():
        yield style.bold(family)
        yield from table(members, width, widths)
        yield ""
    yield "`cnndsl layers NAME` tells more of one"


def _pytorch(layer: Layer) -> str:
    """The class, where the layer is one of PyTorch's."""
    return layer.pytorch.replace("{rank}", "N") if layer.pytorch.startswith("nn.") else ""


def _page(one: Layer | Join, style: Style, width: int) -> Iterator[str]:
    yield from wrap(f"{one.name}: {one.summary}", width)
    if isinstance(one, Layer):
        yield ""
        yield from table(list(_facts(one)), width, indent="")
        if one.arguments:
            yield from ("", style.bold("arguments"))
            yield from table(list(_arguments(one)), width)
    yield from ("", style.bold("examples"))
    yield from table([_example(example) for example in one.examples], width)
    if one.rejects:
        yield from ("", style.bold("refused"))
        yield from table([_example(reject) for reject in one.rejects], width)


def _facts(layer: Layer) -> Iterator[tuple[str, str]]:
    yield "written", signature(layer)
    yield "takes", arriving(layer)
    yield "gives", layer.formula
    if layer.aliases:
        yield "also", ", ".join(layer.aliases)
    yield "PyTorch", ", ".join(pytorch_classes(layer))
    if layer.stricter:
        yield "stricter", layer.stricter
    if layer.plugin:
        yield "plugin", layer.plugin


def _arguments(layer: Layer) -> Iterator[tuple[str, ...]]:
    for text in map(describe, layer.arguments):
        default = text.default if text.default == "required" else f"= {text.default}"
        yield text.name, ", ".join(text.short), default, f"{text.doc}: {text.takes}"


def _example(one: Example | Reject) -> tuple[str, ...]:
    if isinstance(one, Example):
        return one.use, f"{one.input} -> {one.output}"
    return one.use, one.input, one.rule
