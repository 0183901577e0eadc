"""`cnndsl show`: the table."""

import json

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
    assert (
        result.out
        == """LeNet5

name   layer         output    parameters  multiply-adds  receptive field
─────────────────────────────────────────────────────────────────────────
input                1x28x28                              1x1
0      conv 6 k5 p2  6x28x28          156        117,600  5x5
1      tanh          6x28x28                              5x5
2      avgpool 2     6x14x14                              6x6
3      conv 16 k5    16x10x10       2,416        240,000  14x14
4      tanh          16x10x10                             14x14
5      avgpool 2     16x5x5                               16x16
6      flatten       400                                  16x16
7      linear 120    120           48,120         48,000  28x28
8      tanh          120                                  28x28
9      linear 84     84            10,164         10,080  28x28
10     tanh          84                                   28x28
11     linear 10     10               850            840  28x28
─────────────────────────────────────────────────────────────────────────
total                              61,706        416,520

weights in float32: 241.0 KiB
"""
    )


def test_a_batch(run: Run) -> None:
    out = run("show", "-e", LENET, "--batch", "64").out
    assert "64x6x28x28" in out
    assert "26,657,280" in out
    assert "for a batch of 64" in out


def test_scopes_fold(run: Run) -> None:
    names = [line.split()[0] for line in run("show", "-e", BLOCKS, "--depth", "1").out.splitlines()[2:6]]
    assert names == ["input", "stem", "layer1", "layer2"]
    out = run("show", "-e", BLOCKS, "--depth", "1").out
    assert "[basic x 2]" in out
    assert "basic 8 s2" in out
    full = run("show", "-e", BLOCKS).out
    assert full.splitlines()[-4].split() == out.splitlines()[-4].split()
    assert "layer1.0.0" in full
    assert "buffers, not trained: " in full


def test_what_is_known_of_a_wrong_spec(run: Run) -> None:
    result = run("show", "-e", TWO_MISTAKES)
    assert result.status == 1
    assert "unknown-layer" in result.err
    assert "?" in result.out
    assert "the totals count what is known" in result.out


def test_json(run: Run) -> None:
    found = json.loads(run("show", "-e", LENET, "--json").out)
    assert found["parameters"] == 61706
    assert len(found["layers"]) == 12


def test_of_a_text_that_does_not_parse_there_is_nothing_to_show(run: Run) -> None:
    result = run("show", "-e", "add {")
    assert (result.status, result.out) == (1, "")
    assert "syntax-error" in result.err
