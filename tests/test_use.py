"""`use`: blocks of other files, their homes, and the files that are refused."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cnndsl import check
from cnndsl.elaboration import using

BLOCKS = """
let width = 3
param factor = 2
block cbr(c, s=1) { conv c k=width s=s p=width//2 nobias -> bn -> relu }
block wide(c) { cbr c*factor }
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of specs with `blocks.cnn` in it."""
    inside = tmp_path / "specs"
    inside.mkdir()
    (inside / "blocks.cnn").write_text(BLOCKS)
    return inside


def spec(folder: Path, text: str, name: str = "net.cnn") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def rules(path: Path) -> list[str]:
    return [one.rule for one in check(path).diagnostics]


def test_all_blocks_or_some_are_brought(folder: Path) -> None:
    every = check(spec(folder, 'use "blocks.cnn"\ninput 3x8x8\nwide 4 -> cbr 2 s2 :: 2x4x4\n'))
    assert every.ok, str(every)
    assert every.graph.files == {"blocks.cnn": BLOCKS}
    some = check(spec(folder, 'use "blocks.cnn": wide\ninput 3x8x8\nwide 4 :: 8x8x8\n'))
    assert some.ok, str(some)
    assert rules(spec(folder, 'use "blocks.cnn": wide\ninput 3x8x8\ncbr 4\n')) == ["unknown-layer"]


def test_a_block_sees_the_names_of_its_own_file_only(folder: Path) -> None:
    text = 'use "blocks.cnn": cbr\nlet width = 5\ninput 3x8x8\ncbr 4\n'
    report = check(spec(folder, text))
    (conv,) = (node for node in report.graph.nodes if node.layer.name == "conv")
    assert conv.arguments["kernel_size"] == (3, 3)
    assert rules(spec(folder, 'use "blocks.cnn": cbr\ninput 3x8x8\nconv width k3\n')) == ["unknown-name"]
    assert check(spec(folder, text), params={"factor": 3}).diagnostics[0].rule == "unknown-parameter"


def test_files_may_use_one_another(folder: Path) -> None:
    spec(folder, 'use "two.cnn"\nblock one(c) { conv c k1 }\nblock both(c) { two c }\n', "one.cnn")
    spec(folder, 'use "one.cnn": one\nblock two(c) { one c -> one c }\n', "two.cnn")
    report = check(spec(folder, 'use "one.cnn"\ninput 3x8x8\nboth 4\n'))
    assert report.ok, str(report)
    assert list(report.graph.files) == ["one.cnn", "two.cnn"]


def test_recursion_through_files_is_found(folder: Path) -> None:
    spec(folder, 'use "b.cnn"\nblock a(c) { b c }\n', "a.cnn")
    spec(folder, 'use "a.cnn"\nblock b(c) { a c }\n', "b.cnn")
    report = check(spec(folder, 'use "a.cnn"\ninput 3x8x8\na 4\n'))
    assert [one.rule for one in report.diagnostics] == ["recursive-block"]
    assert "a -> b -> a" in report.diagnostics[0].message


def test_paths_are_seen_from_the_file_that_says_them(folder: Path) -> None:
    (folder / "sub").mkdir()
    spec(folder / "sub", 'use "../blocks.cnn": cbr\nblock deep(c) { cbr c }\n', "deep.cnn")
    report = check(spec(folder, 'use "sub/deep.cnn"\ninput 3x8x8\ndeep 4\n'))
    assert report.ok, str(report)
    assert list(report.graph.files) == ["sub/deep.cnn", "blocks.cnn"]


@pytest.mark.parametrize(
    ("use", "message"),
    [
        ("../outside.cnn", "lies outside of the spec's own folder"),
        ("link.cnn", "lies outside of the spec's own folder"),
        ("/etc/hosts", "lies outside of the spec's own folder"),
        ("blokcs.cnn", "there is no file blokcs.cnn"),
        ("notes.txt", "`use` brings .cnn files"),
        ("plain.cnn", "plain.cnn has no blocks"),
        ("sub.cnn", "there is no file sub.cnn"),
    ],
)
def test_refused_files(folder: Path, use: str, message: str) -> None:
    (folder.parent / "outside.cnn").write_text(BLOCKS)
    (folder / "link.cnn").symlink_to(folder.parent / "outside.cnn")
    (folder / "notes.txt").write_text(BLOCKS)
    (folder / "plain.cnn").write_text("input 3\nrelu\n")
    (folder / "sub.cnn").mkdir()
    report = check(spec(folder, f'use "{use}"\ninput 3x8x8\ncbr 4\n'))
    assert [one.rule for one in report.diagnostics] == ["unknown-block-file"]
    assert message in report.diagnostics[0].message


def test_a_misspelled_file_and_block_are_guessed(folder: Path) -> None:
    (found,) = check(spec(folder, 'use "blokcs.cnn"\ninput 3x8x8\ncbr 4\n')).diagnostics
    assert found.help == ("did you mean `blocks.cnn`?",)
    (found,) = check(spec(folder, 'use "blocks.cnn": cbrr\ninput 3x8x8\ncbrr 4\n')).diagnostics
    assert (found.rule, found.help) == ("unknown-name", ("did you mean `cbr`?",))


def test_mistakes_of_another_file_are_told_there(folder: Path) -> None:
    spec(folder, "block bad(c) { conv c k9 }\nblock worse(c) { conv c }\n", "bad.cnn")
    report = check(spec(folder, 'use "bad.cnn"\ninput 3x8x8\nbad 4\n'))
    (found,) = report.diagnostics
    assert found.rule == "kernel-too-large"
    assert found.span.source.name == str(folder / "bad.cnn")
    (diagnostic,) = report.to_json()["diagnostics"]
    assert diagnostic["range"]["path"] == str(folder / "bad.cnn")
    assert "path" not in diagnostic["related"][-1]["range"]


def test_a_file_that_does_not_parse(folder: Path) -> None:
    spec(folder, "block bad(c) { conv c k9 \n", "bad.cnn")
    report = check(spec(folder, 'use "bad.cnn"\ninput 3x8x8\nbad 4\n'))
    (found,) = report.diagnostics
    assert (found.rule, found.span.source.name) == ("syntax-error", str(folder / "bad.cnn"))
    assert found.related[-1].message == "bad.cnn is used here"


def test_names_that_stand_twice(folder: Path) -> None:
    text = 'use "blocks.cnn"\nblock cbr(c) { conv c k1 }\ninput 3x8x8\ncbr 4\n'
    assert rules(spec(folder, text)) == ["duplicate-name"]


def test_too_much(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = 'use "blocks.cnn"\ninput 3x8x8\ncbr 4\n'
    monkeypatch.setattr(using, "LARGEST_FILE", len(BLOCKS) - 1)
    assert rules(spec(folder, text)) == ["too-large"]
    monkeypatch.setattr(using, "LARGEST_FILE", len(BLOCKS))
    assert rules(spec(folder, text)) == []
    monkeypatch.setattr(using, "MOST_FILES", 0)
    assert rules(spec(folder, text)) == ["too-large"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every file")
def test_a_file_that_cannot_be_read(folder: Path) -> None:
    (folder / "blocks.cnn").chmod(0)
    assert rules(spec(folder, 'use "blocks.cnn"\ninput 3x8x8\ncbr 4\n')) == ["unknown-block-file"]


def test_a_text_uses_files_of_the_current_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    assert check('use "blocks.cnn"\ninput 3x8x8 -> cbr 4').ok
    assert not check('use "../specs2/blocks.cnn"\ninput 3x8x8 -> cbr 4').ok


def test_a_name_that_no_file_can_have(folder: Path) -> None:
    report = check(spec(folder, 'use "a\0b.cnn"\ninput 3\nrelu\n'))
    assert [one.message for one in report.diagnostics] == ["there is no file a␀b.cnn"]
