"""What two networks differ in, entry by entry: what changed, in words, and what is told in one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from cnndsl.analysis.aligning import Part
from cnndsl.analysis.comparing import Change, ChangeKind, Comparison
from cnndsl.backends.notation import written, written_argument, written_scope, written_value
from cnndsl.backends.tables.rows import contents
from cnndsl.backends.tables.units import shape_text
from cnndsl.ir import Graph, Node, Scope
from cnndsl.layers.declaration import Layer
from cnndsl.report import Report

__all__ = ["ARROW", "Entry", "entries", "output_of", "written_part"]

ARROW = " → "
# So many changes in a row that only follow from others, or are only of names, are told in one line.
FEWEST_FOLDED = 3


class Entry(NamedTuple):
    """One line of the comparison; `parameters` and `macs` are how many more there are.

    `scope` is the block that it is about, if it is about a whole one.
    """

    kind: ChangeKind
    name: str
    layer: str
    output: str
    parameters: int
    macs: int
    scope: Scope | None = None


# The scopes of the two networks that are the same block, used with other arguments.
Blocks = tuple[Scope, Scope]


def entries(found: Comparison, all: bool = False) -> list[Entry]:
    """The changes in words; with `all` an entry each.

    Else a block used with other arguments is one, with all that follows in it, and so are blocks in a row
    of which the same is to be said, and several layers in a row that only have other sizes.

    >>> import cnndsl
    >>> block = "block b(c, k=3) { conv c k=k p=k//2 -> bn -> relu }"
    >>> found = cnndsl.diff(f"input 3x8x8\\n{block}\\nb 8", f"input 3x8x8\\n{block}\\nb 16 k5")
    >>> [(entry.name, entry.layer, entry.output) for entry in entries(found)]
    [('0', 'b c8 → c16, k3 → k5', '8x8x8 → 16x8x8')]
    """
    if all:
        return [_entry(change, found) for change in found.changes]
    told: list[Entry] = []
    block_of = _changed_blocks(found)
    for blocks, run in _grouped(found.changes, block_of):
        if blocks is not None and len(run) > 1:
            told.append(_block(blocks, run, found))
        else:
            told.extend(_layers(run, found))
    return list(_merged(told))


def _entry(change: Change, found: Comparison) -> Entry:
    part = change.after or change.before
    return Entry(
        change.kind,
        _name(change),
        _layer(change),
        _outputs(change.before, change.after, found),
        change.parameters,
        change.macs,
        None if part is None else part.scope,
    )


def _changed_blocks(found: Comparison) -> Callable[[Change], Blocks | None]:
    """A function that gives the outermost such blocks that a change lies in."""
    graphs = found.first.graph, found.second.graph
    known: tuple[dict[int, Blocks], dict[int, Blocks]] = ({}, {})

    def look(change: Change) -> Blocks | None:
        if _renamed(change) or change.kind == "renamed":
            return None
        if change.before is not None and change.after is not None:
            sides = zip(_around(graphs[0], change.before), _around(graphs[1], change.after), strict=False)
            for one, other in sides:
                if one.block is not None and one.block == other.block and one.arguments != other.arguments:
                    known[0][one.id] = known[1][other.id] = (one, other)
                    return one, other
            return None
        for graph, part, blocks in zip(graphs, (change.before, change.after), known, strict=True):
            for scope in () if part is None else _around(graph, part):
                if scope.id in blocks:
                    return blocks[scope.id]
        return None

    # What is only in one of the two belongs to the blocks that the others are found to be in.
    for change in found.changes:
        look(change)
    return look


def _around(graph: Graph, part: Part) -> list[Scope]:
    """The scopes that a part lies in, the outermost first."""
    at = part.node.scope if part.node is not None else part.scope.parent if part.scope is not None else None
    found: list[Scope] = []
    while at is not None:
        found.append(graph.scopes[at])
        at = graph.scopes[at].parent
    return found[::-1]


def _grouped(
    changes: Sequence[Change], block_of: Callable[[Change], Blocks | None]
) -> Iterator[tuple[Blocks | None, list[Change]]]:
    """The changes in runs that lie in the same blocks, or in none."""
    run: list[Change] = []
    current: Blocks | None = None
    for change in changes:
        blocks = block_of(change)
        same = (blocks and (blocks[0].id, blocks[1].id)) == (current and (current[0].id, current[1].id))
        if run and not same:
            yield current, run
            run = []
        current = blocks
        run.append(change)
    if run:
        yield current, run


def _block(blocks: Blocks, run: Sequence[Change], found: Comparison) -> Entry:
    one, other = blocks
    told = [
        ARROW.join(written_value(name, scope.arguments[name]) for scope in blocks if name in scope.arguments)
        for name in dict.fromkeys((*one.arguments, *other.arguments))
        if one.arguments.get(name) != other.arguments.get(name)
    ]
    return Entry(
        "changed",
        other.path,
        f"{other.block} {', '.join(told)}",
        _outputs(Part(found.first.graph, one), Part(found.second.graph, other), found),
        sum(change.parameters for change in run),
        sum(change.macs for change in run),
        other,
    )


def _layers(changes: Sequence[Change], found: Comparison) -> Iterator[Entry]:
    """An entry each, but for those of a kind in a row that have little to say."""
    start = 0
    while start < len(changes):
        change = changes[start]
        end = start + 1
        while end < len(changes) and _go_together(changes[end - 1], changes[end]):
            end += 1
        if end - start < FEWEST_FOLDED:
            yield _entry(change, found)
            start += 1
            continue
        run = changes[start:end]
        rest = f"and {len(run) - 1} more, to {_name(run[-1])}"
        parameters, macs = sum(one.parameters for one in run), sum(one.macs for one in run)
        yield Entry(change.kind, _name(change), rest, "", parameters, macs)
        start = end


def _go_together(one: Change, other: Change) -> bool:
    if one.kind != other.kind or one.kind not in ("follows", "renamed"):
        return False
    return one.kind == "renamed" or not (_renamed(one) or _renamed(other))


def _merged(told: Sequence[Entry]) -> Iterator[Entry]:
    """Entries on blocks in a row that say the same are one."""
    start = 0
    while start < len(told):
        end = start + 1
        while end < len(told) and _alike(told[start], told[end]):
            end += 1
        first, last = told[start], told[end - 1].scope
        if end - start > 1 and last is not None:
            block, _, rest = first.layer.partition(" ")
            count = end - start
            yield first._replace(
                name=f"{first.name}..{last.key}",
                layer=f"{block} ×{count}{',' if rest else ''} {rest}".rstrip(),
                parameters=first.parameters * count,
                macs=first.macs * count,
            )
        else:
            yield first
        start = end


def _alike(one: Entry, other: Entry) -> bool:
    if one.scope is None or other.scope is None or one.scope.block is None:
        return False
    numbered = one.scope.key.isdigit() and other.scope.key.isdigit()
    said = (entry._replace(name="", scope=None) for entry in (one, other))
    return numbered and one.scope.parent == other.scope.parent and next(said) == next(said)


def _name(change: Change) -> str:
    before, after = change.before, change.after
    if before is not None and after is not None and _renamed(change):
        return f"{before.path}{ARROW}{after.path}"
    part = after or before
    return "" if part is None else part.path


def _renamed(change: Change) -> bool:
    before, after = change.before, change.after
    return before is not None and after is not None and before.label != after.label


def _layer(change: Change) -> str:
    before, after = change.before, change.after
    if before is None or after is None or change.kind != "changed":
        part = after or before
        return "" if part is None else written_part(part)
    one, other = before.node, after.node
    if one is None or other is None:
        return written_part(after)
    if one.layer.name != other.layer.name:
        return f"{written(one)}{ARROW}{written(other)}"
    told = [f"{_argument(one, name)}{ARROW}{_argument(other, name)}" for name in change.arguments]
    if change.inputs is not None:
        told.append(f"reads {ARROW.join(', '.join(names) for names in change.inputs)}")
    return f"{one.layer.name} {', '.join(told)}".rstrip()


def _argument(node: Node, name: str) -> str:
    if not isinstance(node.layer, Layer) or name not in node.arguments:
        return "nothing"
    return written_argument(node.layer, name, node.arguments[name])


def written_part(part: Part) -> str:
    """A layer or a scope, as a spec would write it."""
    if part.node is not None:
        return written(part.node)
    return "" if part.scope is None else written_scope(part.scope) or contents(part.graph, part.scope)


def output_of(part: Part, report: Report) -> tuple[int | str, ...] | None:
    """The shape of the value that leaves a layer or a scope, an open size as a formula."""
    node = part.node
    if part.scope is not None and part.scope.output is not None:
        node = part.graph.nodes[part.scope.output]
    return None if node is None else report.shape(node)


def _outputs(before: Part | None, after: Part | None, found: Comparison) -> str:
    sides = ((before, found.first), (after, found.second))
    shapes = [output_of(part, report) for part, report in sides if part is not None]
    return ARROW.join(dict.fromkeys(shape_text(shape) for shape in shapes if shape is not None))
