"""The formats: SVG that parses, PNG and PDF without `dot`, DOT, Mermaid; the same bytes for the same spec."""

import re
from io import BytesIO
from pathlib import Path
from xml.etree import ElementTree

import graphviz
import pytest
from PIL import Image

import cnndsl
from cnndsl.backends.drawing.context import DrawingError
from cnndsl.backends.drawing.options import Options, parse_length
from cnndsl.backends.drawing.picture import Picture
from tests.backends.diagrams.specs import BASIC, EXAMPLES, report_of

SPEC = BASIC + "layer1: [basic 3 -> basic 6 s2]\ngap -> flatten -> linear 10"
BROKEN = "input 3x8x8 -> conv 16 k3 -> convv 3 -> maxpool 2"
# The lines that Mermaid's flow charts may have, as far as diagrams use them.
QUOTED = r'"[^"\n]*"'
MERMAID = re.compile(
    r"\s*(?:---|title: .*|flowchart (?:TD|LR)|end"
    rf"|subgraph f\d+\[{QUOTED}\]"
    rf"|b\d+(?:\[{QUOTED}\]|\(\[{QUOTED}\]\)|\(\({QUOTED}\)\))"
    rf"|b\d+ -->(?:\|{QUOTED}\|)? b\d+"
    r"|classDef [a-z]+ [a-z\-]+:[^:;]+(?:,[a-z\-]+:[^:;]+)*"
    r"|class b\d+(?:,b\d+)* [a-z]+"
    r"|linkStyle \d+(?:,\d+)* [a-z\-]+:[^:;]+(?:,[a-z\-]+:[^:;]+)*)"
)


def picture(spec: str, **options: object) -> Picture:
    return Picture(cnndsl.check(spec), Options(**options))  # type: ignore[arg-type]


@pytest.mark.parametrize("style", ["stage", "full", "volume"])
@pytest.mark.parametrize("theme", ["light", "dark", "grey"])
def test_svg_is_xml_with_the_words(style: str, theme: str) -> None:
    root = ElementTree.fromstring(picture(SPEC, style=style, theme=theme).svg())
    assert root.tag.endswith("}svg")
    texts = {text.text for text in root.iter("{http://www.w3.org/2000/svg}text")}
    assert {"input", "output", "3×8×8"} <= texts
    assert ("conv 3×3, 6" in texts) == (style == "full")


def test_names_from_a_spec_are_only_text() -> None:
    spec = 'model A\ninput 3x8x8\n"a<b>&{1}": [conv 3 k1 -> conv 4 k1]\n"a]}`#": [conv 3 k1 -> conv 4 k1]'
    drawn = picture(spec, style="full")
    ElementTree.fromstring(drawn.svg())
    assert "a&lt;b&gt;&amp;1" in drawn.svg()
    assert "a&lt;b&gt;&amp;1" in drawn.render("dot").decode()
    mermaid = drawn.render("mmd").decode()
    assert "a#lt;b#gt;#38;1" in mermaid
    assert all(MERMAID.fullmatch(line) for line in mermaid.splitlines())


@pytest.mark.parametrize("style", ["stage", "volume"])
def test_png_and_pdf_need_no_layout_engine(style: str) -> None:
    drawn = picture(SPEC, style=style)
    png = drawn.render("png")
    image = Image.open(BytesIO(png))
    scene = drawn.scene
    assert image.width == pytest.approx(scene.width * 200 / 72, abs=2)
    assert len(image.convert("RGB").getcolors(100_000) or ()) > 20
    pdf = drawn.render("pdf")
    assert pdf.startswith(b"%PDF-") and pdf.rstrip().endswith(b"%%EOF")
    box = re.search(rb"/MediaBox \[ 0 0 ([\d.]+) ([\d.]+) \]", pdf)
    assert box is not None
    assert float(box[1]) == pytest.approx(scene.width, abs=1)
    assert b"/FontFile2" in pdf, "the typeface is in the file"


@pytest.mark.parametrize("format", ["svg", "png", "pdf", "dot", "mmd"])
def test_the_same_spec_gives_the_same_bytes(format: str) -> None:
    assert picture(SPEC).render(format) == picture(SPEC).render(format)


