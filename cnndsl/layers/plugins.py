"""Plugins: modules, and entry points of installed packages, that bring layers.

A plugin is loaded only when whoever runs cnndsl names it (`--plugin`, `load_plugins`). What a spec says
never leads here, so that a stranger's spec is safe to check.
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path, PurePath
from types import ModuleType
from typing import TYPE_CHECKING

from cnndsl.diagnostics import PluginError
from cnndsl.layers import layers, register, unregister
from cnndsl.layers.declaration import Layer
from cnndsl.layers.guarding import fault
from cnndsl.words import did_you_mean

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

__all__ = ["GROUP", "installed", "is_installed", "load"]

GROUP = "cnndsl.layers"

# The layers of each entry point that was loaded: it may be named twice.
_loaded: dict[str, frozenset[str]] = {}


def installed() -> tuple[str, ...]:
    """The names of the installed plugins, sorted; none of them is loaded."""
    return tuple(sorted(_entry_points()))


def is_installed(name: str) -> bool:
    """Whether there is an installed plugin of this name."""
    return name in _entry_points()


def _entry_points() -> dict[str, EntryPoint]:
    # Slow to import, and it reads the metadata of every installed package: put off until somebody asks.
    from importlib.metadata import entry_points

    return {entry.name: entry for entry in entry_points(group=GROUP)}


def load(name: str) -> tuple[str, ...]:
    """Load one plugin and give the names of its layers.

    PluginError where that fails, and then none of its layers stays registered.
    """
    before = _names()
    try:
        found = _import(name)
        if not found:
            found = _take(name, is_module=found is not None)
    except BaseException:
        _forget(before)
        raise
    return tuple(layer.name for layer in layers() if layer.name in found)


def _forget(before: frozenset[str]) -> None:
    """Take out the layers that are not in `before`; a second try imports their modules anew."""
    for layer in layers():
        if layer.name not in before:
            unregister(layer.name)
            sys.modules.pop(layer.plugin, None)


def _names() -> frozenset[str]:
    return frozenset(layer.name for layer in layers())


def _import(name: str) -> frozenset[str] | None:
    """Import the module and give the names of its layers; None where there is no module of this name."""
    if PurePath(name).suffix == ".py" or not all(part.isidentifier() for part in name.split(".")):
        return None
    before = _names()
    try:
        import_module(name)
    except ModuleNotFoundError as error:
        # The plugin itself, or the package around it; anything else is missing inside it.
        if error.name is not None and f"{name}.".startswith(f"{error.name}."):
            return None
        raise fault(name, "importing it", error) from error
    except (Exception, SystemExit) as error:
        raise fault(name, "importing it", error) from error
    # It may have been imported before, itself or the part of it that registers.
    old = (layer.name for layer in layers() if f"{layer.plugin}.".startswith(f"{name}."))
    return frozenset(old) | (_names() - before)


def _take(name: str, is_module: bool) -> frozenset[str]:
    """Register what the entry point of this name stands for."""
    entry = _entry_points().get(name)
    if entry is None:
        if is_module:
            raise PluginError(f"plugin {name}: the module registers no layer; cnndsl.layers.register does")
        raise PluginError(f"plugin {name}: {_not_found(name)}")
    before = _names()
    if _loaded.get(name, frozenset()) & before:
        return _loaded[name]
    try:
        found = entry.load()
        if callable(found):
            found = found()
        if found is not None and not isinstance(found, ModuleType):
            for layer in (found,) if isinstance(found, Layer) else found:
                register(layer, plugin=entry.module)
    except (Exception, SystemExit) as error:
        raise fault(name, "loading it", error) from error
    _loaded[name] = _names() - before
    if not _loaded[name]:
        raise PluginError(f"plugin {name}: it brings no layer")
    return _loaded[name]


def _not_found(name: str) -> str:
    if PurePath(name).suffix == ".py":
        module = ".".join(PurePath(name).with_suffix("").parts).strip("./")
        return f"give the name of the module, not of its file: `{module}`"
    near = did_you_mean(name, [*installed(), *(path.stem for path in Path().glob("*.py"))])
    return "; ".join(("there is no such module and no such installed plugin", *near))
