"""How much work something is, on any machine: calls, where a clock would measure the neighbours too."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

__all__ = ["count_calls"]


def count_calls(work: Callable[[], object]) -> int:
    """The calls of Python and of built-in functions that `work` makes.

    >>> count_calls(lambda: [abs(i) for i in range(100)]) >= 100
    True
    """
    calls = 0

    def count(frame: Any, event: str, argument: Any) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(before)
    return calls
