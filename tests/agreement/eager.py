"""Runs a tree on tensors with PyTorch alone: what the language should mean, written down a second time.

Layers that are PyTorch classes are constructed here from the arguments' names, not through their
declaration's constructor, so that an argument which a declaration forgets is missed by one side only.
"""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from cnndsl.dims import Value
from cnndsl.layers import find
from cnndsl.layers.declaration import Layer, SameAs
from cnndsl.layers.kinds import PerAxis
from tests.agreement import trees as t
from tests.layers.oracle import build, normal_form

__all__ = ["Interpreter", "Refused", "TooBig"]

# Layers whose uses are not calls of their class: `pad` takes two numbers for an image's width alone, which
# ZeroPad2d does not; attention is called with three values and gives two.
DIFFERENT = ("pad", "attention")
INPUT_SIZES = ("in_channels", "in_features", "num_features", "num_channels")


class Refused(Exception):
    """PyTorch refuses the spec, at the layer that `args[0]` names."""


class TooBig(Exception):
    """A spec whose values outgrow a test: neither right nor wrong, to be drawn again."""


# Numbers that a layer is run on at most, the batch included: repeats of `upconv` grow without bounds.
MOST_ARRIVING = 500_000


class Interpreter:
    """Runs items on a tensor, keeping the modules that it makes."""

    def __init__(self, blocks: Sequence[t.Block]) -> None:
        self.blocks = {block.name: block for block in blocks}
        self.modules: list[nn.Module] = []
        # Modules in the order of their calls; those that a `reuse` is to call; what each label named.
        self.called: list[nn.Module] = []
        self.again: list[nn.Module] | None = None
        self.labelled: dict[str, tuple[t.Item, Tensor, list[nn.Module]]] = {}
        self.last: t.Use | None = None
        self.last_shape: tuple[int, ...] = ()

    def items(
        self, items: Sequence[t.Item], x: Tensor, labels: dict[str, Tensor], names: dict[str, int]
    ) -> Tensor:
        for item in items:
            x = self.item(item, x, labels, names)
        return x

    def item(self, item: t.Item, x: Tensor, labels: dict[str, Tensor], names: dict[str, int]) -> Tensor:
        shape = tuple(x.shape[1:])
        match item:
            case t.Use():
                return self.layer(item, x, names)
            case t.BlockUse():
                block = self.blocks[item.block]
                inside = {name: default for name, default in block.parameters if default is not None}
                return self.items(block.items, x, {}, inside | dict(item.arguments))
            case t.Group():
                return self.items(item.items, x, labels, names)
            case t.Repeat():
                for _ in range(item.count):
                    x = self.item(item.item, x, labels, names)
                return x
            case t.Loop():
                for value in item.values:
                    x = self.items(item.items, x, labels, names | {item.name: value})
                return x
            case t.When():
                return self.items(item.then if item.holds(shape) else item.otherwise, x, labels, names)
            case t.Labelled():
                # a labelled group, join or repeat has labels of its own
                scoped = isinstance(item.item, (t.Group, t.JoinOf, t.Residual, t.Repeat, t.TapJoin))
                start, arrived = len(self.called), x
                x = self.item(item.item, x, dict(labels) if scoped else labels, names)
                labels[item.label] = x
                self.labelled[item.label] = item.item, arrived, self.called[start:]
                return x
            case t.Reuse():
                return self.reuse(item, x, labels, names)
            case t.Residual():
                result = self.items(item.items, x, labels, names)
                if item.condition is not None and not item.condition[1](shape):
                    return result
                return self.join("add", [result, x])
            case t.JoinOf():
                ends = [self.items(branch, x, labels, names) for branch in item.branches]
                return self.join(item.join, ends)
            case t.TapJoin():
                return self.join(item.join, [x, *(labels[label] for label in item.labels)])

    def reuse(self, item: t.Reuse, x: Tensor, labels: dict[str, Tensor], names: dict[str, int]) -> Tensor:
        """Call an item's modules again; where it taps what arrived at it, that is what arrives now."""
        made, arrived, modules = self.labelled[item.label]
        now = {label: x if value is arrived else value for label, value in labels.items()}
        before, self.again, count = self.again, list(modules), len(self.called)
        try:
            return self.item(made, x, now, names)
        finally:
            self.again = before
            del self.called[count:]

    def join(self, join: str, values: Sequence[Tensor]) -> Tensor:
        self.last = None
        if len(values) == 1:
            return values[0]
        shapes = [value.shape for value in values]
        if join not in ("mul", "concat") and any(shape != shapes[0] for shape in shapes):
            raise Refused(join)  # the language adds equal shapes only
        if len({len(shape) for shape in shapes}) > 1:
            raise Refused(join)
        try:
            if join == "concat":
                return torch.cat(list(values), dim=1)
            result = values[0]
            for value in values[1:]:
                operation = {
                    "add": torch.add,
                    "mul": torch.mul,
                    "sub": torch.sub,
                    "max": torch.maximum,
                    "min": torch.minimum,
                }[join]
                result = operation(result, value)
            return result
        except RuntimeError as error:
            raise Refused(join) from error

    def layer(self, use: t.Use, x: Tensor, names: dict[str, int]) -> Tensor:
        shape = tuple(x.shape[1:])
        self.last, self.last_shape = use, shape
        if x.numel() > MOST_ARRIVING:
            raise TooBig(use.layer)
        given = {
            name: value.value(shape, names) if isinstance(value, t.Formula) else value
            for name, value in use.arguments
        }
        if use.layer == "identity":
            return x
        found = find(use.layer)
        assert found is not None
        rank = len(shape) - 1
        if found.layer.ranks is not None and rank not in found.layer.ranks:
            raise Refused(use.layer)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                module = self.module(found.layer, given, shape) if self.again is None else self.again.pop(0)
                result: Tensor = module(x)
        except Exception as error:
            raise Refused(use.layer) from error
        if result.numel() == 0 or result.dim() < 2 or result.shape[0] != x.shape[0]:
            raise Refused(use.layer)  # the batch stays, and nothing is empty
        self.called.append(module)
        if self.again is None:
            self.modules.append(module)
        # an object of its own on the same storage: what a layer hands on is not what arrived at it
        return result.view_as(result) if result is x else result

    def module(self, layer: Layer, given: dict[str, Any], shape: tuple[int, ...]) -> nn.Module:
        rank = len(shape) - 1
        for argument in layer.arguments:
            value = given.get(argument.name)
            if isinstance(argument.kind, PerAxis) and isinstance(value, tuple) and len(value) == 1:
                given[argument.name] = value[0]  # `(2)` in a spec is 2
        if not 1 <= given.get("axes", 1) <= len(shape):
            raise ValueError("a norm over axes that there are not")  # an argument of ours
        name = layer.pytorch.removeprefix("nn.").replace("{rank}", str(rank))
        kind = getattr(nn, name, None) if layer.pytorch.startswith("nn.") else None
        parameters = [] if kind is None else list(inspect.signature(kind.__init__).parameters)[1:]
        ours = [argument.name for argument in layer.arguments if argument.name in given]
        direct = (
            kind is not None
            and layer.name not in DIFFERENT
            and all(
                name in parameters
                or (name == "out" and parameters[1:2] in (["out_channels"], ["out_features"]))
                for name in ours
            )
        )
        if not direct:
            value = Value(shape, channels_first=False)
            return build(layer.module(value, normal_form(layer, given, rank, strict=False), ()))
        assert kind is not None
        first = [shape[-1] if parameters[0] == "in_features" else shape[0]]
        positional = first if parameters[0] in INPUT_SIZES and parameters[0] not in given else []
        if "num_groups" in parameters and "num_channels" in parameters:
            given, positional = {**given, "num_channels": shape[0]}, []
        if "normalized_shape" in parameters:
            given = {"normalized_shape": shape[-1:], **given}
        if "dim" in parameters and "dim" not in given:
            given = {**given, "dim": default_of(layer, "dim")}
        if "out" in given:
            positional.append(given.pop("out"))
        made: nn.Module = kind(*positional, **{key: plain(value) for key, value in given.items()})
        return made


def default_of(layer: Layer, name: str) -> Any:
    default = layer.argument(name).default
    return None if isinstance(default, SameAs) else default


def plain(value: Any) -> Any:
    """`none` for an axis of a size is None in Python."""
    if isinstance(value, tuple):
        return tuple(None if entry == "none" else entry for entry in value)
    return value
