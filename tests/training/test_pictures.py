"""The pictures of a run, and what is shown while it goes on."""

import io
from pathlib import Path

import pytest
from PIL import Image

from cnndsl.training import Epoch
from cnndsl.training.progress import Bar, Lines, Watcher, duration, watcher
from cnndsl.training.records import RunFolder


def epochs(count: int) -> list[Epoch]:
    return [
        Epoch(n, 1 / n, 1 - 1 / (n + 1), 1.1 / n, 1 - 1.1 / (n + 1), 2.0, 1234.5) for n in range(1, count + 1)
    ]


@pytest.mark.parametrize("count", [1, 3, 60])
def test_curves(tmp_path: Path, count: int) -> None:
    RunFolder(tmp_path).write_curves(epochs(count), count, "net")
    with Image.open(tmp_path / "curves.png") as image:
        assert image.size == (1500, 630)
        colors = {color for _, color in image.convert("RGB").getcolors(1 << 20) or []}
    # both curves are there
    assert {(0x00, 0x72, 0xB2), (0xD5, 0x5E, 0x00)} <= colors


@pytest.mark.parametrize("classes", [2, 10, 30])
def test_confusion(tmp_path: Path, classes: int) -> None:
    names = [f"a {'long ' * (index % 3)}name" for index in range(classes)]
    names[-1] = "a name without an end " * 9
    matrix = [[9 if row == column else column % 2 for column in range(classes)] for row in range(classes)]
    matrix[1] = [0] * classes
    RunFolder(tmp_path).write_confusion(matrix, names)
    with Image.open(tmp_path / "confusion.png") as image:
        assert min(image.size) >= 600
    assert len((tmp_path / "confusion.csv").read_text().splitlines()) == classes + 1


def tell(watch: Watcher) -> None:
    """A run of three epochs, the first of which was finished before."""
    watch.note("values 0..255 brought to 0..1 [bold]")
    watch.begin(3, 100, 1)
    watch.batch(50, 0.5, 0.75)
    watch.epoch(epochs(2)[1], best=True)
    watch.epoch(epochs(3)[2], best=False)
    watch.end()


def test_lines_for_files_and_pipes() -> None:
    stream = io.StringIO()
    tell(watcher(stream))
    note, second, third = stream.getvalue().splitlines()
    assert note == "values 0..255 brought to 0..1 [bold]"
    expected = (
        "epoch 2/3  train loss 0.5000 accuracy 0.6667  val loss 0.5500 accuracy 0.6333*  1,234 samples/s"
    )
    assert second.startswith(expected)
    assert second.endswith(" left")
    assert third.startswith("epoch 3/3")
    assert third.endswith("samples/s")


def test_a_bar_for_terminals(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setenv("TERM", "dumb")
    assert isinstance(watcher(Terminal()), Lines)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "80")
    stream = Terminal()
    assert isinstance(watcher(io.StringIO()), Lines)
    watch = watcher(stream)
    assert isinstance(watch, Bar)
    tell(watch)
    shown = stream.getvalue()
    for part in ("epoch 2/3", "loss 0.5000  accuracy 0.7500", "samples/s", "left", "[bold]", "epoch 3/3"):
        assert part in shown
    assert duration(59.7) == "1:00"
    # a line stays a line where the terminal is narrow
    assert "accuracy 0.6333*\n" in shown
    # a second run has a bar of its own, and only that
    tell(watch)
    bars = [line for line in stream.getvalue()[len(shown) :].split("\n") if "samples/s" in line]
    assert bars
    assert not any("3/3 ━" in line and "2/3" in line for line in bars)
    assert not watch.progress.tasks
