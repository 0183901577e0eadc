"""`cnndsl check --select/--ignore/--strict`, and what other commands say of warnings."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run

TWO = "input 3x15x15\nconv 4 k3 p1 -> bn -> relu\nmaxpool 2 -> flatten -> linear 3\n"


@pytest.fixture
def net(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    Path("net.cnn").write_text(TWO)
    return "net.cnn"


def rules(run: Run, *words: str) -> list[tuple[str, str]]:
    found = json.loads(run("check", *words, "--format", "json").out)["files"][0]["diagnostics"]
    return [(one["severity"], one["rule"]) for one in found]


def test_warnings_are_told_and_change_nothing(run: Run, net: str) -> None:
    result = run("check", net)
    assert result.status == 0
    assert "net.cnn:2:1: warning[bias-before-norm]: " in result.out
    assert "net.cnn:3:1: warning[dropped-pixels]: " in result.out
    assert result.out.endswith("net.cnn: ok, 2 warnings, 711 parameters, 24,888 multiply-adds\n")
    assert rules(run, net) == [("warning", "bias-before-norm"), ("warning", "dropped-pixels")]


def test_some_are_left_out(run: Run, net: str) -> None:
    assert rules(run, net, "--ignore", "dropped-pixels") == [("warning", "bias-before-norm")]
    assert rules(run, net, "--select", "dropped-pixels") == [("warning", "dropped-pixels")]
    assert rules(run, net, "--select", "unused-block,unused-label") == []
    assert rules(run, net, "--ignore", "dropped-pixels,bias-before-norm") == []
    both = ("--select", "dropped-pixels", "--ignore", "dropped-pixels")
    assert rules(run, net, *both) == []
    assert "warning" not in run("check", net, *both).out


def test_errors_are_always_told(run: Run, net: str) -> None:
    Path(net).write_text("input 3x9x9 -> linear 3")
    assert rules(run, net, "--select", "dropped-pixels") == [("error", "needs-flatten")]


def test_strict_makes_errors_of_them(run: Run, net: str) -> None:
    result = run("check", net, "--strict")
    assert result.status == 1
    assert "error[dropped-pixels]" in result.out
    assert result.out.endswith("2 errors in net.cnn\n")
    ignored = ("--ignore", "dropped-pixels", "--ignore", "bias-before-norm")
    assert run("check", net, "--strict", *ignored).status == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--ignore", "droped-pixels"), "no such warning; did you mean `dropped-pixels`?"),
        (
            ("--select", "dropped-pixels,zzz"),
            "--select zzz: there is no such warning; `cnndsl explain` lists",
        ),
        (("--ignore", "needs-flatten"), "it is an error, and errors are always told"),
    ],
)
def test_what_is_no_warning_is_a_wrong_command_line(
    run: Run, net: str, words: tuple[str, ...], said: str
) -> None:
    result = run("check", net, *words)
    assert result.status == 2
    assert said in result.err
    assert result.out == ""


def test_other_commands_say_how_many_there_are(run: Run, net: str) -> None:
    result = run("show", net)
    assert result.status == 0
    assert result.err == "net.cnn: 2 warnings, which `cnndsl check` shows\n"
    Path(net).write_text("input 3x15x15\nmaxpool 2\n")
    assert run("show", net).err == "net.cnn: 1 warning, which `cnndsl check` shows\n"
