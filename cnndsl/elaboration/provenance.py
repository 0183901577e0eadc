"""Where sizes come from: the notes that stand beside a shape error."""

from __future__ import annotations

from collections.abc import Sequence

from cnndsl.diagnostics import Related
from cnndsl.dims import Value
from cnndsl.elaboration.builder import GraphBuilder
from cnndsl.ir import Node, Use
from cnndsl.layers.declaration import INPUT, Layer

__all__ = ["origin", "use_notes"]


def origin(builder: GraphBuilder, id: int, what: str = "") -> tuple[Related, ...]:
    """The note on the item that made the shape of node `id`, with its formula; none for a given shape."""
    node = _maker(builder, id)
    if node is None or node.output is None:
        return ()
    shown = f"{what}{node.output} comes from here"
    if node.layer is INPUT:
        return (Related(shown, node.span),) if node.span.end > node.span.start else ()
    formula = _formula(builder, node, node.output)
    return (Related(f"{shown}: {formula}" if formula else shown, node.span),)


def _maker(builder: GraphBuilder, id: int) -> Node | None:
    """The last node that changed the shape, walking back over activations, norms and skips."""
    node = builder.node(id)
    while node.inputs:
        before = builder.node(node.inputs[-1])
        if before.output is None or node.output is None or before.output.shape != node.output.shape:
            break
        node = before
    return node


def _formula(builder: GraphBuilder, node: Node, output: Value) -> str:
    if not isinstance(node.layer, Layer) or node.layer.explain is None or len(node.inputs) != 1:
        return ""
    arriving = builder.value(node.inputs[0])
    if arriving is None:
        return ""
    return node.layer.explain(arriving, node.arguments, output.shape)


def use_notes(uses: Sequence[Use]) -> tuple[Related, ...]:
    """A note on each use of a block that leads to a place inside it, the innermost first."""
    return tuple(Related(f"in the block `{use.block}`, used here", use.span) for use in reversed(uses))
