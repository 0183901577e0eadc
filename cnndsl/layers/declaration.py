"""What a layer is: one declaration that everything else reads.

The checker calls the shape rule, the backends print the constructor, the documentation and the tests
read the arguments, examples and rejects. Shape rules use only `+ - * //` and comparisons on sizes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any, Literal, NamedTuple

from cnndsl.dims import Shape, Value
from cnndsl.layers.kinds import Kind

__all__ = [
    "INPUT",
    "INPUT_KEPT",
    "NOTHING",
    "OUTPUT_KEPT",
    "REQUIRED",
    "VIEW",
    "Args",
    "Argument",
    "Default",
    "Example",
    "Join",
    "Keeps",
    "Layer",
    "LayerError",
    "Module",
    "Operation",
    "Raw",
    "Reject",
    "SameAs",
    "Step",
    "Weight",
    "no_macs",
    "no_weights",
]

Args = Mapping[str, Any]
Layout = Literal["channels_first", "plain", "same"]


class LayerError(Exception):
    """Raised by a shape rule: the arriving value and the arguments do not go together.

    `argument` is the canonical name of the guilty argument, None where the arriving value itself is
    at fault. `message` suffices alone, `label` is the few words to stand under the marked text.
    """

    def __init__(
        self,
        rule: str,
        message: str,
        *,
        argument: str | None = None,
        label: str = "",
        help: Sequence[str] = (),
    ) -> None:
        super().__init__(message)
        self.rule = rule
        self.message = message
        self.argument = argument
        self.label = label
        self.help = tuple(help)


class Default(NamedTuple):
    """Marks an argument without a default of its own."""

    text: str


class SameAs(NamedTuple):
    """The default is the value of another argument: a pool's stride is its window."""

    argument: str


REQUIRED = Default("required")


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Argument:
    """One argument of a layer.

    `name` is PyTorch's keyword where PyTorch has one. `flag` are the letters of the short form
    (`k3`), which are a keyword too (`k=3`). `switch` maps a bare word to the value it stands for.
    The order of a layer's positional arguments is the order of PyTorch's signature.
    """

    name: str
    kind: Kind
    doc: str
    default: Any = REQUIRED
    flag: str = ""
    aliases: tuple[str, ...] = ()
    switch: tuple[str, Any] | None = None
    positional: bool = True
    variadic: bool = False

    @property
    def required(self) -> bool:
        """Whether a use of the layer must give the argument."""
        return self.default is REQUIRED

    @property
    def keywords(self) -> tuple[str, ...]:
        """Every word that may stand before `=`."""
        return (self.name, *self.aliases, *((self.flag,) if self.flag else ()))


class Weight(NamedTuple):
    """A tensor that a module keeps, by its name in the module; not trainable: a buffer.

    The name is empty where the tensor stands directly under the layer's own name (`scale`).
    """

    name: str
    shape: Shape
    trainable: bool = True

    @property
    def size(self) -> int:
        """How many numbers it holds; a scalar holds one."""
        return prod(self.shape)


class Step(NamedTuple):
    """How far one axis of a layer sees: a window of `kernel` taps, `dilation` apart.

    A transposed convolution (`transposed`) sees through its kernel backwards.
    """

    kernel: int
    stride: int = 1
    padding: int = 0
    dilation: int = 1
    transposed: bool = False


class Keeps(NamedTuple):
    """What PyTorch keeps in memory for one use of a layer, but for its weights.

    Autograd saves values until the backward pass: the arriving value (`input`) and the given one (`output`),
    which cost nothing where a neighbour saves them too, and `numbers` and `positions` (whole numbers of 8
    bytes) of every sample besides, and `statistics`, numbers that the batch has in common.
    `running` are numbers a sample that are there while the layer runs in evaluation, and not after.
    `view`: whether the given value is the arriving one seen in another way, with no memory of its own.
    """

    input: bool = False
    output: bool = False
    numbers: int = 0
    positions: int = 0
    statistics: int = 0
    running: int = 0
    view: Literal["never", "in evaluation", "always"] = "never"


NOTHING = Keeps()
INPUT_KEPT = Keeps(input=True)
OUTPUT_KEPT = Keeps(output=True)
VIEW = Keeps(view="always")


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Raw:
    """Python code in the place of a value, printed as it stands; it may use `torch` and `nn`."""

    code: str


