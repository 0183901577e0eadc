"""The body of a generated `forward`: calls in order, on as few variables as a person would use.

`x` is the value on its way through the network. A variable is used again as soon as its value is not
needed any more, so that memory is freed as early as in hand-written code; a labelled value that is
kept for later is called by its label.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from heapq import heapify, heappop, heappush
from itertools import groupby

from cnndsl.analysis.flow import Flow, Unit
from cnndsl.backends.source.layout import statement
from cnndsl.backends.source.naming import attribute, variable
from cnndsl.backends.source.outputs import Outputs
from cnndsl.ir import Graph, Node
from cnndsl.layers.declaration import Join, Layer, Module

__all__ = ["Conditional", "Forward", "module_of", "write_forward"]

# A value that is needed this many steps after it was made goes by its label.
FAR = 3
BODY = " " * 8
GENERIC = re.compile(r"[xyz]\d*|_")


@dataclass(frozen=True, slots=True)
class Forward:
    """The parameters of a `forward`, the type of its result, and the lines of its body."""

    parameters: tuple[str, ...]
    result: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Conditional:
    """Steps in a row that stand behind an `if`.

    They are taken where `test` is true; else `instead` is the value that stands for the last one's.
    """

    units: tuple[Unit, ...]
    instead: int
    test: str

    @property
    def result(self) -> int:
        """The value that is used further on."""
        return self.units[-1].gives[0]


@dataclass(frozen=True, slots=True)
class Step:
    """A statement of the body: the values it assigns, their variables, and the expression.

    It stands behind an `if` where there is a `test`.
    """

    values: tuple[int, ...]
    targets: str
    code: str
    training_only: bool
    test: str = ""


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

    def hold(self, value: int, name: str) -> None:
        """Put the value into this variable, which holds nothing else that is needed."""
        if GENERIC.fullmatch(name) and pool_index(name) in self.free:
            self.free.remove(pool_index(name))
            heapify(self.free)
        self.used.add(name)
        self.names[value] = name

    def release(self, value: int) -> None:
        """The value is not needed any more."""
        name = self.names[value]
        self.used.discard(name)
        if GENERIC.fullmatch(name):
            heappush(self.free, pool_index(name))


def pool_index(name: str) -> int:
    """The place of a name in the pool."""
    return "xyz".index(name) if len(name) == 1 else int(name[1:]) + 2


def write_forward(
    graph: Graph,
    flow: Flow,
    labels: Mapping[int, str | None],
    conditional: Sequence[Conditional] = (),
    outputs: Outputs | None = None,
) -> Forward:
    """The `forward` of a scope's module; `labels` are the names that values may be called by.

    `conditional` are the steps that not every instance takes. `outputs` is what the root gives where
    that is a named tuple.
    """
    units, last = steps_and_uses(graph, flow)
    variables = Variables()
    extra = flow.takes[1:]
    is_root_of_many = flow.scope.parent is None and bool(extra)
    for value in flow.takes:
        wish = labels.get(value) if value in extra or is_root_of_many else None
        variables.assign(value, wish or ("skip" if value in extra and len(extra) == 1 else None))
    parameters = tuple(variables.names[value] for value in flow.takes)

    named = called_by_label(flow)
    behind = {unit.gives: one for one in conditional for unit in one.units}
    # The variable for what conditional steps give, which holds the value that stands for it before.
    kept: dict[int, str] = {}
    steps: list[Step] = []
    for index, unit in enumerate(units):
        one = behind.get(unit.gives)
        if one is not None and one.result not in kept:
            instead = variables.names[one.instead]
            kept[one.result] = instead
            if last[one.instead] >= index + len(one.units):
                kept[one.result] = variables.assign(one.result, labels.get(one.result))
                steps.append(Step((), kept[one.result], instead, False))
        code = call(graph, unit, variables.names)
        for value in dict.fromkeys(unit.takes):
            if last[value] == index:
                variables.release(value)
        targets = []
        for value in unit.gives:
            if value in kept:
                variables.hold(value, kept[value])
            elif value in last:
                is_far = last[value] - index >= FAR or value in named
                variables.assign(value, labels.get(value) if is_far else None)
            targets.append(variables.names.get(value, "_"))
        is_used = any(value in last for value in unit.gives)
        test = "" if one is None else one.test
        steps.append(Step(unit.gives, ", ".join(targets) * is_used, code, unit.content.training_only, test))
    if outputs is not None:
        lines = (*in_order(steps, outputs), *returned(outputs, variables.names))
        return Forward(parameters, outputs.annotation, lines)
    result = ", ".join(["torch.Tensor"] * len(flow.returns))
    result = result if len(flow.returns) == 1 else f"tuple[{result}]"
    if steps and steps[-1].values == flow.returns and not steps[-1].test:
        steps[-1] = replace(steps[-1], targets="return")
        return Forward(parameters, result, tuple(in_order(steps)))
    given = ", ".join(variables.names[value] for value in flow.returns)
    return Forward(parameters, result, (*in_order(steps), *statement("return ", given, BODY)))


def in_order(steps: Sequence[Step], outputs: Outputs | None = None) -> Iterator[str]:
    """The statements; those that training mode alone needs under that condition."""
    optional = outputs.in_training if outputs is not None else frozenset()
    for (training_only, test), group in groupby(steps, lambda step: (step.training_only, step.test)):
        run = list(group)
        if test:
            yield f"{BODY}if {test}:"
            for step in run:
                yield from written(step, BODY + " " * 4)
        elif not training_only:
            for step in run:
                yield from written(step, BODY)
        elif all(len(step.values) == 1 and step.values[0] in optional for step in run):
            for step in run:
                yield from statement(f"{step.targets} = ", f"{step.code} if self.training else None", BODY)
        else:
            for step in run:
                if not optional.isdisjoint(step.values):
                    yield f"{BODY}{step.targets}: torch.Tensor | None = None"
            yield f"{BODY}if self.training:"
            for step in run:
                yield from written(step, BODY + " " * 4)


def written(step: Step, indent: str) -> Iterator[str]:
    """The lines of one statement."""
    if step.targets == "return":
        return statement("return ", step.code, indent)
    return statement(f"{step.targets} = " if step.targets else "", step.code, indent)


def returned(outputs: Outputs, names: Mapping[int, str]) -> Iterator[str]:
    """The return of a named tuple, or of the one value that evaluation mode gives."""
    given = f"{outputs.name}({', '.join(names[field.value] for field in outputs.fields)})"
    if outputs.alone is None:
        yield from statement("return ", given, BODY)
        return
    yield f"{BODY}if self.training:"
    yield from statement("return ", given, BODY + " " * 4)
    yield f"{BODY}return {names[outputs.alone]}"


def steps_and_uses(graph: Graph, flow: Flow) -> tuple[list[Unit], dict[int, int]]:
    """The units that are written, and for every value that is used the index of the last one that takes it.

    A module is called even if its value goes unused, for the sake of its hooks; an expression is not.
    """
    used = set(flow.returns)
    written: list[Unit] = []
    for unit in reversed(flow.units):
        if unit.takes and (is_module(graph, unit) or not used.isdisjoint(unit.gives)):
            written.append(unit)
            used.update(unit.takes)
    written.reverse()
    last = {value: index for index, unit in enumerate(written) for value in unit.takes}
    return written, last | dict.fromkeys(flow.returns, len(written))


def called_by_label(flow: Flow) -> set[int]:
    """The values that go by their labels, however short they live.

    They are the branches of a wide join, and what a scope gives beside its result.
    """
    wide = {value for unit in flow.units if unit.key is None and len(unit.takes) > 2 for value in unit.takes}
    return wide.union(flow.returns[1:], *(unit.gives[1:] for unit in flow.units))


def call(graph: Graph, unit: Unit, names: Mapping[int, str]) -> str:
    """The expression that computes a unit's values."""
    arguments = [names[value] for value in unit.takes]
    if isinstance(unit.content, Node):
        if isinstance(unit.content.layer, Join):
            return unit.content.layer.expression(arguments)
        module = module_of(graph, unit.content)
        if module.apply:
            made = attribute(unit.content.key or "", module.is_parameter)
            return module.apply.format(x=arguments[0], self=made.read)
    return f"{attribute(unit.content.key or '').read}({', '.join(arguments)})"


def is_module(graph: Graph, unit: Unit) -> bool:
    """Whether the unit is called as a module, so that its hooks run even if its value goes unused."""
    return not isinstance(unit.content, Node) or (
        unit.key is not None and not module_of(graph, unit.content).is_parameter
    )
