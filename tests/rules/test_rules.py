"""Every rule has a declaration, and both of its examples are what they say."""

from __future__ import annotations

from pathlib import Path

import pytest

from cnndsl.cli import main
from cnndsl.diagnostics import ERRORS, RULES, WARNINGS
from cnndsl.rules import GROUPS, Example, Rule, find_rule
from cnndsl.rules.running import found, message

ALL = [rule for rules in GROUPS.values() for rule in rules]


def names(rules: tuple[Rule, ...]) -> set[str]:
    return {rule.name for rule in rules}


def test_the_declared_rules_are_the_rules() -> None:
    assert sorted(rule.name for rule in ALL) == sorted(RULES)
    assert names(GROUPS["warnings"]) == WARNINGS
    assert {rule.name for group, rules in GROUPS.items() if group != "warnings" for rule in rules} == ERRORS
    assert find_rule("needs-flatten") in GROUPS["shapes"]
    assert find_rule("no-such-rule") is None


@pytest.mark.parametrize("rule", ALL, ids=lambda rule: rule.name)
def test_the_words_are_words(rule: Rule) -> None:
    assert rule.meaning
    assert not rule.meaning.endswith(".")
    assert rule.meaning[0] == "`" or rule.meaning[0].islower()
    assert rule.why.endswith((".", ".)"))
    assert rule.wrong.spec != rule.right.spec or rule.wrong[1:] != rule.right[1:]
    assert all(len(line) <= 80 for line in (rule.wrong.spec + rule.right.spec).splitlines())


def reported(example: Example, folder: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """The status of the example's command, run in a folder with its files, and all that it prints."""
    for name, text in (("net.cnn", example.spec), *example.files):
        (folder / name).write_text(text, encoding="utf-8")
    status = main([example.command, "net.cnn", *example.options])
    printed = capsys.readouterr()
    return status, printed.out + printed.err


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("rule", ALL, ids=lambda rule: rule.name)
def test_the_wrong_example_gives_the_rule_alone(
    rule: Rule, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if rule.wrong.command == "check":
        diagnostics = found(rule.wrong)
        assert {one.rule for one in diagnostics} == {rule.name}, diagnostics
        severity = "warning" if rule.name in WARNINGS else "error"
        assert {one.severity for one in diagnostics} == {severity}
    status, printed = reported(rule.wrong, folder, capsys)
    assert status == (0 if rule.name in WARNINGS else 1), printed
    assert f"[{rule.name}]: {message(rule)}" in printed
    assert printed.count("error[") + printed.count("warning[") == 1, printed


@pytest.mark.parametrize("rule", ALL, ids=lambda rule: rule.name)
def test_the_right_example_gives_nothing(
    rule: Rule, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, printed = reported(rule.right, folder, capsys)
    assert status == 0, printed
    assert "error" not in printed
    assert "warning" not in printed


def test_an_example_that_is_not_as_it_says_would_be_found(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rule = find_rule("needs-flatten")
    assert rule is not None
    with pytest.raises(AssertionError):
        test_the_right_example_gives_nothing(rule._replace(right=rule.wrong), folder, capsys)
    with pytest.raises(AssertionError):
        test_the_wrong_example_gives_the_rule_alone(rule._replace(name="wrong-rank"), folder, capsys)
