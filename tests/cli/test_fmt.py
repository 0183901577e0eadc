"""`cnndsl fmt`: what is written, what is only said, and what is left as it is."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.cli.conftest import LENET, Run

UGLY = "input   1x28x28\nconv 6 k5 p2->tanh   # first\n"
NEAT = "input 1x28x28\nconv 6 k5 p2 -> tanh    # first\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("ugly.cnn").write_text(UGLY)
    Path("neat.cnn").write_text(NEAT)
    Path("bad.cnn").write_text("input 1x28x28\n  conv 6 k5 p2 -> -> tanh\n")
    return tmp_path


def test_a_file_is_rewritten(run: Run) -> None:
    result = run("fmt", "ugly.cnn")
    assert (result.status, result.out, result.err) == (0, "ugly.cnn: rewritten\n", "")
    assert Path("ugly.cnn").read_text() == NEAT


def test_a_file_that_is_right_is_not_touched(run: Run) -> None:
    os.utime("neat.cnn", (1, 1))
    result = run("fmt", "neat.cnn")
    assert (result.status, result.out) == (0, "")
    assert Path("neat.cnn").stat().st_mtime == 1


def test_permissions_and_links_stay(run: Run) -> None:
    Path("ugly.cnn").chmod(0o640)
    Path("link.cnn").symlink_to("ugly.cnn")
    assert run("fmt", "link.cnn").status == 0
    assert Path("link.cnn").is_symlink()
    assert Path("ugly.cnn").read_text() == NEAT
    assert Path("ugly.cnn").stat().st_mode & 0o777 == 0o640
    assert sorted(os.listdir()) == ["bad.cnn", "link.cnn", "neat.cnn", "ugly.cnn"]


def test_check_writes_nothing(run: Run) -> None:
    result = run("fmt", "--check", "ugly.cnn", "neat.cnn")
    assert (result.status, result.out) == (1, "ugly.cnn: would be rewritten\n")
    assert result.err == "2 files: 1 would be rewritten, 1 unchanged\n"
    assert Path("ugly.cnn").read_text() == UGLY
    assert run("fmt", "--check", "neat.cnn").status == 0


def test_diff_shows_and_writes_nothing(run: Run) -> None:
    result = run("fmt", "--diff", "ugly.cnn")
    assert result.status == 0
    assert result.out == (
        "--- ugly.cnn\n+++ ugly.cnn (formatted)\n@@ -1,2 +1,2 @@\n-input   1x28x28\n"
        "-conv 6 k5 p2->tanh   # first\n+input 1x28x28\n+conv 6 k5 p2 -> tanh    # first\n"
    )
    assert Path("ugly.cnn").read_text() == UGLY
    assert run("fmt", "--diff", "--check", "ugly.cnn").status == 1
    assert run("fmt", "--diff", "neat.cnn").out == ""


def test_a_diff_tells_of_line_ends(run: Run) -> None:
    Path("dos.cnn").write_bytes(b"relu\r\ntanh")
    assert run("fmt", "--diff", "dos.cnn").out.splitlines()[3:] == [
        "-relu␍",
        "-tanh",
        "\\ No newline at end of file",
        "+relu",
        "+tanh",
    ]


def test_standard_input_goes_to_standard_output(run: Run) -> None:
    assert run("fmt", "-", stdin=UGLY.encode()).out == NEAT
    assert run("fmt", "-e", UGLY).out == NEAT
    result = run("fmt", "-", "--check", stdin=UGLY.encode())
    assert (result.status, result.out) == (1, "<stdin>: would be rewritten\n")


def test_a_text_that_does_not_parse_stays_as_it_is(run: Run) -> None:
    before = Path("bad.cnn").read_bytes()
    result = run("fmt", "bad.cnn", "ugly.cnn")
    assert result.status == 1
    assert "bad.cnn:2:19: error[syntax-error]" in result.err
    assert Path("bad.cnn").read_bytes() == before
    assert Path("ugly.cnn").read_text() == NEAT
    assert result.err.endswith("2 files: 1 rewritten, 1 with errors\n")
    result = run("fmt", "-", stdin=before)
    assert (result.status, result.out) == (1, "")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nowhere.cnn"], "cannot read nowhere.cnn"),
        (["latin.cnn"], "line 2 is not UTF-8 text"),
        ([], "no spec"),
    ],
)
def test_what_cannot_be_read(run: Run, words: list[str], said: str) -> None:
    Path("latin.cnn").write_bytes("relu\n# r\xe9sum\xe9\n".encode("latin-1"))
    result = run("fmt", *words, *(["ugly.cnn"] if words else []))
    assert result.status == 2
    assert said in result.err
    assert Path("latin.cnn").read_bytes() == "relu\n# r\xe9sum\xe9\n".encode("latin-1")
    assert not words or Path("ugly.cnn").read_text() == NEAT


def test_standard_input_that_is_no_text(run: Run) -> None:
    result = run("fmt", "-", stdin=b"relu # \xff\n")
    assert (result.status, result.out) == (2, "")
    assert "standard input: line 1 is not UTF-8 text" in result.err


def test_a_folder(run: Run) -> None:
    Path("nets/deep").mkdir(parents=True)
    Path("nets/deep/a.cnn").write_text(UGLY)
    Path("nets/.hidden.cnn").write_text(UGLY)
    assert run("fmt", "nets").status == 0
    assert Path("nets/deep/a.cnn").read_text() == NEAT
    assert Path("nets/.hidden.cnn").read_text() == UGLY


def test_shapes(run: Run) -> None:
    Path("lenet.cnn").write_text(LENET)
    assert run("fmt", "--shapes", "lenet.cnn").status == 0
    assert " -> linear 10    # 10\n" in Path("lenet.cnn").read_text()
    assert run("fmt", "--shapes", "--check", "lenet.cnn").status == 0


def test_shapes_of_a_spec_with_errors_are_not_written(run: Run) -> None:
    wrong = "input 1x8x8\nconv 4   k33\n"
    Path("wrong.cnn").write_text(wrong)
    result = run("fmt", "--shapes", "wrong.cnn")
    assert result.status == 1
    assert "wrong.cnn:2:10: error[kernel-too-large]" in result.err
    assert Path("wrong.cnn").read_text() == wrong
    assert run("fmt", "wrong.cnn").status == 0


def test_shapes_take_what_the_caller_says(run: Run) -> None:
    text = "param c = 4\nconv c k3\n"
    result = run("fmt", "--shapes", "-e", text, "--input", "1x8x8", "--set", "c=6")
    assert result.out == "param c = 4\nconv c k3    # 6x6x6\n"
    assert run("fmt", "--shapes", "-e", text).status == 1


def test_shapes_behind_blocks_of_another_file(run: Run) -> None:
    Path("nets").mkdir()
    Path("nets/blocks.cnn").write_text("block cbr(c) { conv c k3 -> bn -> relu }\n")
    Path("nets/net.cnn").write_text('use "blocks.cnn"\ninput 1x8x8\ncbr 4\n')
    assert run("fmt", "--shapes", "nets").out == "nets/net.cnn: rewritten\n"
    assert Path("nets/net.cnn").read_text().endswith("\ncbr 4    # 4x6x6\n")


def test_shapes_of_a_library_of_blocks_are_unknown(run: Run) -> None:
    text = "block b(c) {\n  conv c k3    # 4x6x6\n}\n"
    result = run("fmt", "--shapes", "-e", text)
    assert (result.status, result.out) == (0, text)


def test_a_file_that_must_not_be_written(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    result = run("fmt", "ugly.cnn")
    assert result.status == 2
    assert "ugly.cnn: it is read-only" in result.err
    assert Path("ugly.cnn").read_text() == UGLY
