"""Names that nothing uses: blocks, parameters, labels."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator

from cnndsl import syntax as s
from cnndsl.diagnostics import Diagnostic
from cnndsl.ir import Graph
from cnndsl.text import Span

__all__ = ["unused_blocks", "unused_labels", "unused_params"]

_DECLARATIONS = (s.Model, s.Param, s.Let, s.Block, s.FileUse, s.Train, s.Input)


def unused_blocks(spec: s.Body, graph: Graph) -> Iterator[Diagnostic]:
    """Blocks that no item uses, not through other blocks either."""
    blocks = {one.name.word: one for one in spec.statements if isinstance(one, s.Block)}
    if not blocks:
        return
    used: set[str] = set()
    pending: list[s.Statement] = [one for one in spec.statements if not isinstance(one, _DECLARATIONS)]
    while pending:
        for found in _walk(pending.pop()):
            if isinstance(found, s.Call) and found.name in blocks and found.name not in used:
                used.add(found.name)
                pending.extend(blocks[found.name].body.statements)
    for name, block in blocks.items():
        if name not in used:
            yield _warning(
                "unused-block",
                f"the block `{name}` is never used",
                block.name.span,
                f"use it like a layer, `-> {name}`, or leave it out",
            )


def unused_params(spec: s.Body, graph: Graph) -> Iterator[Diagnostic]:
    """Parameters, of the spec and of its blocks, that no expression reads."""
    params = [one for one in spec.statements if isinstance(one, s.Param)]
    if params:
        read = _words(spec)
        for param in params:
            if param.name.word not in read:
                yield _unread(param.name, "so setting it changes nothing")
    for block in spec.statements:
        if isinstance(block, s.Block) and block.parameters:
            read = _words(block)
            for parameter in block.parameters:
                if parameter.name.word not in read:
                    yield _unread(parameter.name, f"so all uses of `{block.name.word}` are alike in it")


def _unread(name: s.Name, so: str) -> Diagnostic:
    return _warning(
        "unused-param",
        f"nothing reads the parameter `{name.word}`, {so}",
        name.span,
        "write it where it was meant, or leave it out",
    )


def unused_labels(spec: s.Body, graph: Graph) -> Iterator[Diagnostic]:
    """Labels that no tap and no `reuse` names, on items without weights that they could name."""
    labels: list[s.Labelled] = []
    read: set[str] = set()
    patterns: list[re.Pattern[str]] = []
    for found in _walk(spec):
        if isinstance(found, s.Labelled):
            labels.append(found)
        elif isinstance(found, s.Reuse):
            read.update(found.name.split("."))
        elif isinstance(found, s.Tap):
            literal = found.label.literal
            if literal is None:
                patterns.append(_pattern(found.label))
            else:
                read.update(literal.split("."))
    if not labels:
        return
    places = _Places(spec.span, graph)
    for label in labels:
        literal = label.label.literal
        if literal is None:
            pattern = _pattern(label.label)
            tapped = bool(patterns) or any(map(pattern.fullmatch, read))
        else:
            tapped = literal in read or any(pattern.search(literal) for pattern in patterns)
        if not tapped and places.without_weights(label.item):
            yield _warning(
                "unused-label",
                f"nothing takes `@{literal or label.label.span.text}`, and the item has no weights to name",
                label.label.span,
                "leave the label out, or take its value with a tap",
            )


def _pattern(label: s.Label) -> re.Pattern[str]:
    """What a label with splices may come to."""
    return re.compile("".join(re.escape(part) if isinstance(part, str) else ".*" for part in label.parts))


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


def _walk(start: object) -> Iterator[object]:
    """Every node of the tree below and including `start`."""
    pending = [start]
    while pending:
        at = pending.pop()
        if not isinstance(at, tuple) or isinstance(at, Span):
            continue
        yield at
        pending.extend(at)


def _words(start: object) -> set[str]:
    """The words that expressions below `start` read, without the names that are declared there."""
    found: set[str] = set()
    pending = [start]
    while pending:
        at = pending.pop()
        match at:
            case s.Name():
                found.add(at.word)
            case s.Param() | s.Let():
                pending.append(at.value)
            case s.Parameter():
                pending.append(at.default)
            case s.For():
                pending.extend((at.values, at.body))
            case s.Block():
                pending.extend((*at.parameters, at.body))
            case s.Setting():
                pending.extend(at.arguments)
            case s.OutputBlock():
                pending.append(at.body)
            case s.Model() | s.FileUse() | Span():
                pass
            case tuple():
                pending.extend(at)
            case _:
                pass
    return found
