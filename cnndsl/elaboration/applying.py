"""Uses of layers and blocks."""

from __future__ import annotations

from cnndsl import syntax as s
from cnndsl.diagnostics import Diagnostic, Related
from cnndsl.dims import LARGEST, Value, describe, format_shape, kind_of
from cnndsl.elaboration.binding import Bound, bind_block, bind_layer
from cnndsl.elaboration.context import Context, Place
from cnndsl.elaboration.declarations import BlockEntry
from cnndsl.elaboration.provenance import origin, shrinking
from cnndsl.elaboration.unknown import layer_help
from cnndsl.expressions import Environment
from cnndsl.ir import Use
from cnndsl.layers import Found
from cnndsl.layers.declaration import Layer, LayerError
from cnndsl.words import RESERVED

__all__ = ["Applying"]


class Applying(Context):
    """`conv 16 k3` and `basic 64 s2`: arguments bound, shapes computed, a node or a scope appended."""

    def unknown_layer(self, item: s.Call) -> None:
        if item.name in RESERVED:
            self.misplaced(item.name, item.name_span)
            return
        if self.home.is_open or item.name in self.home.missing:
            # The `use` that should have brought it has been told.
            return
        self.error(
            "unknown-layer",
            f"there is no layer or block `{item.name}`",
            item.name_span,
            *layer_help(item.name, self.home.blocks),
        )

    def layer(self, found: Found, item: s.Call, place: Place, label: str | None) -> None:
        layer = found.layer
        arriving = self.builder.value(place.current)
        ranks = layer.ranks if found.ranks is None else found.ranks
        bound = bind_layer(layer, item, place.names, arriving, self.report, ranks)
        if layer.name == "identity":
            # Nothing is computed: no node, and no position in the scope.
            if bound is None:
                self.lose(place, item.span, layer.name)
            return
        key = self.key(item, place, label)
        output = None
        if arriving is not None and ranks is not None and arriving.rank not in ranks:
            self.wrong_rank(layer, ranks, arriving, item, place)
        elif bound is not None and bound.decided and arriving is not None:
            output = self.shape(layer, bound, arriving, item, place)
        if bound is None or arriving is None or output is None:
            place.current = self.builder.append(
                place.scope,
                layer,
                (place.current,),
                None,
                item.span,
                place.uses,
                key=key,
                arguments=None if bound is None else bound.arguments,
            )
            return
        place.current = self.builder.append(
            place.scope,
            layer,
            (place.current,),
            output,
            item.span,
            place.uses,
            key=key,
            arguments=bound.arguments,
            given=tuple(bound.spans),
            weights=layer.weights(arriving, bound.arguments),
            macs=layer.macs(arriving, bound.arguments, output.shape),
        )

    def key(self, item: s.Call, place: Place, label: str | None) -> str:
        """The key of a layer or block use in its scope: its label, or its position."""
        scope = place.scope
        position = scope.next_position()
        if label is not None:
            return label
        taken = scope.labels.get(position)
        if taken is None:
            scope.positions[position] = item.name_span
            return position
        self.error(
            "duplicate-label",
            f"`{item.name}` stands at position {position} of its scope, but `{position}` is a label there",
            item.name_span,
            "choose another label, or give this item one too",
            related=(Related(f"`{position}` stands here first", taken.span),),
        )
        return f"{position}#2"

    def shape(
        self,
        layer: Layer,
        bound: Bound,
        arriving: Value,
        item: s.Call,
        place: Place,
    ) -> Value | None:
        """The value that a layer gives; None after a mistake that was reported."""
        try:
            shape = layer.shape(arriving, bound.arguments)
        except LayerError as problem:
            span = bound.spans.get(problem.argument or "", item.name_span)
            told = shrinking if problem.rule == "kernel-too-large" else origin
            notes = told(self.builder, place.current)
            self.report(Diagnostic(problem.rule, problem.message, span, problem.label, notes, problem.help))
            return None
        if any(size > LARGEST for size in shape):
            message = f"the output {format_shape(shape)} is above the largest size, 2^31 - 1"
            self.error("too-large", message, item.name_span)
            return None
        if layer.layout == "same":
            return Value(shape, arriving.channels_first)
        return Value(shape, layer.layout == "channels_first")

    def wrong_rank(
        self, layer: Layer, ranks: frozenset[int], arriving: Value, item: s.Call, place: Place
    ) -> None:
        kinds = [kind_of((1,) * (rank + 1)) for rank in sorted(ranks)]
        articles = list(map(_with_article, kinds))
        wanted = " or ".join(filter(None, [", ".join(articles[:-1]), articles[-1]]))
        help: tuple[str, ...] = ()
        if layer.ranks is None or arriving.rank in layer.ranks:
            # PyTorch has a class for each rank, `Conv1d` and `Conv2d`.
            help = (f"`{layer.name}` takes {_with_article(kind_of(arriving.shape))}",)
        elif arriving.rank == 0:
            help = ("`unflatten` makes an image of a vector: `unflatten 16 7 7`",)
        elif 0 in ranks and len(ranks) == 1:
            help = ("`flatten` makes a vector of it",)
        self.error(
            "wrong-rank",
            f"`{item.name}` takes {wanted}, but {describe(arriving.shape)} arrives",
            item.name_span,
            *help,
            related=origin(self.builder, place.current),
        )

    def block(self, entry: BlockEntry, item: s.Call, place: Place, label: str | None) -> None:
        block = entry.block
        key = self.key(item, place, label)
        if entry in self.active:
            inside = self.active[self.active.index(entry) :]
            chain = " -> ".join([*(one.block.name.word for one in inside), block.name.word])
            self.error(
                "recursive-block",
                f"the block `{item.name}` is used inside itself: {chain}",
                item.name_span,
                "a block may be repeated, `block x 3`, but never stand inside itself",
            )
            self.lose(place, item.span, item.name)
            return
        arriving = self.builder.value(place.current)
        inside_names = bind_block(block, item, place.names, arriving, entry.home.names, self.report)
        if inside_names is None:
            self.lose(place, item.span, item.name)
            return
        arguments = {
            parameter.name.word: found[0]
            for parameter in block.parameters
            if (found := inside_names.lookup(parameter.name.word)) is not None
        }
        scope = self.builder.open(
            place.scope,
            key,
            "block",
            item.span,
            input=place.current,
            block=item.name,
            arguments=arguments,
        )
        uses = (*place.uses, Use(item.name, item.span))
        at = Place(Environment(inside_names), place.current, scope, uses, block.body)
        outer = self.uses, self.home
        self.uses, self.home = uses, entry.home
        self.active.append(entry)
        self.body(block.body, at)
        self.active.pop()
        self.uses, self.home = outer
        scope.output = place.current = at.current


def _with_article(kind: str) -> str:
    return f"{'an' if kind == 'image' else 'a'} {kind}"
