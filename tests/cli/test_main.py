"""How command lines end: the exit status, and never a traceback."""

import random
import subprocess
import sys
from pathlib import Path

import pytest

from cnndsl import cli
from tests.cli.conftest import LENET, Run


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["--version"], 0, "cnndsl 0."),
        (["--help"], 0, "usage: cnndsl COMMAND"),
        (["check", "--help"], 0, "usage: cnndsl check"),
        ([], 2, "usage: cnndsl COMMAND"),
        (["chekc", "net.cnn"], 2, "did you mean `check`?"),
        (["frobnicate"], 2, "there are check, show"),
        (["net.cnn"], 2, "`cnndsl check net.cnn`"),
        (["check"], 2, "no spec"),
        (["check", "--fromat=json", "-e", "relu"], 2, "did you mean `--format`?"),
        (["check", "--form", "json", "-e", "relu"], 2, "did you mean `--format`?"),
        (["check", "--format", "yaml", "-e", "relu"], 2, "invalid choice: 'yaml'"),
        (["check", "no/such.cnn"], 2, "cannot read no/such.cnn: No such file"),
        (["show", "."], 2, "cannot read .: Is a directory"),
        (["show", "-e", "relu", "-e", "relu"], 2, "one spec at a time"),
        (["check", "-e", "relu", "--input", "1x"], 2, "expected sizes like 1x28x28"),
        (["check", "-e", "relu", "--input", "0x4"], 2, "--input 0x4"),
        (["check", "-e", "relu", "--input", "1x1x1x1x1x1"], 2, "--input 1x1x1x1x1x1"),
        (["check", "-e", "relu", "--input", "8", "--input", "9"], 2, "given 2 times"),
        (["check", "-e", "input 8 -> relu", "--input", "left=9"], 2, "no input `left`"),
        (["check", "-e", "input 8 -> relu", "--input", "input=9"], 0, "ok"),
        (["check", "-e", "relu", "--set", "classes"], 2, "expected NAME=VALUE"),
        (
            ["check", "-e", "relu", "--plugin", "no_such_module"],
            2,
            "plugin no_such_module: there is no such module",
        ),
        (["check", "-e", "input 8 -> relu", "--set", "classes=3"], 1, "unknown-parameter"),
        (["check", "-e", "relu"], 1, "missing-input"),
        (["show", "-e", "input 8 -> relu", "--depth", "0"], 2, "--depth 0"),
    ],
)
def test_exit_status(run: Run, words: list[str], status: int, said: str) -> None:
    result = run(*words)
    assert result.status == status
    assert said in result.out + result.err
    assert "defect" not in result.err


def test_settings_reach_the_spec(run: Run) -> None:
    params = "param n = 4\nparam wide = false\nparam mode = zeros\n"
    spec = params + "conv n k3 padding_mode=mode nobias\nif wide { relu }"
    words = ["--set", "n=8", "--set", "wide=true", "--set", "mode=reflect", "--input", "1x9x9"]
    result = run("show", "-e", spec, *words)
    assert result.status == 0, result.err
    assert "conv 8 nobias padding_mode=reflect" in result.out
    assert "relu" in result.out


def test_random_bytes_end_in_diagnostics(run: Run, tmp_path: Path) -> None:
    random.seed(7)
    file = tmp_path / "noise.cnn"
    for _ in range(30):
        file.write_bytes(random.randbytes(random.randrange(200)))
        for command in ("check", "show", "draw"):
            result = run(command, file)
            assert result.status in (0, 1), result.err
            assert "defect" not in result.err


def test_a_defect_is_reported_without_a_traceback(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise KeyError("planted\nfault")

    monkeypatch.setattr("cnndsl.api.check", broken)
    plain = run("check", "-e", LENET)
    assert plain.status == 2
    assert "a defect of cnndsl, not of your spec: KeyError" in plain.err
    assert "--traceback" in plain.err
    assert "Traceback" not in plain.err
    assert "Traceback" in run("check", "-e", LENET, "--traceback").err


def test_an_interrupt(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("cnndsl.api.check", interrupted)
    result = run("check", "-e", LENET)
    assert (result.status, result.err) == (130, "cnndsl: interrupted\n")


def test_a_closed_pipe_is_no_error() -> None:
    code = "from cnndsl.cli import main; import sys; sys.exit(main(['layers']))"
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    process.stdout.close()
    _, said = process.communicate()
    assert (process.returncode, said) == (0, "")


def test_every_command_has_a_module_and_help(run: Run) -> None:
    for name in cli.COMMANDS:
        result = run(name, "--help")
        assert result.status == 0
        assert f"usage: cnndsl {name}" in result.out
        assert "--traceback" in result.out
    assert all(name in run("--help").out for name in cli.COMMANDS)


def test_as_a_module() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "cnndsl", "check", "-"],
        input=LENET,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0
    assert done.stdout == "<stdin>: ok, 61,706 parameters, 416,520 multiply-adds\n"
