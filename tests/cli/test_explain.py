"""`cnndsl explain`, and docs/rules.md that it makes."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from cnndsl.cli import main
from cnndsl.diagnostics import RULES
from tests.cli.conftest import Run
from tests.cli.test_check import Terminal

PAGE = Path(__file__).parents[2] / "docs" / "rules.md"


def test_the_list_has_every_rule_once(run: Run) -> None:
    result = run("explain")
    assert result.status == 0
    listed = re.findall(r"^  ([a-z0-9-]+) {2,}\S", result.out, re.MULTILINE)
    assert sorted(listed) == sorted(RULES)
    assert result.out.startswith("text\n  syntax-error ")


@pytest.mark.parametrize("rule", sorted(RULES))
def test_every_rule_has_a_page(run: Run, rule: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    result = run("explain", rule)
    assert result.status == 0
    assert re.match(rf"(error|warning)\[{rule}\]: ", result.out)
    assert "\nwrong\n  " in result.out
    assert "\nright\n  " in result.out
    assert "\x1b" not in result.out
    assert "cnndsl-" not in result.out, "the folder of the example is nobody's business"


def test_a_page(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert run("explain", "dropped-pixels").out.splitlines()[6:] == [
        "wrong",
        "  input 3x14x14",
        "  conv 8 k3 p1 -> relu -> maxpool 2",
        "  conv 16 k3 p1 -> relu -> maxpool 2",
        "",
        "  net.cnn:3:26: warning[dropped-pixels]: `maxpool 2` leaves 1 of 7 rows and 1 of 7 columns unread",
        "    3 | conv 16 k3 p1 -> relu -> maxpool 2",
        "      |                          ^^^^^^^^^",
        "    help: `ceil` reads them all and gives 16x4x4",
        "    help: `p1` reads them all and gives 16x4x4",
        "",
        "right",
        "  input 3x14x14",
        "  conv 8 k3 p1 -> relu -> maxpool 2",
        "  conv 16 k3 p1 -> relu -> maxpool 2 ceil",
        "",
        "where it is meant, at the end of its line: `# cnndsl: ignore[dropped-pixels]`",
    ]


def test_a_rule_as_it_is_copied_from_a_message(run: Run) -> None:
    assert run("explain", "error[needs-flatten]:").out == run("explain", "needs-flatten").out


def test_files_and_options_of_an_example_are_shown(run: Run) -> None:
    assert "  blocks.cnn:\n    block cbr(c)" in run("explain", "unknown-block-file").out
    assert "  $ cnndsl check net.cnn --set hidden=64\n" in run("explain", "unknown-parameter").out
    shown = run("explain", "data-mismatch").out
    assert "\n  points.csv: a row has 2 pixels, the network takes 3\n" in shown


def test_an_unknown_rule(run: Run) -> None:
    result = run("explain", "needs-flaten")
    assert result.status == 2
    assert "no rule `needs-flaten`; did you mean `needs-flatten`?" in result.err
    assert "`cnndsl explain` lists the rules" in run("explain", "zzz").err


def test_colours_on_a_terminal_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    assert main(["explain", "needs-flatten"]) == 0
    assert "\x1b[1;31merror[needs-flatten]:\x1b[0m" in terminal.getvalue()
    assert "\x1b[32mright\x1b[0m" in terminal.getvalue()


def test_the_page_is_fresh(run: Run) -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert run("explain", "--markdown").out == text, "`make docs` writes it anew"


def test_the_page_has_a_section_for_every_rule_and_links_to_it(run: Run) -> None:
    text = PAGE.read_text(encoding="utf-8")
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    assert set(headings) >= RULES
    assert len(set(headings)) == len(headings)
    anchors = {heading.lower().replace(" ", "-") for heading in headings}
    assert set(re.findall(r"\]\(#([^)]+)\)", text)) <= anchors
    assert run("explain", "needs-flatten", "--markdown").out.strip() in text
