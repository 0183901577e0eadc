"""Specs whose input has open sizes: `input 3xHxW`.

The spec is read at one size that passes, and its graph is computed again with the sizes open. Then every
size is looked at, exactly. What the spec itself says is the same for all sizes only if no expression reads an
open one, and the weights only if no weight depends on one: both are `free-size`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from cnndsl import syntax as s
from cnndsl.analysis.sizes.answer import AxisSizes, axis_sizes
from cnndsl.analysis.sizes.limits import Limit
from cnndsl.analysis.sizes.replaying import Replay, replay
from cnndsl.analysis.sizes.stating import check_of
from cnndsl.diagnostics import Diagnostic, Related
from cnndsl.dims import Shape
from cnndsl.elaborate import Elaboration, elaborate
from cnndsl.ir import Graph, Node
from cnndsl.text import Source

__all__ = ["OpenSpec", "check_open"]

# Sizes that a spec is tried at, the usual ones first.
USUAL = (224, 256, 299, 64, 32, 28, 128, 512, 1024)
SIZES = (*USUAL, *(size for size in range(1, 301) if size not in USUAL))
# Nodes that all tries together may have, so that large specs are tried at fewer sizes.
MOST_NODES = 100_000

# Mistakes that another size may mend.
SIZE_RULES = frozenset(
    """
    kernel-too-large empty-output padding-too-large shape-mismatch not-divisible groups-mismatch
    shape-assertion invalid-argument too-large
    """.split()
)

# Maps before the first linear layer: as large as they are likely, and the one that most networks have.
LARGEST_MAP, USUAL_MAP = 16, 7


class OpenSpec(NamedTuple):
    """A spec with open sizes, checked: the graph at one size that passes, and what holds for all.

    `shapes` are those of the nodes that depend on an open size, their sizes numbers or formulas.
    """

    graph: Graph
    diagnostics: tuple[Diagnostic, ...]
    sizes: tuple[AxisSizes, ...]
    shapes: Mapping[int, tuple[int | str, ...]]


def check_open(
    source: Source,
    spec: s.Body,
    letters: Sequence[str],
    input: Shape | Mapping[str, Shape] | None,
    parameters: Mapping[str, Any] | None,
) -> OpenSpec:
    """Check a spec whose inputs have open sizes, called by `letters`."""
    done, size = _read(source, spec, letters, input, parameters)
    if done.diagnostics:
        tried = " = ".join((*letters, str(size)))
        note = f"no size was found that passes; this is with {tried}"
        found = tuple(
            replace(one, help=(*one.help, note)) if one.rule in SIZE_RULES else one
            for one in done.diagnostics
        )
        return OpenSpec(done.graph, found, (), {})
    graph = done.graph
    if any(node.output is None for node in graph.nodes):
        # Part of the text does not parse, which has been told.
        return OpenSpec(graph, (), (), {})
    places = _open_axes(spec, graph, letters)
    checks = [check_of(stated) for stated in done.stated]
    again = replay(graph, places, [one for one in checks if one is not None])
    found = tuple(_mistakes(done, again))
    shapes = {
        id: tuple(one if isinstance(one, int) else str(one) for one in sizes)
        for id, sizes in enumerate(again.sizes)
        if sizes is not None and not all(isinstance(one, int) for one in sizes)
    }
    if found:
        return OpenSpec(replace(graph, complete=False), found, (), shapes)
    return OpenSpec(graph, (), tuple(axis_sizes(again, letters)), shapes)


def _read(
    source: Source,
    spec: s.Body,
    letters: Sequence[str],
    input: Shape | Mapping[str, Shape] | None,
    parameters: Mapping[str, Any] | None,
) -> tuple[Elaboration, int]:
    """The spec at the first size that passes, or at the one with the fewest mistakes."""
    best: tuple[Elaboration, int] | None = None
    nodes = 0
    for size in SIZES:
        done = elaborate(source, spec, input, parameters, dict.fromkeys(letters, size))
        if best is None or len(done.diagnostics) < len(best[0].diagnostics):
            best = done, size
        nodes += len(done.graph.nodes)
        if any(one.rule not in SIZE_RULES for one in done.diagnostics):
            return done, size
        if not done.diagnostics or nodes > MOST_NODES:
            break
    assert best is not None, "there are sizes to try"
    return best


def _open_axes(spec: s.Body, graph: Graph, letters: Sequence[str]) -> dict[tuple[int, int], str]:
    """The letters by input node and place in its shape; an input that the caller gives has none."""
    names = {graph.nodes[id].path: graph.nodes[id] for id in graph.inputs}
    found = {}
    for one in spec.statements:
        if isinstance(one, s.Input):
            node = names[one.name or "input"]
            if node.span.end > node.span.start:
                for axis, size in enumerate(one.shape.axes):
                    if isinstance(size, str) and size in letters:
                        found[node.id, axis] = size
    return found


def _mistakes(done: Elaboration, again: Replay) -> Iterator[Diagnostic]:
    """Where the spec's structure or its weights depend on an open size."""
    nodes = done.graph.nodes
    makers = {id(node.output): node.id for node in nodes}
    told: set[object] = set()
    for read in done.reads:
        sizes = again.sizes[makers[id(read.value)]]
        size = None if sizes is None else sizes[read.axis]
        if size is None or isinstance(size, int) or read.span in told:
            continue
        told.add(read.span)
        what = f"`{read.span.text}` is {size} here"
        if str(size) == read.span.text:
            what = f"`{read.span.text}` is read here"
        yield Diagnostic(
            "free-size",
            f"{what}, an open size: what the spec says would depend on it",
            read.span,
            help=("give the size as a number, in the spec or with `--input`",),
        )
    for limit in again.limits:
        if limit.by_weights and limit.span not in told:
            told.add(limit.span)
            yield _dependent(limit, nodes)


def _dependent(limit: Limit, nodes: Sequence[Node]) -> Diagnostic:
    node = nodes[limit.node]
    (source,) = node.inputs
    before = nodes[source]
    help: tuple[str, ...] = ("give the size as a number, in the spec or with `--input`",)
    if limit.arriving.split("x")[0].isdigit() and "x" in limit.arriving:
        help = ("an adaptive pool before it, such as `adaptiveavgpool 7`, gives all sizes one",)
    related: tuple[Related, ...] = ()
    if before.layer.name == "flatten" and before.inputs:
        value = nodes[before.inputs[0]].output
        if value is not None and 0 < value.rank <= 3:
            # The map of today keeps the weights as they are, where it is a small one.
            kept = value.spatial if max(value.spatial) <= LARGEST_MAP else (USUAL_MAP,)
            size = str(kept[0]) if len(set(kept)) == 1 else f"({', '.join(map(str, kept))})"
            help = (f"put `gap` before `flatten`, or `adaptiveavgpool {size}`",)
            related = (Related("here the open size becomes features", before.span),)
    return Diagnostic(
        "free-size",
        f"the weights of `{node.layer.name}` would depend on the open size {limit.letter}: "
        f"{limit.arriving} arrives",
        limit.span,
        related=related,
        help=help,
    )
