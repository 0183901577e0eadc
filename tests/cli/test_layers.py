"""`cnndsl layers`: the vocabulary, at every width."""

import pytest

from cnndsl.layers import all_joins, find, join_names, layers, names
from tests.cli.conftest import Run


@pytest.fixture(autouse=True)
def width(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


def words(text: str) -> str:
    """The text as one line, however it was wrapped."""
    return " ".join(text.split())


def test_the_vocabulary_is_whole(run: Run) -> None:
    out = run("layers").out
    for one in (*layers(), *all_joins()):
        assert f"  {one.name} " in out
        assert words(one.summary) in words(out)
    assert "nn.ConvNd" not in out


def test_a_wide_terminal_shows_pytorchs_names(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    assert "  conv                 nn.ConvNd               convolution over a sequence" in run("layers").out


@pytest.mark.parametrize("columns", [80, 100, 200])
@pytest.mark.parametrize("name", ["", *(one.name for one in (*layers(), *all_joins()))])
def test_nothing_is_wider_than_the_terminal(
    run: Run, name: str, columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    lines = run("layers", *filter(None, [name])).out.splitlines()
    assert max(map(len, lines)) <= min(columns, 110)
    assert not any(line != line.rstrip() for line in lines)


@pytest.mark.parametrize("name", [*names(), *join_names()])
def test_each_word_has_a_page(run: Run, name: str) -> None:
    result = run("layers", name)
    found = find(name)
    assert result.status == 0
    assert result.out.startswith(f"{name if found is None else found.layer.name}: ")


def test_a_page(run: Run) -> None:
    out = run("layers", "Conv2d").out
    assert out.startswith("conv: convolution over")
    assert "PyTorch   nn.Conv1d, nn.Conv2d, nn.Conv3d" in out
    assert "takes     sequences, images and volumes\n" in out
    assert (
        "  padding       pN             = 0       zeros put on both sides, or a word: a\n"
        "                                         whole number of 0 or more, one an axis,\n"
        "                                         same, or valid\n"
    ) in out
    assert "  bias          nobias         = true    whether a bias is added: true or false\n" in out
    assert "conv 16 k3 p1                         3x32x32 -> 16x32x32" in out
    assert "kernel-too-large" in out


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("maxpol", "no layer `maxpol`; did you mean `maxpool`?"),
        ("MaxPooling2D", "did you mean `maxpool`?"),
        ("globalavgpool", "did you mean `gap`?"),
        ("sum", "did you mean `add`?"),
        ("zzz", "no layer `zzz`; `cnndsl layers` lists the layers"),
    ],
)
def test_an_unknown_layer(run: Run, name: str, said: str) -> None:
    result = run("layers", name)
    assert result.status == 2
    assert said in result.err
