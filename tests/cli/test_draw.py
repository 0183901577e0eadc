"""`cnndsl draw`: the files it writes."""

import os
import shutil
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.cli.conftest import LENET, TWO_MISTAKES, Run


@pytest.mark.parametrize(
    ("file", "begins"), [("net.svg", b"<?xml"), ("net.png", b"\x89PNG"), ("net.dot", b"digraph LeNet5 {")]
)
def test_each_format(run: Run, tmp_path: Path, file: str, begins: bytes) -> None:
    result = run("draw", "-e", LENET, "-o", tmp_path / file)
    assert result.status == 0, result.err
    assert (tmp_path / file).read_bytes().startswith(begins)
    assert os.listdir(tmp_path) == [file]


def test_the_svg_holds_the_sizes(run: Run, tmp_path: Path) -> None:
    run("draw", "-e", LENET, "-o", tmp_path / "net.svg")
    texts = {"".join(text.itertext()) for text in ElementTree.parse(tmp_path / "net.svg").iter() if text.text}
    assert {"conv 5×5, 6", "tanh", "avgpool 2×2"} <= {text.strip() for text in texts}
    assert "16×10×10" in {text.strip() for text in texts}


def test_without_a_file_the_source_is_printed(run: Run) -> None:
    result = run("draw", "-e", LENET)
    assert result.status == 0
    assert "digraph LeNet5 {" in result.out


def test_a_wrong_spec_is_drawn_as_far_as_it_goes(run: Run, tmp_path: Path) -> None:
    result = run("draw", "-e", TWO_MISTAKES, "-o", tmp_path / "net.svg")
    assert result.status == 1
    assert "unknown-layer" in result.err
    assert "convv" in (tmp_path / "net.svg").read_text()


def test_a_wrong_ending_and_a_missing_folder(run: Run, tmp_path: Path) -> None:
    assert run("draw", "-e", LENET, "-o", tmp_path / "net.gif").status == 2
    result = run("draw", "-e", LENET, "-o", tmp_path / "no" / "net.svg")
    assert result.status == 2
    assert "cannot write" in result.err


def test_without_a_layout_engine_it_says_what_to_install(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "which", lambda *words, **settings: None)
    result = run("draw", "-e", LENET, "-o", tmp_path / "net.svg")
    assert result.status == 2
    assert "install graphviz" in result.err
    assert run("draw", "-e", LENET, "-o", tmp_path / "net.pdf").status == 2
    assert run("draw", "-e", LENET, "-o", tmp_path / "net.dot").status == 0
