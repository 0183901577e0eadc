"""Layers of one's own: what they have in common with built-in ones, and how a gap in them is refused."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

import cnndsl
from cnndsl.layers import (
    Argument,
    Example,
    Invalid,
    Kind,
    Real,
    Reject,
    SameAs,
    Whole,
    find,
    layers,
    load_plugins,
    register,
    unregister,
)
from cnndsl.layers.vetting import vet
from tests.cli.conftest import Run
from tests.cli.conftest import run as run  # the fixture
from tests.plugins.layer import LAYER, broken

SPEC = "input 3x8x8 -> conv 4 k3 -> triple t2 -> branch: [triple -> relu] -> gap -> flatten -> linear 5"


def first(spec: str) -> str:
    """Rule, message and help of the first mistake."""
    diagnostic = cnndsl.check(spec).diagnostics[0]
    return "; ".join((f"[{diagnostic.rule}] {diagnostic.message}", *diagnostic.help))


def test_a_layer_of_ones_own_has_what_a_built_in_one_has() -> None:
    register(LAYER)
    report = cnndsl.check(SPEC)
    assert report.ok
    assert [str(node.output) for node in report.graph.nodes[2:4]] == ["8x6x6", "24x6x6"]
    described = json.loads(json.dumps(report.to_json()))["layers"]
    assert described[1]["op"] == "triple"
    assert described[1]["args"] == {"times": 2}
    assert "1         triple t2" in cnndsl.show(SPEC) or "triple 2" in cnndsl.show(SPEC)
    assert "triple" in cnndsl.draw(SPEC).source
    assert found_layer("triple").plugin == __name__


def found_layer(word: str) -> Any:
    found = find(word)
    assert found is not None
    return found.layer


@pytest.mark.parametrize(
    ("use", "said"),
    [
        ("tripel 2", "[unknown-layer] there is no layer or block `tripel`; did you mean `triple`?"),
        ("Triple 2", "[unknown-layer] there is no layer or block `Triple`; did you mean `triple`?"),
        ("triple 0", "[invalid-argument] times: expected a whole number of 1 or more, got 0"),
        ("triple time=2", "[unknown-argument] `triple` has no argument `time`; did you mean `times`?"),
        ("triple laud", "[unknown-argument] `triple` has no argument `laud`; did you mean `loud`?"),
        ("triple s2", "[unknown-argument] `triple` has no flag `s`; its flags are `t` (times)"),
        ("triple 1 2", "[too-many-arguments] `triple` takes at most 1: `times`; take it out, or name the "
                       "argument that is meant"),
        ("conv 13 k3 -> triple 2", "[not-divisible] 13 channels bring bad luck"),
    ],
)  # fmt: skip
def test_its_arguments_are_checked(use: str, said: str) -> None:
    register(LAYER)
    assert first(f"input 3x8x8 -> {use}") == said


def test_its_flags_reserve_no_names() -> None:
    spec = "input 3x8x8\nlet t5 = 5\nlet k = 1\nconv t5 k3 -> {use}"
    assert cnndsl.check(spec.format(use="relu")).ok
    register(LAYER)
    assert cnndsl.check(spec.format(use="triple")).ok
    assert first(spec.format(use="triple t5")) == (
        "[ambiguous-argument] `t5` is a value's name and reads as the flag `t` too; write `t=5` or `(t5)`"
    )
    for use, shape in (("triple t=5", "25x6x6"), ("triple (t5)", "25x6x6"), ("triple t4", "20x6x6")):
        assert str(cnndsl.check(spec.format(use=use)).graph.nodes[-1].output) == shape


def test_the_module_and_the_source_need_no_plugin(tmp_path: Path) -> None:
    register(LAYER)
    model = cnndsl.compile(SPEC).eval()
    x = torch.randn(2, 3, 8, 8)
    expected = model(x)
    assert expected.shape == (2, 5)
    (tmp_path / "net.py").write_text(cnndsl.to_python(SPEC))
    (tmp_path / "net.pickle").write_bytes(pickle.dumps(model))
    torch.save((x, expected), tmp_path / "data.pt")
    unregister("triple")
    code = (
        "import pickle, torch, net\n"
        "x, expected = torch.load('data.pt')\n"
        "model = pickle.load(open('net.pickle', 'rb'))\n"
        "assert torch.equal(model(x), expected)\n"
        "other = net.Model()\n"
        "other.load_state_dict(model.state_dict())\n"
        "assert torch.equal(other.eval()(x), expected)\n"
        "import cnndsl.layers; assert cnndsl.layers.find('triple') is None\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)


def test_registering_draws_no_random_numbers() -> None:
    register(LAYER)
    weights = []
    for spec in ("input 8 -> linear 3 -> relu", "input 8 -> linear 3 -> triple"):
        torch.manual_seed(0)
        weights.append(next(cnndsl.compile(spec).parameters()))
    assert torch.equal(*weights)


def test_the_page_of_a_plugins_layer(run: Run) -> None:
    register(LAYER, plugin="my_layers")
    assert "plugin   my_layers" in run("layers", "triple").out
    assert "repeating\n  triple " in run("layers").out
    assert (
        "| `times` | `tN`, `repeats=` | a whole number of 1 or more |"
        in run("layers", "triple", "--markdown").out
    )


def test_a_name_that_is_taken() -> None:
    register(LAYER, plugin="first")
    with pytest.raises(
        ValueError, match="layer triple: `triple` already means the layer triple of the plugin first"
    ):
        register(LAYER, plugin="second")
    for change, said in (
        ({"name": "conv", "examples": (Example("conv", "4", "8"),)}, "`conv` already means the layer conv"),
        ({"aliases": ("add",)}, "`add` is a join already"),
        ({"aliases": ("Linear",)}, "`Linear` already means the layer linear of cnndsl itself"),
        ({"pytorch": "nn.Conv{rank}d", "ranks": {2}}, "`Conv2d` already means the layer conv"),
    ):  # fmt: skip
        unregister("triple")
        with pytest.raises(ValueError, match=said):
            broken(**change)
        register(LAYER)


def test_a_layer_is_replaced_when_asked() -> None:
    register(LAYER)
    changed = replace(LAYER, aliases=("thrice",), shape=lambda x, args: (1,))
    register(changed, replace=True)
    assert [layer.name for layer in layers() if layer.plugin] == ["triple"]
    assert cnndsl.check("input 4x8x8 -> thrice").graph.nodes[-1].output_shape == (1,)
    with pytest.raises(ValueError, match="`relu` already means"):
        register(replace(LAYER, aliases=("relu",)), replace=True)
    assert find("thrice") is not None, "what was registered before stays"
    unregister("triple")
    assert find("triple") is None
    assert find("thrice") is None


@pytest.mark.parametrize("name", ["conv", "triple", ""])
def test_only_registered_layers_go(name: str) -> None:
    with pytest.raises(KeyError):
        unregister(name)


@pytest.mark.parametrize("layer", layers(), ids=lambda layer: layer.name)
def test_a_built_in_layer_could_be_registered(layer: Any) -> None:
    vet(layer)


class Odd(Kind):
    """A type of one's own."""

    @property
    def expected(self) -> str:
        return "an odd number"

    def accept(self, value: Any, rank: int) -> Any:
        if value % 2:
            return value
        raise Invalid(f"expected {self.expected}, got {value}")


