"""Where most of a quantity is, and what would bring it within its limit."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil, floor, log10

from cnndsl.analysis.budgets.quantities import Quantity, byte_text, last_features, measure
from cnndsl.analysis.memory import saved
from cnndsl.diagnostics import Related
from cnndsl.ir import Graph, Node
from cnndsl.text import Span

__all__ = ["helps", "notes"]

# The places that are shown as the heaviest.
SHOWN = 3

INPUTS = "a linear layer has inputs times outputs: `gap` before `flatten` leaves one input a channel"
LINEAR = "a linear layer has inputs times outputs: half of both are a quarter"
CONVOLUTION = "half the channels are a quarter of a convolution's parameters"

COUNTED: dict[str, tuple[str, Callable[[Node], int]]] = {
    "params": ("parameters", lambda node: node.parameters),
    "buffers": ("numbers in buffers", lambda node: node.buffers),
    "macs": ("multiply-adds", lambda node: 0 if node.training_only else node.macs),
    "flops": ("operations", lambda node: 0 if node.training_only else 2 * node.macs),
}


def notes(graph: Graph, quantity: Quantity) -> tuple[Related, ...]:
    """The places that weigh most."""
    if quantity.name in COUNTED:
        word, count = COUNTED[quantity.name]
        return _heaviest(graph, count, quantity.value, lambda number: f"{number:,} {word}")
    node = quantity.node
    if quantity.name == "receptive_field":
        return () if node is None else (Related("these are the last features", node.span),)
    memory = quantity.memory
    assert memory is not None, "only a memory is left"
    if memory.activations <= memory.total - memory.activations:
        word, count = COUNTED["params"]
        whole = sum(map(count, graph.nodes))
        return _heaviest(graph, count, whole, lambda number: f"{number:,} {word}")
    if node is not None:
        return (Related(f"most is there at once here, in {node.path}", node.span),)
    kept = saved(graph)
    return _heaviest(
        graph,
        lambda node: kept.bytes_at(node.id, quantity.batch),
        memory.activations,
        lambda number: f"{byte_text(number)} are kept",
    )


def _heaviest(
    graph: Graph, count: Callable[[Node], int], whole: int, said: Callable[[int], str]
) -> tuple[Related, ...]:
    """The places of the text with most of a count: a layer in a block counts every use of the block."""
    places: dict[Span, list[Node]] = {}
    for node in graph.nodes:
        if count(node):
            places.setdefault(node.span, []).append(node)
    sums = sorted(((sum(map(count, nodes)), span) for span, nodes in places.items()), key=lambda one: -one[0])
    found: list[Related] = []
    for number, span in sums[:SHOWN]:
        if found and 100 * number < whole:
            break
        nodes = places[span]
        where = nodes[0].path + (f" and {len(nodes) - 1} more" if len(nodes) > 1 else "")
        found.append(Related(f"{said(number)} here, {100 * number / whole:.0f} %: {where}", span))
    return tuple(found)


def helps(
    graph: Graph, quantity: Quantity, limit: int | float, too_much: bool, is_bare: bool
) -> tuple[str, ...]:
    """What to write, or to change; `is_bare` where the limit is a small number without a unit."""
    if is_bare and too_much and quantity.name != "receptive_field" and quantity.value > 1000 * limit:
        if quantity.name == "memory":
            return (f"a memory has a unit: `{limit}GB`, `{limit}MB`",)
        return (f"`{limit}` is {limit} single {quantity.unit}: millions are written `{limit}M`",)
    if quantity.name == "memory" and too_much:
        return (*_batch_that_fits(graph, quantity, limit), _parts(quantity))
    if quantity.name == "receptive_field":
        return _wider(graph, quantity, limit) if not too_much else ()
    kept = (
        f"`assert {quantity.name} {'<' if too_much else '>'} {_round(quantity.value, too_much)}` would hold"
    )
    if not too_much:
        return (kept,)
    advice = {
        "params": _on_weights(graph),
        "macs": "a map of half the height and width takes a quarter of the multiply-adds",
        "flops": "a map of half the height and width takes a quarter of the operations",
    }.get(quantity.name)
    return (kept,) if advice is None else (kept, advice)


def _on_weights(graph: Graph) -> str:
    """What makes fewer weights, by the layer that has most of them."""
    heaviest = max(graph.nodes, key=lambda node: node.parameters)
    if heaviest.layer.name != "linear":
        return CONVOLUTION
    before = heaviest
    while before.inputs and before.layer.name != "flatten":
        before = graph.nodes[before.inputs[0]]
    source = graph.nodes[before.inputs[0]].output if before.inputs else None
    return INPUTS if source is not None and max(source.spatial, default=1) > 1 else LINEAR


def _batch_that_fits(graph: Graph, quantity: Quantity, limit: int | float) -> tuple[str, ...]:
    """The largest batch within the limit; memory grows by the same with every sample, so two tell all."""
    one = measure(graph, "memory", 1, quantity.optimizer)
    two = measure(graph, "memory", 2, quantity.optimizer)
    assert one is not None, "there is always a memory"
    assert two is not None, "there is always a memory"
    each = two.value - one.value
    fixed = one.value - each
    batch = ceil((limit - fixed) / each) - 1 if each else 0
    if batch < 1:
        return (f"not even one sample fits: it takes {byte_text(one.value)}",) if quantity.batch > 1 else ()
    samples = f"a batch of {batch}" if batch > 1 else "one sample"
    return (f"{samples} fits, with {byte_text(fixed + batch * each)}",) if batch < quantity.batch else ()


def _parts(quantity: Quantity) -> str:
    memory = quantity.memory
    assert memory is not None, "the quantity is a memory"
    parts = {
        "weights": memory.weights,
        "gradients": memory.gradients,
        quantity.optimizer or "": memory.optimizer,
        "activations": memory.activations,
    }
    return "it is made of " + ", ".join(f"{name} {byte_text(size)}" for name, size in parts.items() if size)


def _wider(graph: Graph, quantity: Quantity, limit: int | float) -> tuple[str, ...]:
    """How many convolutions would make the receptive field as large as it should be."""
    found = last_features(graph)
    if found is None or found[1][0].whole is not None:
        return ()
    jump = max(1, floor(found[1][0].jump))
    missing = ceil((limit - quantity.value) / (2 * jump))
    if missing < 1:
        return ()
    layers = "a convolution" if missing == 1 else f"{missing} convolutions"
    each = f"each adds {2 * jump}, and behind a pool of 2 {4 * jump}"
    return (f"{layers} of 3x3 more there would do: {each}",)


def _round(value: int, up: bool) -> str:
    """A limit with two digits that the value keeps: `12M`."""
    if value < 1:
        return "1" if up else "-1"
    steps = (("G", 10**9), ("M", 10**6), ("k", 10**3), ("", 1))
    unit, factor = next(one for one in steps if value >= one[1])
    step = max(10 ** (floor(log10(value)) - 1), 1)
    limit = (value // step + 1) * step if up else (-(-value // step) - 1) * step
    text = f"{limit / factor:.10g}"
    return f"{text}{unit}"
