"""Plugins: modules, and entry points of installed packages, that bring layers.

A plugin is loaded only when whoever runs cnndsl names it (`--plugin`, `load_plugins`). What a spec says
never leads here, so that a stranger's spec is safe to check.
"""

from __future__ import annotations

from functools import lru_cache
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


@lru_cache(maxsize=64)
def is_installed(name: str) -> bool:
    """Whether there is an installed plugin of this name.

    Cached, since a spec may use an unknown layer in a loop; what is installed later shows in a new process.
    """
    return name in _entry_points()


def _entry_points() -> dict[str, EntryPoint]:
    # Slow to import, and it reads the metadata of every installed package: put off until somebody asks.
    from importlib.metadata import entry_points

    return {entry.name: entry for entry in entry_points(group=GROUP)}


def load(name: str) -> None:
    """Load one plugin; PluginError where that fails, and then none of its layers stays registered."""
    before = _names()
    try:
        is_module = _import(name)
        if is_module and any(layer.name not in before or _is_of(layer, name) for layer in layers()):
            return
        entry = _entry_points().get(name)
        if entry is not None:
            _take(entry)
        elif is_module:
            raise PluginError(f"plugin {name}: the module registers no layer; cnndsl.layers.register does")
        else:
            raise PluginError(f"plugin {name}: {_not_found(name)}")
    except BaseException:
        for layer in _names() - before:
            unregister(layer)
        raise


def _names() -> frozenset[str]:
    return frozenset(layer.name for layer in layers())


def _is_of(layer: Layer, module: str) -> bool:
    """Whether the layer was registered by the module or, of a package, by a part of it."""
    return layer.plugin == module or layer.plugin.startswith(f"{module}.")


def _import(name: str) -> bool:
    """Import the module; False where there is none of this name."""
    if not all(part.isidentifier() for part in name.split(".")):
        return False
    try:
        import_module(name)
    except ModuleNotFoundError as error:
        # The plugin itself, or the package around it; anything else is missing inside it.
        if error.name is not None and f"{name}.".startswith(f"{error.name}."):
            return False
        raise fault(name, "importing it", error) from error
    except (Exception, SystemExit) as error:
        raise fault(name, "importing it", error) from error
    return True


def _take(entry: EntryPoint) -> None:
    """Register what an entry point stands for."""
    before = _names()
    if _loaded.get(entry.name, frozenset()) & before:
        return
    try:
        found = entry.load()
        if callable(found):
            found = found()
        if found is not None and not isinstance(found, ModuleType):
            for layer in (found,) if isinstance(found, Layer) else found:
                register(layer, plugin=entry.module)
    except (Exception, SystemExit) as error:
        raise fault(entry.name, "loading it", error) from error
    _loaded[entry.name] = _names() - before
    if not _loaded[entry.name]:
        raise PluginError(f"plugin {entry.name}: it brings no layer")


def _not_found(name: str) -> str:
    if PurePath(name).suffix == ".py":
        module = ".".join(PurePath(name).with_suffix("").parts).strip("./")
        return f"give the name of the module, not of its file: `{module}`"
    near = did_you_mean(name, [*installed(), *(path.stem for path in Path().glob("*.py"))])
    return "; ".join(("there is no such module and no such installed plugin", *near))
