"""Two networks side by side: which operation of one is which of the other."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Container, Hashable, Iterator, Sequence
from typing import NamedTuple

from cnndsl.analysis.costs import Costs, costs_of
from cnndsl.dims import Shape
from cnndsl.ir import Graph, Node, Scope
from cnndsl.layers.declaration import Layer

__all__ = ["Pair", "Part", "align", "leftovers_alike", "same_operation"]

# Scopes of so many parts times so many are laid beside each other at once, larger ones so many at a time.
MOST_COMPARED, WINDOW = 60_000, 120
# What a part counts that may be like one behind the window: less than two layers of one kind do together.
HOPE = 4.5
# Shorter runs are alike by chance.
SHORTEST_RUN = 3


Alignment = tuple["Part | None", "Part | None"]


class Part:
    """A node, or a scope with all that lies in it, as a part of the scope around it."""

    __slots__ = ("graph", "node", "nodes", "scope", "words")

    def __init__(self, graph: Graph, what: Node | Scope) -> None:
        self.graph = graph
        self.node = what if isinstance(what, Node) else None
        self.scope = what if isinstance(what, Scope) else None
        self.nodes: tuple[Node, ...] = tuple(_nodes(graph, what))
        # What lies in it, for a guess how much two scopes have in common.
        self.words = Counter(node.layer.name for node in self.nodes) if self.scope else None

    @property
    def path(self) -> str:
        """The full name."""
        return self.node.path if self.node is not None else self.scope.path if self.scope is not None else ""

    @property
    def label(self) -> str:
        """The name in the scope around it, empty where it is only a number or made up from the layer's."""
        if self.scope is not None:
            key: str | None = self.scope.key
        else:
            assert self.node is not None, "a part is a node or a scope"
            key = self.node.path if self.node.id in self.graph.inputs else self.node.key
        key = "" if key is None else key.rpartition(".")[2]
        return "" if key.isdigit() else key

    @property
    def costs(self) -> Costs:
        """What all that lies in it costs."""
        return costs_of(self.nodes)

    @property
    def output(self) -> Shape | None:
        """The shape of the value that leaves it."""
        if self.node is not None:
            return self.node.output_shape
        assert self.scope is not None, "a part is a node or a scope"
        return None if self.scope.output is None else self.graph.nodes[self.scope.output].output_shape

    def parts(self) -> list[Part]:
        """What lies directly in a scope."""
        assert self.scope is not None, "only scopes have parts"
        return [
            Part(self.graph, self.graph.nodes[index] if kind == "node" else self.graph.scopes[index])
            for kind, index in self.scope.children
        ]


class Pair(NamedTuple):
    """Two parts that stand for each other, or one that stands alone; whether their labels differ."""

    before: Part | None
    after: Part | None
    renamed: bool = False


def align(before: Part, after: Part) -> Iterator[Pair]:
    """The parts of two scopes in pairs, in the order of the text; whole scopes where one stands alone."""
    for one, other in _aligned(before.parts(), after.parts()):
        if one is None or other is None:
            yield Pair(one, other)
            continue
        renamed = one.label != other.label
        if one.scope is not None and other.scope is not None:
            if renamed:
                yield Pair(one, other, renamed)
            yield from align(one, other)
        else:
            yield Pair(one, other, renamed)


