"""Names that nothing uses: blocks, parameters, labels."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from cnndsl import syntax as s
from cnndsl.diagnostics import Diagnostic
from cnndsl.ir import Graph
from cnndsl.text import Span

__all__ = ["unused_names"]


class _Named:
    """What a part of the text names, collected in one walk."""

    __slots__ = ("calls", "labels", "taps", "words")

    def __init__(self, start: s.Statement) -> None:
        self.words: set[str] = set()
        self.calls: set[str] = set()
        self.labels: list[s.Labelled] = []
        self.taps: list[s.Tap | s.Reuse] = []
        pending: list[object] = [start]
        while pending:
            at = pending.pop()
            kind = type(at)
            if kind is Span or not isinstance(at, tuple):
                continue
            if isinstance(at, s.Name):
                self.words.add(at.word)
            elif kind in _DECLARING:
                pending.extend(_DECLARING[kind](at))
            else:
                if isinstance(at, s.Call):
                    self.calls.add(at.name)
                elif isinstance(at, s.Labelled):
                    self.labels.append(at)
                elif isinstance(at, (s.Tap, s.Reuse)):
                    self.taps.append(at)
                pending.extend(at)


# Nodes that declare names, and what in them may read some.
_DECLARING: dict[type, Callable[[Any], tuple[object, ...]]] = {
    s.Model: lambda at: (),
    s.FileUse: lambda at: (),
    s.Param: lambda at: (at.value,),
    s.Let: lambda at: (at.value,),
    s.Parameter: lambda at: (at.default,),
    s.For: lambda at: (at.values, at.body),
    s.Block: lambda at: (*at.parameters, at.body),
    s.Setting: lambda at: at.arguments,
    s.OutputBlock: lambda at: (at.body,),
}


def unused_names(spec: s.Body, graph: Graph) -> Iterator[Diagnostic]:
    """The warnings on names: blocks, parameters and labels that nothing uses."""
    named = [(statement, _Named(statement)) for statement in spec.statements]
    yield from _unused_blocks(named)
    yield from _unused_params(named)
    yield from _unused_labels([one for _, one in named], spec.span, graph)


def _unused_blocks(named: Sequence[tuple[s.Statement, _Named]]) -> Iterator[Diagnostic]:
    """Blocks that no item uses, not through other blocks either."""
    blocks = {at.name.word: (at, found) for at, found in named if isinstance(at, s.Block)}
    pending = [name for at, found in named if not isinstance(at, s.Block) for name in found.calls]
    used: set[str] = set()
    while pending:
        name = pending.pop()
        if name in blocks and name not in used:
            used.add(name)
            pending.extend(blocks[name][1].calls)
    for name, (block, _) in blocks.items():
        if name not in used:
            yield _warning(
                "unused-block",
                f"the block `{name}` is never used",
                block.name.span,
                f"use it like a layer, `-> {name}`, or leave it out",
            )
    for brought in (at for at, _ in named if isinstance(at, s.FileUse)):
        for one in brought.names:
            if all(one.word not in found.calls for _, found in named):
                message = f"the block `{one.word}` of {brought.path.value} is never used"
                yield _warning("unused-block", message, one.span, "leave its name out of the list")


def _unused_params(named: Sequence[tuple[s.Statement, _Named]]) -> Iterator[Diagnostic]:
    """Parameters, of the spec and of its blocks, that no expression reads."""
    for at, found in named:
        if isinstance(at, s.Param) and all(at.name.word not in other.words for _, other in named):
            yield _unread(at.name, "so setting it changes nothing")
        elif isinstance(at, s.Block):
            for parameter in at.parameters:
                if parameter.name.word not in found.words:
                    yield _unread(parameter.name, f"so it changes nothing in `{at.name.word}`")


def _unread(name: s.Name, so: str) -> Diagnostic:
    message = f"nothing reads the parameter `{name.word}`, {so}"
    return _warning("unused-param", message, name.span, "read it where it was meant, or leave it out")


def _unused_labels(named: Sequence[_Named], text: Span, graph: Graph) -> Iterator[Diagnostic]:
    """Labels that no tap and no `reuse` names, on items without weights that they could name."""
    labels = [label for found in named for label in found.labels]
    if not labels:
        return
    read: set[str] = set()
    patterns: list[re.Pattern[str]] = []
    for tap in (tap for found in named for tap in found.taps):
        literal = tap.name if isinstance(tap, s.Reuse) else tap.label.literal
        if literal is not None:
            read.update(literal.split("."))
        elif isinstance(tap, s.Tap):
            patterns.extend(_patterns(tap.label))
    places = _Places(text, graph)
    for label in labels:
        literal = label.label.literal
        if literal is None:
            tapped = bool(patterns) or any(map(re.compile(_written(label.label)).fullmatch, read))
        else:
            tapped = literal in read or any(pattern.fullmatch(literal) for pattern in patterns)
        if not tapped and places.without_weights(label.item):
            yield _warning(
                "unused-label",
                f"nothing takes `@{literal or label.label.span.text}`, and the item has no weights to name",
                label.label.span,
                "leave the label out, or take its value with a tap",
            )


def _patterns(tap: s.Label) -> Iterator[re.Pattern[str]]:
    """What each label on the way of a tap with splices, `@scope.sum{i}`, may come to."""
    yield from map(re.compile, _written(tap).split(re.escape(".")))


def _written(label: s.Label) -> str:
    """What a label with splices may come to, as a pattern."""
    return "".join(re.escape(part) if isinstance(part, str) else ".*" for part in label.parts)


class _Places:
    """Where in the text nodes were made, and where nodes with weights were."""

    def __init__(self, spec: Span, graph: Graph) -> None:
        made: set[int] = set()
        weighted: set[int] = set()
        for node in graph.nodes:
            for span in (node.span, *(use.span for use in node.uses)):
                if span.source is spec.source:
                    made.add(span.start)
                    if node.weights:
                        weighted.add(span.start)
        self._made = sorted(made)
        self._weighted = sorted(weighted)

    def without_weights(self, item: s.Item) -> bool:
        """Whether an item ran and made no weights; `identity` and taps make no nodes."""
        span = item.span
        if _between(self._weighted, span):
            return False
        return _between(self._made, span) or (isinstance(item, s.Call) and item.name == "identity")


def _between(starts: list[int], span: Span) -> bool:
    return bisect_left(starts, span.start) < bisect_right(starts, span.end - 1)


def _warning(rule: str, message: str, span: Span, *help: str) -> Diagnostic:
    return Diagnostic(rule, message, span, help=help, severity="warning")
