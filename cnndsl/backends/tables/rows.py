"""The rows of a network's table: operations, what is folded into one row, totals of stages, mistakes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from cnndsl.analysis.receptive_field import fields
from cnndsl.backends.notation import written_scope
from cnndsl.dims import Shape
from cnndsl.ir import Graph, Node, Scope
from cnndsl.report import Report

if TYPE_CHECKING:
    from cnndsl.backends.tables.mistakes import Mistake

__all__ = ["Row", "contents", "table_rows"]

# A total says little under fewer rows than this.
FEWEST_SUMMED = 4

RowKind = Literal["operation", "scope", "total", "mistake", "unknown"]


class Row(NamedTuple):
    """One line of the table.

    `kind`: an operation, whose `node` it has; a scope or several alike that stand for all that lies in
    them; the total of a stage, the rows of which stand above; a mistake, in the place of the operation
    that it is about, if any; operations of which nothing is known. `nodes` are the numbers of the nodes
    that the row stands for, each in one row: a total has none. `macs` are for one sample;
    `whole` says that a receptive field is the whole input, `shared` that its weights are counted where
    they were first used.
    """

    kind: RowKind
    name: str
    layer: str
    nodes: tuple[int, ...] = ()
    node: Node | None = None
    output: tuple[int | str, ...] | None = None
    parameters: int = 0
    macs: int = 0
    field: Shape | None = None
    whole: bool = False
    shared: bool = False
    training_only: bool = False


def table_rows(report: Report, depth: int | None = None, fold: bool = True) -> list[Row]:
    """The rows of a report, in the order of the text.

    Scopes whose names have `depth` parts are one row. `fold` makes one row of those that repeat the
    scope before them, sums up stages, and of what a mistake left unknown.

    >>> import cnndsl
    >>> report = cnndsl.check("input 3x8x8\\nblock b { conv 3 k1 -> relu }\\ns: [b x 3 -> conv 4 k1]")
    >>> [(row.name, row.layer) for row in table_rows(report)][1:5]
    [('s.0.0', ''), ('s.0.1', ''), ('s.1..2', 'b ×2 as above'), ('s.3', '')]
    """
    return _Listing(report, depth, fold).rows()


class _Listing:
    """The rows of one report, collected scope by scope."""

    def __init__(self, report: Report, depth: int | None, fold: bool) -> None:
        self.report = report
        self.graph = report.graph
        self.depth = depth
        self.fold = fold
        self.fields = fields(report.graph)
        inputs = (report.graph.nodes[id].output for id in report.graph.inputs)
        self.images = {value.spatial for value in inputs if value is not None}
        self.mistakes = _mistakes(report)
        self.found: list[Row] = []

    def rows(self) -> list[Row]:
        self._visit(self.graph.scopes[0])
        if self.mistakes:
            self._tell_mistakes()
        return self.found

    def _visit(self, scope: Scope) -> None:
        children = scope.children
        at = 0
        while at < len(children):
            kind, index = children[at]
            at += 1
            if kind == "node":
                self.found.append(self._operation(self.graph.nodes[index]))
                continue
            child = self.graph.scopes[index]
            alike = self._alike(child, children[at:]) if self.fold else []
            at += len(alike)
            if self._too_deep(child):
                self.found.append(self._folded([child, *alike], as_above=False))
                continue
            start = len(self.found)
            self._visit(child)
            if alike:
                self.found.append(self._folded(alike, as_above=True))
            if self._is_stage(child) and len(self.found) - start >= FEWEST_SUMMED:
                nodes = list(_inside(self.graph, child))
                self.found.append(self._sum("total", child.path, "total", nodes, child))

    def _field(self, node: Node) -> tuple[Shape | None, bool]:
        """The size of a receptive field, and whether each position sees the whole of an input."""
        field = self.fields[node.id]
        if not field:
            return None, False
        sizes = tuple(axis.size for axis in field)
        return sizes, sizes in self.images and all(axis.whole is not None for axis in field)

    def _too_deep(self, scope: Scope) -> bool:
        return self.depth is not None and scope.path.count(".") + 1 >= self.depth

    def _is_stage(self, scope: Scope) -> bool:
        labelled = scope.parent == 0 and not scope.key.isdigit()
        output = None if scope.output is None else self.graph.nodes[scope.output].output
        return self.fold and labelled and output is not None

    def _alike(self, scope: Scope, following: Sequence[tuple[str, int]]) -> list[Scope]:
        """The scopes directly behind this one that hold the same and compute the same sizes."""
        alike: list[Scope] = []
        outputs = [node.output for node in _inside(self.graph, scope)]
        if len(outputs) < 2 or None in outputs:
            return alike
        pattern = None
        for kind, index in following:
            if kind == "node":
                break
            other = self.graph.scopes[index]
            if (other.block, len(other.children)) != (scope.block, len(scope.children)):
                break
            pattern = pattern or _pattern(self.report, scope)
            if _pattern(self.report, other) != pattern:
                break
            alike.append(other)
        return alike

    def _operation(self, node: Node) -> Row:
        original = node if node.shares is None else self.graph.nodes[node.shares]
        return Row(
            "operation" if node.output is not None else "unknown",
            node.path,
            "",
            (node.id,),
            node,
            self.report.shape(node),
            node.parameters,
            node.macs,
            *self._field(node),
            shared=original is not node and original.parameters > 0,
            training_only=node.training_only,
        )

    def _folded(self, scopes: Sequence[Scope], as_above: bool) -> Row:
        first, last = scopes[0], scopes[-1]
        count = f" ×{len(scopes)}" if len(scopes) > 1 else ""
        if as_above:
            layer = f"{first.block or ''}{count} as above".strip()
        else:
            layer = _written_times(first, count) if first.block else contents(self.graph, first) + count
        name = first.path if first is last else f"{first.path}..{last.key}"
        nodes = [node for scope in scopes for node in _inside(self.graph, scope)]
        return self._sum("scope", name, layer, nodes, last)._replace(nodes=tuple(node.id for node in nodes))

    def _sum(self, kind: RowKind, name: str, layer: str, nodes: Sequence[Node], scope: Scope) -> Row:
        output = None if scope.output is None else self.graph.nodes[scope.output]
        training_only = scope.training_only or all(node.training_only for node in nodes)
        field, whole = (None, False) if output is None else self._field(output)
        return Row(
            kind,
            name,
            layer,
            output=None if output is None else self.report.shape(output),
            parameters=sum(node.parameters for node in nodes),
            macs=sum(node.macs for node in nodes if training_only or not node.training_only),
            field=field,
            whole=whole,
            training_only=training_only,
        )

    def _tell_mistakes(self) -> None:
        """Put each mistake where it belongs; what only depends on one is told by its number."""
        by_node: dict[int, list[Mistake]] = {}
        for mistake in self.mistakes:
            if mistake.node is not None:
                by_node.setdefault(mistake.node, []).append(mistake)
        others = [mistake for mistake in self.mistakes if mistake.node is None]
        told: list[Row] = []
        for row in self.found:
            while others and any(id >= others[0].before for id in row.nodes):
                told.append(_mistake(others.pop(0), ()))
            guilty = [mistake for id in row.nodes for mistake in by_node.pop(id, ())]
            told.extend(_mistake(one, row.nodes if one is guilty[0] else (), row.name) for one in guilty)
            if not guilty:
                told.append(row)
        told.extend(_mistake(one, ()) for one in others)
        self.found = list(_unknown_together(told)) if self.fold else told


def _mistakes(report: Report) -> list[Mistake]:
    """The errors in the order of the table; the module that places them is rarely loaded."""
    if report.ok:
        return []
    from cnndsl.backends.tables.mistakes import find_mistakes

    return find_mistakes(report)


def _mistake(mistake: Mistake, nodes: tuple[int, ...], name: str = "") -> Row:
    return Row("mistake", name, mistake.text, nodes)


def _unknown_together(rows: Sequence[Row]) -> Iterator[Row]:
    """One row for operations in a row of which nothing is known."""
    waiting: list[int] = []

    def told() -> Iterator[Row]:
        if waiting:
            count = "1 operation" if len(waiting) == 1 else f"{len(waiting):,} operations"
            yield Row("unknown", "…", f"{count}, unknown", tuple(waiting))
            waiting.clear()

    for row in rows:
        if row.kind == "unknown":
            waiting.extend(row.nodes)
            continue
        yield from told()
        yield row
    yield from told()


def _inside(graph: Graph, scope: Scope) -> Iterator[Node]:
    """The nodes of a scope, however deep, in the order of the text."""
    for kind, index in scope.children:
        if kind == "node":
            yield graph.nodes[index]
        else:
            yield from _inside(graph, graph.scopes[index])


def _pattern(report: Report, scope: Scope) -> list[Any]:
    """What two scopes have in common that hold the same: to be compared, not read."""
    cut = len(scope.path)
    return [
        (
            node.path[cut:],
            node.layer.name,
            list(node.arguments.items()),
            report.shape(node),
            node.parameters,
            node.macs,
            [node.id - source for source in node.inputs],
            None if node.shares is None else node.id - node.shares,
            node.training_only,
        )
        for node in _inside(report.graph, scope)
    ]


def _written_times(scope: Scope, count: str) -> str:
    """A block's use with how often it stands there: `basic ×2, 64 s1`."""
    block, _, arguments = written_scope(scope).partition(" ")
    return f"{block}{count}{',' if count and arguments else ''} {arguments}".rstrip()


def contents(graph: Graph, scope: Scope) -> str:
    """What an unnamed scope holds, in a few words: `[basic ×2]`, `[conv -> bn -> relu ...]`."""
    words: list[tuple[str, int]] = []
    for kind, index in scope.children:
        if kind == "node":
            word = graph.nodes[index].layer.name
        else:
            child = graph.scopes[index]
            word = child.block or child.key
        if words and words[-1][0] == word:
            words[-1] = (word, words[-1][1] + 1)
        else:
            words.append((word, 1))
    shown = [f"{word} ×{count}" if count > 1 else word for word, count in words]
    return f"[{' -> '.join(shown[:4])}{' ...' if len(shown) > 4 else ''}]"
