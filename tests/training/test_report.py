"""The report of a run and its worst mistakes."""

import csv
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch.nn import functional as F

from cnndsl.training import Data, TrainResult, load_run, train
from cnndsl.training.data import from_arrays
from cnndsl.training.mistakes import Mistake, draw_mistakes
from cnndsl.training.records import RunFolder
from cnndsl.training.report import write_report
from tests.browser import CHROMIUM, Browser

from .conftest import bars

EVIL = '<img src="http://127.0.0.1:9/x" onerror=alert(1)>'
SPEC = f"""model Bars
# {EVIL} </pre><script>alert("spec")</script>
param hidden = 3
input 3x6x6
block cell(c) {{ conv c k3 p1 -> bn -> relu }}
cell hidden -> maxpool 2 -> flatten -> linear 3
"""
SECTIONS = ["numbers", "curves", "confusion", "mistakes", "network", "settings", "use"]
VOID = {"meta", "link", "img", "br", "source", "line", "circle", "polyline"}


def leave_pictures_out(patch: pytest.MonkeyPatch) -> None:
    """What matplotlib draws takes longer than these runs."""
    patch.setattr("cnndsl.training.records.draw_curves", lambda *arguments: None)
    patch.setattr("cnndsl.training.records.draw_confusion", lambda *arguments: None)


pytestmark = pytest.mark.usefixtures("documented")


def colours() -> Data:
    """Images of three classes, one of which is called like an attack, at random."""
    images, labels = bars(60)
    images = np.repeat(images[:, None], 3, 1)
    names = np.array([EVIL, "long name of a class", "c"])[(labels + np.arange(60) % 3) % 3]
    data = from_arrays(images, names, (3, 6, 6))
    assert EVIL in data.classes
    return data


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, documented: None) -> TrainResult:
    """A run that has learnt little."""
    folder = tmp_path_factory.mktemp("run") / "a & <b>"
    with pytest.MonkeyPatch.context() as patch:
        leave_pictures_out(patch)
        return train(SPEC, colours(), out=folder, epochs=2, batch=16, device="cpu", params={"hidden": 4})


@pytest.fixture
def no_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs draw nothing with matplotlib."""
    leave_pictures_out(monkeypatch)


class Reader(HTMLParser):
    """The tags of a page, with what they point to; tags that are not closed are an error."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.targets: list[str] = []
        self.attributes: set[str] = set()
        self.ids: list[str] = []
        self.text = ""
        self.feed(page)
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            self.attributes.add(name)
            if name in ("src", "href", "srcset", "action", "data", "xlink:href"):
                self.targets.append(value or "")
            if name == "id":
                self.ids.append(value or "")
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def test_one_page_with_everything_escaped(run: TrainResult) -> None:
    page = (run.folder / "report.html").read_text()
    read = Reader(page)
    assert read.ids == SECTIONS
    assert not read.tags & {"script", "iframe", "object", "embed", "base", "form"}
    assert not {name for name in read.attributes if name.startswith("on")}
    assert read.targets
    assert all(target.startswith("data:") for target in read.targets)
    assert "@import" not in page
    assert "url(" not in page
    # the spec, a class, a number and the settings stand there as they are
    for part in (EVIL, '<script>alert("spec")</script>', "hidden=4", "long name of a class"):
        assert part in read.text
    assert f"{run.accuracy:.2%}" in read.text
    assert "a & <b>" in read.text
    assert f"{run.parameters:,}" in read.text
    # for light pages and for dark ones
    assert page.count("data:image/svg+xml") == 2


def test_mistakes_are_those_with_the_highest_loss(run: TrainResult) -> None:
    from cnndsl.training.data import hold_out

    loaded = load_run(run.folder, device="cpu")
    held = hold_out(colours(), 0.2, 0)[1]
    with torch.no_grad():
        outputs = loaded.model(held.images[:])
    losses = F.cross_entropy(outputs, held.labels, reduction="none")
    wrong = (outputs.argmax(1) != held.labels).nonzero()[:, 0].tolist()
    assert wrong
    expected = sorted(wrong, key=lambda at: -float(losses[at]))
    rows = list(csv.DictReader((run.folder / "mistakes.csv").read_text().splitlines()))
    assert [int(row["sample"]) for row in rows] == expected
    for row in rows:
        at = int(row["sample"])
        shares = outputs[at].softmax(0)
        assert row["true"] == run.classes[int(held.labels[at])]
        assert row["predicted"] == run.classes[int(outputs[at].argmax())]
        assert float(row["loss"]) == pytest.approx(float(losses[at]), abs=1e-4)
        assert float(row["probability"]) == pytest.approx(float(shares.max()), abs=1e-4)
        assert float(row["true_probability"]) == pytest.approx(float(shares[held.labels[at]]), abs=1e-4)
    with Image.open(run.folder / "mistakes.png") as sheet:
        assert sheet.width > 100


def test_files_of_images_are_named(no_pictures: None, tmp_path: Path) -> None:
    for index, (image, label) in enumerate(zip(*bars(24), strict=True)):
        folder = tmp_path / "images" / str(label)
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(folder / f"{index}.png")
    spec = "input 1x6x6 -> flatten -> linear 2"
    out = tmp_path / "run"
    # so small a learning rate that mistakes are left
    train(
        spec, str(tmp_path / "images"), out=out, epochs=1, memory=0, lr=1e-9, val=0.5, device="cpu", workers=1
    )
    rows = list(csv.DictReader((out / "mistakes.csv").read_text().splitlines()))
    assert rows
    for row in rows:
        assert Path(row["file"]).parent.name == row["true"] != row["predicted"]


