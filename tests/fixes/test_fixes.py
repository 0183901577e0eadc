"""Every fix that is offered works: the error is gone, and no other has come."""

from __future__ import annotations

from collections import Counter

import pytest

from cnndsl import fixes
from cnndsl.api import check
from cnndsl.fixes.candidates import Candidate
from cnndsl.fixes.edits import applied
from cnndsl.report import Report
from tests.messages import FILES, cases
from tests.test_specs import ALL as SPECS

MISTAKES = [case.spec for path in FILES for case in cases(path.read_text(encoding="utf-8"), path.stem)]
WRONG = [*MISTAKES, *(case.text for case in SPECS if "# error:" in case.text)]


def errors(report: Report) -> Counter[tuple[str, str]]:
    return Counter((one.rule, one.message) for one in report.diagnostics if one.severity == "error")


@pytest.mark.parametrize("part", range(8))
def test_each_fix_mends_its_mistake_and_makes_none(part: int) -> None:
    offered = 0
    for text in WRONG[part::8]:
        before = check(text)
        if "given" in text or before.ok:
            continue
        for one in before.with_fixes().diagnostics:
            for fix in one.fixes:
                offered += 1
                after = check(applied(text, fix.edits))
                rest = errors(before) - Counter([(one.rule, one.message)])
                assert not errors(after) - rest, (text, fix)
    assert offered > 10


def test_a_candidate_that_does_not_work_is_not_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    def planted(case: fixes.Case) -> list[Candidate]:
        return [
            case.replace("worse", case.span, "lineer"),
            case.replace("no better", case.span, "conv 3"),
            case.replace("right", case.span, "linear"),
        ]

    monkeypatch.setitem(fixes.NAMES, "unknown-layer", (planted,))
    (found,) = check("input 4 -> qqqqqq 2").with_fixes().diagnostics
    assert [fix.title for fix in found.fixes] == ["right"]


def test_the_work_is_bounded() -> None:
    checks = 0

    def again(text: str) -> fixes.Checked:
        nonlocal checks
        checks += 1
        report = check(text)
        return fixes.Checked(report.graph, report.diagnostics)

    report = check("input 3x8x8\n" + "conv 16 k3 g5\nrelu\nlineer 4\n" * 40)
    fixes.with_fixes(report.source, fixes.Checked(report.graph, report.diagnostics), again)
    assert 0 < checks <= fixes.MOST_CHECKS
    checks = 0
    large = check("input 3x8x8\n" + "relu\n" * 20_000 + "lineer 4\n")
    fixes.with_fixes(large.source, fixes.Checked(large.graph, large.diagnostics), again)
    assert checks <= 1


def test_the_input_and_params_are_those_of_the_check() -> None:
    text = "param n = 1\nconv n k3 -> flaten"
    (found,) = check(text, (3, 8, 8), {"n": 4}).with_fixes().diagnostics
    assert [fix.title for fix in found.fixes] == ["did you mean `flatten`?"]
    assert check(text, (3, 2, 2)).with_fixes().diagnostics[0].rule == "kernel-too-large"


def test_a_report_without_errors_is_the_same() -> None:
    report = check("input 4 -> linear 2")
    assert report.with_fixes() is report
