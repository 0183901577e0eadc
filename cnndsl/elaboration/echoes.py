"""Mistakes that are said twice, or only because of another: one mistake is one diagnostic."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cnndsl.diagnostics import Diagnostic
from cnndsl.layers import flags
from cnndsl.words import FLAG

__all__ = ["without_echoes"]


def without_echoes(diagnostics: Sequence[Diagnostic]) -> tuple[Diagnostic, ...]:
    """The diagnostics, those that tell one mistake told once."""
    kept: list[Diagnostic] = []
    for one in diagnostics:
        if one.rule == "unknown-layer" and _is_flag(one.span.text):
            # `k3` on a line of its own: the layer before it is only short of it.
            line = _line_before(one)
            kept = [two for two in kept if two.rule != "missing-argument" or two.span.first.line != line]
            what = f"there is no layer `{one.span.text}`: arguments stand on the line of their layer"
            kept.append(replace(one, message=what, help=()))
        elif "stands before the first layer" not in one.message or not any(
            two.rule in ("unknown-layer", "syntax-error") for two in kept
        ):
            kept.append(one)
    return tuple(kept)


def _is_flag(word: str) -> bool:
    flag = FLAG.fullmatch(word)
    return flag is not None and flag[1] in flags()


def _line_before(diagnostic: Diagnostic) -> int:
    """The line of the code before a place, comments aside."""
    source = diagnostic.span.source
    number = diagnostic.span.first.line
    before = source.line(number)[: diagnostic.span.first.column - 1]
    while number > 1 and not before.partition("#")[0].strip():
        number -= 1
        before = source.line(number)
    return number