def _aligned(before: Sequence[Part], after: Sequence[Part]) -> list[Alignment]:
    """Which parts of two scopes stand for each other.

    Long scopes are gone through together: what is the same is the same, and where it is not, the next parts
    of both are laid beside each other with care. So the time grows with the length, not with its square.
    """
    if len(before) * len(after) <= MOST_COMPARED:
        return _careful(before, after)
    pairs: list[Alignment] = []
    row = column = 0
    while row < len(before) and column < len(after):
        if _is_same(before[row], after[column]):
            pairs.append((before[row], after[column]))
            row, column = row + 1, column + 1
            continue
        left, right = before[row : row + WINDOW], after[column : column + WINDOW]
        more = row + len(left) < len(before), column + len(right) < len(after)
        last = (row + len(left) // 2, column + len(right) // 2)
        for one, other in _careful(left, right, *more):
            # What is near the end of a window is laid again, beside what comes behind it.
            if any(more) and (row > last[0] or column > last[1]):
                break
            pairs.append((one, other))
            row, column = row + (one is not None), column + (other is not None)
    pairs.extend((one, None) for one in before[row:])
    pairs.extend((None, other) for other in after[column:])
    return pairs


def _careful(
    before: Sequence[Part], after: Sequence[Part], more_before: bool = False, more_after: bool = False
) -> list[Alignment]:
    """The alignment with the largest sum of likenesses, parts that stand alone counting nothing.

    Where more follows on one side, the last parts of the other may be like that, and count for it.
    """
    best = [[0.0] * (len(after) + 1) for _ in range(len(before) + 1)]
    for row in range(len(before)):
        best[row][-1] = more_after * HOPE * (len(before) - row)
    best[-1] = [more_before * HOPE * (len(after) - column) for column in range(len(after) + 1)]
    for row in range(len(before) - 1, -1, -1):
        below, here = best[row + 1], best[row]
        for column in range(len(after) - 1, -1, -1):
            together = below[column + 1] + _likeness(before[row], after[column])
            here[column] = max(together, below[column], here[column + 1])
    pairs: list[Alignment] = []
    row = column = 0
    while row < len(before) and column < len(after):
        likeness = _likeness(before[row], after[column])
        if likeness and best[row][column] == best[row + 1][column + 1] + likeness:
            pairs.append((before[row], after[column]))
            row, column = row + 1, column + 1
        elif best[row][column] == best[row + 1][column]:
            pairs.append((before[row], None))
            row += 1
        else:
            pairs.append((None, after[column]))
            column += 1
    pairs.extend((one, None) for one in before[row:])
    pairs.extend((None, other) for other in after[column:])
    return pairs


def _is_same(one: Part, other: Part) -> bool:
    """Whether two parts have one label and hold the same."""
    return (
        one.label == other.label
        and len(one.nodes) == len(other.nodes)
        and all(map(same_operation, one.nodes, other.nodes))
    )


def _likeness(one: Part, other: Part) -> float:
    """How much two parts are alike; 0 where they do not stand for each other."""
    labelled = bool(one.label) and one.label == other.label
    if one.node is not None and other.node is not None:
        return _node_likeness(one.node, other.node, labelled)
    if one.scope is None or other.scope is None or one.words is None or other.words is None:
        return 0.0
    common = sum((one.words & other.words).values()) / max(len(one.nodes), len(other.nodes), 1)
    same_block = one.scope.block is not None and one.scope.block == other.scope.block
    if not labelled and not same_block and common < 0.5:
        return 0.0
    arguments = same_block and one.scope.arguments == other.scope.arguments
    found = 1 + 3 * labelled + 3 * same_block + 4 * common + 2 * arguments + (one.output == other.output)
    return found + (one.scope.key == other.scope.key) / 2


def _node_likeness(one: Node, other: Node, labelled: bool) -> float:
    same_layer = one.layer.name == other.layer.name
    same_family = (
        isinstance(one.layer, Layer)
        and isinstance(other.layer, Layer)
        and one.layer.family == other.layer.family
    )
    if not (same_layer or labelled or same_family):
        return 0.0
    arguments = same_layer and one.arguments == other.arguments
    shape = one.output_shape == other.output_shape
    return 1 + 4 * same_layer + 3 * arguments + 2 * labelled + shape + (one.key == other.key) / 2


def leftovers_alike(pairs: Sequence[Pair]) -> list[Pair]:
    """The pairs, those among them that stand alone laid beside each other where long runs are the same.

    So layers that one spec has put into a scope of their own are found again.
    """
    alone = [node for pair in pairs if pair.before and not pair.after for node in pair.before.nodes]
    added = [pair.after for pair in pairs if pair.after and not pair.before]
    others = [(part.graph, node) for part in added for node in part.nodes]
    found: dict[int, Part] = {}
    for start, other_start, size in _equal_runs(
        list(map(_signature, alone)), [_signature(one) for _, one in others]
    ):
        run = zip(alone[start : start + size], others[other_start : other_start + size], strict=True)
        found.update((node.id, Part(*other)) for node, other in run)
    if not found:
        return list(pairs)
    taken = {part.nodes[0].id for part in found.values()}
    result: list[Pair] = []
    for pair in pairs:
        if pair.before and not pair.after:
            for part in _split(pair.before, found.keys()):
                partner = None if part.node is None else found.get(part.node.id)
                renamed = partner is not None and partner.label != part.label
                result.append(Pair(part, partner, renamed))
        elif pair.after and not pair.before:
            parts = _split(pair.after, taken)
            result.extend(Pair(None, part) for part in parts if not (part.node and part.node.id in taken))
        else:
            result.append(pair)
    return result


def _equal_runs(before: Sequence[Hashable], after: Sequence[Hashable]) -> Iterator[tuple[int, int, int]]:
    """Where long runs of both are equal, one behind the other: where they begin, and how long they are.

    >>> list(_equal_runs("-abcdef-xyz", "abcd-xyz"))
    [(1, 0, 4), (7, 4, 4)]
    """
    places: dict[tuple[Hashable, ...], list[int]] = {}
    for at in range(len(after) - SHORTEST_RUN + 1):
        places.setdefault(tuple(after[at : at + SHORTEST_RUN]), []).append(at)
    start = other = 0
    while start <= len(before) - SHORTEST_RUN:
        found = places.get(tuple(before[start : start + SHORTEST_RUN]), [])
        index = bisect_left(found, other)
        if index == len(found):
            start += 1
            continue
        other = found[index]
        size = 0
        while (
            start + size < len(before)
            and other + size < len(after)
            and before[start + size] == after[other + size]
        ):
            size += 1
        yield start, other, size
        start, other = start + size, other + size


def _split(part: Part, taken: Container[int]) -> list[Part]:
    """A scope in as large parts as possible of which none has both what is taken and what is not."""
    if part.node is not None or not any(node.id in taken for node in part.nodes):
        return [part]
    return [smaller for child in part.parts() for smaller in _split(child, taken)]


def same_operation(one: Node, other: Node) -> bool:
    """Whether two nodes compute the same from the same sizes, with weights of the same sizes."""
    return _signature(one) == _signature(other) and (one.weights, one.macs) == (other.weights, other.macs)


def _signature(node: Node) -> Hashable:
    return node.layer.name, node.output_shape, repr(sorted(node.arguments.items(), key=_name))


def _name(item: tuple[str, object]) -> str:
    return item[0]


def _nodes(graph: Graph, what: Node | Scope) -> Iterator[Node]:
    if isinstance(what, Node):
        yield what
        return
    for kind, index in what.children:
        yield from _nodes(graph, graph.nodes[index] if kind == "node" else graph.scopes[index])
