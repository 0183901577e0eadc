"""The data sets of torchvision: `torchvision:MNIST?root=DIR`."""

from __future__ import annotations

import inspect
import os
from ast import literal_eval
from types import ModuleType
from typing import Any

from cnndsl.dims import Shape
from cnndsl.training.address import Library
from cnndsl.training.data.model import Raw
from cnndsl.training.data.objects import raw_from_object
from cnndsl.training.data.options import Reading
from cnndsl.training.errors import DataError
from cnndsl.words import did_you_mean

__all__ = ["read_library"]

# What the parts are called by the data sets that have a `split`.
SPLITS = {"train": ("train",), "val": ("val", "valid"), "test": ("test",)}


def read_library(data: str, input_shape: Shape, reading: Reading) -> Raw:
    """Read a data set by the name that torchvision has for it.

    Nothing is fetched over the net unless the address says `download`. What stands in it besides root and
    download goes to the data set's constructor.

    Errors: DataError where torchvision is not installed, has no such data set, finds no files or cannot read
    them, or where the data set is not one of images with a class each.
    """
    library = Library.parse(data)
    chosen = _class(library, data)
    parameters = inspect.signature(chosen).parameters
    given = {name: _value(value) for name, value in library.arguments.items()}
    for name in given:
        if name not in parameters:
            near = did_you_mean(name, list(parameters))
            raise DataError(
                f"{data}: {library.name} has no argument `{name}`",
                (*near, f"it takes {', '.join(parameters)}"),
            )
    if "root" in parameters:
        given["root"] = os.path.expanduser(library.root)
    if "download" in parameters:
        given["download"] = library.download
    parts: dict[str, Any] = {}
    if "train" in parameters and "train" not in given:
        parts = {
            name: _made(chosen, {**given, "train": name == "train"}, library, data)
            for name in ("train", "test")
        }
    elif "split" in parameters and "split" not in given:
        parts = {"train": _made(chosen, {**given, "split": "train"}, library, data)}
        for name in ("val", "test"):
            for word in SPLITS[name]:
                found = _if_there(chosen, {**given, "split": word})
                if found is not None:
                    parts[name] = found
                    break
    else:
        parts = {"train": _made(chosen, given, library, data)}
    return raw_from_object(parts, data, input_shape, reading)


def _class(library: Library, data: str) -> Any:
    datasets = _datasets(data)
    chosen = getattr(datasets, library.name, None)
    known = [name for name in datasets.__all__ if inspect.isclass(getattr(datasets, name))]
    if library.name not in known or chosen is None:
        near = did_you_mean(library.name, known)
        raise DataError(
            f"{data}: torchvision has no data set `{library.name}`",
            near or ("such as MNIST, CIFAR10 or Flowers102",),
        )
    return chosen


def _datasets(data: str) -> ModuleType:
    try:
        import torchvision.datasets as found
    except ModuleNotFoundError as error:
        raise DataError(
            f"{data}: torchvision is not installed ({error})",
            help=("install the torchvision that goes with your PyTorch, or give the data as files",),
        ) from error
    except (ImportError, RuntimeError, OSError) as error:
        # a torchvision that was built for another PyTorch
        raise DataError(f"{data}: torchvision does not go with this PyTorch: {error}") from error
    module: ModuleType = found
    return module


def _made(chosen: Any, given: dict[str, Any], library: Library, data: str) -> Any:
    try:
        return chosen(**given)
    except Exception as error:
        # torchvision raises errors of many kinds for files that are missing or broken
        missing = "not found" in str(error).lower() or "download" in str(error).lower()
        if missing and not library.download:
            address = library._replace(download=True).address()
            raise DataError(
                f"{data}: no files of {library.name} in {given.get('root', 'its folder')}: {error}",
                help=(f"`{address}` fetches them over the net",),
            ) from error
        raise DataError(f"{data}: {library.name} cannot be read: {type(error).__name__}: {error}") from error


def _if_there(chosen: Any, given: dict[str, Any]) -> Any:
    """A part that not every data set has, and not every folder of one."""
    try:
        return chosen(**given)
    except (ValueError, RuntimeError, OSError, KeyError):
        return None


def _value(text: str) -> Any:
    """A number, true or false, several in parentheses, or the word itself."""
    if text in ("true", "false"):
        return text == "true"
    try:
        return literal_eval(text)
    except (ValueError, SyntaxError):
        return text
