"""A graph in the making: nodes and scopes are appended, names are given out, and the whole is frozen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from cnndsl.dims import Value
from cnndsl.ir import Graph, Node, Output, Scope, ScopeKind, TrainSetting, Use
from cnndsl.layers.declaration import INPUT, Operation, Weight
from cnndsl.text import Span

__all__ = ["GraphBuilder", "Labelled", "OpenScope"]


@dataclass(slots=True)
class Labelled:
    """What a label stands for: the value that its item gave, and the labels inside it, if it is a scope."""

    node: int
    span: Span
    inside: OpenScope | None = None


@dataclass(slots=True)
class OpenScope:
    """A scope while its inside is being computed."""

    id: int
    parent: OpenScope | None
    key: str
    path: str
    kind: ScopeKind
    span: Span
    block: str | None = None
    arguments: Mapping[str, Any] = field(default_factory=dict)
    shares: int | None = None
    training_only: bool = False
    input: int | None = None
    output: int | None = None
    children: list[tuple[Literal["node", "scope"], int]] = field(default_factory=list)
    labels: dict[str, Labelled] = field(default_factory=dict)
    # Where the items stand that have their position as their key.
    positions: dict[str, Span] = field(default_factory=dict)
    position: int = 0

    def next_position(self) -> str:
        """The position of the next layer or block use, as a key; it is counted."""
        self.position += 1
        return str(self.position - 1)

    def join(self, key: str) -> str:
        """The dotted path of something with this key in the scope."""
        return f"{self.path}.{key}" if self.path else key


class GraphBuilder:
    """Appends nodes and scopes; `freeze` gives the graph. `characters` counts those of all paths."""

    def __init__(self, span: Span) -> None:
        self._nodes: list[Node] = []
        self._scopes: list[OpenScope] = []
        self.characters = 0
        # Whether what is appended is computed in training mode alone.
        self.training_only = False
        self._copies: dict[str, int] = {}
        self.root = self._append_scope(None, "", "root", span)

    def __len__(self) -> int:
        return len(self._nodes)

    def full(self, nodes: int, characters: int) -> str:
        """What there is too much of, beyond so many nodes, scopes and characters in names, or nothing."""
        if len(self._nodes) < nodes and len(self._scopes) < nodes and self.characters <= characters:
            return ""
        if len(self._nodes) >= nodes:
            return f"more than {nodes:,} layers"
        if len(self._scopes) >= nodes:
            return f"more than {nodes:,} block uses and labelled scopes"
        return f"the names of all layers have more than {characters:,} characters"

    def node(self, id: int) -> Node:
        """The node with this id."""
        return self._nodes[id]

    def value(self, id: int) -> Value | None:
        """The value that a node gives, None where it is unknown."""
        return self._nodes[id].output

    def scope(self, id: int) -> OpenScope:
        """The scope with this id."""
        return self._scopes[id]

    def append(
        self,
        scope: OpenScope,
        operation: Operation,
        inputs: tuple[int, ...],
        output: Value | None,
        span: Span,
        uses: tuple[Use, ...],
        *,
        key: str | None = None,
        arguments: Mapping[str, Any] | None = None,
        given: tuple[str, ...] = (),
        weights: tuple[Weight, ...] = (),
        macs: int = 0,
        path: str = "",
        shares: int | None = None,
    ) -> int:
        """Append a node; its id. Without a key, the path is settled when the graph is frozen."""
        id = len(self._nodes)
        self.characters += len(scope.path) + len(key or operation.name)
        self._nodes.append(
            Node(
                id=id,
                path=path or (scope.join(key) if key is not None else ""),
                key=key,
                layer=operation,
                arguments=arguments or {},
                given=given,
                inputs=inputs,
                output=output,
                weights=weights,
                macs=macs,
                scope=scope.id,
                span=span,
                uses=uses,
                shares=shares,
                training_only=self.training_only,
            )
        )
        scope.children.append(("node", id))
        return id

    def open(
        self,
        parent: OpenScope,
        key: str,
        kind: ScopeKind,
        span: Span,
        *,
        input: int,
        block: str | None = None,
        arguments: Mapping[str, Any] | None = None,
    ) -> OpenScope:
        """Open a scope inside `parent`."""
        scope = self._append_scope(parent, key, kind, span)
        scope.input = input
        scope.block = block
        scope.arguments = arguments or {}
        parent.children.append(("scope", scope.id))
        return scope

    def copy_path(self, path: str) -> str:
        """A path for the next use of what stands at `path`: `encoder#2`."""
        self._copies[path] = self._copies.get(path, 1) + 1
        return f"{path}#{self._copies[path]}"

    def open_copy(
        self, parent: OpenScope, original: OpenScope, span: Span, *, input: int, path: str
    ) -> OpenScope:
        """Open a scope that uses the modules of another one again."""
        scope = self.open(
            parent,
            original.key,
            original.kind,
            span,
            input=input,
            block=original.block,
            arguments=original.arguments,
        )
        self.characters += len(path)
        scope.path = path
        scope.shares = original.id
        return scope

    def _append_scope(self, parent: OpenScope | None, key: str, kind: ScopeKind, span: Span) -> OpenScope:
        path = parent.join(key) if parent is not None else ""
        self.characters += len(path)
        scope = OpenScope(len(self._scopes), parent, key, path, kind, span, training_only=self.training_only)
        self._scopes.append(scope)
        return scope

    def freeze(
        self,
        model: str | None,
        current: int,
        parameters: Mapping[str, Any],
        train: tuple[TrainSetting, ...],
        complete: bool,
        outputs: tuple[Output, ...] = (),
        files: Mapping[str, str] | None = None,
    ) -> Graph:
        """The finished graph; `current` is the value that leaves the root, the output if none is given."""
        self.root.output = current
        if self._nodes:
            self.root.input = 0
        nodes = self._settle_paths()
        return Graph(
            model=model,
            nodes=nodes,
            inputs=tuple(node.id for node in nodes if node.layer is INPUT),
            outputs=outputs or (Output("output", current),),
            scopes=tuple(
                Scope(
                    id=scope.id,
                    parent=None if scope.parent is None else scope.parent.id,
                    key=scope.key,
                    path=scope.path,
                    kind=scope.kind,
                    block=scope.block,
                    arguments=scope.arguments,
                    input=scope.input,
                    output=scope.output,
                    children=tuple(scope.children),
                    span=scope.span,
                    shares=scope.shares,
                    training_only=scope.training_only,
                )
                for scope in self._scopes
            ),
            parameters=parameters,
            train=train,
            files=files or {},
            complete=complete and all(node.output is not None for node in nodes),
        )

    def _settle_paths(self) -> tuple[Node, ...]:
        """Give the joins paths that no module has: `layer1.0.add`, and `layer1.0.add#2` for the next."""
        taken = {node.path for node in self._nodes if node.path}
        taken.update(scope.path for scope in self._scopes)
        counts: dict[str, int] = {}
        settled = []
        for node in self._nodes:
            if not node.path:
                wanted = self._scopes[node.scope].join(node.layer.name)
                path = wanted
                while path in taken:
                    counts[wanted] = counts.get(wanted, 1) + 1
                    path = f"{wanted}#{counts[wanted]}"
                taken.add(path)
                node = node._replace(path=path)
            settled.append(node)
        return tuple(settled)
