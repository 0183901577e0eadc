"""The layer vocabulary: one file a family, one declaration a layer.

A new layer is one more declaration in a family's file; everything else (checker, backends, reference,
tests) reads it from here. Layers of one's own are added with `register`, and what a declaration is made
of can be imported from here.

This registry is the only mutable state of the package.
"""

from __future__ import annotations

import sys
from typing import NamedTuple

from cnndsl.dims import Shape, Value
from cnndsl.layers import (
    activation,
    attention,
    convolution,
    folding,
    gating,
    joins,
    layernorm,
    linear,
    normalisation,
    ordering,
    padding,
    pooling,
    reduction,
    regularisation,
    resampling,
    shaping,
    weighting,
)
from cnndsl.layers.declaration import (
    REQUIRED,
    Args,
    Argument,
    Example,
    Join,
    Keeps,
    Layer,
    LayerError,
    Module,
    Raw,
    Reject,
    SameAs,
    Step,
    Weight,
)
from cnndsl.layers.kinds import (
    Factors,
    Invalid,
    Kind,
    OrNone,
    PerAxis,
    Real,
    Sizes,
    Truth,
    Whole,
    Word,
)
from cnndsl.layers.windows import explain_window, keywords, steps, window_sizes

__all__ = [
    "REQUIRED",
    "Args",
    "Argument",
    "Example",
    "Factors",
    "Found",
    "Invalid",
    "Join",
    "Keeps",
    "Kind",
    "Layer",
    "LayerError",
    "Module",
    "OrNone",
    "PerAxis",
    "Raw",
    "Real",
    "Reject",
    "SameAs",
    "Shape",
    "Sizes",
    "Step",
    "Truth",
    "Value",
    "Weight",
    "Whole",
    "Word",
    "all_joins",
    "explain_window",
    "find",
    "find_join",
    "flags",
    "join_names",
    "keywords",
    "layers",
    "load_plugins",
    "names",
    "register",
    "steps",
    "unregister",
    "window_sizes",
]


class Found(NamedTuple):
    """What a word of a spec means; `ranks` are those that it stands for: Conv2d takes images only."""

    layer: Layer
    ranks: frozenset[int] | None = None


_layers: dict[str, Layer] = {}
_words: dict[str, Found] = {}
_flags: set[str] = set()
_joins: dict[str, Join] = {}


def register(layer: Layer, *, replace: bool = False, plugin: str = "") -> None:
    """Add a layer of one's own to the vocabulary, for this process.

    It then has what a built-in layer has: flags and keywords, did-you-mean, a page in `cnndsl layers`, the
    table, the diagram, JSON, Python source (which takes `Module.helper` along) and the `nn.Module`, which
    pickles. Its flags reserve no names: where a name of a spec reads as one, the spec has to say which is
    meant.

    What its rules give is looked at, and `cnndsl.compile` makes each use once on its own, runs it on a
    batch of zeros and compares shapes and weights with the rules'. Where they break their promises, a
    `PluginError` names the layer, the plugin and the rule.

    - `replace`: take the place of a layer that was registered under this name, as a notebook's cell does
      when it runs again.
    - `plugin`: who is to be blamed; the module that calls, if it is not given.

    Errors: TypeError where this is no `Layer`, ValueError where the declaration is not whole or one of its
    words is taken. Both say which layer and what is wrong with it.

    >>> import cnndsl
    >>> from cnndsl.layers import Argument, Example, Layer, Module, Real, register, unregister
    >>> source = '''
    ... class Squareplus(nn.Module):
    ...     def __init__(self, b: float) -> None:
    ...         super().__init__()
    ...         self.b = b
    ...
    ...     def forward(self, x: torch.Tensor) -> torch.Tensor:
    ...         return (x + torch.sqrt(x * x + self.b)) / 2
    ... '''.lstrip()
    >>> register(
    ...     Layer(
    ...         name="squareplus",
    ...         family="activation",
    ...         summary="a smooth relu without exponentials",
    ...         pytorch="(x + torch.sqrt(x * x + b)) / 2",
    ...         formula="(x + sqrt(x^2 + b)) / 2",
    ...         arguments=(Argument("b", Real(0), "how round the bend is", default=4.0),),
    ...         shape=lambda x, args: x.shape,
    ...         module=lambda x, args, output: Module("Squareplus", (("b", args["b"]),), helper=source),
    ...         examples=(Example("squareplus b=1", "16x8x8", "16x8x8"),),
    ...     )
    ... )
    >>> cnndsl.to_python("input 8 -> linear 4 -> squareplus 2").splitlines()[-1]
    'model = nn.Sequential(nn.Linear(8, 4), Squareplus(2.0))'
    >>> cnndsl.check("input 8 -> squareplus (-1)").diagnostics[0].message
    'b: expected a number of at least 0, got -1'
    >>> unregister("squareplus")
    """
    # Loaded only where someone registers: at every start of cnndsl nobody does.
    from cnndsl.layers.guarding import guarded
    from cnndsl.layers.vetting import vet

    vet(layer)
    before = _layers.get(layer.name) if replace else None
    if before is not None and before.plugin:
        unregister(layer.name)
    try:
        _add(guarded(layer, plugin or sys._getframe(1).f_globals.get("__name__", "__main__")))
    except ValueError:
        if before is not None and before.plugin:
            _add(before)
        raise


