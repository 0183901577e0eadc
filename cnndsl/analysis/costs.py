"""What a network costs to keep and to run once: numbers of weights, and of multiplications.

What each number counts is said in `COUNTS`, for tables to print beside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from cnndsl.ir import Graph, Node

__all__ = ["COUNTS", "Costs", "costs", "costs_of"]

COUNTS: Mapping[str, str] = {
    "parameters": "numbers that are trained; shared ones count once",
    "buffers": "numbers that are kept and not trained: batch norm's statistics and its counter",
    "macs": "multiplications of convolutions, linear layers and attention for one sample in evaluation mode; "
    "biases, norms, activations and pools are not counted",
    "flops": "two for each multiply-add: the multiplication and the addition",
}


class Costs(NamedTuple):
    """What nodes cost; `macs` for one sample."""

    parameters: int
    buffers: int
    macs: int

    @property
    def flops(self) -> int:
        """Floating-point operations for one sample: two for each multiply-add."""
        return 2 * self.macs


def costs_of(nodes: Iterable[Node]) -> Costs:
    """What some nodes cost together; those that only training computes have no multiply-adds here."""
    parameters = buffers = macs = 0
    for node in nodes:
        parameters += node.parameters
        buffers += node.buffers
        macs += 0 if node.training_only else node.macs
    return Costs(parameters, buffers, macs)


def costs(graph: Graph) -> Costs:
    """What the network costs.

    >>> import cnndsl
    >>> found = costs(cnndsl.check("input 1x28x28 -> conv 8 k3 -> bn -> flatten -> linear 10").graph)
    >>> found, found.flops
    (Costs(parameters=54186, buffers=17, macs=102752), 205504)
    """
    return costs_of(graph.nodes)
