"""The share of single mistakes that are told well; `python -m tests.breakages` measures more."""

from __future__ import annotations

from random import Random

from tests.breakages import Breakage, breakages, draw, outcome, shares, specs


def test_a_fix_is_offered_and_the_place_is_named() -> None:
    texts = specs()
    fixed, named, noted = shares([draw(f"suite.{case}", texts) for case in range(60)])
    assert fixed >= 0.6
    assert named >= 0.75
    assert noted >= 0.9


def test_the_measure_can_fail() -> None:
    text = "input 1x28x28\nconv 4 k3\nrelu\nconv 4 k27\n"
    at = text.index("conv 4 k27")
    there = outcome(Breakage("planted", text.replace("k27", "k3"), at + 8, at + 9, "27"))
    assert there is not None and there.named and there.noted and there.fixed
    # The mistake is made in line 2, and shows in line 4.
    elsewhere = outcome(Breakage("planted", "input 1x9x9\nconv 4 k3\nrelu\nconv 4 k5\n", 20, 21, "7"))
    assert elsewhere is not None and not elsewhere.named and elsewhere.noted
    nothing = outcome(Breakage("planted", "input 4\nrelu\n", 8, 12, "zzzzzzzz 3"))
    assert nothing is not None and nothing.named and not nothing.fixed
    assert outcome(Breakage("harmless", text.replace("k27", "k3"), 5, 6, "  ")) is None


def test_a_breakage_is_a_change_of_the_text() -> None:
    made = breakages(specs(), Random(0))
    for _ in range(20):
        assert (one := next(made)).text != one.original
