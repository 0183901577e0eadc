"""A graph as Python source: PyTorch as a person would have written it, that needs PyTorch alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from cnndsl.backends.source.children import sequential
from cnndsl.backends.source.class_plan import ClassPlan
from cnndsl.backends.source.classes import Plan, make_plan
from cnndsl.backends.source.constructor import write_constructor
from cnndsl.backends.source.forward import write_forward
from cnndsl.backends.source.layout import Call, layout
from cnndsl.backends.source.naming import LOCALS, camel, unique, variable
from cnndsl.backends.source.outputs import Outputs, outputs_of
from cnndsl.backends.source.shapes import describe
from cnndsl.ir import Graph

__all__ = ["Source", "generate", "to_python"]

INDENT = "    "
# The name of the output that is the final value; in `forward` it stays on its variable.
MAIN = "output"


@dataclass(frozen=True, slots=True)
class Source:
    """Generated source in two parts.

    `definitions` may be run at any time; `model`, which follows it, makes the network where that is an
    `nn.Sequential`. Else `model` is empty and the network is an instance of the class `root`.
    """

    definitions: str
    model: str
    root: str | None
    classes: tuple[str, ...]

    @property
    def text(self) -> str:
        """The whole source."""
        return self.definitions + self.model


def to_python(graph: Graph) -> str:
    """PyTorch source for a graph without errors.

    A plain chain without labels becomes `model = nn.Sequential(...)`, anything else a class named
    after the spec's `model`, whose constructor takes no arguments.

    >>> from cnndsl.api import check
    >>> graph = check("input 1x28x28 -> conv 16 k3 p1 -> relu -> flatten -> linear 10").graph
    >>> print(to_python(graph))
    \"\"\"(N, 1, 28, 28) -> (N, 10), 125,610 parameters.\"\"\"
    <BLANKLINE>
    from torch import nn
    <BLANKLINE>
    model = nn.Sequential(
        nn.Conv2d(1, 16, kernel_size=3, padding=1),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(12544, 10),
    )
    <BLANKLINE>
    """
    return generate(graph).text


def generate(graph: Graph) -> Source:
    """The source of a graph without errors, and the names that it defines."""
    plan = make_plan(graph)
    names = class_names(plan)
    bodies = [source for _, source in sorted(plan.helpers.items())]
    outputs = None if plan.chain is not None else outputs_of(graph, unique(f"{names[-1]}Output", names))
    if outputs is not None:
        bodies.append("\n".join(outputs.lines()) + "\n")
    bodies += ["\n".join(class_lines(plan, one, names, outputs)) + "\n" for one in plan.classes]
    model = ""
    if plan.chain is not None:
        call = sequential("nn.Sequential(", plan.chain, names)
        model = "\n".join(layout(call, before="model = ")) + "\n"
        model = ("\n\n" if bodies else "\n") + model
    head = f'"""{headline(plan)}"""\n\n' + "".join(imports("".join([*bodies, model])))
    return Source(
        head + "".join(f"\n\n{body}" for body in bodies),
        model,
        names[-1] if plan.chain is None else None,
        (*plan.helpers, *((outputs.name,) if outputs else ()), *names),
    )


def headline(plan: Plan) -> str:
    """What the module's docstring says: the network's name, shapes and size."""
    count = sum(node.parameters for node in plan.graph.nodes)
    shapes = f"{describe(plan.graph, [plan.flows[0]])}, {count:,} parameter{'s' * (count != 1)}."
    return f"{plan.graph.model}: {shapes}" if plan.graph.model else shapes


def imports(code: str) -> Iterator[str]:
    """The import lines that the code needs."""
    if "OrderedDict(" in code:
        yield "from collections import OrderedDict\n"
    if "(NamedTuple)" in code:
        yield "from typing import NamedTuple\n"
    if "OrderedDict(" in code or "(NamedTuple)" in code:
        yield "\n"
    if "torch." in code:
        yield "import torch\n"
    if "nn." in code:
        yield "from torch import nn\n"


def class_lines(
    plan: Plan, one: ClassPlan, names: Sequence[str], outputs: Outputs | None = None
) -> Iterator[str]:
    """The lines of a class; `outputs` is what the root gives where that is a named tuple."""
    flows = [plan.flows[number] for number in one.scopes]
    yield f"class {names[one.number]}(nn.{'Sequential' if one.is_sequential else 'Module'}):"
    yield f'    """{describe(plan.graph, flows, one.sizes.known)}."""'
    yield from write_constructor(one, names)
    if not one.is_sequential:
        labels = common_labels(plan, one)
        given = outputs if one.scopes == (0,) else None
        if given is not None:
            labels = {**labels, **{field.value: field.name for field in given.fields if field.name != MAIN}}
        forward = write_forward(plan.graph, flows[0], labels, one.conditional, given)
        signature = ["self", *(f"{name}: torch.Tensor" for name in forward.parameters)]
        yield ""
        yield from layout(Call("def forward(", tuple(signature), f") -> {forward.result}:"), INDENT)
        yield from forward.lines


def common_labels(plan: Plan, one: ClassPlan) -> Mapping[int, str | None]:
    """The names of the values in a class's `forward`, where all its instances agree on them.

    The values are those of the first instance.
    """
    flows = [plan.flows[number] for number in one.scopes]
    labels: dict[int, str | None] = {}
    for index, value in enumerate(flows[0].takes):
        found = {label_of(plan.graph, flow.takes[index]) for flow in flows}
        labels[value] = found.pop() if len(found) == 1 else None
    for unit in flows[0].units:
        for index, value in enumerate(unit.gives):
            labels[value] = unit.key if index == 0 else label_of(plan.graph, value)
    return labels


def label_of(graph: Graph, value: int) -> str | None:
    """The label under which a value is known: that of the widest scope that it is the result of."""
    node = graph.nodes[value]
    label, scope = node.key or node.path, graph.scopes[node.scope]
    while scope.parent is not None and scope.output == value:
        label, scope = scope.key if variable(scope.key) else label, graph.scopes[scope.parent]
    return label


def class_names(plan: Plan) -> list[str]:
    """A name for every class: the network's own for the root, else after the block or the label."""
    taken = {*LOCALS, *plan.helpers}
    taken |= {parameter.name for one in plan.classes for parameter in one.parameters}
    names = [""] * len(plan.classes)
    families: dict[tuple[str, bool], list[ClassPlan]] = {}
    for one in plan.classes:
        if one.scopes == (0,):
            wish = plan.graph.model or "Model"
            names[one.number] = wish if variable(wish, taken) else unique(camel(wish), taken)
            taken.add(names[one.number])
        else:
            families.setdefault((one.word, one.is_block), []).append(one)
    for (word, is_block), variants in sorted(families.items(), key=lambda item: not item[0][1]):
        smallest = min(variants, key=lambda one: len(one.children))
        own: set[str] = set()
        for one in variants:
            keys = {plan.graph.scopes[number].key for number in one.scopes}
            if not is_block and len(keys) == 1:
                wish = camel(keys.pop())
            else:
                wish = camel(word) + ("" if one is smallest else extra(one, smallest))
            if not is_block:
                wish = block_around(plan.graph, one.scopes[0]) + wish
            elif wish in taken and wish not in own:
                wish = f"{wish}Block"
            names[one.number] = unique(wish, taken)
            own.add(names[one.number])
            taken.add(names[one.number])
    return names


def block_around(graph: Graph, number: int) -> str:
    """The block that a labelled scope is part of, as the beginning of its class's name."""
    while (parent := graph.scopes[number].parent) is not None:
        number = parent
        if graph.scopes[number].block:
            return camel(graph.scopes[number].block or "")
    return ""


def extra(one: ClassPlan, other: ClassPlan) -> str:
    """What a class has that another of the same block has not, as the end of its name."""
    known = {child.key for child in other.children}
    more = [child.key for child in one.children if child.key not in known and variable(child.key)]
    return camel(more[0]) if more else ""
