"""Numbers that are out of proportion: weights in one place, or one value where several are needed."""

from __future__ import annotations

from collections.abc import Iterator

from cnndsl.analysis.lint.view import CONVOLUTIONS, View, family, said, warning
from cnndsl.diagnostics import Diagnostic, Related
from cnndsl.dims import describe
from cnndsl.ir import Graph, Node

__all__ = ["heavy_first_linear", "single_value_batchnorm"]

# Half a million weights are 2 MB, and more than a small data set can teach.
HEAVY = 500_000

_PASSING = frozenset({"activation", "normalisation", "regularisation"})


def heavy_first_linear(view: View) -> Iterator[Diagnostic]:
    """More than half of all weights in the linear layer behind the flattened map."""
    linear = next((node for node in view.nodes if node.layer.name == "linear"), None)
    if linear is None or linear.parameters < HEAVY:
        return
    total = sum(node.parameters for node in view.nodes)
    flatten = _flatten_before(view, linear)
    if flatten is None or 2 * linear.parameters <= total:
        return
    if all(node.layer.name not in CONVOLUTIONS for node in view.nodes[: flatten.id]):
        # Without convolutions there are no features whose mean would say anything.
        return
    given = view.nodes[flatten.inputs[0]].output
    assert given is not None and linear.output is not None
    biases = sum(weight.size for weight in linear.weights if weight.name == "bias")
    fewer = given.channels * linear.output.shape[-1] + biases
    yield warning(
        "heavy-first-linear",
        f"{said(linear)} holds {linear.parameters:,} of all {total:,} weights, "
        f"{100 * linear.parameters // total} %",
        linear,
        f"a global average pool, `gap -> flatten`, leaves {given.channels:,} features: {fewer:,} weights",
        related=(Related(f"{given} becomes a vector here", flatten.span),),
    )


def _flatten_before(view: View, linear: Node) -> Node | None:
    """The layer that makes the linear layer's vector of a map with several positions."""
    before = view.before(linear)
    while before is not None and family(before) in _PASSING:
        before = view.before(before)
    if before is None or before.layer.name not in ("flatten", "reshape") or len(before.inputs) != 1:
        return None
    given = view.nodes[before.inputs[0]].output
    flat = before.output is not None and before.output.rank == 0
    return before if flat and given is not None and max(given.spatial, default=1) > 1 else None


def single_value_batchnorm(view: View) -> Iterator[Diagnostic]:
    """A batch norm that has one value a channel and sample: a batch of one has no spread to norm by.

    Where the `train` section says the size of a batch, that decides. Where it does not, vectors are
    trusted to come in batches; a map of one position is more often an accident.
    """
    batch = _batch(view.graph)
    for node in view.nodes:
        if node.layer.name != "bn" or node.output is None or max(node.output.spatial, default=1) > 1:
            continue
        if batch == 1 or (batch is None and node.output.rank):
            what = "with `batch 1`" if batch == 1 else "with a batch of one sample"
            yield warning(
                "single-value-batchnorm",
                f"{said(node)} gets {describe(node.output.shape)}, one value a channel: "
                f"{what} training fails",
                node,
                "norm before the pool, or use `groupnorm 1`, which needs no batch"
                if node.output.rank
                else "use larger batches, or `layernorm`, which needs no batch",
            )


def _batch(graph: Graph) -> int | None:
    """The size of a batch: what the `train` section says or leaves at its default; None without one."""
    for setting in graph.train:
        if setting.name == "batch" and setting.positional and isinstance(setting.positional[0], int):
            return setting.positional[0]
    return 64 if graph.train else None
