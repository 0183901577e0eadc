"""`cnndsl layers`: the vocabulary, and what each word of it takes."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Sequence
from typing import Any

from cnndsl.cli.common import UsageError, use_color
from cnndsl.layers import all_joins, find, find_join, join_names, layers, names
from cnndsl.layers.declaration import Argument, Join, Layer, SameAs
from cnndsl.layers.kinds import describe_value
from cnndsl.terminal import Style

__all__ = ["add_parser", "run"]


def add_parser(subparsers: Any) -> None:
    """Declare the command's options."""
    parser = subparsers.add_parser(
        "layers", description="The vocabulary; of one layer the arguments, formula and examples."
    )
    parser.add_argument("name", metavar="NAME", nargs="?", help="a layer or a join, by any of its names")


def run(options: Namespace) -> int:
    """Print the vocabulary, or one layer's page."""
    style = Style(use_color(sys.stdout))
    if options.name is None:
        print(_vocabulary(style))
        return 0
    found, join = find(options.name), find_join(options.name)
    if found is not None:
        print(_layer(found.layer, style))
    elif join is not None:
        print(_join(join, style))
    else:
        from difflib import get_close_matches

        near = get_close_matches(options.name, (*names(), *join_names()), 3, 0.7)
        hint = f"did you mean {' or '.join(near)}?" if near else "`cnndsl layers` lists all"
        raise UsageError(f"no layer {options.name}; {hint}")
    return 0


def _vocabulary(style: Style) -> str:
    rows: list[tuple[str, str, str]] = []
    families: dict[str, list[Layer]] = {}
    for layer in layers():
        families.setdefault(layer.family, []).append(layer)
    for family, members in families.items():
        rows.append((family, "", ""))
        rows.extend(("  " + layer.name, _pytorch(layer), layer.summary) for layer in members)
    rows.append(("joins", "", ""))
    rows.extend(("  " + join.name, "", join.summary) for join in all_joins())
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    lines = []
    for name, pytorch, doc in rows:
        line = f"{name:<{widths[0]}}  {pytorch:<{widths[1]}}  {doc}".rstrip()
        lines.append(line if name.startswith(" ") else f"\n{style.bold(line)}")
    return "\n".join(lines).lstrip("\n") + "\n\n`cnndsl layers NAME` tells more of one"


def _layer(layer: Layer, style: Style) -> str:
    facts = [("PyTorch", ", ".join(_classes(layer))), ("output", layer.formula)]
    if layer.aliases:
        facts.insert(0, ("also", ", ".join(layer.aliases)))
    if layer.stricter:
        facts.append(("stricter", layer.stricter))
    lines = [f"{style.bold(layer.name)}: {layer.summary}", ""]
    lines += [f"{title:<9} {text}" for title, text in facts]
    if layer.arguments:
        lines += ["", style.bold("arguments"), *_columns([_argument(one) for one in layer.arguments])]
    lines += ["", style.bold("examples")]
    lines += _columns([(one.use, f"{one.input} -> {one.output}") for one in layer.examples])
    if layer.rejects:
        lines += ["", style.bold("refused")]
        lines += _columns([(one.use, f"on {one.input}", one.rule) for one in layer.rejects])
    return "\n".join(lines)


def _join(join: Join, style: Style) -> str:
    lines = [f"{style.bold(join.name)}: {join.summary}", ""]
    lines += [style.bold("examples"), *_columns([(e.use, f"{e.input} -> {e.output}") for e in join.examples])]
    if join.rejects:
        lines += ["", style.bold("refused")]
        lines += _columns([(one.use, f"on {one.input}", one.rule) for one in join.rejects])
    return "\n".join(lines)


def _argument(argument: Argument) -> tuple[str, ...]:
    if argument.required:
        default = "required"
    elif isinstance(argument.default, SameAs):
        default = f"default: {argument.default.argument}"
    else:
        default = f"default: {describe_value(argument.default)}"
    short = [f"{argument.flag}N" if argument.flag else "", argument.switch[0] if argument.switch else ""]
    words = [*argument.aliases, *(word for word in short if word)]
    return argument.name, ", ".join(words), default, f"{argument.doc}: {argument.kind.expected}"


def _columns(rows: Sequence[tuple[str, ...]]) -> list[str]:
    if not rows:
        return []
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  " + "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def _classes(layer: Layer) -> list[str]:
    if "{rank}" not in layer.pytorch:
        return [layer.pytorch]
    return [layer.pytorch.replace("{rank}", str(rank)) for rank in sorted(layer.ranks or ()) if rank]


def _pytorch(layer: Layer) -> str:
    return layer.pytorch.replace("{rank}", "N") if layer.pytorch.startswith("nn.") else ""
