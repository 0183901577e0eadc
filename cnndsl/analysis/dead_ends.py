"""Values that are computed for nothing: no output needs them."""

from __future__ import annotations

from collections.abc import Iterable

from cnndsl.diagnostics import Diagnostic
from cnndsl.elaboration.provenance import use_notes
from cnndsl.ir import Graph
from cnndsl.layers.declaration import INPUT

__all__ = ["unused_outputs"]


def unused_outputs(graph: Graph, ends: Iterable[int]) -> tuple[Diagnostic, ...]:
    """An `unused-output` for each node of `ends`, those that nothing reads and that are no outputs.

    Behind every value that no output needs there is such an end, so these are all. A place of the text
    that is run several times is told once.
    """
    found: dict[tuple[int, int, int], Diagnostic] = {}
    for node in (graph.nodes[id] for id in ends):
        span = node.span
        text = " ".join(span.text.split())
        if node.layer is INPUT:
            what = f"the input `{node.path}`"
            help = f"begin a pipeline with `@{node.path}`, or leave the input out"
        else:
            what = f"what `{text if len(text) <= 40 else node.layer.name}` gives"
            help = "a tap `@label` takes the place of the value before it: `concat @label` joins both"
        found.setdefault(
            (id(span.source), span.start, span.end),
            Diagnostic(
                "unused-output",
                f"{what} reaches no output",
                span,
                "computed for nothing" if node.layer is not INPUT else "",
                use_notes(node.uses),
                (help,),
            ),
        )
    return tuple(sorted(found.values(), key=lambda one: one.span.start))
