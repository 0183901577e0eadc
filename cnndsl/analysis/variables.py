"""How long the variables of a compiled module hold the values of a network, in evaluation mode.

A module's `forward` keeps what it was given until it is done, for its caller still has it. What it computes
stays in a variable until that is used again or the `forward` ends; in an `nn.Sequential` only the last value
does. This follows the code that `to_python` writes, whose memory the tests hold against it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from heapq import heappop, heappush

from cnndsl.analysis.flow import Flow, Unit, flows
from cnndsl.ir import Graph, Node

__all__ = ["held", "scope_ends"]

# A value that is needed this many steps after it was made has a variable of its own, named by its label.
FAR = 3
LABEL = re.compile(r"(?![xyz]\d*$|_$)[A-Za-z_]\w*")


def scope_ends(graph: Graph) -> dict[int, int]:
    """The last node of every scope in which something is computed, scopes in it counted."""
    ends: dict[int, int] = {}
    for node in graph.nodes:
        if not node.training_only:
            ends[node.scope] = node.id
    for scope in reversed(graph.scopes):
        if scope.parent is not None and scope.id in ends:
            ends[scope.parent] = max(ends.get(scope.parent, 0), ends[scope.id])
    return ends


def held(graph: Graph) -> Iterator[tuple[int, int]]:
    """Values, each with a node until which a module of the network holds it."""
    ends = scope_ends(graph)
    for flow in flows(graph):
        end = ends.get(flow.scope.id)
        if end is None or flow.scope.training_only:
            continue
        for value in flow.takes:
            yield value, end
        units = [unit for unit in flow.units if unit.takes and not unit.content.training_only]
        after = [_end(unit, ends) for unit in units]
        if flow.is_chain():
            for unit, until in zip(units, after, strict=True):
                yield unit.takes[0], until
        else:
            yield from _variables(flow, units, after, end)


def _end(unit: Unit, ends: dict[int, int]) -> int:
    """The node at which a unit is done."""
    content = unit.content
    return content.id if isinstance(content, Node) else ends.get(content.id, -1)


def _variables(flow: Flow, units: list[Unit], after: list[int], end: int) -> Iterator[tuple[int, int]]:
    """The values that a `forward` makes, each with the node after which no variable holds it."""
    last = {value: index for index, unit in enumerate(units) for value in unit.takes}
    last |= dict.fromkeys(flow.returns, len(units))
    joined = {value for unit in units if unit.key is None and len(unit.takes) > 2 for value in unit.takes}
    named = joined.union(flow.returns[1:], *(unit.gives[1:] for unit in units))
    # Variables without a label are numbered, and those that are free are used again, the lowest first.
    place = {value: index for index, value in enumerate(flow.takes[: 1 if len(flow.takes) == 2 else None])}
    holds: dict[int, int] = {}
    free: list[int] = []
    count = len(place)
    for index, unit in enumerate(units):
        for value in dict.fromkeys(unit.takes):
            if last[value] == index and value in place:
                heappush(free, place[value])
        if index == len(units) - 1 and unit.gives == flow.returns:
            break
        for value in unit.gives:
            if value not in last:
                continue
            if (last[value] - index >= FAR or value in named) and LABEL.fullmatch(unit.key or ""):
                yield value, end
                continue
            if not free:
                heappush(free, count)
                count += 1
            number = heappop(free)
            if number in holds:
                yield holds[number], after[index]
            place[value] = number
            holds[number] = value
    for value in holds.values():
        yield value, end
