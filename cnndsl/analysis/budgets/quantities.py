"""The quantities that can be asserted of a network: their values, and how messages call them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from cnndsl.analysis.costs import costs
from cnndsl.analysis.memory import Memory, inference_memory, training_memory
from cnndsl.analysis.receptive_field import Field, fields
from cnndsl.dims import format_shape
from cnndsl.ir import Graph, Node

__all__ = ["NAMES", "UNITS", "Quantity", "byte_text", "last_features", "measure"]

# What may be asserted; the other word for params is what tables call them.
NAMES = ("params", "parameters", "buffers", "macs", "flops", "receptive_field", "memory")

UNITS: Mapping[str, int] = {
    "k": 1000, "K": 1000, "M": 1000**2, "G": 1000**3, "T": 1000**4,
    "B": 1, "KB": 1000, "kB": 1000, "MB": 1000**2, "GB": 1000**3, "TB": 1000**4,
    "KiB": 1024, "MiB": 1024**2, "GiB": 1024**3, "TiB": 1024**4,
}  # fmt: skip


class Quantity(NamedTuple):
    """One quantity of a network.

    `said` is a sentence with the value in it, `unit` what a difference is counted in (`parameters`), and
    `at_size` whether the value depends on the input's size. `node` is where it is made, if that is one place.
    """

    name: str
    value: int
    said: str
    unit: str
    at_size: bool = True
    node: Node | None = None
    memory: Memory | None = None
    batch: int = 1
    optimizer: str | None = None

    def text(self, value: int | float) -> str:
        """A value of this quantity, as messages write it."""
        if self.name == "memory":
            return byte_text(value)
        return f"{value:,}" if isinstance(value, int) or not value.is_integer() else f"{int(value):,}"


def byte_text(count: int | float) -> str:
    """Bytes in the largest unit that leaves a whole number in front, three digits.

    >>> byte_text(2_147_483_648), byte_text(61_706), byte_text(512)
    ('2.15GB', '61.7KB', '512B')
    """
    size = float(count)
    for unit in ("B", "KB", "MB", "GB"):
        if size < 999.5:
            digits = 0 if unit == "B" or size >= 99.95 else 1 if size >= 9.995 else 2
            return f"{size:.{digits}f}{unit}"
        size /= 1000
    return f"{size:,.2f}TB"


def measure(graph: Graph, name: str, batch: int = 1, optimizer: str | None = None) -> Quantity | None:
    """The quantity of this name; None for the receptive field where there is none."""
    if name == "memory":
        return _memory(graph, batch, optimizer)
    if name == "receptive_field":
        return _receptive_field(graph)
    found = costs(graph)
    if name in ("params", "parameters"):
        count = found.parameters
        return Quantity("params", count, f"the network has {count:,} parameters", "parameters", False)
    if name == "buffers":
        return Quantity(
            name, found.buffers, f"the network has {found.buffers:,} numbers in buffers", "numbers", False
        )
    if name == "macs":
        said = f"a sample takes {found.macs:,} multiply-adds"
        return Quantity(name, found.macs, said, "multiply-adds")
    return Quantity(
        name, found.flops, f"a sample takes {found.flops:,} floating-point operations", "operations"
    )


def _memory(graph: Graph, batch: int, optimizer: str | None) -> Quantity:
    if optimizer is None:
        memory = inference_memory(graph, batch)
        what = "evaluation"
    else:
        memory = training_memory(graph, batch, optimizer)
        what = f"training with {'sgd and momentum' if optimizer == 'momentum' else optimizer}"
    samples = f"a batch of {batch}" if batch > 1 else "one sample"
    joined = "and" if optimizer is not None else "of"
    said = f"{what} {joined} {samples} takes {byte_text(memory.total)}"
    return Quantity(
        "memory", memory.total, said, "", node=memory.peak, memory=memory, batch=batch, optimizer=optimizer
    )


def _receptive_field(graph: Graph) -> Quantity | None:
    found = last_features(graph)
    if found is None:
        return None
    node, axes = found
    sizes = tuple(axis.size for axis in axes)
    said = f"the last features see {format_shape(sizes)} of the input"
    return Quantity("receptive_field", min(sizes), said, "positions", node=node)


def last_features(graph: Graph) -> tuple[Node, tuple[Field, ...]] | None:
    """The features that an output is made from: the last value on the way to it that has positions.

    Of several outputs the one that sees least; None where no output comes from an image, a sequence or a
    volume.
    """
    told = fields(graph)
    candidates = []
    for output in graph.outputs:
        if output.training_only:
            continue
        node = graph.nodes[output.node]
        while node.inputs and not (told[node.id] and node.output is not None and _has_positions(node)):
            node = graph.nodes[node.inputs[0]]
        axes = told[node.id]
        if axes and node.inputs:
            candidates.append((min(axis.size for axis in axes), node, axes))
    if not candidates:
        return None
    _, node, axes = min(candidates, key=lambda one: one[0])
    return node, axes


def _has_positions(node: Node) -> bool:
    return node.output is not None and node.output.channels_first and max(node.output.spatial, default=1) > 1
