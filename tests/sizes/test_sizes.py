"""A sample of what `python -m tests.sizes` compares, and faults that it has to notice."""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain
from pathlib import Path

import pytest

from cnndsl.analysis.sizes import merging
from cnndsl.analysis.sizes.periodic import PeriodicSet
from cnndsl.analysis.sizes.probing import Probe
from cnndsl.analysis.sizes.quasilinear import Function
from cnndsl.analysis.sizes.replaying import _Replay
from tests.sizes.compare import compare, drawn, opened

SEED = 20261121
EXAMPLES = Path(__file__).parent.parent.parent / "examples"


@pytest.mark.parametrize("part", range(2))
def test_claims_rules_and_pytorch_agree(part: int) -> None:
    """Random specs; the case that fails is repeated with --seed and --case."""
    for case in range(part * 30, (part + 1) * 30):
        text = drawn(f"{SEED}.{case}")
        if text is None:
            continue
        for outcome in (compare(text, largest=40), opened(text, f"{SEED}.{case}", pairs=10)):
            assert not outcome.wrong, (
                f"python -m tests.sizes --seed {SEED} --case {case}\n{outcome.wrong}\n{text}"
            )


@pytest.mark.parametrize("name", ["lenet5", "tinyvgg", "small_resnet", "unet", "resnet18", "vgg16"])
def test_examples_agree_with_the_rules_on_numbers(name: str) -> None:
    outcome = compare(EXAMPLES / f"{name}.cnn", with_torch=False)
    assert not outcome.wrong
    assert outcome.counts["sizes"] == 600


@pytest.mark.parametrize("name", ["lenet5", "small_resnet"])
def test_examples_agree_with_pytorch(name: str) -> None:
    outcome = compare(EXAMPLES / f"{name}.cnn", largest=80)
    assert not outcome.wrong
    assert outcome.counts["accepted by both"] > 0


def hold_too_much(self: Probe, letter: str, sizes: PeriodicSet) -> bool:
    answer = self.witness[letter] in sizes
    alike = (sizes if answer else ~sizes) | PeriodicSet.at_least(50)
    self.region[letter] = self.region[letter] & alike
    return answer


# A last window that would start behind the axis is left out: two cases, one formula.
CHOSEN = ("input 2x7x7 -> maxpool k1 s3 ceil -> conv 4 k2 -> flatten -> linear 3",)

FAULTS: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    "a comparison that is said to be the same for large sizes": lambda m: m.setattr(
        Probe, "holds", hold_too_much
    ),
    "a quotient that is rounded up": lambda m: m.setattr(
        Function, "__floordiv__", lambda self, n, true=Function.__floordiv__: -true(-self, n)
    ),
    "weights that fit every size": lambda m: m.setattr(_Replay, "hold", lambda *arguments: None),
    "cases of which the first stands for all": lambda m: m.setattr(
        merging, "merge", lambda pieces: pieces[0][0]
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_planted_faults_are_caught(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    FAULTS[fault](monkeypatch)
    texts = chain(CHOSEN, (drawn(f"{SEED}.{case}") for case in range(300)))
    assert any(compare(text, largest=60, with_torch=False).wrong for text in texts if text is not None)
