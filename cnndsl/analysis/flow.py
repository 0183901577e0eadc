"""What flows into and out of every scope of a graph: the calls that its module makes.

A value may cross the borders of scopes in either direction: a tap inside a scope reads what was made
before it, a tap behind the scope reads what was made inside. Such values become further arguments and
further results of the scope's call.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from cnndsl.ir import Graph, Node, Scope

__all__ = ["Flow", "Unit", "flows"]


@dataclass(frozen=True, slots=True)
class Unit:
    """One step of a scope: a node or a scope in it, the values it takes and those it gives.

    The values are numbers of nodes. A scope in which nothing is computed takes and gives none.
    """

    content: Node | Scope
    takes: tuple[int, ...]
    gives: tuple[int, ...]

    @property
    def key(self) -> str | None:
        """The name under which the unit is registered; None for a join."""
        return self.content.key

    @property
    def is_copy(self) -> bool:
        """Whether the unit uses a module again that another one registers."""
        return self.content.shares is not None


@dataclass(frozen=True, slots=True)
class Flow:
    """A scope as a function: `units` in order, from the values `takes` to the values `returns`.

    `takes` begins with the value that arrives at the scope, where it is used at all; `returns` with
    the value that leaves it. `empty` where nothing is computed.
    """

    scope: Scope
    takes: tuple[int, ...]
    units: tuple[Unit, ...]
    returns: tuple[int, ...]
    empty: bool

    def is_chain(self) -> bool:
        """Whether every unit takes just what the one before it gave, as in an `nn.Sequential`."""
        if len(self.takes) != 1 or len(self.returns) != 1:
            return False
        value = self.takes[0]
        for unit in self.units:
            if not unit.takes and not unit.gives and isinstance(unit.content, Scope):
                continue
            if unit.key is None or unit.is_copy or unit.takes != (value,) or len(unit.gives) != 1:
                return False
            value = unit.gives[0]
        return value == self.returns[0]


class Borders:
    """Collects, scope by scope, the values that come in and those that go out.

    A scope that a `reuse` copied is called as its original is, so what crosses the border of a copy crosses
    that of the original, and of all copies, in the same order.
    """

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.depth = [0] * len(graph.scopes)
        for scope in graph.scopes[1:]:
            self.depth[scope.id] = self.depth[parent_of(scope)] + 1
        # Ordered sets.
        self.takes: list[dict[int, None]] = [{} for _ in graph.scopes]
        self.gives: list[dict[int, None]] = [{} for _ in graph.scopes]

    def use(self, value: int, user: int) -> None:
        """Record that the scope `user` reads a value."""
        scopes, maker = self.graph.scopes, self.graph.nodes[value].scope
        while maker != user:
            if self.depth[user] >= self.depth[maker]:
                self.takes[user][value] = None
                user = parent_of(scopes[user])
            else:
                original = scopes[maker].shares
                self.gives[maker][value] = None
                maker = parent_of(scopes[maker])
                if original is not None and scopes[maker].shares is None:
                    shared = self.graph.nodes[value].shares
                    assert shared is not None, "what lies in a copy has its like in the original"
                    self.use(shared, parent_of(scopes[original]))

    def is_inside(self, value: int, scope: int) -> bool:
        """Whether the value is made in the scope or in one inside it."""
        maker = self.graph.nodes[value].scope
        while self.depth[maker] > self.depth[scope]:
            maker = parent_of(self.graph.scopes[maker])
        return maker == scope

    def copies(self) -> list[Scope]:
        """The copied scopes that lie in none, the innermost first."""
        scopes = self.graph.scopes
        found = [
            scope for scope in scopes if scope.shares is not None and scopes[parent_of(scope)].shares is None
        ]
        return sorted(found, key=lambda scope: -self.depth[scope.id])


def parent_of(scope: Scope) -> int:
    """The scope around one that is not the root."""
    assert scope.parent is not None, "the root has no parent"
    return scope.parent


def flows(graph: Graph) -> tuple[Flow, ...]:
    """The flow of every scope, by the scope's number; time linear in nodes and scopes times the nesting."""
    borders = Borders(graph)
    is_copy = [scope.shares is not None for scope in graph.scopes]
    for node in graph.nodes:
        if not is_copy[node.scope]:
            for value in node.inputs:
                borders.use(value, node.scope)
    for output in graph.outputs:
        borders.use(output.node, 0)
    for scope in graph.scopes[1:]:
        parent = parent_of(scope)
        if scope.output is not None and not is_copy[parent] and borders.is_inside(scope.output, scope.id):
            borders.use(scope.output, parent)
    empty = empty_scopes(graph)
    for scope in graph.scopes[1:]:
        # The scope hands on a value made before it: `[conv 8 k3 -> @x]`.
        if not borders.gives[scope.id] and not empty[scope.id] and scope.output is not None:
            borders.use(scope.output, scope.id)
    copies = borders.copies()
    for scope in copies:
        for value in takes_of_copy(scope, borders):
            borders.use(value, parent_of(scope))
    takes: list[tuple[int, ...]] = [graph.inputs]
    gives: list[tuple[int, ...]] = [tuple(output.node for output in graph.outputs)]
    for scope in graph.scopes[1:]:
        takes.append(first(scope.input, borders.takes[scope.id]))
        gives.append(first(scope.output, sorted(borders.gives[scope.id])))
    for scope in copies:
        assert scope.shares is not None, "a copy has an original"
        now = copied(graph, scope)
        takes[scope.id] = takes_of_copy(scope, borders)
        gives[scope.id] = tuple(now[value] for value in gives[scope.shares])
    return tuple(
        Flow(
            scope,
            takes[scope.id],
            tuple(units(graph, scope, takes, gives)),
            gives[scope.id] or tuple(value for value in (scope.output,) if value is not None),
            empty[scope.id],
        )
        for scope in graph.scopes
    )


