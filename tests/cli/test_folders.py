"""Many files and whole folders in one `cnndsl check`."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from tests.cli.conftest import LENET, TWO_MISTAKES, Run

BLOCKS = "block cbr(c, s=1) {\n  conv c k3 s=s p1 -> bn -> relu\n  if s != 1 { relu } else { identity }\n}\n"


@pytest.fixture(autouse=True)
def nets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, text in {
        "b/lenet.cnn": LENET,
        "b/two.cnn": LENET,
        "b.cnn": LENET,
        "a.cnn": TWO_MISTAKES,
        "notes.txt": "no spec",
        ".hidden/x.cnn": TWO_MISTAKES,
        ".x.cnn": TWO_MISTAKES,
    }.items():
        path = tmp_path / "nets" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "nets"


def verdicts(out: str) -> list[str]:
    return [
        line.split(" in ")[-1].split(": ok")[0]
        for line in out.splitlines()
        if ": ok" in line or " in " in line
    ]


def test_a_folder_is_checked_in_order_without_what_is_hidden(run: Run) -> None:
    result = run("check", "nets", "--format", "concise")
    assert result.status == 1
    found = [name for name in verdicts(result.out) if name.endswith(".cnn")]
    assert found == ["nets/a.cnn", "nets/b/lenet.cnn", "nets/b/two.cnn", "nets/b.cnn"]
    assert result.out.endswith("\n4 files: 3 ok, 1 with errors\n")


def test_a_file_counts_once(run: Run, nets: Path) -> None:
    (nets / "same.cnn").symlink_to(nets / "b.cnn")
    out = run("check", "nets/b.cnn", "nets/../nets/b.cnn", "nets", nets / "b.cnn").out
    assert out.count("61,706") == 3
    assert "4 files: " in out


def test_one_file_has_no_summary(run: Run) -> None:
    assert run("check", "nets/b.cnn").out.count("\n") == 1


def test_loops_of_links_end(run: Run, nets: Path) -> None:
    (nets / "b" / "loop").symlink_to(nets)
    (nets / "itself").symlink_to("itself")
    assert run("check", "nets").out.endswith("4 files: 3 ok, 1 with errors\n")


def test_a_folder_that_a_link_leads_to(run: Run, nets: Path) -> None:
    Path("link").symlink_to(nets / "b")
    assert run("check", "link").out.endswith("2 files: 2 ok\n")


def test_a_link_that_leads_nowhere(run: Run, nets: Path) -> None:
    (nets / "gone.cnn").symlink_to("nowhere.cnn")
    result = run("check", "nets")
    assert result.status == 2
    assert "cannot read nets/gone.cnn" in result.err
    assert result.out.endswith("5 files: 3 ok, 1 with errors, 1 not checked\n")


def test_a_folder_without_specs(run: Run) -> None:
    Path("empty").mkdir()
    result = run("check", "empty", "nets/b.cnn")
    assert result.status == 2
    assert "empty: no .cnn file in this folder" in result.err
    assert "nets/b.cnn: ok" in result.out


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser reads everything")
def test_a_folder_that_cannot_be_read(run: Run, nets: Path) -> None:
    (nets / "b").chmod(0)
    result = run("check", "nets")
    (nets / "b").chmod(0o755)
    assert result.status == 2
    assert "cannot read nets/b: permission denied" in result.err.lower()


def test_a_library_of_blocks_is_right(run: Run, nets: Path) -> None:
    (nets / "a.cnn").write_text(BLOCKS)
    assert run("check", "nets/a.cnn").out == "nets/a.cnn: ok, 1 block, no network\n"
    assert run("check", "nets").out.endswith("4 files: 4 ok\n")
    assert run("check", "nets/a.cnn", "--input", "3x8x8").out == "nets/a.cnn: ok, 1 block, no network\n"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("block b { covn 3 k3 }", [(1, 11, "unknown-layer")]),
        ("block b(c) { if C != c { covn 3 } }", [(1, 26, "unknown-layer")]),
        ("block b(c) { if C != c { relu } else { tahn } }", [(1, 40, "unknown-layer")]),
        ("block b(c) { for i in range(c) { [x{i}: covn 3] x c } }", [(1, 41, "unknown-layer")]),
        ("block b(c) { conv c k3 pading=1 }", [(1, 24, "unknown-argument")]),
        ("block b { conv z k3 }", [(1, 16, "unknown-name")]),
        ("block b { a } block a { relu }", [(1, 15, "syntax-error")]),
        ("block b { a }\nblock a { b }", [(1, 11, "recursive-block"), (2, 11, "recursive-block")]),
        ("block b { relu }\nblock b { tanh }", [(2, 7, "duplicate-name")]),
        ("block b { relu @x }", [(1, 16, "unknown-argument")]),
        ("block b { add @x }", [(1, 15, "unknown-label")]),
        ("let w = 3\nblock b(c=w) { conv c*w k3 -> b2 w }\nblock b2(c) { conv c k3 }", []),
    ],
)  # fmt: skip
def test_what_is_wrong_in_a_library(run: Run, text: str, found: list[tuple[int, int, str]]) -> None:
    out = run("check", "-e", text, "--format", "concise").out.splitlines()[:-1]
    heads = [re.match(r"<text>:(\d+):(\d+): error\[([\w-]+)\]", line) for line in out]
    assert [(int(head[1]), int(head[2]), head[3]) for head in heads if head is not None] == found


@pytest.mark.parametrize("first", ["model M", "relu", "train {}"])
def test_what_names_a_network_is_no_library(run: Run, first: str) -> None:
    assert "error[missing-input]" in run("check", "-e", f"{first}\nblock b {{ relu }}").out


def test_a_library_that_uses_another(run: Run, nets: Path) -> None:
    (nets / "a.cnn").write_text(BLOCKS)
    (nets / "b.cnn").write_text(
        'use "a.cnn": cbr\nblock two(c) { cbr c -> if c > 3 { cbr c } else { cbrr c } }\n'
    )
    result = run("check", "nets/b.cnn", "--format", "concise")
    assert result.out.startswith("nets/b.cnn:2:51: error[unknown-layer]")
    assert "unknown-layer" not in run("check", "nets/a.cnn").out


def test_json_of_a_library(run: Run) -> None:
    out = run("check", "-e", BLOCKS, "--format", "json").out
    assert '"ok": true' in out
    assert '"parameters": 0' in out


def test_other_commands_want_a_network(run: Run) -> None:
    result = run("show", "-e", BLOCKS)
    assert result.status == 1
    assert "missing-input" in result.err
