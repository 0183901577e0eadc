"""`cnndsl features`: a picture of a layer, and what is said on the way."""

from pathlib import Path

import numpy as np
import pytest
import torch
from matplotlib.figure import Figure
from PIL import Image

import cnndsl
from cnndsl.backends import maps
from cnndsl.backends.images import ImageError, read_image
from tests.cli.conftest import Run

SPEC = """model Small
input 3x12x8
conv 5 k3 -> stem: [relu -> maxpool 2] -> add { identity | conv 5 k1 } -> flatten -> linear 4
"""


@pytest.fixture
def image(tmp_path: Path) -> Path:
    values = np.random.default_rng(0).integers(0, 256, (24, 30), dtype=np.uint8)
    Image.fromarray(values).save(tmp_path / "cat.png")
    return tmp_path / "cat.png"


def words_in(figure: Figure) -> str:
    return " ".join(text.get_text() for text in figure.findobj(match=lambda one: hasattr(one, "get_text")))


@pytest.fixture
def figures(monkeypatch: pytest.MonkeyPatch) -> list[Figure]:
    """The figures that are drawn."""
    made: list[Figure] = []
    save = Figure.savefig

    def savefig(self: Figure, *arguments: object, **keywords: object) -> None:
        made.append(self)
        save(self, *arguments, **keywords)  # type: ignore[arg-type]

    monkeypatch.setattr(Figure, "savefig", savefig)
    return made


def test_a_grid_of_maps(run: Run, tmp_path: Path, image: Path, figures: list[Figure]) -> None:
    torch.manual_seed(5)
    model = cnndsl.compile(SPEC)
    torch.save(model.state_dict(), tmp_path / "small.pth")
    out = tmp_path / "maps.png"
    given = ("-e", SPEC, "--image", image, "--weights", tmp_path / "small.pth")
    result = run("features", *given, "--layer", "stem", "-o", out)
    assert result.status == 0, result.err
    assert result.out == f"{out}: stem, 5 maps of 5x3\n"
    assert "cat.png: grey brought to colour\n" in result.err
    assert "cat.png: 30x24 (width x height) scaled by 0.5 and cut around its centre to 8x12\n" in result.err
    assert "cat.png: values 0..255 brought to 0..1\n" in result.err
    assert "small.pth: all 6 weights loaded" in result.err
    with Image.open(out) as picture:
        assert picture.size[0] > 400
    words = words_in(figures[0])
    for word in ("stem of Small: 5 maps of 5x3", "cat.png, weights: small.pth", "input 3x12x8", "value"):
        assert word in words
    shown, _ = read_image(image, (3, 12, 8))
    expected = cnndsl.features(model, torch.from_numpy(shown)[None], "stem")["stem"][0]
    drawn = [one.get_array() for axes in figures[0].findobj(match=lambda one: hasattr(one, "get_images"))
             for one in axes.get_images()]  # type: ignore[attr-defined]  # fmt: skip
    assert any(np.shape(one) == (12, 8, 3) for one in drawn)
    found = [one for one in drawn if np.shape(one) == (5, 3)]
    assert len(found) == 5
    for one, channel in zip(found, expected.detach().numpy(), strict=True):
        assert np.allclose(one, channel)


