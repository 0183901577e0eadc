"""The plan of a checked spec, in the style that is asked for."""

from __future__ import annotations

from cnndsl.backends.drawing.context import Context
from cnndsl.backends.drawing.options import Options
from cnndsl.backends.drawing.plan import Plan
from cnndsl.report import Report

__all__ = ["make_plan"]


def make_plan(report: Report, options: Options) -> Plan:
    """Boxes, edges and frames of a diagram; of a spec with mistakes what is known.

    Errors: DrawingError for an unknown name in `expand`, and where there would be too many boxes.

    >>> import cnndsl
    >>> report = cnndsl.check("input 1x28x28 -> conv 8 k3 p1 -> relu -> conv 8 k3 p1 -> relu -> maxpool 2")
    >>> [line.strong for box in make_plan(report, Options()).boxes for line in box.lines if line.strong]
    ['input', 'conv 3×3, 8 ×2', 'maxpool 2×2', 'output']
    """
    context = Context(report)
    if options.style == "full":
        from cnndsl.backends.drawing.full import full_plan

        return full_plan(context, options.depth, options.expand)
    from cnndsl.backends.drawing.stage import stage_plan

    plan = stage_plan(context, options.depth, options.expand, options.style)
    if options.style == "stage":
        return plan
    from cnndsl.backends.drawing.volume import volume_plan

    return volume_plan(plan)
