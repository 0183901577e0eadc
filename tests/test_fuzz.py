"""Random texts and bombs: nothing raises, and what is too large is said to be, with little work."""

from __future__ import annotations

from random import Random

import pytest

from cnndsl.api import check
from cnndsl.diagnostics import Diagnostic
from tests.counting import count_calls
from tests.fuzz import corpus, draw, main, run


def test_no_random_text_raises() -> None:
    texts = corpus()
    for case in range(400):
        text = draw(Random(f"suite.{case}"), texts)
        try:
            run(text, case % 10 == 0)
        except Exception as error:
            raise AssertionError(f"case suite.{case}: {text!r}") from error


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("[" * 10_000, "too-large"),
        ("input 3\n" + "add { " * 10_000, "too-large"),
        ("a" * 10_000_000, "too-large"),
        ("input 3 -> linear 3 x 1000000000", "too-large"),
        ("input 3 -> [[[[linear 3 x 1000] x 1000] x 1000] x 1000]", "too-large"),
        ("block a { relu x 50 }\nblock b { a x 50 }\ninput 3\n[b x 50] x 50", "too-large"),
        ("input 3 -> linear 9999999999999999999999", "too-large"),
        ("let a = 1e999999999\ninput 3 -> relu", "too-large"),
        (", " * 100_000, "syntax-error"),
        ("relu ^ " * 30_000, "missing-input"),
        ("input 3x8x8\n" + "conv(16, 3)\n" * 2_000, "syntax-error"),
        ("'" * 50_000, "missing-input"),
    ],
    ids=lambda one: one[:12],
)
def test_bombs_end_with_little_work(text: str, rule: str) -> None:
    found: list[Diagnostic] = []
    calls = count_calls(lambda: found.extend(check(text).diagnostics))
    assert rule in {one.rule for one in found}
    assert calls < 6_000_000


@pytest.mark.parametrize(
    "text",
    [
        "input 3xHxW\nconv 16 k3   # shape: 16x<6x6\n8\n",
        "input 3xHxW\nconv 1 2 == 0 { max0 { ma-xpool 2 } else { maparamxpool 3 }\ngap\n",
        "stem: [conv 4: 8",
    ],
)
def test_what_is_lost_has_no_value(text: str) -> None:
    assert check(text).diagnostics
    run(text, True)


def test_a_case_can_be_repeated(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--seed", "5", "--case", "7"]) == 0
    assert capsys.readouterr().out == f"{draw(Random('5.7'), corpus())!r}\n"