def test_a_vector_is_drawn_as_bars_and_random_weights_are_said(
    run: Run, tmp_path: Path, image: Path, figures: list[Figure]
) -> None:
    out = tmp_path / "bars.svg"
    result = run("features", "-e", SPEC, "--image", image, "--layer", "3", "--seed", "7", "-o", out)
    assert result.status == 0, result.err
    assert result.out == f"{out}: 3, 4 values\n"
    assert "no --weights: they are drawn at random, seed 7" in result.err
    assert "weights: drawn at random, seed 7" in words_in(figures[0])
    bars = [patch for axes in figures[0].subfigs[1].axes for patch in axes.patches]
    assert len(bars) == 4
    assert len({round(bar.get_height(), 6) for bar in bars}) == 4  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        (["--layer", "stm"], 1, "the network has no layer `stm`\n  help: did you mean `stem`?"),
        (["--layer", "add"], 1, "`add` is no layer with a value of its own name: `2` is the layer behind it"),
        (["--layer", "stem", "--image", "none.png"], 2, "cannot read none.png: no such file or directory"),
        (["--layer", "stem", "--image", "BROKEN"], 1, "is no image that can be read"),
        (["--layer", "stem", "--image", "CUT"], 1, "is a broken image"),
        (["--layer", "stem", "-o", "maps.gif"], 2, "expected a file that ends in .png, .svg, .pdf"),
        (["--layer", "stem", "-o", "no/maps.png"], 2, "cannot write no"),
        (["--layer", "stem", "--seed", "-1"], 2, "--seed -1: expected a whole number of 0 or more"),
        (["--layer", "stem", "--weights-partial"], 2, "give both"),
        (["--layer", "stem", "--weights", "BROKEN"], 1, "is damaged, or no file of weights"),
        (["--layer", "stem", "--input", "5x12x8"], 1, "the network takes 5x12x8, no image"),
        (["--layer", "0", "-e", "x"], 2, "one spec at a time"),
    ],
)
def test_what_is_refused(
    run: Run, tmp_path: Path, image: Path, words: list[str], status: int, message: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    broken, cut = tmp_path / "broken.png", tmp_path / "cut.png"
    broken.write_bytes(b"no image")
    cut.write_bytes(image.read_bytes()[:200])
    files = {"BROKEN": str(broken), "CUT": str(cut)}
    given = ["-e", SPEC, "--image", image, "-o", "maps.png", *(files.get(word, word) for word in words)]
    result = run("features", *given)
    assert (result.status, message in result.err) == (status, True), result.err
    assert result.out == ""
    assert "defect" not in result.err
    assert {path.name for path in tmp_path.iterdir()} == {"cat.png", "broken.png", "cut.png"}


@pytest.mark.parametrize(
    ("mode", "channels", "note"),
    [
        ("RGB", 1, "colour brought to grey"),
        ("P", 3, "a palette brought to colour"),
        ("1", 1, "black and white brought to grey"),
        ("RGB", 4, "colour brought to colour with transparency"),
        ("L", 1, None),
    ],
)
def test_images_of_all_modes(tmp_path: Path, mode: str, channels: int, note: str | None) -> None:
    grey = Image.new("L", (6, 4), 255)
    grey.convert(mode).save(tmp_path / "image.png")
    values, notes = read_image(tmp_path / "image.png", (channels, 4, 6))
    assert values.shape == (channels, 4, 6)
    assert values.dtype == np.float32
    assert (values == 1).all()
    assert notes == (*([note] if note else []), "values 0..255 brought to 0..1")


def test_deep_grey_and_turned_images(tmp_path: Path) -> None:
    Image.fromarray(np.full((4, 4), 65535, np.uint16)).save(tmp_path / "deep.png")
    assert (read_image(tmp_path / "deep.png", (3, 4, 4))[0] == 1).all()
    turned = Image.new("L", (6, 4))
    turned.putpixel((0, 0), 255)
    marked = Image.Exif()
    marked[0x0112] = 6
    turned.save(tmp_path / "turned.png", exif=marked)
    values, _ = read_image(tmp_path / "turned.png", (1, 6, 4))
    assert np.argwhere(values[0]).tolist() == [[0, 3]]
    with pytest.raises(ImageError, match="the network takes 784, no image"):
        read_image(tmp_path / "turned.png", (784,))


def test_values_of_more_axes_are_refused(tmp_path: Path) -> None:
    picture = maps.Picture(np.zeros((1, 2, 2), np.float32), np.zeros((2, 2, 2, 2), np.float32), "", "")
    with pytest.raises(ValueError, match="the layer gives 2x2x2x2: expected maps"):
        maps.draw_maps(picture, tmp_path / "maps.png")


def test_the_scale_of_colours() -> None:
    positive = np.linspace(0, 10, 1001, dtype=np.float32)
    assert maps._scale(positive) == {"cmap": "viridis", "vmin": 0.0, "vmax": pytest.approx(9.9)}
    signed = np.concatenate([-positive, positive[:5]])
    scale = maps._scale(signed)
    assert scale["cmap"] == "RdBu_r"
    assert scale["vmin"] == -scale["vmax"] == pytest.approx(-9.9, abs=0.05)
    assert maps._scale(np.zeros(4, np.float32))["vmax"] == 1
    assert maps._scale(np.full(4, np.nan, np.float32))["vmax"] == 1
