"""`cnndsl show`: the table."""

import json
import os
import re
import subprocess
import sys

import pytest

from tests.backends.recorded import HERE
from tests.cli.conftest import LENET, TWO_MISTAKES, Run

BLOCKS = """input 3x8x8
block basic(c, s=1) {
  residual if s == 1 { conv c k3 s=s p1 -> bn -> relu }
}
stem: conv 4 k3 p1
layer1: [basic 4] x 2
layer2: basic 8 s2
"""


def test_the_table(run: Run) -> None:
    result = run("show", "-e", LENET)
    assert result.status == 0
    assert result.out == (HERE / "lenet5.txt").read_text(encoding="utf-8")


def test_a_batch(run: Run) -> None:
    out = run("show", "-e", LENET, "--batch", "64").out
    assert "64x6x28x28" in out
    assert "26,657,280" in out
    assert "for a batch of 64" in out


def test_memory_with_an_optimizer(run: Run) -> None:
    out = run("show", "-e", "input 8 -> linear 2", "--optimizer", "momentum").out
    # 18 weights, as many gradients and velocities, and the 8 numbers that the layer keeps
    assert "training       248 bytes  one sample, momentum:" in out


def test_scopes_fold(run: Run) -> None:
    names = [line.split()[0] for line in run("show", "-e", BLOCKS, "--depth", "1").out.splitlines()[2:6]]
    assert names == ["input", "stem", "layer1", "layer2"]
    out = run("show", "-e", BLOCKS, "--depth", "1").out
    assert "[basic ×2]" in out
    assert "basic 8 s2" in out
    full = run("show", "-e", BLOCKS).out
    totals = [next(line.split() for line in text.splitlines() if line[:5] == "total") for text in (full, out)]
    assert totals[0] == totals[1]
    assert "layer1.0.0" in full
    assert "buffers are not" in full


def test_repeats_fold_unless_all_is_wanted(run: Run) -> None:
    out = run("show", "-e", BLOCKS).out
    assert "layer1.1      basic as above" in out
    assert "layer1        total" in out
    out = run("show", "-e", BLOCKS, "--all").out
    assert "layer1.1.0" in out
    assert "as above" not in out
    assert out.count("total") == 1


def test_what_is_known_of_a_wrong_spec(run: Run) -> None:
    result = run("show", "-e", TWO_MISTAKES)
    assert result.status == 1
    assert "unknown-layer" in result.err
    assert "convv  ✗ line 2: there is no layer or block `convv`" in result.out
    assert "2 operations, unknown" in result.out
    assert "the totals count what is known" in result.out


@pytest.mark.parametrize("words", [("--json",), ("--format", "json")])
def test_json_is_whole(run: Run, words: tuple[str, ...]) -> None:
    found = json.loads(run("show", "-e", LENET, *words).out)
    assert found["parameters"] == 61706
    assert len(found["layers"]) == 12
    # nothing is folded
    blocks = json.loads(run("show", "-e", BLOCKS, *words, "--depth", "1").out)
    assert "layer1.1.0" in [layer["path"] for layer in blocks["layers"]]


def test_csv_and_columns(run: Run) -> None:
    result = run("show", "-e", BLOCKS, "--format", "csv", "--columns", "name,layer,parameters")
    assert result.out.splitlines()[:3] == ["name,layer,parameters", "input,input,0", "stem,conv,112"]
    assert "layer1.1.0,conv," in result.out
    wrong = run("show", "-e", BLOCKS, "--columns", "name,size")
    assert wrong.status == 2
    assert "--columns size: expected some of name, layer" in wrong.err
    assert run("show", "-e", BLOCKS, "--columns", "").status == 2


def test_of_a_text_that_does_not_parse_there_is_nothing_to_show(run: Run) -> None:
    result = run("show", "-e", "add {")
    assert (result.status, result.out) == (1, "")
    assert "syntax-error" in result.err


def in_a_terminal(*words: str, **settings: str) -> str:
    """What a command prints in a terminal, where the system has such terminals."""
    pty = pytest.importorskip("pty")
    ours, theirs = pty.openpty()
    environment = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    process = subprocess.Popen(
        [sys.executable, "-m", "cnndsl", *words],
        stdout=theirs,
        env={**environment, "TERM": "xterm", **settings},
        stderr=subprocess.DEVNULL,
    )
    os.close(theirs)
    printed = b""
    while True:
        try:
            part = os.read(ours, 4096)
        except OSError:
            break
        if not part:
            break
        printed += part
    os.close(ours)
    assert process.wait() == 0
    return printed.decode().replace("\r\n", "\n")


def test_a_terminal_gets_colours_and_lines_that_fit(run: Run) -> None:
    words = "show", "zoo:resnet18"
    text = in_a_terminal(*words, COLUMNS="72")
    assert "\x1b[1mtotal" in text
    assert max(len(re.sub(r"\x1b\[[\d;]*m", "", line)) for line in text.split("\n")) <= 72
    plain = in_a_terminal(*words, COLUMNS="300", NO_COLOR="1")
    # A pipe gets the whole width, and no colours.
    assert plain == run(*words).out
    assert max(map(len, plain.split("\n"))) > 120


def test_a_stream_without_the_signs_gets_ascii() -> None:
    words = [sys.executable, "-m", "cnndsl", "show", "zoo:resnet18", "--depth", "1"]
    done = subprocess.run(
        words, capture_output=True, check=True, env={**os.environ, "PYTHONIOENCODING": "ascii"}
    )
    text = done.stdout.decode("ascii")
    assert "[basic x2]" in text
    assert "\\" not in text
