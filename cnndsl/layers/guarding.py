"""Guards around a plugin's rules: what they raise and what they give is never taken for cnndsl's own.

A guarded layer is the same declaration with each rule wrapped. Built-in layers are not guarded: the
test-suite holds them against PyTorch.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

from cnndsl.diagnostics import RULES, PluginError
from cnndsl.dims import NotExact, OpenSize, Shape, Value
from cnndsl.layers.declaration import Args, Argument, Keeps, Layer, LayerError, Module, Raw, Step, Weight
from cnndsl.layers.kinds import Invalid, Kind, describe_value

__all__ = ["fault", "guarded"]

PACKAGE = Path(__file__).parent.parent

# Raises what is wrong with the value that a rule gave.
Check = Callable[[Any, Value], None]


class Broken(Exception):
    """What a rule gave is not what it has to give."""


def guarded(layer: Layer, plugin: str) -> Layer:
    """The layer as a layer of the plugin, whose mistakes are blamed on it."""
    guard = Guard(layer, plugin)
    return replace(
        layer,
        plugin=plugin,
        arguments=tuple(guard.argument(argument) for argument in layer.arguments),
        shape=guard.shape,
        weights=guard.weights,
        macs=guard.macs,
        module=guard.module,
        receptive=guard.receptive,
        keeps=guard.keeps if callable(layer.keeps) else layer.keeps,
        explain=None if layer.explain is None else guard.explain,
    )


def fault(plugin: str, what: str, error: BaseException | None = None) -> PluginError:
    """The exception that blames the plugin; `error` is what its code raised, said with its place."""
    if error is not None:
        text = " ".join(str(error).split())
        place = _place(error)
        what += f" stopped with {type(error).__name__}" + (f": {text[:300]}" if text else "")
        what += f" ({place})" if place else ""
    made = PluginError(f"plugin {plugin}: {what}")
    made.__cause__ = error
    return made


def _place(error: BaseException) -> str:
    """The last place of the plugin's that the error went through: `file.py:12`, or a helper's method."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{Path(error.filename).name}:{error.lineno}"
    found, trace = "", error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        file = Path(code.co_filename)
        if code.co_filename.startswith("<cnndsl.generated"):
            found = f"in {code.co_qualname}"
        elif (
            not code.co_filename.startswith("<") and PACKAGE not in file.parents and "torch" not in file.parts
        ):
            found = f"{file.name}:{trace.tb_lineno}"
        trace = trace.tb_next
    return found


class Guard(NamedTuple):
    """The rules of one layer of a plugin, each called and its result looked at."""

    layer: Layer
    plugin: str

    def call(self, rule: str, run: Callable[[], Any], check: Check, x: Value, args: Args) -> Any:
        """What the rule gives; PluginError where it raises or gives something else than it should."""
        what = f"the rule `{rule}` of the layer {self.layer.name}"
        where = f", on {x}" + _written(args)
        try:
            result = run()
            check(result, x)
        except (LayerError, PluginError, NotExact):
            raise
        except Broken as broken:
            raise fault(self.plugin, f"{what} {broken}{where}") from None
        except Exception as error:
            raise fault(self.plugin, what + where, error) from error
        return result

    def shape(self, x: Value, args: Args) -> Shape:
        def run() -> Shape:
            try:
                return self.layer.shape(x, args)
            except LayerError as refusal:
                _check_refusal(refusal, self.layer)
                raise

        shape: Shape = self.call("shape", run, _check_shape, x, args)
        return shape

    def weights(self, x: Value, args: Args) -> tuple[Weight, ...]:
        found: tuple[Weight, ...] = self.call(
            "weights", lambda: self.layer.weights(x, args), _check_weights, x, args
        )
        return found

    def macs(self, x: Value, args: Args, output: Shape) -> int:
        count: int = self.call("macs", lambda: self.layer.macs(x, args, output), _check_macs, x, args)
        return count

    def module(self, x: Value, args: Args, output: Shape) -> Module:
        module: Module = self.call(
            "module", lambda: self.layer.module(x, args, output), _check_module, x, args
        )
        return module

    def receptive(self, x: Value, args: Args) -> tuple[Step, ...] | Literal["whole"] | None:
        steps: tuple[Step, ...] | Literal["whole"] | None = self.call(
            "receptive", lambda: self.layer.receptive(x, args), _check_steps, x, args
        )
        return steps

    def keeps(self, x: Value, args: Args, output: Shape) -> Keeps:
        keeps = self.layer.keeps
        assert callable(keeps), "guarded only where it is a rule"
        kept: Keeps = self.call("keeps", lambda: keeps(x, args, output), _check_keeps, x, args)
        return kept

    def explain(self, x: Value, args: Args, output: Shape) -> str:
        explain = self.layer.explain
        assert explain is not None, "guarded only where there is one"
        text: str = self.call("explain", lambda: explain(x, args, output), _check_text, x, args)
        return text

    def argument(self, argument: Argument) -> Argument:
        """The argument, its type guarded where that is not one of cnndsl's."""
        if type(argument.kind).__module__ == Kind.__module__:
            return argument
        what = f"the kind of the argument {argument.name} of the layer {self.layer.name}"
        return replace(argument, kind=GuardedKind(argument.kind, self.plugin, what))


