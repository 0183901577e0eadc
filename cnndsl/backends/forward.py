"""The body of a generated `forward`: calls in order, on as few variables as a person would use.

`x` is the value on its way through the network. A variable is used again as soon as its value is not
needed any more, so that memory is freed as early as in hand-written code; a labelled value that is
kept for later is called by its label.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from heapq import heapify, heappop, heappush

from cnndsl.backends.flow import Flow, Unit
from cnndsl.backends.layout import statement
from cnndsl.backends.naming import attribute, variable
from cnndsl.ir import Graph, Node
from cnndsl.layers.declaration import Join, Layer, Module

__all__ = ["Forward", "module_of", "write_forward"]

# A value that is needed this many steps after it was made goes by its label.
FAR = 3
GENERIC = re.compile(r"[xyz]\d*|_")


@dataclass(frozen=True, slots=True)
class Forward:
    """The parameters of a `forward` and the lines of its body, not yet indented in a class."""

    parameters: tuple[str, ...]
    returns: int
    lines: tuple[str, ...]


def module_of(graph: Graph, node: Node) -> Module:
    """The PyTorch constructor of a layer's node, in a graph without errors."""
    arriving = graph.nodes[node.inputs[0]].output
    assert isinstance(node.layer, Layer), f"{node.path} is no layer"
    assert arriving is not None, f"{node.path} has no input"
    assert node.output is not None, f"{node.path} has no value"
    return node.layer.module(arriving, node.arguments, node.output.shape)


class Variables:
    """Which variable holds which value; free ones of the pool x, y, z, x1, x2 ... are used again."""

    def __init__(self) -> None:
        self.names: dict[int, str] = {}
        self.used: set[str] = set()
        self.free: list[int] = []
        self.next = 0

    def assign(self, value: int, wish: str | None) -> str:
        """A variable for the value: the wished name where it is legal and not in use."""
        name = None if wish is None or GENERIC.fullmatch(wish) else variable(wish, self.used)
        if name is None:
            name = self.pooled()
        self.used.add(name)
        self.names[value] = name
        return name

    def pooled(self) -> str:
        """The first free name of the pool."""
        if not self.free:
            self.free.append(self.next)
            self.next += 1
        index = heappop(self.free)
        return "xyz"[index] if index < 3 else f"x{index - 2}"

    def release(self, value: int) -> None:
        """The value is not needed any more."""
        name = self.names[value]
        self.used.discard(name)
        if GENERIC.fullmatch(name):
            index = "xyz".index(name) if len(name) == 1 else int(name[1:]) + 2
            heappush(self.free, index)
            heapify(self.free)


def write_forward(graph: Graph, flow: Flow, labels: Mapping[int, str | None]) -> Forward:
    """The `forward` of a scope's module; `labels` are the names that values may be called by."""
    last = {value: len(flow.units) for value in flow.returns}
    for index in range(len(flow.units) - 1, -1, -1):
        for value in flow.units[index].takes:
            last.setdefault(value, index)
    variables = Variables()
    extra = flow.takes[1:]
    is_root_of_many = flow.scope.parent is None and bool(extra)
    for value in flow.takes:
        wish = labels.get(value) if value in extra or is_root_of_many else None
        variables.assign(value, wish or ("skip" if value in extra and len(extra) == 1 else None))
    parameters = tuple(variables.names[value] for value in flow.takes)

    # The branches of a wide join are called by their labels, however short they live.
    wide = {value for unit in flow.units if unit.key is None and len(unit.takes) > 2 for value in unit.takes}
    steps: list[tuple[tuple[int, ...], str, str]] = []
    for index, unit in enumerate(flow.units):
        code = call(graph, unit, variables.names)
        kept = any(value in last for value in unit.gives)
        for value in dict.fromkeys(unit.takes):
            if last[value] == index:
                variables.release(value)
        if code is None or not (kept or is_module(graph, unit)):
            continue
        targets = [
            variables.assign(
                value, labels.get(value) if last[value] - index >= FAR or value in wide else None
            )
            if value in last
            else "_"
            for value in unit.gives
        ]
        steps.append((unit.gives, f"{', '.join(targets)} = " if kept else "", code))

    if steps and steps[-1][0] == flow.returns:
        steps[-1] = ((), "return ", steps[-1][2])
    else:
        steps.append(((), "return ", ", ".join(variables.names[value] for value in flow.returns)))
    lines = [line for _, before, code in steps for line in statement(before, code, " " * 8)]
    return Forward(parameters, len(flow.returns), tuple(lines))


def call(graph: Graph, unit: Unit, names: Mapping[int, str]) -> str | None:
    """The expression that computes a unit's values, None where it computes nothing."""
    arguments = [names[value] for value in unit.takes]
    if not isinstance(unit.content, Node):
        return f"{attribute(unit.content.key).read}({', '.join(arguments)})" if arguments else None
    if isinstance(unit.content.layer, Join):
        return unit.content.layer.expression(arguments)
    assert unit.key is not None, f"{unit.content.path} has no name"
    module = module_of(graph, unit.content)
    if module.apply:
        return module.apply.format(x=arguments[0], self=attribute(unit.key, is_parameter=True).read)
    return f"{attribute(unit.key).read}({', '.join(arguments)})"


def is_module(graph: Graph, unit: Unit) -> bool:
    """Whether the unit is called as a module, so that its hooks run even if its value goes unused."""
    return not isinstance(unit.content, Node) or (
        unit.key is not None and not module_of(graph, unit.content).apply
    )
