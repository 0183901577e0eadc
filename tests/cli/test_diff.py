"""`cnndsl diff`: what two specs differ in."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import LENET, TWO_MISTAKES, Run

AVERAGE = LENET.replace("conv 16 k5 -> tanh", "conv 16 k5 -> bn -> relu")


@pytest.fixture
def specs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.cnn").write_text(LENET)
    (tmp_path / "b.cnn").write_text(AVERAGE)
    (tmp_path / "bad.cnn").write_text(TWO_MISTAKES)
    return tmp_path


@pytest.mark.usefixtures("specs")
def test_the_tables(run: Run) -> None:
    result = run("diff", "a.cnn", "b.cnn")
    assert result.status == 0
    assert result.out == (
        """a.cnn → b.cnn

change   name  layer        output    parameters  multiply-adds
───────────────────────────────────────────────────────────────
added    4     bn           16x10x10         +32
changed  5     tanh → relu  16x10x10

                   a.cnn      b.cnn  difference
──────────────────────────────────────────────────────
operations            12         13          +1  +8.3%
parameters        61,706     61,738         +32  +0.1%
buffers                0         33         +33
multiply-adds    416,520    416,520
weights        241.0 KiB  241.3 KiB  +264 bytes  +0.1%
inference      280.9 KiB  281.1 KiB  +264 bytes  +0.1%

3 layers have their weights under another name: 7 → 8, 9 → 10, 11 → 12
"""
    )


@pytest.mark.usefixtures("specs")
def test_the_other_forms(run: Run) -> None:
    assert (
        "| added | 4 | bn | 16x10x10 | +32 |  |" in run("diff", "a.cnn", "b.cnn", "--format", "markdown").out
    )
    found = json.loads(run("diff", "a.cnn", "b.cnn", "--format", "json").out)
    assert [change["change"] for change in found["changes"]] == ["added", "changed"]
    assert found["renamed_weights"] == [["7", "8"], ["9", "10"], ["11", "12"]]


@pytest.mark.usefixtures("specs")
def test_no_difference(run: Run) -> None:
    result = run("diff", "a.cnn", "a.cnn", "--exit-code")
    assert (result.status, result.out) == (0, "no difference: 61,706 parameters, 416,520 multiply-adds\n")
    # A comment, a line more: the network is the same.
    assert run("diff", "a.cnn", "-", "--exit-code", stdin=b"# LeNet\n" + LENET.encode()).status == 0


@pytest.mark.usefixtures("specs")
def test_the_status_says_so_where_it_is_asked(run: Run) -> None:
    assert run("diff", "a.cnn", "b.cnn").status == 0
    assert run("diff", "a.cnn", "b.cnn", "--exit-code").status == 1


@pytest.mark.usefixtures("specs")
def test_a_spec_at_fault(run: Run) -> None:
    for words in (("a.cnn", "bad.cnn"), ("bad.cnn", "a.cnn")):
        result = run("diff", *words)
        assert (result.status, result.out) == (1, "")
        assert "bad.cnn:2:1: error[unknown-layer]" in result.err


@pytest.mark.parametrize("words", [(), ("a.cnn",), ("a.cnn", "a.cnn", "a.cnn")])
@pytest.mark.usefixtures("specs")
def test_it_takes_two(run: Run, words: tuple[str, ...]) -> None:
    result = run("diff", *words)
    assert result.status == 2
    assert "two specs are compared" in result.err or "no spec" in result.err


@pytest.mark.usefixtures("specs")
def test_a_file_that_is_not_there(run: Run) -> None:
    result = run("diff", "a.cnn", "nowhere.cnn")
    assert result.status == 2
    assert "nowhere.cnn" in result.err


def test_input_and_set_hold_for_both(run: Run) -> None:
    specs = "-e", "param n = 4\nconv n k3", "-e", "param n = 8\nconv n k5 p1"
    out = run("diff", *specs, "--input", "1x9x9", "--set", "n=2").out
    assert "conv k3 → k5, p0 → p1" in out
    assert "out=" not in out


def test_sizes_that_follow_are_told_together(run: Run) -> None:
    out = run("diff", "-e", LENET, "-e", LENET.replace("1x28x28", "1x32x32")).out
    assert "follows  0      and 7 more, to 7" in out
    assert len(run("diff", "-e", LENET, "-e", LENET.replace("1x28", "1x32"), "--all").out) > len(out)
