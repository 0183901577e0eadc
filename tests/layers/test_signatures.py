"""Every argument that PyTorch's layer has is an argument here, under its name, with its default."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
from torch import nn

from cnndsl.layers import find, layers
from cnndsl.layers.declaration import Argument, Layer, SameAs
from cnndsl.layers.describing import pytorch_classes

# Said by the arriving value, or by who runs the network.
NEVER = frozenset(
    "self device dtype in_channels in_features num_features num_channels normalized_shape embed_dim".split()
)

# Left out on purpose, and why.
EXCLUDED = {
    "return_indices": "a layer gives one value",
    "_random_samples": "a tensor for PyTorch's own tests",
    "kdim": "in self-attention, keys are the arriving value",
    "vdim": "in self-attention, values are the arriving value",
    "batch_first": "the batch is always first",
}

# PyTorch's name for what is here called by a common name.
RENAMED = {"out_channels": "out", "out_features": "out"}

# Defaults that differ on purpose, and why.
DEFAULTS = {
    ("softmax", "dim"): "PyTorch guesses, and warns that it does",
    ("logsoftmax", "dim"): "PyTorch guesses, and warns that it does",
    ("softmin", "dim"): "PyTorch guesses, and warns that it does",
    ("unflatten", "dim"): "the channels are what is nearly always meant",
}

# Positional arguments in another order than PyTorch's, and why.
ORDER = {
    "unflatten": "the sizes are all positional, so `dim` is a keyword",
    "upsample": "the factor stands first: `upsample 2`",
}

# Arguments that PyTorch's class does not have.
OURS = {
    "linear": {"last"},
    "layernorm": {"axes"},
    "rmsnorm": {"axes"},
    "pad": {"mode", "value"},
}

CLASSES = [
    (layer, getattr(nn, name.removeprefix("nn.")))
    for layer in layers()
    for name in pytorch_classes(layer)
    if name.startswith("nn.")
]


def parameters(kind: type[nn.Module]) -> dict[str, inspect.Parameter]:
    """The class's parameters under our names, without those that are no arguments here."""
    found = inspect.signature(kind.__init__).parameters
    return {
        RENAMED.get(name, name): parameter
        for name, parameter in found.items()
        if name not in NEVER
        and name not in EXCLUDED
        and parameter.kind is not parameter.VAR_POSITIONAL
        and parameter.kind is not parameter.VAR_KEYWORD
    }


def problems(layer: Layer, kind: type[nn.Module]) -> list[str]:
    """What the class takes and the declaration lacks, or has otherwise."""
    theirs = parameters(kind)
    ours = {argument.name: argument for argument in layer.arguments}
    words = {word for argument in layer.arguments for word in argument.keywords}
    found = [f"{name} is missing" for name in theirs if name not in words]
    found += [
        f"{name} is no argument of {kind.__name__}"
        for name in ours.keys() - theirs.keys() - OURS.get(layer.name, set())
        if not any(name in parameters(other) for one, other in CLASSES if one is layer)
    ]
    for name, parameter in theirs.items():
        if name in ours and (layer.name, name) not in DEFAULTS:
            default = default_of(layer, ours[name])
            if default != parameter.default:
                found.append(f"{name} is {default!r}, PyTorch's {parameter.default!r}")
    positional = [
        argument.name for argument in layer.arguments if argument.positional and argument.name in theirs
    ]
    if layer.name not in ORDER and positional != in_order(kind)[: len(positional)]:
        found.append(f"the order is {positional}, PyTorch's {in_order(kind)}")
    return found


def default_of(layer: Layer, argument: Argument) -> Any:
    """The default as PyTorch's signature has it."""
    if argument.required:
        return inspect.Parameter.empty
    return None if isinstance(argument.default, SameAs) else argument.default


def in_order(kind: type[nn.Module]) -> list[str]:
    """What can be given by position; behind an argument that is left out, nothing can."""
    names: list[str] = []
    for name in inspect.signature(kind.__init__).parameters:
        if name in EXCLUDED:
            break
        if name not in NEVER:
            names.append(RENAMED.get(name, name))
    return names


@pytest.mark.parametrize(("layer", "kind"), CLASSES, ids=lambda value: getattr(value, "__name__", ""))
def test_a_layer_has_the_arguments_of_its_class(layer: Layer, kind: type[nn.Module]) -> None:
    assert problems(layer, kind) == []


def test_what_pytorch_class_names_mean() -> None:
    for layer, kind in CLASSES:
        found = find(kind.__name__)
        assert found is not None
        assert found.layer is layer


def test_layers_that_are_built_on_a_class_take_its_arguments() -> None:
    """Depthwise and global ones, and those with helpers of our own, are no classes of PyTorch."""
    built_on: list[tuple[str, type[nn.Module], set[str]]] = [
        ("dwconv", nn.Conv2d, {"out", "groups"}),
        ("layernorm2d", nn.LayerNorm, set()),
        ("gap", nn.AdaptiveAvgPool2d, {"output_size"}),
        ("gmp", nn.AdaptiveMaxPool2d, {"output_size"}),
        ("crop", nn.ZeroPad2d, {"padding"}),
    ]
    for name, kind, said in built_on:
        found = find(name)
        assert found is not None
        ours = {argument.name: argument for argument in found.layer.arguments}
        for word, parameter in parameters(kind).items():
            if word not in said:
                assert default_of(found.layer, ours[word]) == parameter.default, (name, word)


def test_the_comparison_finds_a_gap() -> None:
    layer, kind = next((layer, kind) for layer, kind in CLASSES if kind is nn.Conv2d)
    less = {argument for argument in layer.arguments if argument.name != "dilation"}

    class Less:
        name = layer.name
        arguments = tuple(argument for argument in layer.arguments if argument in less)

    assert any("dilation is missing" in problem for problem in problems(Less, kind))  # type: ignore[arg-type]
