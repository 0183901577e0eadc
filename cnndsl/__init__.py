"""cnndsl: a declarative language for convolutional networks.

>>> import cnndsl
>>> report = cnndsl.check("conv 16 k3 p1 -> relu -> maxpool 2 -> flatten -> linear 10", input=(1, 28, 28))
>>> report.parameters
31530

Importing this package imports no PyTorch; `compile` and `train` do.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cnndsl.analysis.comparing import Comparison
    from cnndsl.api import check, compile, diff, draw, features, format, show, to_python
    from cnndsl.backends.matching import WeightsError
    from cnndsl.diagnostics import Diagnostic, PluginError, SpecError
    from cnndsl.report import Report
    from cnndsl.training import load_run, train

__version__ = "0.1.0"

__all__ = [
    "Comparison",
    "Diagnostic",
    "PluginError",
    "Report",
    "SpecError",
    "WeightsError",
    "__version__",
    "check",
    "compile",
    "diff",
    "draw",
    "features",
    "format",
    "load_run",
    "show",
    "to_python",
    "train",
]

_HOMES = {
    "Comparison": "cnndsl.analysis.comparing",
    "Diagnostic": "cnndsl.diagnostics",
    "PluginError": "cnndsl.diagnostics",
    "Report": "cnndsl.report",
    "SpecError": "cnndsl.diagnostics",
    "WeightsError": "cnndsl.backends.matching",
    "check": "cnndsl.api",
    "compile": "cnndsl.api",
    "diff": "cnndsl.api",
    "draw": "cnndsl.api",
    "format": "cnndsl.api",
    "features": "cnndsl.api",
    "load_run": "cnndsl.training",
    "show": "cnndsl.api",
    "to_python": "cnndsl.api",
    "train": "cnndsl.training",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'cnndsl' has no attribute {name!r}")
    # Loaded at first use, so that `import cnndsl` costs nothing.
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
