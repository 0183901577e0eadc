"""`check --fix` and `check --diff`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Run

WRONG = "input 1x28x28\nconv 16, k3\n[relu -> tanh]x2 -> flaten\nlinear 10 ->\n"
RIGHT = "input 1x28x28\nconv 16 k3\n[relu -> tanh]x2 -> flatten\nlinear 10\n"


def test_fix_writes_what_is_certain_and_says_so(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "net.cnn"
    path.write_text(WRONG, encoding="utf-8")
    result = run("check", "--fix", str(path))
    assert result.status == 0
    assert path.read_text(encoding="utf-8") == RIGHT
    assert [line.partition(": ")[2] for line in result.err.splitlines()] == [
        "fixed: take the comma out",
        "fixed: did you mean `flatten`?",
        "fixed: take the arrow out",
    ]
    assert "ok" in result.out


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_line_ends_and_the_byte_order_mark_stay(run: Run, tmp_path: Path, newline: str, mark: str) -> None:
    path = tmp_path / "net.cnn"
    path.write_bytes((mark + WRONG.replace("\n", newline)).encode())
    assert run("check", "--fix", str(path)).status == 0
    assert path.read_bytes() == (mark + RIGHT.replace("\n", newline)).encode()


def test_a_fix_of_several_lines_has_the_line_ends_of_the_file(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "net.cnn"
    path.write_bytes(b"input 3x8x8\r\nfor c in [16, 32]:\r\n  conv c k3\r\nrelu\r\n")
    assert run("check", "--fix", str(path)).status == 0
    assert path.read_bytes() == b"input 3x8x8\r\nfor c in [16, 32] {\r\n  conv c k3\r\n}\r\nrelu\r\n"


def test_what_only_might_be_meant_stays(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "net.cnn"
    text = "input 1x28x28\nconv 16 k3 -> linear 10\n"
    path.write_text(text, encoding="utf-8")
    result = run("check", "--fix", str(path))
    assert result.status == 1
    assert "flatten -> linear 10" in result.out
    assert path.read_text(encoding="utf-8") == text


def test_diff_shows_and_writes_nothing(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "net.cnn"
    path.write_text(WRONG, encoding="utf-8")
    result = run("check", "--diff", str(path))
    assert result.status == 1
    for line in ("-conv 16, k3", "+conv 16 k3", "-linear 10 ->", "+linear 10"):
        assert line in result.out.splitlines()
    assert path.read_text(encoding="utf-8") == WRONG


def test_only_files_are_fixed(run: Run) -> None:
    result = run("check", "--fix", "-e", "input 4 -> lineer 2")
    assert result.status == 2
    assert "--diff shows the changes" in result.err
    assert "+input 4 -> linear 2" in run("check", "--diff", "-e", "input 4 -> lineer 2").out


def test_a_file_that_is_no_utf8_is_left_alone(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "net.cnn"
    path.write_bytes(b"input 4 # \xff\nlineer 2\n")
    assert run("check", "--fix", str(path)).status == 2
    assert path.read_bytes() == b"input 4 # \xff\nlineer 2\n"


def test_json_has_the_fixes(run: Run) -> None:
    import json

    result = run("check", "--format", "json", "-e", "input 4\nlineer 2")
    (found,) = json.loads(result.out)["files"][0]["diagnostics"]
    place = {"start": {"line": 2, "column": 1}, "end": {"line": 2, "column": 7}}
    assert found["fixes"] == [
        {"title": "did you mean `linear`?", "edits": [{"range": place, "text": "linear"}]}
    ]
