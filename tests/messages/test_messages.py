"""What is said of each mistake, held against the recorded texts."""

from __future__ import annotations

import pytest

from cnndsl.api import check
from tests.messages import FILES, Case, cases, recorded, said

ALL = [case for path in FILES for case in cases(path.read_text(encoding="utf-8"), path.stem)]


@pytest.mark.parametrize("case", ALL, ids=lambda case: f"{case.file}: {case.title}")
def test_a_mistake_is_told_as_recorded(case: Case) -> None:
    assert said(case.spec) == case.text


def test_every_heading_is_a_case() -> None:
    for path in FILES:
        page = path.read_text(encoding="utf-8")
        assert page.count("\n## ") == len(list(cases(page, path.stem)))
    assert len(ALL) >= 60


def test_recording_keeps_a_page_as_it_is() -> None:
    for path in FILES:
        page = path.read_text(encoding="utf-8")
        assert recorded(page) == page


def test_a_message_begins_small_and_has_no_full_stop() -> None:
    for case in ALL:
        for one in check(case.spec).with_fixes().diagnostics:
            lines = (one.message, one.label, *one.help, *(fix.title for fix in one.fixes))
            for line in filter(None, lines):
                assert not line[0].isupper() or line[0] in "CHWDL", line
                assert not line.endswith("."), line


def test_the_comparison_can_fail() -> None:
    (case,) = cases("## a\n\n```cnn\ninput 4 -> lineer 2\n```\n\n```text\nnothing\n```\n", "planted")
    assert said(case.spec) != case.text
    assert "did you mean `linear`?" in said(case.spec)