@pytest.mark.parametrize("shape", [(6, 6), (3, 200, 120), (4, 9, 9)])
def test_sheet(shape: tuple[int, ...]) -> None:
    from cnndsl.training.data import Part
    from cnndsl.training.mistakes import thumbnails

    size = shape if len(shape) == 3 else (1, *shape)
    part = Part(torch.rand(11, *size) * 3 - 1, torch.zeros(11, dtype=torch.int64))
    mistakes = [Mistake(at, "x" * 40, "long words of a class", 0.5, 0.25, 1.0) for at in range(11)]
    pictures = thumbnails(part, mistakes)
    assert all(max(one.size) in (90, 96) for one in pictures)
    sheet = draw_mistakes(mistakes, pictures)
    assert sheet.getcolors(1 << 20) is not None


def test_vectors_and_modules_and_no_mistakes(no_pictures: None, tmp_path: Path) -> None:
    labels = torch.arange(40) % 2
    images = labels[:, None].expand(40, 3) * 0.8
    out = tmp_path / "vectors"
    result = train("input 3 -> linear 2", (images, labels), epochs=30, lr=0.1, device="cpu", out=out)
    assert result.accuracy == 1
    assert "all 8 held-out samples were found right" in Reader((out / "report.html").read_text()).text
    assert not (out / "mistakes.png").exists()
    module = torch.nn.Linear(3, 2)
    train(module, (images, 1 - labels), epochs=1, lr=1e-9, device="cpu", out=tmp_path / "module")
    text = Reader((tmp_path / "module" / "report.html").read_text()).text
    assert "A module that was made by hand" in text
    assert "model=module" in text


def test_many_classes_and_epochs(run: TrainResult, tmp_path: Path) -> None:
    """Those of a run that never was: with a picture for a matrix, and curves that are thinned out."""
    import json
    import shutil

    folder = shutil.copytree(run.folder, tmp_path / "run")
    metrics = json.loads((folder / "metrics.json").read_text())
    metrics["epochs"] = [{**metrics["epochs"][0], "epoch": number} for number in range(1, 2001)]
    metrics["best_epoch"] = 1777
    metrics["test"]["confusion"] = [[row * column % 7 for column in range(30)] for row in range(30)]
    (folder / "metrics.json").write_text(json.dumps(metrics))
    write_report(RunFolder(folder), [], [])
    page = (folder / "report.html").read_text()
    Reader(page)
    assert page.count("data:image/png") == 1
    assert page.count("<circle") < 2100
    assert page.count("epoch 1777, validation") == 2


def test_a_report_that_fails_is_said_and_the_run_is_good(
    no_pictures: None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    data: Data,
) -> None:
    def broken(*arguments: object) -> None:
        raise RuntimeError("the pen is broken\nat a place")

    monkeypatch.setattr("cnndsl.training.report.write_report", broken)
    spec = "input 1x6x6 -> flatten -> linear 2"
    result = train(spec, data, epochs=1, device="cpu", out=tmp_path / "run", progress=True)
    assert capfd.readouterr().err.splitlines()[-1] == "report.html was not written: the pen is broken"
    assert 0 <= result.accuracy <= 1
    assert (tmp_path / "run" / "mistakes.csv").exists()
    assert not (tmp_path / "run" / "report.html").exists()


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("there is no Chromium to open the page in")
    with Browser(tmp_path_factory.mktemp("profile")) as one:
        yield one


def test_in_a_browser(run: TrainResult, browser: Browser, tmp_path: Path) -> None:
    page = browser.open(run.folder / "report.html")
    assert page.complaints == []
    assert page.requests == []
    assert page.evaluate("[...document.querySelectorAll('[id]')].map(one => one.id)") == SECTIONS
    widths = page.evaluate("[...document.images].map(image => image.naturalWidth)")
    assert len(widths) >= 2
    assert min(widths) > 0
    # every section is seen, and nothing runs over the side
    heights = page.evaluate("[...document.querySelectorAll('section')].map(one => one.clientHeight)")
    assert min(heights) > 40
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    colors = []
    for name in ("light", "dark"):
        page.screenshot(tmp_path / f"{name}.png", dark=name == "dark")
        with Image.open(tmp_path / f"{name}.png") as image:
            assert image.width == 1200
            assert image.height > 1500
            shown = image.convert("L")
            colors.append(shown.getpixel((5, 5)))
            # a page with something on it
            assert len(shown.getcolors(1 << 20)) > 50
    assert colors[0] > 200
    assert colors[1] < 60
    narrow = browser.open(run.folder / "report.html", width=380)
    assert narrow.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_page_that_is_not_as_it_should_be_is_noticed(
    run: TrainResult, browser: Browser, tmp_path: Path
) -> None:
    page = (run.folder / "report.html").read_text()
    planted = '<img src="http://127.0.0.1:9/x.png"><script>console.log("here")</script></main>'
    (tmp_path / "planted.html").write_text(page.replace("</main>", planted))
    assert len(browser.open(tmp_path / "planted.html").complaints) >= 2
    at, end = page.index("<meta http-equiv"), page.index("<link")
    (tmp_path / "open.html").write_text((page[:at] + page[end:]).replace("</main>", planted))
    opened = browser.open(tmp_path / "open.html")
    assert opened.requests == ["http://127.0.0.1:9/x.png"]
    assert 0 in opened.evaluate("[...document.images].map(image => image.naturalWidth)")
