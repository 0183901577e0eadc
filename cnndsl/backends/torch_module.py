"""A graph as an `nn.Module`: the generated source, run.

Generated classes stand in no file, so that unpickling could not import them. An instance therefore
takes its source along when it is pickled, and the classes are made anew, once, where they are missing.
"""

from __future__ import annotations

import linecache
import sys
from hashlib import sha256
from types import ModuleType
from typing import Any, cast
from weakref import WeakValueDictionary, finalize

from torch import nn

from cnndsl.backends.python_source import generate
from cnndsl.backends.torch_plugins import check_plugins
from cnndsl.ir import Graph

__all__ = ["build_module"]

# The modules whose classes are alive; one goes when the last instance of its classes has gone.
_alive: WeakValueDictionary[str, ModuleType] = WeakValueDictionary()


def build_module(graph: Graph, text: str) -> nn.Module:
    """The network of a graph without errors, its weights initialised by PyTorch's own rules.

    `text` is the spec, which the network keeps as its attribute `spec`. PluginError where a layer of a
    plugin does not do what its rules say.

    >>> from cnndsl.api import check
    >>> build_module(check("input 8 -> linear 2").graph, "input 8 -> linear 2")
    Sequential(
      (0): Linear(in_features=8, out_features=2, bias=True)
    )
    """
    check_plugins(graph, make_module)
    model = make_module(graph)
    # Past `__setattr__`, which refuses where a layer of the spec is labelled `spec`.
    model.__dict__["spec"] = text
    return model


def make_module(graph: Graph) -> nn.Module:
    """The network of a graph, from its generated source."""
    source = generate(graph)
    namespace = vars(load(source.definitions)) if source.classes else run(source.definitions)
    if source.root is not None:
        model = namespace[source.root]()
    else:
        # Not run in the classes' namespace, which would keep the network alive.
        model = run(source.model, namespace)["model"]
    return cast(nn.Module, model)


def run(code: str, namespace: dict[str, Any] | None = None) -> dict[str, Any]:
    """What the code assigns, run where the names of `namespace` are known."""
    made: dict[str, Any] = {}
    exec(code, dict(namespace or {}), made)
    return made


def load(definitions: str) -> ModuleType:
    """The module that the source defines; while its classes are alive, the same one each time."""
    name = f"cnndsl.generated.{sha256(definitions.encode()).hexdigest()[:16]}"
    module = _alive.get(name)
    if module is not None:
        return module
    module = ModuleType(name)
    module.__file__ = f"<{name}>"
    # Annotations are types here, as in a file of its own: TorchScript reads those of a named tuple.
    exec(compile(definitions, module.__file__, "exec", dont_inherit=True), vars(module))
    for kind in classes_of(module):
        attach_pickling(kind, definitions)
    # A class keeps its module's names alive, and so the module itself.
    vars(module)["__module__"] = module
    _alive[name] = module
    publish(module, definitions)
    return module


def classes_of(module: ModuleType) -> list[type[Any]]:
    """The classes that were defined in the module."""
    return [
        value
        for value in vars(module).values()
        if isinstance(value, type) and value.__module__ == module.__name__
    ]


def publish(module: ModuleType, source: str) -> None:
    """Let `inspect` and PyTorch's compilers find the source and the imports of the module's classes.

    They look in `sys.modules`, which would keep the classes forever: there stands a module with the
    same imports but without the classes, until they have gone.
    """
    imports = ModuleType(module.__name__)
    own = classes_of(module)
    vars(imports).update(
        (name, value) for name, value in vars(module).items() if value not in own and value is not module
    )
    sys.modules[module.__name__] = imports
    file = str(module.__file__)
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    finalize(module, withdraw, module.__name__, file)


def withdraw(name: str, file: str) -> None:
    """Undo `publish`."""
    sys.modules.pop(name, None)
    linecache.cache.pop(file, None)


def attach_pickling(kind: type[Any], definitions: str) -> None:
    """Make instances of the class take its source along when they are pickled or copied."""
    if issubclass(kind, tuple):

        def reduce_tuple(self: tuple[Any, ...], protocol: Any) -> Any:
            return restore_tuple, (definitions, kind.__name__, tuple(self))

        setattr(kind, "__reduce_ex__", reduce_tuple)  # noqa: B010
        return

    def reduce(self: nn.Module, protocol: Any) -> Any:
        if type(self) is not kind:
            # Someone's own subclass, which can be imported.
            return super(kind, self).__reduce_ex__(protocol)
        return restore, (definitions, kind.__name__), vars(self)

    setattr(kind, "__reduce_ex__", reduce)  # noqa: B010


def restore_tuple(definitions: str, name: str, values: tuple[Any, ...]) -> Any:
    """What a network with several outputs gave; pickles call this."""
    return getattr(load(definitions), name)(*values)


def restore(definitions: str, name: str) -> nn.Module:
    """An instance of a generated class, still without its state; pickles call this."""
    kind: type[nn.Module] = getattr(load(definitions), name)
    return kind.__new__(kind)
