"""`cnndsl draw`: the files it writes, its options, what it refuses."""

import os
import shutil
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.cli.conftest import LENET, TWO_MISTAKES, Run

BASIC = """block b { residual { conv C k3 p1 -> bn } -> relu }
input 3x8x8 -> [b -> b]
head: [conv 6 k3 -> conv 9 k1]
"""


@pytest.mark.parametrize(
    ("file", "begins"),
    [
        ("net.svg", b"<svg"),
        ("net.png", b"\x89PNG"),
        ("net.pdf", b"%PDF"),
        ("net.dot", b"digraph LeNet5 {"),
        ("net.mmd", b'---\ntitle: "LeNet5"\n---\nflowchart TD'),
        ("NET.SVG", b"<svg"),
    ],
)
def test_each_format(
    run: Run, tmp_path: Path, file: str, begins: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    # no format needs a layout engine
    monkeypatch.setattr(shutil, "which", lambda *words, **settings: None)
    monkeypatch.setenv("PATH", "")
    result = run("draw", "-e", LENET, "-o", tmp_path / file)
    assert result.status == 0, result.err
    assert (tmp_path / file).read_bytes().startswith(begins)
    assert os.listdir(tmp_path) == [file]


def test_the_svg_holds_the_sizes(run: Run, tmp_path: Path) -> None:
    run("draw", "-e", LENET, "--style", "full", "-o", tmp_path / "net.svg")
    texts = {"".join(text.itertext()) for text in ElementTree.parse(tmp_path / "net.svg").iter() if text.text}
    assert {"conv 5×5, 6", "tanh", "avgpool 2×2", "16×10×10"} <= {text.strip() for text in texts}


def test_without_a_file_the_source_is_printed(run: Run) -> None:
    result = run("draw", "-e", LENET)
    assert result.status == 0
    assert "digraph LeNet5 {" in result.out


def test_a_wrong_spec_is_drawn_as_far_as_it_goes(run: Run, tmp_path: Path) -> None:
    result = run("draw", "-e", TWO_MISTAKES, "-o", tmp_path / "net.svg")
    assert result.status == 1
    assert "unknown-layer" in result.err
    assert "convv" in (tmp_path / "net.svg").read_text()


@pytest.mark.parametrize("file", ["net.gif", "net", "net.svg.gz", ".svg"])
def test_a_wrong_ending_lists_the_right_ones_and_writes_nothing(run: Run, tmp_path: Path, file: str) -> None:
    result = run("draw", "-e", LENET, "-o", tmp_path / file)
    assert result.status == 2
    assert "expected a file that ends in .svg, .png, .pdf, .dot or .mmd" in result.err
    assert os.listdir(tmp_path) == []


def test_a_missing_folder(run: Run, tmp_path: Path) -> None:
    result = run("draw", "-e", LENET, "-o", tmp_path / "no" / "net.svg")
    assert result.status == 2
    assert "cannot write" in result.err


def test_the_options(run: Run, tmp_path: Path) -> None:
    def drawn(*words: str) -> str:
        result = run("draw", "-e", BASIC, "-o", tmp_path / "net.svg", *words)
        assert result.status == 0, result.err
        return (tmp_path / "net.svg").read_text()

    assert "b ×2" in drawn()
    assert "b ×2" not in drawn("--expand", "b")
    assert "conv 3×3, 3" in drawn("--style", "full")
    assert "conv 3×3, 3" not in drawn("--style", "full", "--depth", "1")
    assert 'fill="#15181c"' in drawn("--theme", "dark")
    assert ">convolution<" in drawn() and ">convolution<" not in drawn("--no-legend")
    assert 'width="72pt"' in drawn("--page-width", "1in")
    size = ElementTree.fromstring(drawn("--direction", "right")).attrib
    assert float(size["width"][:-2]) > float(size["height"][:-2])


def test_small_type_is_warned_of(run: Run, tmp_path: Path) -> None:
    result = run(
        "draw", "zoo:resnet50", "--style", "full", "--page-width", "3.3in", "-o", tmp_path / "net.svg"
    )
    assert result.status == 0
    assert "under 6 pt" in result.err
    assert not run("draw", "zoo:resnet50", "--page-width", "3.3in", "-o", tmp_path / "net.svg").err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--expand", "bb"], "no block or label `bb` to expand; did you mean `b`?"),
        (["--page-width", "3"], "'3' is no width: expected a number with in, cm, mm or pt"),
        (["--depth", "0"], "depth 0: expected 1 or more"),
        (["--style", "photo"], "invalid choice"),
        (["--style", "volume", "-o", "net.mmd"], "which .mmd cannot hold; .svg, .png or .pdf"),
    ],
)
def test_what_cannot_be_drawn(run: Run, tmp_path: Path, words: list[str], said: str) -> None:
    out = [] if "-o" in words else ["-o", tmp_path / "net.svg"]
    result = run("draw", "-e", BASIC, *out, *words)
    assert result.status == 2
    assert said in result.err
    assert os.listdir(tmp_path) == []


def test_volumes_are_no_text(run: Run) -> None:
    result = run("draw", "-e", LENET, "--style", "volume")
    assert result.status == 2
    assert "say -o FILE.svg, .png or .pdf" in result.err
