"""Draws specs piece by piece, running each piece as it is drawn, so that deep valid ones are common.

A spec ends at the first layer that PyTorch refuses. Works on any `random.Random`, hypothesis' too.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from random import Random
from typing import Any

import torch
from torch import Tensor

from cnndsl.dims import Value
from cnndsl.layers import layers
from cnndsl.layers.declaration import Layer
from cnndsl.layers.kinds import describe_value
from tests.agreement import trees as t
from tests.agreement.eager import Interpreter, Refused, TooBig
from tests.layers.drawing import draw_arguments, draw_value

__all__ = ["draw_spec"]

COMMON = ("conv", "conv", "conv", "dwconv", "maxpool", "avgpool", "bn", "relu", "upconv", "gelu", "gap")
JOINS = ("add", "add", "concat", "mul", "sub", "max", "min")
SAME_SHAPE = ("relu", "gelu", "bn", "dropout", "sigmoid", "silu", "identity")
MOST_NUMBERS = 4096


class Drawer:
    def __init__(self, random: Random) -> None:
        self.random = random
        self.blocks: list[t.Block] = []
        self.run = Interpreter(())
        self.left = random.randint(1, 9)
        self.serial = 0
        # The labels of the scope that is being drawn whose items may be used again.
        self.reusable: set[str] = set()

    def items(
        self, x: Tensor, depth: int, labels: dict[str, Tensor], names: dict[str, int], loose: bool
    ) -> tuple[tuple[t.Item, ...], Tensor | None]:
        """Items to run on `x` and what they give, None where PyTorch refuses one of them.

        `loose` items stand once: only those may have labels.
        """
        drawn: list[t.Item] = []
        for _ in range(self.random.randint(1, 4)):
            if self.left <= 0 or x[0].numel() > MOST_NUMBERS:
                break
            self.left -= 1
            item = self.item(x, depth, labels, names, loose)
            drawn.append(item)
            try:
                x = self.run.item(item, x, labels, names)
            except TooBig:
                drawn.pop()
                break
            except Refused:
                self.left = 0
                return tuple(drawn), None
        return tuple(drawn), x

    def item(
        self, x: Tensor, depth: int, labels: dict[str, Tensor], names: dict[str, int], loose: bool
    ) -> t.Item:
        random = self.random
        again = sorted(self.reusable & labels.keys())
        if again and random.random() < 0.3:
            return t.Reuse(random.choice(again))
        choice = random.random()
        if depth >= 3 or choice < 0.5:
            return self.use(x, names)
        if choice < 0.57:
            return t.Group(self.inside(x, depth, labels, names, loose))
        if choice < 0.64:
            item = random.choice((self.use(x, names), t.Group(self.inside(x, depth, labels, names, False))))
            return t.Repeat(item, random.randint(0, 3))
        if choice < 0.74:
            branches = tuple(self.branch(x, depth, labels, names, loose) for _ in range(random.randint(1, 3)))
            return t.JoinOf(random.choice(JOINS), branches)
        if choice < 0.8:
            condition = random.choice((None, ("C >= 4", lambda shape: shape[0] >= 4)))
            return t.Residual(self.branch(x, depth, labels, names, loose), condition)
        if loose and (choice < 0.86 or random.random() < 0.5):
            self.serial += 1
            label, item = f"a{self.serial}_", self.use(x, names)
            if random.random() < 0.5:
                outside, self.reusable = self.reusable, set()
                label, item = f"g{self.serial}_", t.Group(self.inside(x, depth, labels, names, True))
                self.reusable = outside
            if self.is_settled(item):
                self.reusable.add(label)
            return t.Labelled(label, item)
        if choice < 0.9 and labels:
            chosen = random.sample(sorted(labels), random.randint(1, min(2, len(labels))))
            return t.TapJoin(random.choice(JOINS), tuple(chosen))
        if choice < 0.94:
            values = tuple(random.choice((1, 2, 3, 4)) for _ in range(random.randint(1, 3)))
            self.serial += 1
            name = f"n{self.serial}_"
            return t.Loop(name, values, self.inside(x, depth, labels, names | {name: values[0]}, False))
        if choice < 0.97:
            text, holds = random.choice(
                (
                    ("C == 4", lambda shape: shape[0] == 4),
                    ("C % 2 == 0 and not C > 6", lambda shape: shape[0] % 2 == 0 and not shape[0] > 6),
                    ("C // 2 < 2 or false", lambda shape: shape[0] // 2 < 2),
                )
            )
            chosen = self.inside(x, depth, labels, names, False)
            other = (t.Use("relu", (), ()),)
            shape = tuple(x.shape[1:])
            return t.When(text, holds, *((chosen, other) if holds(shape) else (other, chosen)))
        return self.block_use(x, depth)

    def is_settled(self, item: t.Item) -> bool:
        """Whether the item's structure hangs on no shape, so that it is the same for whatever arrives."""
        match item:
            case t.Use():
                return item.layer != "identity"
            case t.When():
                return False
            case t.Residual():
                return item.condition is None and all(map(self.is_settled, item.items))
            case t.JoinOf():
                return all(self.is_settled(one) for branch in item.branches for one in branch)
            case t.Group() | t.Loop():
                return all(map(self.is_settled, item.items))
            case t.Labelled() | t.Repeat():
                return self.is_settled(item.item)
            case t.BlockUse():
                return all(map(self.is_settled, self.run.blocks[item.block].items))
            case t.Reuse():
                return True

    def inside(
        self, x: Tensor, depth: int, labels: dict[str, Tensor], names: dict[str, int], loose: bool
    ) -> tuple[t.Item, ...]:
        # drawn on a copy: the labels are given when the whole item runs
        items, _ = self.items(x, depth + 1, dict(labels), names, loose)
        return items or (t.Use("identity", (), ()),)

    def branch(
        self, x: Tensor, depth: int, labels: dict[str, Tensor], names: dict[str, int], loose: bool
    ) -> tuple[t.Item, ...]:
        """A branch of a join, which often keeps the shape."""
        random = self.random
        if random.random() < 0.3:
            return tuple(t.Use(random.choice(SAME_SHAPE), (), ()) for _ in range(random.randint(1, 2)))
        if random.random() < 0.4 and x.dim() >= 3:
            formula = t.Formula("C", lambda shape, names: shape[0])
            arguments = (("out", formula), ("kernel_size", 3), ("padding", 1))
            return (t.Use("conv", arguments, ("C", "k3", "p1")),)
        return self.inside(x, depth, labels, names, loose)

    def block_use(self, x: Tensor, depth: int) -> t.BlockUse:
        random = self.random
        if not self.blocks or random.random() < 0.6:
            names = {"c": random.choice((2, 4, 6)), "s": random.choice((1, 2))}
            inner = Drawer(random)
            inner.left, inner.blocks, inner.run = 4, self.blocks, self.run
            items, _ = inner.items(x, max(depth, 1), {}, names, True)
            name = f"block_{len(self.blocks)}"
            self.blocks.append(t.Block(name, (("c", None), ("s", 1)), items or (t.Use("relu", (), ()),)))
            self.run.blocks[name] = self.blocks[-1]
        block = random.choice(self.blocks)
        c, s = random.choice((2, 4, 6)), random.choice((None, 1, 2))
        first = random.choice((str(c), f"c={c}", f"c{c}"))
        second = () if s is None else (random.choice((f"s={s}", f"s{s}")),)
        given = (("c", c), *((("s", s),) if s is not None else ()))
        return t.BlockUse(block.name, given, (first, *second))

    def use(self, x: Tensor, names: dict[str, int]) -> t.Use:
        random = self.random
        every = layers()
        shape = tuple(x.shape[1:])
        fitting = [layer for layer in every if layer.ranks is None or len(shape) - 1 in layer.ranks]
        layer = random.choice(every if random.random() < 0.03 else fitting)
        if random.random() < 0.5:
            wanted = random.choice(COMMON)
            layer = next((one for one in fitting if one.name == wanted), layer)
        # a layer of another rank gets arguments that would fit a value of its own
        arriving = Value(shape) if layer in fitting else draw_value(layer, random)
        given = draw_arguments(layer, arriving, random)
        if random.random() < 0.5:
            given = {name: value for name, value in given.items() if layer.argument(name).required}
        return self.written(layer, given, names)

    def written(self, layer: Layer, given: dict[str, Any], names: dict[str, int]) -> t.Use:
        """The arguments in one of the notations that the language has for each."""
        random = self.random
        arguments: list[tuple[str, Any]] = []
        words: list[str] = []
        in_order = True
        for argument in layer.arguments:
            if argument.name not in given:
                in_order = False
                continue
            value = given[argument.name]
            if value is None:
                # the default of arguments that PyTorch leaves open; no notation writes it
                in_order = False
                continue
            if argument.name in ("out", "mult") and random.random() < 0.2:
                value = random.choice(formulas(names))
            arguments.append((argument.name, value))
            text = value.text if isinstance(value, t.Formula) else describe_value(value)
            if isinstance(value, float):
                text = repr(value)
            numbers = value if isinstance(value, tuple) else (value,)
            flat = all(type(number) is int and number >= 0 for number in numbers)
            if argument.variadic and in_order and random.random() < 0.5:
                words.extend(f"({n})" if isinstance(n, int) and n < 0 else describe_value(n) for n in numbers)
            elif argument.positional and in_order and random.random() < 0.5:
                words.append(f"({text})" if text.startswith("-") else text)
            elif argument.switch is not None and value == argument.switch[1] and random.random() < 0.7:
                words.append(argument.switch[0])
                in_order = False
            elif argument.flag and flat and random.random() < 0.7:
                words.append(argument.flag + "x".join(map(str, numbers)))
                in_order = False
            else:
                words.append(f"{random.choice(argument.keywords)}={text}")
                in_order = False
        return t.Use(layer.name, tuple(arguments), tuple(words))