def takes_of_copy(scope: Scope, borders: Borders) -> tuple[int, ...]:
    """What a copied scope takes: what its original does, the value that arrives here for the one there."""
    assert scope.shares is not None, "a copy has an original"
    assert scope.input is not None, "only the root has no input"
    original = borders.graph.scopes[scope.shares]
    taken = first(original.input, borders.takes[original.id])
    return tuple(scope.input if value == original.input else value for value in taken)


def copied(graph: Graph, scope: Scope) -> dict[int, int]:
    """The nodes of a copied scope by those that they copy."""
    found: dict[int, int] = {}
    waiting = [scope]
    while waiting:
        for kind, number in waiting.pop().children:
            if kind == "scope":
                waiting.append(graph.scopes[number])
            elif (shared := graph.nodes[number].shares) is not None:
                found[shared] = number
    return found


def empty_scopes(graph: Graph) -> list[bool]:
    """For every scope whether nothing is computed in it."""
    empty = [True] * len(graph.scopes)
    for node in graph.nodes:
        empty[node.scope] = False
    for scope in reversed(graph.scopes):
        if scope.parent is not None and not empty[scope.id]:
            empty[scope.parent] = False
    return empty


def first(value: int | None, values: Iterable[int]) -> tuple[int, ...]:
    """The values, this one in front where it is among them."""
    ordered = tuple(values)
    if value not in ordered or value is None:
        return ordered
    return (value, *(other for other in ordered if other != value))


def units(
    graph: Graph, scope: Scope, takes: list[tuple[int, ...]], gives: list[tuple[int, ...]]
) -> Iterable[Unit]:
    """The steps of a scope in the order of the text, the network's inputs left out."""
    for kind, number in scope.children:
        if kind == "scope":
            yield Unit(graph.scopes[number], takes[number], gives[number])
        elif number not in graph.inputs:
            yield Unit(graph.nodes[number], graph.nodes[number].inputs, (number,))