def unregister(name: str) -> None:
    """Take a layer that was registered out again; KeyError for a name that no registered layer has."""
    if name not in _layers or not _layers[name].plugin:
        raise KeyError(name)
    layer = _layers.pop(name)
    for word in [word for word, found in _words.items() if found.layer is layer]:
        del _words[word]


def load_plugins(*names: str) -> tuple[str, ...]:
    """Load plugins by name, or all that are installed if no name is given; gives the names of their layers.

    A name is that of a module that registers layers, or of an entry point in the group `cnndsl.layers` of
    an installed package: a `Layer`, an iterable of them, a module, or a function without arguments that
    registers or returns them. On the command line, `--plugin NAME` does this. Nothing else ever does: a
    spec alone causes no import, and plugins that are merely installed stay asleep.

    Errors: PluginError where a plugin is not found, fails, or brings no layer; nothing of it stays
    registered then.

    >>> load_plugins("absent")
    Traceback (most recent call last):
    cnndsl.diagnostics.PluginError: plugin absent: there is no such module and no such installed plugin
    """
    from cnndsl.layers.plugins import installed, load

    return tuple(layer for name in names or installed() for layer in load(name))


def find(word: str) -> Found | None:
    """The layer that a word means, by its name, an alias or PyTorch's class name."""
    return _words.get(word)


def find_join(word: str) -> Join | None:
    """The join that a word means."""
    return _joins.get(word)


def layers() -> tuple[Layer, ...]:
    """Every layer, in the order of the families; those of plugins last."""
    return tuple(_layers.values())


def all_joins() -> tuple[Join, ...]:
    """Every join."""
    return tuple(_joins.values())


def names() -> tuple[str, ...]:
    """Every word that means a layer."""
    return tuple(_words)


def join_names() -> tuple[str, ...]:
    """Every word that means a join."""
    return tuple(_joins)


def flags() -> frozenset[str]:
    """The letters of every short flag of every built-in layer: a bound name may not read as one."""
    return frozenset(_flags)


def _add(layer: Layer) -> None:
    """Make the layer's words mean it; ValueError where one of them is taken."""
    words = {layer.name: Found(layer), **{alias: Found(layer) for alias in layer.aliases}}
    if layer.pytorch.startswith("nn."):
        name = layer.pytorch.removeprefix("nn.")
        if "{rank}" in name:
            for rank in sorted(layer.ranks or ()):
                if rank:
                    # BatchNorm1d takes vectors as well as sequences.
                    ranks = {0, 1} & (layer.ranks or set()) if rank == 1 else {rank}
                    words.setdefault(name.replace("{rank}", str(rank)), Found(layer, frozenset(ranks)))
        else:
            words.setdefault(name, Found(layer))
    for word in words:
        if word in _joins:
            raise ValueError(f"layer {layer.name}: `{word}` is a join already")
        if word in _words:
            other = _words[word].layer
            whose = f"of the plugin {other.plugin}" if other.plugin else "of cnndsl itself"
            raise ValueError(f"layer {layer.name}: `{word}` already means the layer {other.name} {whose}")
    _layers[layer.name] = layer
    _words.update(words)
    if not layer.plugin:
        _flags.update(argument.flag for argument in layer.arguments if argument.flag)


for _join in joins.JOINS:
    _joins[_join.name] = _join
for _family in (
    convolution,
    linear,
    pooling,
    reduction,
    normalisation,
    layernorm,
    activation,
    gating,
    regularisation,
    shaping,
    ordering,
    padding,
    resampling,
    folding,
    weighting,
    attention,
):
    for _layer in _family.LAYERS:
        _add(_layer)
