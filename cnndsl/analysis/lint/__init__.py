"""What works, but is probably not meant: the warnings.

One small function a rule, by what it looks at: `windows`, `order`, `size`, `unused`. They read a graph
that is complete, so a spec with errors has no warnings, and they never change a verdict.
"""

from __future__ import annotations

from cnndsl import syntax as s
from cnndsl.analysis.lint.order import (
    activation_on_logits,
    bias_before_norm,
    no_activation_between,
    softmax_before_loss,
)
from cnndsl.analysis.lint.size import heavy_first_linear, single_value_batchnorm
from cnndsl.analysis.lint.unused import unused_names
from cnndsl.analysis.lint.view import View
from cnndsl.analysis.lint.windows import dropped_pixels, receptive_field_small
from cnndsl.diagnostics import Diagnostic
from cnndsl.ir import Graph
from cnndsl.text import Source

__all__ = ["find_warnings"]

_ON_THE_GRAPH = (
    dropped_pixels,
    bias_before_norm,
    no_activation_between,
    activation_on_logits,
    softmax_before_loss,
    receptive_field_small,
    heavy_first_linear,
    single_value_batchnorm,
)


def find_warnings(source: Source, spec: s.Body, graph: Graph) -> tuple[Diagnostic, ...]:
    """The warnings on a spec without errors, in the order of their places, without the silenced ones.

    >>> from cnndsl.elaborate import elaborate
    >>> from cnndsl.parser import parse
    >>> source = Source("input 3x7x7 -> maxpool 2", "net.cnn")
    >>> spec = parse(source)
    >>> [one.message for one in find_warnings(source, spec, elaborate(source, spec).graph)]
    ['`maxpool 2` leaves 1 of 7 rows and 1 of 7 columns unread']
    """
    view = View(graph)
    found: dict[tuple[str, int, int, int], Diagnostic] = {}
    for rule in _ON_THE_GRAPH:
        for one in rule(view):
            # A block used ten times is told of once: the first use tells.
            found.setdefault((one.rule, id(one.span.source), one.span.start, one.span.end), one)
    told = [*found.values(), *unused_names(spec, graph)]
    if "cnndsl:" in source.text or any("cnndsl:" in one.span.source.text for one in told):
        from cnndsl.analysis.lint.ignoring import without_silenced

        told = without_silenced(source, told)
    # Those in other files stand behind those in this one.
    told.sort(key=lambda one: (one.span.source is not source, one.span.start, one.span.end))
    return tuple(told)
