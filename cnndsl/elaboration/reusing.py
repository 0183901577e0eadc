"""`reuse NAME`: a labelled layer or scope once more, with the weights that it has.

What is used again is a module, made already: its arguments stay what they were, whatever arrives now.
So its nodes are computed anew from the graph, not from the text.
"""

from __future__ import annotations

from cnndsl import syntax as s
from cnndsl.diagnostics import Diagnostic, Related
from cnndsl.dims import LARGEST, Value, describe, format_shape
from cnndsl.elaboration.builder import OpenScope
from cnndsl.elaboration.context import Context, Place
from cnndsl.elaboration.provenance import origin
from cnndsl.ir import Node
from cnndsl.layers.declaration import Join, Layer, LayerError
from cnndsl.layers.kinds import PerAxis

__all__ = ["Reusing"]


class Reusing(Context):
    """Copies of nodes and scopes that share the weights of the first ones."""

    def reuse(self, item: s.Reuse, place: Place) -> None:
        label = s.Label(item.span, (item.name,))
        found = self.find_labelled(s.Tap(item.span, label), place)
        if found is None:
            self.lose(place, item.span)
            return
        stands = Related(f"`{item.name}` stands here", found.span)
        if item.name not in place.scope.labels:
            self.error(
                "unknown-label",
                f"`{item.name}` belongs to the scope around this one",
                item.span,
                "a layer is used again in the scope that holds its weights",
                related=(stands,),
            )
            self.lose(place, item.span)
            return
        copies = _Copies(self, item, place)
        node = self.builder.node(found.node)
        if found.inside is not None:
            original = found.inside
            while original.shares is not None:
                original = self.builder.scope(original.shares)
            place.current = copies.scope(original, place.scope, place.current)
        elif (node.key == item.name and node.scope == place.scope.id) or node.shares is not None:
            place.current = copies.layer(node, place.scope, place.current)
        else:
            self.error(
                "unknown-label",
                f"`{item.name}` names a value, no layer that could be used again",
                item.span,
                f"`@{item.name}` gives the value",
                related=(stands,),
            )
            self.lose(place, item.span)


class _Copies:
    """The copies that one `reuse` makes; only the first mistake is told."""

    def __init__(self, context: Context, item: s.Reuse, place: Place) -> None:
        self.context = context
        self.builder = context.builder
        self.item = item
        self.uses = place.uses
        self.failed = False
        # The node in the place of one that the original reads.
        self.now: dict[int, int] = {}

    def scope(self, original: OpenScope, parent: OpenScope, current: int, path: str = "") -> int:
        """Copy a scope; the node whose value leaves the copy."""
        assert original.input is not None, "only the root has no input"
        assert original.output is not None, "a finished scope has an output"
        path = path or self.builder.copy_path(original.path)
        copy = self.builder.open_copy(parent, original, self.item.span, input=current, path=path)
        self.now.setdefault(original.input, current)
        # What is copied may grow while it is copied: a copy stands in the same scope as its original.
        for kind, id in tuple(original.children):
            if kind == "scope":
                inner = self.builder.scope(id)
                assert inner.input is not None, "only the root has no input"
                arriving = self.now.get(inner.input, inner.input)
                self.scope(inner, copy, arriving, copy.join(inner.path.rpartition(".")[2]))
            else:
                self.node(self.builder.node(id), copy)
        copy.output = self.now.get(original.output, original.output)
        return copy.output

    def layer(self, node: Node, scope: OpenScope, current: int) -> int:
        """Copy a single layer; the copy."""
        while node.shares is not None:
            node = self.builder.node(node.shares)
        self.now[node.inputs[0]] = current
        return self.node(node, scope, self.builder.copy_path(node.path))

    def node(self, node: Node, scope: OpenScope, path: str = "") -> int:
        self.context.step(self.item.span)
        inputs = tuple(self.now.get(source, source) for source in node.inputs)
        values = [self.builder.value(source) for source in inputs]
        known = [value for value in values if value is not None]
        output = None
        if len(known) == len(values) and node.output is not None:
            output = self.value(node, known, inputs)
        macs = 0
        if output is not None and isinstance(node.layer, Layer):
            macs = node.layer.macs(known[0], node.arguments, output.shape)
        if not path and node.path:
            path = scope.join(node.path.rpartition(".")[2])
        self.now[node.id] = self.builder.append(
            scope,
            node.layer,
            inputs,
            output,
            self.item.span,
            self.uses,
            key=node.key,
            arguments=node.arguments,
            given=node.given,
            macs=macs,
            path=path,
            shares=node.id,
        )
        return self.now[node.id]

    def value(self, node: Node, arriving: list[Value], inputs: tuple[int, ...]) -> Value | None:
        """What a node gives for other values than before; None after a mistake, which is reported."""
        layer = node.layer
        try:
            if isinstance(layer, Join):
                shape = layer.shape(arriving)
                return Value(shape, any(value.channels_first for value in arriving))
            assert isinstance(layer, Layer), f"{node.path} is no layer"
            first = self.builder.value(node.inputs[0])
            assert first is not None, "a node with a value has an input with one"
            assert node.output is not None, "only nodes with values are copied"
            if not _takes_rank(layer, first, arriving[0]):
                self.other(node, first, arriving[0], inputs, "wrong-rank")
                return None
            shape = layer.shape(arriving[0], node.arguments)
            # What a constructor is given decides the weights too, but not their number alone: `flatten`.
            made = layer.module(first, node.arguments, node.output.shape)
            if made.data != layer.module(arriving[0], node.arguments, shape).data:
                self.other(node, first, arriving[0], inputs, "shape-mismatch")
                return None
        except LayerError as problem:
            self.report(problem.rule, problem.message, node, inputs, problem.help)
            return None
        if any(size > LARGEST for size in shape):
            self.report("too-large", f"the output {format_shape(shape)} is above 2^31 - 1", node, inputs, ())
            return None
        same = layer.layout == "same"
        return Value(shape, arriving[0].channels_first if same else layer.layout == "channels_first")

    def other(self, node: Node, first: Value, now: Value, inputs: tuple[int, ...], rule: str) -> None:
        """Say that a layer was made for another value than the one that arrives."""
        self.report(
            rule,
            f"`{node.layer.name}` was made for {_sized(first, now)}, but {_sized(now, first)} arrives",
            node,
            inputs,
            ("a layer that is used again keeps its weights: bring the value to the shape it was made for",),
        )

    def report(
        self, rule: str, message: str, node: Node, inputs: tuple[int, ...], help: tuple[str, ...]
    ) -> None:
        if self.failed:
            return
        self.failed = True
        made = Related(f"the layer of `{self.item.name}` that is meant", node.span)
        notes = (made, *(note for source in inputs for note in origin(self.builder, source)))
        self.context.report(Diagnostic(rule, message, self.item.span, related=notes, help=help))


def _takes_rank(layer: Layer, first: Value, now: Value) -> bool:
    """Whether a layer that was made for one value takes another of this rank; its windows have their axes."""
    if first.rank == now.rank:
        return True
    if layer.ranks is not None and now.rank not in layer.ranks:
        return False
    return not any(isinstance(argument.kind, PerAxis) for argument in layer.arguments)


def _sized(value: Value, other: Value) -> str:
    """A value in words; its kind too where that is what differs."""
    return describe(value.shape) if value.rank != other.rank else format_shape(value.shape)
