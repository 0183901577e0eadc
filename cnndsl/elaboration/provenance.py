"""Where sizes come from: the notes that stand beside a shape error."""

from __future__ import annotations

from collections.abc import Sequence

from cnndsl.diagnostics import Related
from cnndsl.dims import Shape, Value, format_shape
from cnndsl.elaboration.builder import GraphBuilder
from cnndsl.ir import Node, Use
from cnndsl.layers.declaration import INPUT, Layer
from cnndsl.text import Span

__all__ = ["clash", "origin", "shrinking", "use_notes"]


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


def shrinking(builder: GraphBuilder, id: int) -> tuple[Related, ...]:
    """The notes on the items that made the axes behind the channels what they are at node `id`, the last few.

    Rounds of a repeat are one note.
    """
    steps: list[tuple[Span, Shape, Shape]] = []
    latest = origin(builder, id)
    for at in _chain(builder, id):
        node = builder.node(at)
        before = builder.value(node.inputs[0]) if node.inputs else None
        after = node.output
        if before is None or after is None or before.rank != after.rank:
            break
        if before.spatial == after.spatial:
            continue
        if steps and steps[-1][0] == node.span:
            steps[-1] = (node.span, before.spatial, steps[-1][2])
        else:
            steps.append((node.span, before.spatial, after.spatial))
    # The last of them is told with its formula.
    return (
        *latest,
        *(
            Related(f"{_sizes(before)} -> {_sizes(after)}", span)
            for span, before, after in steps[:MOST_STEPS_BACK]
            if all(span != note.span for note in latest)
        ),
    )


def clash(builder: GraphBuilder, ends: Sequence[int]) -> tuple[Related, ...]:
    """The notes on branches that do not go together: for each, the items that made its size what it is.

    Only what lies behind the fork is told, and of the sizes only those that differ.
    """
    values = [value for end in ends if (value := builder.value(end)) is not None]
    chains = [_chain(builder, end) for end in ends]
    shared = set(chains[0]).intersection(*chains[1:])
    whole = len({value.rank for value in values}) > 1
    spatial = not whole and len({value.spatial for value in values}) > 1
    channels = not whole and len({value.channels for value in values}) > 1
    notes: list[Related] = []
    for number, chain in enumerate(chains, 1):
        branch = [id for id in chain if id not in shared]
        told = _changes(builder, branch, spatial, channels)
        notes += [Related(f"branch {number}: {what}", span) for what, span in told]
        if not told:
            notes += origin(builder, chain[0], f"branch {number}: ")
    return tuple(notes)


# How far back a branch is followed, and how many of its items are told.
LONGEST_CHAIN = 500
MOST_TOLD = 3
MOST_STEPS_BACK = 5


def _chain(builder: GraphBuilder, end: int) -> list[int]:
    """The nodes from `end` back along the first inputs."""
    chain = [end]
    while len(chain) < LONGEST_CHAIN and (inputs := builder.node(chain[-1]).inputs):
        chain.append(inputs[0])
    return chain


def _changes(
    builder: GraphBuilder, branch: Sequence[int], spatial: bool, channels: bool
) -> list[tuple[str, Span]]:
    """What the items of a branch made of the sizes that matter, in the order of the text."""
    told: list[tuple[str, Span]] = []
    for id in branch:
        node = builder.node(id)
        before = builder.value(node.inputs[0]) if node.inputs else None
        after = node.output
        if before is None or after is None or before.rank != after.rank:
            break
        resized = spatial and before.spatial != after.spatial
        if resized:
            formula = _formula(builder, node, after)
            what = f"{_sizes(before.spatial)} -> {_sizes(after.spatial)}" + (
                f": {formula}" if formula else ""
            )
            told.append((what, node.span))
        if channels and before.channels != after.channels:
            # Only the last that set them counts.
            channels = False
            if not resized:
                told.append((f"{before.channels} -> {after.channels} channels", node.span))
            else:
                told[-1] = (f"{before} -> {after}", node.span)
    return told[:MOST_TOLD][::-1]


def _sizes(sizes: Shape) -> str:
    """One number where all axes have it: `33`, else `33x31`."""
    return format_shape(sizes[:1] if len(set(sizes)) == 1 else sizes)


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
