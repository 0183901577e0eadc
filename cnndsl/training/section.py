"""What is wrong in the `train` section of a spec, without PyTorch and before anything is trained."""

from __future__ import annotations

from dataclasses import replace

from cnndsl.diagnostics import SpecError
from cnndsl.report import Report
from cnndsl.training.patterns import weights_of
from cnndsl.training.sources import resolve

__all__ = ["with_train_section"]


def with_train_section(report: Report) -> Report:
    """The report, with the mistakes in the settings of its spec.

    Names of layers are held against the network where that has no mistakes. Whether the data can be read is
    for `cnndsl train` to find out.

    >>> import cnndsl
    >>> report = cnndsl.check("input 4 -> linear 2\\ntrain { epochs 0 }")
    >>> [one.message for one in with_train_section(report).diagnostics]
    ['`epochs` is 0, expected at least 1']
    """
    names = None
    if report.ok:
        names = {name: weight.trainable for name, weight in weights_of(report).items()}
    try:
        resolve(report.graph.train, names=names)
    except SpecError as error:
        found = sorted((*report.diagnostics, *error.diagnostics), key=lambda one: one.span.start)
        return replace(report, diagnostics=tuple(found))
    return report
