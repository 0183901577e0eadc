"""`cnndsl layers`: the vocabulary."""

import pytest

from cnndsl.layers import all_joins, join_names, layers, names
from tests.cli.conftest import Run


def test_the_vocabulary_is_whole(run: Run) -> None:
    out = run("layers").out
    for one in (*layers(), *all_joins()):
        assert f"  {one.name} " in out
        assert one.summary in out
    assert max(map(len, out.splitlines())) <= 140


@pytest.mark.parametrize("name", [*names(), *join_names()])
def test_each_word_has_a_page(run: Run, name: str) -> None:
    result = run("layers", name)
    assert result.status == 0
    assert result.out


def test_a_page(run: Run) -> None:
    out = run("layers", "Conv2d").out
    assert out.startswith("conv: convolution over")
    assert "PyTorch   nn.Conv1d, nn.Conv2d, nn.Conv3d" in out
    assert (
        "  kernel_size   kN            required        size of the kernel: a whole number of 1 or more" in out
    )
    assert "  bias          nobias        default: true" in out
    assert "conv 16 k3 p1                         3x32x32 -> 16x32x32" in out
    assert "kernel-too-large" in out


def test_an_unknown_layer(run: Run) -> None:
    assert "did you mean maxpool" in run("layers", "maxpol").err
    assert run("layers", "zzz").status == 2
