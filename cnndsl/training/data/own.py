"""Data from a function of one's own: `python:module:callable`."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from cnndsl.dims import Shape
from cnndsl.training.address import PYTHON
from cnndsl.training.data.model import Raw
from cnndsl.training.data.objects import raw_from_object
from cnndsl.training.data.options import Reading
from cnndsl.training.errors import DataError, DataMismatch
from cnndsl.words import did_you_mean

__all__ = ["read_own"]


def read_own(data: str, input_shape: Shape, reading: Reading) -> Raw:
    """Call a function of a module, which may lie in the folder we are in, and take what it gives as data.

    The function takes no arguments. What it may give is told by `raw_from_object`.

    Errors: DataError where there is no such module or function, where it fails, or gives something else.
    """
    module_name, colon, name = data.removeprefix(PYTHON).partition(":")
    if (
        not colon
        or not name.isidentifier()
        or not all(part.isidentifier() for part in module_name.split("."))
    ):
        raise DataError(f"{data}: expected python:MODULE:FUNCTION, such as python:my_data:load")
    module = _module(module_name, data)
    function = getattr(module, name, None)
    if function is None:
        known = [word for word, value in vars(module).items() if callable(value) and not word.startswith("_")]
        raise DataError(f"{data}: the module {module_name} has no `{name}`", did_you_mean(name, known))
    if not callable(function):
        raise DataError(
            f"{data}: `{name}` is of type {type(function).__name__}, expected a function without arguments"
        )
    try:
        value = function()
    except (DataError, DataMismatch):
        raise
    except Exception as error:
        # somebody else's code: it may raise anything
        raise DataError(f"{data}: the function fails: {_said(error)}") from error
    return raw_from_object(value, data, input_shape, reading)


def _module(name: str, data: str) -> Any:
    folder = os.getcwd()
    if folder not in sys.path:
        sys.path.insert(0, folder)
    try:
        found = find_spec(name)
    except (ImportError, ValueError):
        found = None
    if found is None:
        raise DataError(f"{data}: no module {name} in {folder}, nor among those that are installed")
    try:
        return import_module(name)
    except (Exception, SystemExit) as error:
        raise DataError(f"{data}: the module {name} cannot be imported: {_said(error)}") from error


def _said(error: BaseException) -> str:
    """An error with its place in the code that raised it."""
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    where = (
        ""
        if place is None
        else f" (line {place.tb_lineno} of {os.path.basename(place.tb_frame.f_code.co_filename)})"
    )
    return f"{type(error).__name__}: {error}{where}"
