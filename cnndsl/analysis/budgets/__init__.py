"""What a spec asserts of its network's costs, judged: `assert params < 5M and memory(batch=32) < 2GB`."""

from __future__ import annotations

from collections.abc import Iterable

from cnndsl import syntax as s
from cnndsl.analysis.budgets.judging import Judge
from cnndsl.diagnostics import Diagnostic
from cnndsl.ir import Graph

__all__ = ["over_budget"]


def over_budget(budgets: Iterable[s.Budget], graph: Graph, is_open: bool = False) -> tuple[Diagnostic, ...]:
    """A `budget-exceeded` for each limit that a network without mistakes does not keep.

    What is asserted may itself be wrong: a word that is no quantity, an amount that is none. With open sizes
    (`is_open`) work, memory and receptive field are those at the size that the graph is for, and messages
    say which that is.

    >>> import cnndsl
    >>> text = "input 1x28x28 -> flatten -> linear 10" + chr(10) + "assert params < 5k"
    >>> [one.message for one in cnndsl.check(text).diagnostics]
    ['the network has 7,850 parameters, 2,850 more than the 5,000 allowed']
    """
    judge = Judge(graph, is_open)
    return tuple(found for budget in budgets for found in judge.diagnostics(budget.limits))
