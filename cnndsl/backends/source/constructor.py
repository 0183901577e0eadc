"""The `__init__` of a generated class."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from cnndsl.backends.source.children import Child, Made, numbered, positions, registration, sequential
from cnndsl.backends.source.class_plan import ClassPlan
from cnndsl.backends.source.layout import Call, layout
from cnndsl.backends.source.naming import attribute, literal, unique, variable

__all__ = ["write_constructor"]

INDENT = "    "
BODY = INDENT * 2


def write_constructor(one: ClassPlan, names: Sequence[str]) -> Iterator[str]:
    """The lines of a class's `__init__`, none where it has no children."""
    if not one.children:
        return
    signature = ("self", *(parameter.code for parameter in one.parameters))
    yield ""
    yield from layout(Call("def __init__(", signature, ") -> None:"), INDENT)
    if one.is_sequential and numbered(child.key for child in one.children):
        yield from sequence(one, "super().__init__(", one.children, names, "layers")
        return
    yield f"{BODY}super().__init__()"
    for name, test in one.switches.items():
        yield f"{BODY}self.{name} = {test}"
    for test, children in groupby(one.children, lambda child: child.condition):
        if not test:
            for child in children:
                yield from statement(one, child, names)
            continue
        optional = list(children)
        if not one.is_sequential:
            yield from (absent(child) for child in optional)
        yield f"{BODY}if {test}:"
        for child in optional:
            yield from registration(child, names, BODY + INDENT)


def statement(one: ClassPlan, child: Child, names: Sequence[str]) -> Iterator[str]:
    """The lines that make one child."""
    if isinstance(child.tree, Made) or not any(entry.condition for entry in child.tree):
        yield from registration(child, names, BODY)
        return
    several = sum(is_list(other) for other in one.children) > 1
    word = variable(f"{child.key}_layers") if several else None
    place = attribute(child.key)
    head, tail = f"{place.read} = nn.Sequential(", ")"
    if place.register:
        head, tail = f"{place.register}({literal(child.key)}, nn.Sequential(", "))"
    yield from sequence(one, head, child.tree, names, word or "layers", tail)


def is_list(child: Child) -> bool:
    """Whether a child is a sequential that not all instances have in full."""
    return not isinstance(child.tree, Made) and any(entry.condition for entry in child.tree)


def sequence(
    one: ClassPlan, head: str, children: Sequence[Child], names: Sequence[str], word: str, tail: str = ")"
) -> Iterator[str]:
    """The lines of a numbered sequential; as a list called `word` first where entries may be missing."""
    if not any(child.condition for child in children):
        yield from layout(sequential(head, children, names), BODY)
        return
    name = unique(word, {parameter.name for parameter in one.parameters})
    before, after = f"{name}: list[nn.Module] = ", "[]"
    if children[0].condition:
        yield f"{BODY}{before}{after}"
        before = ""
    for test, group in groupby(children, lambda child: child.condition):
        indent = BODY + INDENT if test else BODY
        if test:
            yield f"{BODY}if {test}:"
        codes = tuple(positions(list(group), names))
        before = before or f"{name} += "
        if before.endswith("+= ") and len(codes) == 1 and not starred(codes[0]):
            yield from layout(Call(f"{name}.append(", codes), indent)
        else:
            yield from layout(Call("[", codes, "]", upright=True, tall=len(codes) > 2), indent, before)
        before = ""
    yield f"{BODY}{head}*{name}{tail}"


def starred(code: object) -> bool:
    """Whether the code stands for several entries."""
    return isinstance(code, Call) and code.head.startswith("*")


def absent(child: Child) -> str:
    """The line for a child that may be missing."""
    is_parameter = isinstance(child.tree, Made) and child.tree.is_parameter
    place = attribute(child.key, is_parameter)
    if place.register:
        return f"{BODY}{place.register}({literal(child.key)}, None)"
    return f"{BODY}{place.read} = None"