class GuardedKind(Kind):
    """A plugin's own type of argument."""

    __slots__ = ("kind", "plugin", "what")

    def __init__(self, kind: Kind, plugin: str, what: str) -> None:
        self.kind = kind
        self.plugin = plugin
        self.what = what

    @property
    def words(self) -> frozenset[str]:
        return self.kind.words

    @property
    def expected(self) -> str:
        return self.kind.expected

    def accept(self, value: Any, rank: int) -> Any:
        try:
            return self.kind.accept(value, rank)
        except Invalid as invalid:
            if invalid.rule not in RULES:
                raise fault(
                    self.plugin, f"{self.what} refuses with the unknown rule {invalid.rule!r}"
                ) from None
            raise
        except Exception as error:
            raise fault(self.plugin, f"{self.what}, on {describe_value(value)},", error) from error


def _written(args: Args) -> str:
    """The arguments of a use: ` with out=16 kernel_size=(3, 3)`."""
    listed = " ".join(f"{name}={describe_value(value)}" for name, value in args.items())
    return f" with {listed}" if listed else ""


def _is_whole(value: Any, minimum: int) -> bool:
    if isinstance(value, OpenSize):
        # What an open size comes to is looked at for one size, where the rule is run on numbers.
        return True
    return isinstance(value, int) and not isinstance(value, bool) and value >= minimum


def _check_refusal(refusal: LayerError, layer: Layer) -> None:
    """The rule must be one that is documented, and the argument one that the layer has."""
    names = [argument.name for argument in layer.arguments]
    if refusal.rule not in RULES:
        raise Broken(f"refuses with the rule {refusal.rule!r}, which cnndsl does not have")
    if refusal.argument is not None and refusal.argument not in names:
        raise Broken(f"blames the argument {refusal.argument!r}, which the layer does not have")
    texts = (refusal.message, refusal.label, *refusal.help)
    if not refusal.message or not all(isinstance(text, str) for text in texts):
        raise Broken(f"refuses with {refusal.message!r} in place of a message")


def _check_shape(shape: Any, x: Value) -> None:
    if not isinstance(shape, tuple) or not shape or not all(_is_whole(size, 1) for size in shape):
        raise Broken(f"gives {shape!r}, not a tuple of whole numbers of 1 or more")