def formulas(names: dict[str, int]) -> list[t.Formula]:
    """Expressions that may stand where a whole number is wanted."""
    found = [
        t.Formula("C", lambda shape, names: shape[0]),
        t.Formula("C*2", lambda shape, names: shape[0] * 2),
        t.Formula("(C + 1) // 2", lambda shape, names: (shape[0] + 1) // 2),
        t.Formula("max(C, 4)", lambda shape, names: max(shape[0], 4)),
        t.Formula("2 if C > 3 else 4", lambda shape, names: 2 if shape[0] > 3 else 4),
    ]
    return found + [t.Formula(name, partial(bound, name)) for name in sorted(names)]


def bound(name: str, shape: Sequence[int], names: dict[str, int]) -> int:
    """What a bound name comes to."""
    return names[name]


def draw_spec(
    random: Random,
) -> tuple[t.Spec, tuple[int, ...] | None, Sequence[torch.nn.Module], t.Use | None]:
    """A spec, the shape that PyTorch gives (None where it refuses), its modules, and the refused layer."""
    rank = random.choice((0, 1, 2, 2, 2, 3))
    largest = {0: 0, 1: 16, 2: 12, 3: 6}[rank]
    channels = random.choice((1, 2, 3, 4, 8))
    shape = (channels, *(random.randint(1, largest) for _ in range(rank)))
    drawer = Drawer(random)
    x = torch.zeros(2, *shape)
    items, _ = drawer.items(x, 0, {}, {}, True)
    spec = t.Spec(shape, tuple(drawer.blocks), items)
    run = Interpreter(spec.blocks)
    try:
        result = run.items(items, x, {}, {})
    except TooBig:
        return draw_spec(random)
    except Refused:
        return spec, None, run.modules, run.last
    return spec, tuple(result.shape[1:]), run.modules, None