@pytest.mark.parametrize("name", EXAMPLES)
def test_mermaid_has_each_box_and_each_edge_once(name: str) -> None:
    for style in ("stage", "full"):
        drawn = Picture(report_of(name), Options(style))  # type: ignore[arg-type]
        lines = drawn.render("mmd").decode().splitlines()
        wrong = [line for line in lines if not MERMAID.fullmatch(line)]
        assert not wrong
        assert sum(line.strip() == "end" for line in lines) == sum("subgraph" in line for line in lines)
        boxes = re.findall(r"^ *b(\d+)[\[(]", "\n".join(lines), re.MULTILINE)
        assert sorted(map(int, boxes)) == [box.id for box in drawn.plan.boxes]
        edges = re.findall(r"^ *b(\d+) -->.*b(\d+)$", "\n".join(lines), re.MULTILINE)
        assert [(int(a), int(b)) for a, b in edges] == [
            (edge.source, edge.target) for edge in drawn.plan.edges
        ]


def test_dot_has_each_box_and_each_edge_once() -> None:
    drawn = picture(SPEC, style="full")
    text = drawn.render("dot").decode()
    boxes = re.findall(r"^\s*((?:n|out)\d+) \[", text, re.MULTILINE)
    assert len(boxes) == len(set(boxes)) == len(drawn.plan.boxes)
    assert len(re.findall(r"^\s*\w+ -> \w+", text, re.MULTILINE)) == len(drawn.plan.edges)
    assert text.count("subgraph cluster_") == 3


def test_a_mistake_and_its_edge_are_red_in_every_format() -> None:
    drawn = picture(BROKEN, style="full")
    svg = drawn.svg()
    assert re.search(r'<rect [^>]*stroke="#d00000" stroke-width="2.2"', svg)
    assert re.search(r'<path [^>]*stroke="#d00000" stroke-width="1.8"', svg)
    assert len([line for line in drawn.render("dot").decode().splitlines() if "#d00000" in line]) == 2
    mermaid = drawn.render("mmd").decode()
    assert "linkStyle 1 stroke:#d00000" in mermaid
    assert "class b2 mistake" in mermaid
    assert "dashed" in next(line for line in drawn.render("dot").decode().splitlines() if "maxpool" in line)


def test_a_text_that_does_not_parse_is_drawn_as_far_as_it_is_known() -> None:
    for style in ("stage", "full", "volume"):
        ElementTree.fromstring(picture("add {", style=style).svg())


def test_python_gives_a_digraph_that_shows_itself_without_dot() -> None:
    diagram = cnndsl.draw(SPEC)
    assert isinstance(diagram, graphviz.Digraph)
    bundle = diagram._repr_mimebundle_()
    assert bundle["image/svg+xml"].startswith("<svg")
    assert diagram._repr_svg_() == bundle["image/svg+xml"]
    volume = cnndsl.draw(SPEC, style="volume")
    assert volume._repr_svg_().startswith("<svg")
    with pytest.raises(DrawingError, match=r"the volume style is a picture, which \.dot cannot hold"):
        volume.write("net.dot")


def test_python_takes_the_options_and_params(tmp_path: Path) -> None:
    spec = "param depth = 2\ninput 3x8x8 -> [conv 4 k3 p1 -> relu] x depth"
    assert "×3" in cnndsl.draw(spec, params={"depth": 3}).source
    assert "rankdir=LR" in cnndsl.draw(SPEC, direction="right").source
    assert len(cnndsl.draw(SPEC, expand="layer1").picture.plan.frames) == 1
    cnndsl.draw(SPEC, page_width="84mm", theme="dark").write(tmp_path / "net.svg")
    assert 'width="238.11pt"' in (tmp_path / "net.svg").read_text()
    for wrong in (
        {"style": "photo"},
        {"theme": "pink"},
        {"direction": "up"},
        {"depth": 0},
        {"page_width": "3 ells"},
    ):
        with pytest.raises(ValueError, match="expected"):
            cnndsl.draw(SPEC, **wrong)


@pytest.mark.parametrize(
    ("text", "points"), [("3.3in", 237.6), ("84mm", 238.11), ("8.4cm", 238.11), (" 240 pt", 240)]
)
def test_lengths(text: str, points: float) -> None:
    assert parse_length(text) == pytest.approx(points, abs=0.01)


@pytest.mark.parametrize("text", ["", "3", "in", "3.3 inches", "nanin", "infin", "-3in", "0.1in", "1e9in"])
def test_what_is_no_width_is_refused(text: str) -> None:
    with pytest.raises(DrawingError, match="expected"):
        parse_length(text)
