"""Mistakes in a plugin's rules: each is blamed on the plugin, by the layer, the rule and the line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import cnndsl
from cnndsl.layers import Keeps, LayerError, Module, Raw, Step, Weight
from tests.cli.conftest import Run
from tests.cli.conftest import run as run  # the fixture
from tests.plugins.layer import TRIPLE, broken

SPEC = "input 4x8x8 -> triple 2 -> relu"


def raising(error: Exception) -> Callable[..., Any]:
    def rule(*values: Any) -> Any:
        raise error

    return rule


def giving(value: Any) -> Callable[..., Any]:
    return lambda *values: value


SHAPES: list[tuple[Any, str]] = [
    (
        raising(ZeroDivisionError("by nought")),
        r"stopped with ZeroDivisionError: by nought \(test_faults.py:\d+\)",
    ),
    (lambda x: x, r"stopped with TypeError: .*takes 1 positional argument but 2 were given"),
    (lambda x, args: x.hight, r"stopped with AttributeError: .*hight"),
    (giving(None), "gives None, not a tuple of whole numbers of 1 or more"),
    (giving([4, 8, 8]), r"gives \[4, 8, 8\], not a tuple"),
    (giving((4, 8.0, 8)), r"gives \(4, 8.0, 8\), not a tuple"),
    (giving((4, True, 8)), r"gives \(4, True, 8\), not a tuple"),
    (giving((-4, 8)), r"gives \(-4, 8\), not a tuple"),
    (giving((0, 8)), r"gives \(0, 8\), not a tuple"),
    (giving(()), r"gives \(\), not a tuple"),
    (
        raising(LayerError("no-such-rule", "no")),
        "refuses with the rule 'no-such-rule', which cnndsl does not have",
    ),
    (
        raising(LayerError("wrong-rank", "no", argument="size")),
        "blames the argument 'size', which the layer does not",
    ),
    (raising(LayerError("wrong-rank", "")), "refuses with '' in place of a message"),
]


@pytest.mark.parametrize(("rule", "said"), SHAPES)
def test_a_shape_rule_at_fault(rule: Any, said: str) -> None:
    broken(shape=rule)
    whole = f"^plugin broken_plugin: the rule `shape` of the layer triple .*{said}"
    with pytest.raises(cnndsl.PluginError, match=said) as caught:
        cnndsl.check(SPEC)
    assert "plugin broken_plugin: the rule `shape` of the layer triple" in str(caught.value), whole
    assert "on 4x8x8 with times=2 loud=0" in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"weights": giving(None)},
            "the rule `weights` of the layer triple gives None, not a tuple of Weight",
        ),
        ({"weights": giving((Weight("w", (4.0,)),))}, "whose shape no tuple of whole numbers"),
        ({"weights": giving((Weight("w", (4,)), Weight("w", (4,))))}, "gives two weights one name"),
        ({"weights": raising(KeyError("out"))}, "the rule `weights` .* stopped with KeyError: 'out'"),
        (
            {"macs": giving(-1)},
            "the rule `macs` of the layer triple gives -1, not a whole number of 0 or more",
        ),
        ({"macs": giving(1.5)}, "gives 1.5, not a whole number"),
    ],
)
def test_a_count_at_fault(changes: dict[str, Any], said: str) -> None:
    broken(**changes)
    with pytest.raises(cnndsl.PluginError, match=f"plugin broken_plugin: .*{said}"):
        cnndsl.check(SPEC)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"receptive": giving(3)},
            "`receptive` of the layer triple gives 3, not a tuple of Step, 'whole' or None",
        ),
        ({"receptive": giving((Step(3),))}, "gives 1 steps for the 2 axes"),
        ({"receptive": giving((Step(3), Step(0)))}, "whose numbers are not all whole and large enough"),
        ({"receptive": raising(IndexError())}, "stopped with IndexError"),
    ],
)
def test_a_receptive_field_at_fault(changes: dict[str, Any], said: str) -> None:
    broken(**changes)
    with pytest.raises(cnndsl.PluginError, match=said):
        cnndsl.show(SPEC)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"keeps": giving(3)}, "`keeps` of the layer triple gives 3, not a Keeps"),
        ({"keeps": giving(Keeps(numbers=-1))}, "whose numbers are not all whole and 0 or more"),
        ({"keeps": raising(IndexError())}, "`keeps` .*stopped with IndexError"),
    ],
)
def test_what_is_kept_at_fault(changes: dict[str, Any], said: str) -> None:
    broken(**changes)
    with pytest.raises(cnndsl.PluginError, match=said):
        cnndsl.check(SPEC).memory()


def test_a_formula_at_fault() -> None:
    broken(explain=giving(None))
    with pytest.raises(
        cnndsl.PluginError, match="the rule `explain` of the layer triple gives None, not a text"
    ):
        cnndsl.check("input 4x8x8 -> triple -> linear 3")


MODULES: list[tuple[Any, str]] = [
    (None, "gives None, not a Module"),
    (
        Module("Quadruple", helper=TRIPLE),
        "names the class 'Quadruple', which is not in `nn` and not in the helper",
    ),
    (Module("Triple"), "names the class 'Triple', which is not in"),
    (Module("Triple", helper="class Triple(:"), "gives a helper that is no Python source: line 1"),
    (Module("Triple", helper=3), "gives helper=3, not Python source"),  # type: ignore[arg-type]
    (Module("nn.ReLU", ("inplace",)), "not pairs of a name and a value"),  # type: ignore[arg-type]
    (Module("nn.ReLU", (), (("inplace", object()),)), "which cannot be written as source"),
    (
        Module("nn.Parameter", (("data", Raw("torch.ones(4)")),), apply="{x} * {self"),
        "not an expression with",
    ),
    (Module("nn.Parameter", (("data", Raw("torch.ones(4)")),), apply="{x}"), "not an expression with"),
]


@pytest.mark.parametrize(("module", "said"), MODULES)
def test_a_module_at_fault(module: Any, said: str) -> None:
    broken(module=giving(module))
    assert cnndsl.check(SPEC).ok
    for write in (cnndsl.to_python, cnndsl.compile):
        with pytest.raises(
            cnndsl.PluginError, match=f"broken_plugin: the rule `module` of the layer triple .*{said}"
        ):
            write(SPEC)


FORWARD = "class Triple(nn.Module):\n    def forward(self, x):\n        return {}\n"


@pytest.mark.parametrize(
    ("module", "said"),
    [
        (Module("nn.NoSuchLayer"), "stopped with AttributeError: .*NoSuchLayer"),
        (Module("nn.ReLU", (), (("slope", 1),)), "stopped with TypeError: .*slope.?$"),
        (Module("nn.ReLU"), "gives 4x8x8, its rule `shape` says 8x8x8"),
        (
            Module("Triple", helper=FORWARD.format("x.nothing")),
            r"stopped with AttributeError: .*nothing.* \(in Triple.forward\)",
        ),
        (Module("Triple", helper=FORWARD.format("[x, x]")), "gives a list, not a tensor"),
        (Module("Triple", helper=FORWARD.format("1/0")), "stopped with ZeroDivisionError"),
        (
            Module("nn.Conv2d", (("i", 4), ("o", 8), ("k", 1))),
            "has for bias 8, its rule `weights` says nothing",
        ),
    ],
)
def test_what_a_module_does_is_held_against_the_rules(module: Module, said: str) -> None:
    broken(module=giving(module))
    for spec in (SPEC, "input 4x8x8 -> residual { a: [triple 2 -> conv 4 k1] }"):
        with pytest.raises(
            cnndsl.PluginError, match=f"plugin broken_plugin: the module of `triple 2` on 4x8x8 .*{said}"
        ):
            cnndsl.compile(spec)


def test_a_weight_that_is_not_what_the_rule_says() -> None:
    broken(
        shape=giving((8, 8, 8)),
        weights=giving((Weight("weight", (8, 4, 1, 1)), Weight("bias", (8,), trainable=False))),
        module=giving(Module("nn.Conv2d", (("i", 4), ("o", 8), ("k", 1)))),
    )
    with pytest.raises(cnndsl.PluginError, match="has for bias 8, its rule `weights` says 8 as a buffer"):
        cnndsl.compile(SPEC)


def test_a_bare_parameter_and_pytorchs_own_class_are_right() -> None:
    code = Raw("torch.ones(4, 1, 1)")
    broken(
        shape=lambda x, args: x.shape,
        weights=giving((Weight("", (4, 1, 1)),)),
        module=giving(Module("nn.Parameter", (("data", code),), apply="{x} * {self}")),
    )
    assert len(list(cnndsl.compile(SPEC).parameters())) == 1


def test_two_helpers_of_one_name() -> None:
    droppath = Module(
        "DropPath", helper=TRIPLE.replace("Triple", "DropPath").replace("times: int", "times: int = 2")
    )
    broken(module=giving(droppath))
    for spec in ("input 4 -> droppath 0.1 -> triple 2", "input 4 -> triple 2 -> droppath 0.1"):
        with pytest.raises(
            cnndsl.PluginError, match="broken_plugin: two helpers with different sources are called DropPath"
        ):
            cnndsl.to_python(spec)


COMMANDS = [
    ["check"],
    ["check", "--format", "json"],
    ["show"],
    ["draw", "-o", "net.dot"],
    ["build"],
    ["train"],
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_blames_the_plugin(
    command: list[str], run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    broken(shape=raising(ZeroDivisionError("by nought")))
    result = run(*command, "-e", SPEC)
    assert result.status == 2
    assert result.err.startswith(
        "cnndsl: plugin broken_plugin: the rule `shape` of the layer triple, on 4x8x8 with"
    )
    assert "defect" not in result.err
    assert "Traceback" not in result.err
    assert "in rule\n    raise error" in run(*command, "-e", SPEC, "--traceback").err


def test_other_specs_are_checked_all_the_same(run: Run) -> None:
    broken(shape=giving(None))
    result = run("check", "-e", SPEC, "-e", "input 8 -> linear 2")
    assert result.status == 2
    assert result.out == ("<text>: ok, 18 parameters, 16 multiply-adds\n2 files: 1 ok, 1 not checked\n")