def test_an_argument_may_have_a_type_of_its_own() -> None:
    broken(arguments=(Argument("times", Odd(), "how often", default=3),))
    assert cnndsl.check("input 4 -> triple 5").ok
    assert first("input 4 -> triple 4") == "[invalid-argument] times: expected an odd number, got 4"
    with pytest.raises(
        cnndsl.PluginError, match=r"broken_plugin: the kind of the argument times of the layer tr"
    ):
        cnndsl.check('input 4 -> triple "no"')


TIMES = LAYER.arguments[0]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"name": ""}, "a layer's name is a word such as maxout, not ''"),
        ({"name": "two words"}, "a layer's name is a word"),
        ({"name": "residual"}, "layer residual: `residual` is a word of the language"),
        ({"aliases": ("x",)}, "layer triple: `x` is a word of the language"),
        ({"aliases": ("3d",)}, "the alias '3d' is no word"),
        ({"summary": ""}, "its summary is a text that says something"),
        ({"formula": None}, "its formula is a text that says something, not None"),
        ({"shape": (3,)}, "its shape is a function, not"),
        ({"explain": "no"}, "its explain is a function or None, not 'no'"),
        ({"keeps": "input"}, "its keeps is a Keeps or a function that gives one, not 'input'"),
        ({"layout": "channels_last"}, "its layout is one of channels_first, plain, same"),
        ({"ranks": {4}}, "its ranks are some of 0, 1, 2 and 3"),
        ({"ranks": frozenset()}, "its ranks are some of 0, 1, 2 and 3"),
        ({"pytorch": "nn.Triple{rank}d"}, r"its pytorch has a \{rank\}, so its ranks have to be given"),
        ({"examples": ()}, "it has no examples"),
        ({"examples": ("triple",)}, "its examples are of the class Example, not 'triple'"),
        ({"examples": (Example("relu", "4", "4"),)}, "the example `relu` is of another layer"),
        ({"rejects": (Reject("relu", "4", "wrong-rank"),)}, "the reject `relu` is of another layer"),
        ({"arguments": ("times",)}, "its arguments are of the class Argument, not 'times'"),
        ({"arguments": (replace(TIMES, name="no word"),)}, "'no word' is no word"),
        ({"arguments": (replace(TIMES, name="if"),)}, "argument if: `if` is a word of the language"),
        ({"arguments": (replace(TIMES, kind=Whole),)}, r"its kind is a Kind .*, write Whole\(\)"),
        ({"arguments": (replace(TIMES, doc=""),)}, "its doc is a few words"),
        ({"arguments": (replace(TIMES, flag="t2"),)}, "a flag is letters alone, not 't2'"),
        ({"arguments": (TIMES, replace(TIMES, name="again"))}, "`repeats` already stands for"),
        ({"arguments": (replace(TIMES, default=0),)}, "its default 0 is none of its values: exp"),
        ({"arguments": (replace(TIMES, switch=("none", 0)),)}, "its switch 0 is none of its values"),
        ({"arguments": (replace(TIMES, default=SameAs("size")),)}, "its default is that of size, which"),
        ({"arguments": (replace(TIMES, variadic=True), Argument("b", Real(), "b"))}, "so none can follow it"),
    ],
)  # fmt: skip
def test_a_gap_in_a_declaration_is_refused(changes: dict[str, Any], said: str) -> None:
    before = layers()
    with pytest.raises(ValueError, match=said):
        broken(**changes)
    assert layers() == before


def test_what_is_no_layer_is_refused() -> None:
    with pytest.raises(TypeError, match="expected a Layer, got 'conv'"):
        register("conv")  # type: ignore[arg-type]
    with pytest.raises(cnndsl.PluginError):
        load_plugins("tests.plugins.no_such_module")