@dataclass(frozen=True, slots=True)
class Module:
    """A PyTorch constructor as data: class, positional values by PyTorch's names, keywords.

    `name` is `nn.Conv2d`, or a class that `helper` defines, where PyTorch has none; `helper` is Python
    source that needs `torch` and `nn` only. Keywords that equal PyTorch's defaults are left out.
    `apply` is how it is used, with `{x}` for the arriving value and `{self}` for what was made, where a
    plain call `{self}({x})` will not do: a bare `nn.Parameter`, a module that takes or gives more.
    """

    name: str
    positional: tuple[tuple[str, Any], ...] = ()
    keywords: tuple[tuple[str, Any], ...] = ()
    helper: str = ""
    apply: str = ""

    @property
    def is_parameter(self) -> bool:
        """Whether it is a bare `nn.Parameter`, which is no module."""
        return self.name == "nn.Parameter"

    @property
    def data(self) -> tuple[object, ...]:
        """What the constructor is called with, comparable: modules with the same data are alike."""

        def plain(pairs: tuple[tuple[str, object], ...]) -> tuple[tuple[str, object], ...]:
            return tuple((name, value.code if isinstance(value, Raw) else value) for name, value in pairs)

        return self.name, plain(self.positional), plain(self.keywords), self.apply


class Example(NamedTuple):
    """A use of a layer that is right, with the shapes before and after it."""

    use: str
    input: str
    output: str


class Reject(NamedTuple):
    """A use of a layer that is wrong, the rule that says so, and the argument to blame."""

    use: str
    input: str
    rule: str
    argument: str | None = None


def no_weights(x: Value, args: Args) -> tuple[Weight, ...]:
    """The weights of a layer that has none."""
    return ()


def no_macs(x: Value, args: Args, output: Shape) -> int:
    """The multiply-adds of a layer that is counted as free."""
    return 0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Operation:
    """Anything that a node of a graph can be: an input, a layer or a join."""

    name: str
    summary: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Layer(Operation):
    """The declaration of a layer.

    - `pytorch`: the class, `{rank}` standing for 1, 2 or 3; its names are aliases for that rank.
    - `ranks`: how many axes may stand behind the channels, None for any number.
    - `shape(x, args)`: the output shape, or LayerError.
    - `layout`: what the output is, "same" for what arrived.
    - `weights(x, args)`, `macs(x, args, output_shape)`, `module(x, args, output_shape)`.
    - `receptive(x, args)`: a `Step` an axis; "whole" where each output sees every pixel; None where
      the layer works on each position alone.
    - `keeps`: what it keeps in memory, the same for every use or a rule of (x, args, output_shape).
    - `explain(x, args, output_shape)`: the formula with its numbers, for "comes from here" notes.
    - `formula`: the same in general, for the reference.
    - `stricter`: where cnndsl refuses what PyTorch accepts, and why.
    - `plugin`: the module that registered it, which `register` fills in; empty for cnndsl's own.
    """

    family: str
    pytorch: str
    formula: str
    shape: Callable[[Value, Args], Shape]
    module: Callable[[Value, Args, Shape], Module]
    examples: tuple[Example, ...]
    aliases: tuple[str, ...] = ()
    arguments: tuple[Argument, ...] = ()
    ranks: frozenset[int] | None = None
    layout: Layout = "same"
    weights: Callable[[Value, Args], tuple[Weight, ...]] = no_weights
    macs: Callable[[Value, Args, Shape], int] = no_macs
    receptive: Callable[[Value, Args], tuple[Step, ...] | Literal["whole"] | None] = field(
        default=lambda x, args: None
    )
    keeps: Keeps | Callable[[Value, Args, Shape], Keeps] = INPUT_KEPT
    explain: Callable[[Value, Args, Shape], str] | None = None
    rejects: tuple[Reject, ...] = ()
    stricter: str = ""
    plugin: str = ""

    def argument(self, name: str) -> Argument:
        """The argument with this canonical name; KeyError where there is none."""
        for argument in self.arguments:
            if argument.name == name:
                return argument
        raise KeyError(name)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Join(Operation):
    """The declaration of a join.

    `shape(values)` gives the output shape or raises LayerError; `expression(names)` is the PyTorch
    expression on the names of the branches' values.
    """

    symbol: str
    shape: Callable[[Sequence[Value]], Shape]
    expression: Callable[[Sequence[str]], str]
    # Which branches autograd saves until the backward pass, each for the gradients of the others or for all.
    keeps: Literal["nothing", "others", "all"] = "nothing"
    examples: tuple[Example, ...] = ()
    rejects: tuple[Reject, ...] = ()


INPUT = Operation(name="input", summary="a value that the caller gives")
