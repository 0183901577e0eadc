"""The diagram: every node once, frames for scopes, skips around the trunk."""

import re
from pathlib import Path

import pytest

import cnndsl
from cnndsl.backends.dot import COLORS, _boxes
from cnndsl.layers import layers

EXAMPLES = sorted(Path(__file__).resolve().parents[2].glob("examples/*.cnn"))
BLOCK = """input 3x8x8
block basic(c, s=1) {
  add {
    conv1: conv c k3 s=s p1 nobias -> bn1: bn -> relu
    conv2: conv c k3 p1 nobias -> bn2: bn
  | if s != 1 or C != c { downsample: [conv c k1 s=s nobias -> bn] } else { identity }
  }
  relu
}
layer1: [basic 3 -> basic 6 s2]
"""


def source(spec: str) -> str:
    return str(cnndsl.draw(spec).source)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_node_stands_in_exactly_one_box(path: Path) -> None:
    report = cnndsl.check(path)
    boxes = _boxes(report.graph)
    assert boxes.keys() == {node.id for node in report.graph.nodes}
    distinct = {id(box): box for box in boxes.values()}.values()
    assert sorted(node.id for box in distinct for node in box.nodes) == sorted(boxes)
    text = source(report.source.text)
    drawn = re.findall(r"^\s*(n\d+) \[", text, re.MULTILINE)
    assert sorted(drawn) == sorted(box.name for box in distinct)
    edges = re.findall(r"(n\d+) -> (n\d+)", text)
    expected = [
        (boxes[value].name, boxes[node.id].name)
        for node in report.graph.nodes
        for value in node.inputs
        if boxes[value] is not boxes[node.id]
    ]
    assert sorted(edges) == sorted(expected)


def test_a_norm_and_an_activation_stand_in_the_box_of_the_convolution() -> None:
    text = source("input 3x8x8 -> conv 16 k3x5 s2 d2 g1 p4 -> bn -> relu -> dropout 0.5 -> maxpool 2")
    assert "<b>conv 3×5, 16</b>" in text
    assert "stride 2, dilation 2" in text
    assert "bn · relu · dropout 0.5" in text
    assert "<b>maxpool 2×2</b>" in text
    assert text.count("stride") == 1, "a pool's stride is its window unless it is said"


def test_what_is_read_twice_keeps_a_box_of_its_own() -> None:
    text = source("input 3x8x8 -> conv 3 k3 p1 -> residual { relu -> conv 3 k3 p1 } -> conv 3 k1 -> relu")
    assert re.search(r"label=<<b>relu</b>>", text)
    assert text.count(">relu<") == 2


def test_scopes_are_frames_and_skips_go_around() -> None:
    text = source(BLOCK)
    assert text.count("subgraph cluster_") == 4
    assert "<b>0</b> basic 3 s1" in text
    assert "<b>downsample</b>" in text
    assert len(re.findall(r"headport=e", text)) == 1
    assert ">+<" in text


def test_sizes_stand_on_the_edges() -> None:
    text = source("input 3x8x8 -> conv 16 k3 -> flatten -> linear 10")
    assert re.findall(r'label=" ([\d×]+) "', text) == ["3×8×8", "16×6×6", "576", "10"]


def test_where_only_skips_leave_a_value_they_say_its_size() -> None:
    text = source("input 3x8x8 -> a: conv 4 k1 -> b: conv 4 k1 -> add { @a | @b | @b }")
    assert len(re.findall('label=" 4×8×8 "', text)) == 3


def test_every_family_has_its_colour() -> None:
    assert {layer.family for layer in layers()} <= COLORS.keys()


def test_the_same_spec_gives_the_same_text() -> None:
    assert source(BLOCK) == source(BLOCK)


def test_a_mistake_is_red_and_what_depends_on_it_dashed() -> None:
    text = source("input 3x8x8 -> conv 16 k3 -> convv 3 -> maxpool 2")
    (red,) = [line for line in text.splitlines() if "#d00000" in line]
    assert "convv" in red
    assert "dashed" in next(line for line in text.splitlines() if "maxpool" in line)


def test_names_from_a_spec_are_only_text() -> None:
    text = source('model A\ninput 3x8x8\n"a<b>&{1}": [conv 3 k1]')
    assert "a&lt;b&gt;&amp;1" in text


def test_a_text_that_does_not_parse_is_drawn_as_unknown() -> None:
    assert 'label=" ? " style=dashed' in source("add {")
