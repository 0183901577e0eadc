"""Random specs against eager PyTorch, and the proof that the comparison catches planted faults.

More cases: `python -m tests.agreement --cases 20000 --seed 1`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import cnndsl.layers as registry
from cnndsl import syntax
from cnndsl.backends.source import forward
from cnndsl.elaborate import _Elaborator
from cnndsl.layers import Found
from cnndsl.layers.declaration import Layer
from tests.agreement.compare import Outcome, compare

SEED = 20261121


@pytest.mark.parametrize("part", range(4))
def test_checker_module_and_pytorch_agree(part: int) -> None:
    """300 specs a part; the case that fails is repeated with --seed and --case."""
    for case in range(part * 300, (part + 1) * 300):
        outcome = compare(Random(f"{SEED}.{case}"))
        assert outcome.word != "disagreement", (
            f"python -m tests.agreement --seed {SEED} --case {case}\n{outcome.detail}\n{outcome.text}"
        )


@settings(max_examples=100, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.randoms(use_true_random=False))
def test_hypothesis_finds_no_disagreement(random: Random) -> None:
    """The same drawing steered by hypothesis, which shrinks what it finds to the smallest spec."""
    outcome = compare(random)
    assert outcome.word != "disagreement", f"{outcome.detail}\n{outcome.text}"


def first_disagreement(cases: int) -> Outcome | None:
    for case in range(cases):
        outcome = compare(Random(f"{SEED}.{case}"))
        if outcome.word == "disagreement":
            return outcome
    return None


def plant(monkeypatch: pytest.MonkeyPatch, name: str, change: Callable[[Layer], Layer]) -> None:
    """Put a changed declaration in the place of a layer."""
    for word, found in list(registry._words.items()):
        if found.layer.name == name:
            monkeypatch.setitem(registry._words, word, Found(change(found.layer), found.ranks))


def forgetful(argument: str, neutral: Any) -> Callable[[Layer], Layer]:
    """A layer whose rules, the constructor's too, all forget the same argument."""

    def change(layer: Layer) -> Layer:
        def without(args: Any, x: Any) -> Any:
            return {**args, argument: (neutral,) * x.rank if isinstance(args[argument], tuple) else neutral}

        return replace(
            layer,
            shape=lambda x, args: layer.shape(x, without(args, x)),
            module=lambda x, args, output: layer.module(x, without(args, x), output),
        )

    return change


FAULTS: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    "a convolution forgets its dilation": lambda m: plant(m, "conv", forgetful("dilation", 1)),
    "a pool forgets its ceil mode": lambda m: plant(m, "maxpool", forgetful("ceil_mode", False)),
    "a pool's stride is 1": lambda m: plant(m, "avgpool", forgetful("stride", 1)),
    "a batch norm without a bias": lambda m: plant(
        m, "bn", lambda layer: replace(layer, weights=lambda x, args: layer.weights(x, args)[1:])
    ),
    "a join that adds unequal shapes": lambda m: m.setitem(
        registry._joins, "add", replace(registry._joins["add"], shape=lambda values: values[0].shape)
    ),
    "a maximum that is a minimum": lambda m: m.setitem(
        registry._joins,
        "max",
        replace(registry._joins["max"], expression=registry._joins["min"].expression),
    ),
    "a repeat that runs once more": lambda m: m.setattr(
        _Elaborator,
        "repeat",
        lambda self, item, place, label, run=_Elaborator.repeat: run(
            self,
            item._replace(times=syntax.Chain(item.span, item.times, (("+", syntax.Number(item.span, 1)),))),
            place,
            label,
        ),
    ),
    "an `if` that takes the wrong side": lambda m: m.setattr(
        _Elaborator,
        "condition",
        lambda self, item, place, run=_Elaborator.condition: run(
            self, item._replace(condition=syntax.Unary(item.span, "not", item.condition)), place
        ),
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_planted_faults_are_caught(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    FAULTS[fault](monkeypatch)
    assert first_disagreement(1500) is not None, f"{fault}: nothing noticed"


def test_a_wrong_variable_in_the_source_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """A module that adds a value to itself has all the right shapes; its values tell."""
    true_call = forward.call

    def confused(graph: Any, unit: Any, names: Any) -> str | None:
        one = next(iter(names.values()), None)
        return true_call(graph, unit, dict.fromkeys(names, one))

    monkeypatch.setattr(forward, "call", confused)
    assert first_disagreement(1500) is not None