def _check_weights(weights: Any, x: Value) -> None:
    if not isinstance(weights, tuple) or not all(isinstance(weight, Weight) for weight in weights):
        raise Broken(f"gives {weights!r}, not a tuple of Weight")
    for weight in weights:
        sizes = isinstance(weight.shape, tuple) and all(_is_whole(size, 0) for size in weight.shape)
        if not isinstance(weight.name, str) or not sizes:
            raise Broken(f"gives {weight!r}, whose name is no text or whose shape no tuple of whole numbers")
    if len({weight.name for weight in weights}) < len(weights):
        raise Broken("gives two weights one name")


def _check_macs(count: Any, x: Value) -> None:
    if not _is_whole(count, 0):
        raise Broken(f"gives {count!r}, not a whole number of 0 or more")


def _check_steps(steps: Any, x: Value) -> None:
    if steps is None or steps == "whole":
        return
    if not isinstance(steps, tuple) or not all(isinstance(step, Step) for step in steps):
        raise Broken(f"gives {steps!r}, not a tuple of Step, 'whole' or None")
    if len(steps) != x.rank:
        raise Broken(f"gives {len(steps)} steps for the {x.rank} axes behind the channels")
    for step in steps:
        numbers = (step.kernel, step.stride, step.dilation)
        if not all(_is_whole(number, 1) for number in numbers) or not _is_whole(step.padding, 0):
            raise Broken(f"gives {step!r}, whose numbers are not all whole and large enough")


def _check_keeps(kept: Any, x: Value) -> None:
    if not isinstance(kept, Keeps):
        raise Broken(f"gives {kept!r}, not a Keeps")
    if not all(_is_whole(count, 0) for count in (*kept[2:6],)):
        raise Broken(f"gives {kept!r}, whose numbers are not all whole and 0 or more")


def _check_text(text: Any, x: Value) -> None:
    if not isinstance(text, str):
        raise Broken(f"gives {text!r}, not a text")


def _check_module(module: Any, x: Value) -> None:
    if not isinstance(module, Module):
        raise Broken(f"gives {module!r}, not a Module")
    for name, value in (*_pairs(module.positional), *_pairs(module.keywords)):
        if not isinstance(name, str) or not _is_literal(value):
            raise Broken(
                f"gives the argument {name!r} the value {value!r}, which cannot be written as source"
            )
    if module.apply:
        _check_apply(module)
    if isinstance(module.name, str) and module.name.startswith("nn."):
        return
    if module.name not in _classes(module.helper):
        raise Broken(f"names the class {module.name!r}, which is not in `nn` and not in the helper's source")


def _pairs(pairs: Any) -> tuple[tuple[Any, Any], ...]:
    whole = isinstance(pairs, (tuple, list))
    if not whole or not all(isinstance(pair, tuple) and len(pair) == 2 for pair in pairs):
        raise Broken(f"gives the arguments {pairs!r}, not pairs of a name and a value")
    return tuple(pairs)


def _is_literal(value: Any) -> bool:
    if isinstance(value, (tuple, list)):
        return all(map(_is_literal, value))
    return isinstance(value, (Raw, OpenSize)) or type(value) in (int, float, bool, str, type(None))


def _check_apply(module: Module) -> None:
    names: Mapping[str, str] = {"x": "x", "self": "self.weight"}
    try:
        code = module.apply.format(**names)
        ast.parse(code, mode="eval")
    except (LookupError, ValueError, SyntaxError):
        code = ""
    if "{x}" not in module.apply or "{self}" not in module.apply or not code:
        raise Broken(f"gives apply={module.apply!r}, not an expression with {{x}} and {{self}}")


@lru_cache(maxsize=256)
def _classes(helper: Any) -> frozenset[str]:
    """The classes that a helper's source defines."""
    if not isinstance(helper, str):
        raise Broken(f"gives helper={helper!r}, not Python source")
    try:
        body = ast.parse(helper).body
    except SyntaxError as error:
        raise Broken(f"gives a helper that is no Python source: line {error.lineno}, {error.msg}") from None
    return frozenset(statement.name for statement in body if isinstance(statement, ast.ClassDef))
