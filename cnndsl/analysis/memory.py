"""How much memory a network takes in PyTorch, in evaluation and in training.

What each number counts is said in `COUNTS`, for tables to print beside it. What layers keep is said by
their declarations (`Keeps`); what a kernel takes for itself while it runs is not counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import NamedTuple

from cnndsl.analysis.storage import Storage, keeps_of, needs_gradients, steps, storages
from cnndsl.ir import Graph, Node
from cnndsl.layers.declaration import Join

__all__ = ["COUNTS", "OPTIMIZERS", "Memory", "inference_memory", "saved", "training_memory", "weight_bytes"]

COUNTS: Mapping[str, str] = {
    "weights": "parameters and buffers, 4 bytes a number; 8 for batch norm's counter",
    "activations": "in evaluation: the values that are there at once, where they are most, the input among "
    "them; a value is there until nothing reads it and no variable of the compiled module holds it",
    "saved": "in training: what autograd keeps for the backward pass, a memory that several layers keep once",
    "gradients": "a number for each parameter",
    "optimizer": "the optimizer's own numbers for each parameter: sgd none, with momentum one, adam two",
}

# How many numbers an optimizer of PyTorch keeps for each parameter.
OPTIMIZERS: Mapping[str, int] = {
    "sgd": 0,
    "momentum": 1,
    "adagrad": 1,
    "rmsprop": 1,
    "muon": 1,
    "adadelta": 2,
    "adam": 2,
    "adamax": 2,
    "adamw": 2,
    "nadam": 2,
    "radam": 2,
    "rprop": 2,
}

# Positions of maxima and batch norm's counter are PyTorch's int64.
POSITION = 8


class Memory(NamedTuple):
    """Memory in bytes. In evaluation nothing is kept but weights and activations.

    `peak` is the node at which the activations are most, None in training, where they add up to the end.
    """

    weights: int
    activations: int
    gradients: int = 0
    optimizer: int = 0
    peak: Node | None = None

    @property
    def total(self) -> int:
        """All of it."""
        return self.weights + self.activations + self.gradients + self.optimizer


def weight_bytes(graph: Graph, bytes_per_number: int = 4) -> int:
    """The memory for parameters and buffers."""
    total = 0
    for node in graph.nodes:
        for weight in node.weights:
            is_counter = not weight.trainable and not weight.shape
            total += POSITION if is_counter else weight.size * bytes_per_number
    return total


def inference_memory(graph: Graph, batch: int = 1, bytes_per_number: int = 4) -> Memory:
    """What one pass in evaluation mode takes, without gradients, for a batch of `batch` samples.

    Values that an error left unknown count as nothing.

    >>> import cnndsl
    >>> found = inference_memory(cnndsl.check("input 1x28x28 -> conv 8 k3 p1 -> relu -> maxpool 2").graph)
    >>> found.weights, found.activations, found.peak.path
    (320, 53312, '1')
    """
    values = [graph.nodes[id].output for id in graph.inputs]
    alive = most = sum(prod(value.shape) for value in values if value is not None)
    peak = None
    for step in steps(graph):
        alive += step.new
        if alive + step.running > most:
            most, peak = alive + step.running, graph.nodes[step.node]
        alive -= step.freed
    return Memory(weight_bytes(graph, bytes_per_number), most * batch * bytes_per_number, peak=peak)


def training_memory(
    graph: Graph, batch: int = 1, optimizer: str = "sgd", bytes_per_number: int = 4
) -> Memory:
    """What a step of training takes: weights, gradients, the optimizer's state, what autograd keeps.

    That is what is there when the backward pass begins, but for the outputs. `optimizer` is a word of
    `OPTIMIZERS`; `momentum` is sgd with momentum. ValueError for another one.

    >>> import cnndsl
    >>> graph = cnndsl.check("input 1x28x28 -> conv 8 k3 p1 -> relu -> maxpool 2").graph
    >>> training_memory(graph, batch=10, optimizer="adam")._replace(peak=None)
    Memory(weights=320, activations=407680, gradients=320, optimizer=640, peak=None)
    """
    if optimizer not in OPTIMIZERS:
        raise ValueError(f"optimizer={optimizer!r} is none of {', '.join(OPTIMIZERS)}")
    parameters = sum(node.parameters for node in graph.nodes) * bytes_per_number
    return Memory(
        weight_bytes(graph, bytes_per_number),
        saved_bytes(graph, batch, bytes_per_number),
        parameters,
        parameters * OPTIMIZERS[optimizer],
    )


class Saved(NamedTuple):
    """What autograd keeps: by node the numbers and the places of maxima of a sample, and what batches share.

    The numbers of a value stand at the node that made it, whichever layers keep it.
    """

    numbers: tuple[int, ...]
    positions: tuple[int, ...]
    statistics: int

    def bytes_at(self, node: int, batch: int = 1, bytes_per_number: int = 4) -> int:
        """The bytes that are kept at a node."""
        return batch * (self.numbers[node] * bytes_per_number + self.positions[node] * POSITION)


def saved(graph: Graph) -> Saved:
    """What autograd keeps between the forward and the backward pass, but for the weights."""
    found = storages(graph, training=True)
    learns = needs_gradients(graph)
    kept: set[int] = set()
    numbers = [0] * len(graph.nodes)
    positions = [0] * len(graph.nodes)
    statistics = 0
    for node in graph.nodes:
        if not learns[node.id] or node.output is None or not node.inputs:
            continue
        if isinstance(node.layer, Join):
            kept.update(_joined(graph, node, found, learns))
            numbers[node.id] += _between(node)
            continue
        keeps = keeps_of(graph, node)
        if keeps.view == "always":
            continue
        if keeps.input:
            kept.add(found.of[node.inputs[0]])
        if keeps.output:
            kept.add(found.of[node.id])
        numbers[node.id] += keeps.numbers
        positions[node.id] += keeps.positions
        statistics += keeps.statistics
    for root in kept:
        numbers[root] += found.sizes[root]
    return Saved(tuple(numbers), tuple(positions), statistics)


def saved_bytes(graph: Graph, batch: int, bytes_per_number: int) -> int:
    """The bytes that autograd keeps for a batch."""
    found = saved(graph)
    shared = found.statistics * bytes_per_number
    return shared + sum(found.bytes_at(node.id, batch, bytes_per_number) for node in graph.nodes)


def _joined(graph: Graph, node: Node, found: Storage, learns: list[bool]) -> list[int]:
    """The memories of the branches that a join keeps."""
    assert isinstance(node.layer, Join), "only joins have branches"
    if node.layer.keeps == "nothing" or len(node.inputs) < 2:
        return []
    learning = [index for index, source in enumerate(node.inputs) if learns[source]]
    return [
        found.of[source]
        for index, source in enumerate(node.inputs)
        if node.layer.keeps == "all" or learning != [index]
    ]


def _between(node: Node) -> int:
    """What a join of three or more branches keeps between one branch and the next."""
    assert isinstance(node.layer, Join), "only joins have branches"
    if node.layer.keeps == "nothing" or node.output is None:
        return 0
    return prod(node.output.shape) * max(0, len(node.inputs) - 2)
