"""The plan of a diagram: every node once, blocks folded, what is open, and what an error leaves."""

import pytest

import cnndsl
from cnndsl.backends.drawing.context import DrawingError
from cnndsl.backends.drawing.options import Options
from cnndsl.backends.drawing.plan import plain_text
from cnndsl.backends.drawing.planning import make_plan
from cnndsl.backends.drawing.theme import DARK, GREY, KIND_NAMES, LIGHT
from cnndsl.backends.drawing.words import amount
from cnndsl.layers import layers
from tests.backends.diagrams.specs import BASIC, EXAMPLES, FAMILIES, STYLES, plan_of, report_of, words


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("name", [*EXAMPLES, *FAMILIES])
def test_every_node_stands_in_exactly_one_box(name: str, style: str) -> None:
    report = report_of(name)
    make_plan(report, Options(style)).verify(report.graph)  # type: ignore[arg-type]
    if style != "volume":
        make_plan(report, Options(style, depth=1)).verify(report.graph)  # type: ignore[arg-type]


def test_the_oracle_sees_a_node_that_is_lost_and_one_that_is_drawn_twice() -> None:
    report = cnndsl.check("input 3x8x8 -> conv 4 k3 -> relu -> maxpool 2")
    plan = make_plan(report, Options("full"))
    plan.verify(report.graph)
    boxes = list(plan.boxes)
    boxes[1] = boxes[1]._replace(nodes=boxes[1].nodes[:-1])
    with pytest.raises(AssertionError, match="in no box: 1"):
        plan._replace(boxes=tuple(boxes)).verify(report.graph)
    boxes[1] = boxes[1]._replace(nodes=plan.boxes[1].nodes)
    boxes[2] = boxes[2]._replace(nodes=(*boxes[2].nodes, 1))
    with pytest.raises(AssertionError, match="in several boxes: 0"):
        plan._replace(boxes=tuple(boxes)).verify(report.graph)
    with pytest.raises(AssertionError, match="edges differ"):
        plan._replace(edges=plan.edges[:-1]).verify(report.graph)


def test_stages_are_boxes_and_uses_of_a_block_are_folded() -> None:
    plan = plan_of("zoo:resnet50")
    assert words(plan) == [
        "input",
        "conv 7×7, 64, /2",
        "layer1",
        "layer2",
        "layer3",
        "layer4",
        "gap",
        "output",
    ]
    assert [plain_text(line) for line in plan.boxes[4].lines] == [
        "layer3",
        "bottleneck ×6",
        "7.1M params · 1.46G MACs",
    ]
    assert [edge.size for edge in plan.edges] == [
        "3×224×224",
        "64×56×56",
        "256×56×56",
        "512×28×28",
        "1024×14×14",
        "2048×7×7",
        "1000",
    ]


def test_uses_without_names_are_folded_where_they_give_one_shape() -> None:
    plan = plan_of(BASIC + "basic 3 -> basic 3 -> basic 6 s2 -> basic 6 -> basic 6")
    assert words(plan) == ["input", "basic ×2", "basic ×3", "output"]
    named = plan_of(BASIC + "a: basic 3 -> b: basic 3")
    assert words(named) == ["input", "a", "b", "output"]


def test_a_use_that_is_read_elsewhere_is_not_folded() -> None:
    plan = plan_of(BASIC + "basic 3 -> a: basic 3 -> basic 3 -> basic 3 -> add @a")
    assert words(plan) == ["input", "basic", "a", "basic ×2", "add", "output"]


def test_layers_without_names_are_stages_of_one_size_of_the_map() -> None:
    plan = plan_of("zoo:lenet5")
    assert [[plain_text(line) for line in box.lines] for box in plan.boxes[1:4]] == [
        ["conv 5×5, 6  tanh", "avgpool 2×2", "156 params · 118k MACs"],
        ["conv 5×5, 16  tanh", "avgpool 2×2", "2.42k params · 240k MACs"],
        ["flatten", "linear 120  tanh", "linear 84  tanh", "linear 10", "59.1k params · 58.9k MACs"],
    ]


def test_a_stride_and_a_larger_map_begin_a_stage() -> None:
    plan = plan_of(
        "input 3x32x32 -> [conv 8 k3 p1 -> relu] x 3 -> conv 16 k3 s2 p1 -> upsample 2 -> conv 4 k1"
    )
    assert words(plan) == ["input", "conv 3×3, 8 ×3", "conv 3×3, 16, /2", "upsample 2", "output"]


def test_a_pattern_of_layers_is_said_once() -> None:
    plan = plan_of("input 8x9x9 -> [conv 8 k3 p1 -> relu -> conv 8 k1] x 200")
    assert [plain_text(line) for line in plan.boxes[1].lines[:3]] == [
        "conv 3×3, 8 · relu",
        "conv 1×1, 8",
        "all ×200",
    ]


def test_a_block_around_everything_is_opened() -> None:
    plan = plan_of(BASIC + "block net { basic 3 -> basic 6 s2 -> gap -> flatten -> linear 10 }\nnet")
    assert words(plan) == ["input", "basic", "basic", "gap", "output"]


def test_depth_closes_and_expand_opens() -> None:
    spec = BASIC + "layer1: [basic 3 -> basic 3]\nlayer2: [basic 6 s2 -> basic 6]"
    assert words(plan_of(spec, depth=1)) == ["input", "layer1", "layer2", "output"]
    deeper = plan_of(spec, depth=2)
    assert [frame.title for frame in deeper.frames] == ["layer1", "layer2"]
    opened = plan_of(spec, expand=("layer2",))
    assert words(opened) == ["input", "layer1", "basic", "basic", "output"]
    assert [(frame.title, frame.parent) for frame in opened.frames] == [("layer2", None)]
    inner = plan_of(spec, expand=("layer2.0",))
    assert [frame.title for frame in inner.frames] == ["layer2", "basic 6 s2"]
    assert "conv 3×3, 6, /2" in " ".join(plain_text(line) for box in inner.boxes for line in box.lines) or (
        "stride 2" in " ".join(plain_text(line) for box in inner.boxes for line in box.lines)
    )
    every = plan_of(spec, expand=("basic",))
    assert len(every.frames) == 6


def test_an_unknown_name_to_expand_is_answered_with_the_nearest() -> None:
    with pytest.raises(DrawingError, match="no block or label `basik` to expand; did you mean `basic`"):
        plan_of(BASIC + "basic 3", expand=("basik",))
    with pytest.raises(DrawingError, match="the spec has no blocks and no labelled groups"):
        plan_of("input 3 -> relu", expand=("x",))


def test_in_full_every_layer_is_a_box_with_its_norm_and_activation() -> None:
    plan = plan_of(
        "input 3x8x8 -> conv 16 k3x5 s2 d2 g1 p4 -> bn -> relu -> dropout 0.5 -> maxpool 2", style="full"
    )
    assert [[plain_text(line) for line in box.lines] for box in plan.boxes[1:3]] == [
        ["conv 3×5, 16", "stride 2, dilation 2", "bn · relu · dropout 0.5"],
        ["maxpool 2×2"],
    ]


def test_what_is_read_twice_keeps_a_box_of_its_own() -> None:
    plan = plan_of(
        "input 3x8x8 -> conv 3 k3 p1 -> residual { relu -> conv 3 k3 p1 } -> conv 3 k1 -> relu", style="full"
    )
    assert words(plan) == ["input", "conv 3×3, 3", "relu", "conv 3×3, 3", "add", "conv 1×1, 3", "output"]
    given = plan_of("input 3x8x8\na: conv 3 k1\noutput raw { @a }\nrelu", style="full")
    assert words(given)[:3] == ["input", "conv 1×1, 3", "relu"], "what an output gives is read by it"


def test_scopes_are_frames_unless_one_box_is_all_in_them() -> None:
    plan = plan_of(BASIC + "layer1: [basic 3 -> basic 6 s2]", style="full")
    assert [(frame.title, frame.parent) for frame in plan.frames] == [
        ("layer1", None),
        ("basic 3 s1", 0),
        ("basic 6 s2", 0),
    ]
    downsample = next(box for box in plan.boxes if "1×1" in box.lines[0].strong)
    assert "(downsample)" in [line.small for line in downsample.lines]


def test_signs_of_joins() -> None:
    plan = plan_of(
        "input 4x8x8 -> concat { identity | conv 4 k1 } -> mul { identity | sigmoid } -> residual { relu }"
    )
    assert [box.symbol for box in plan.boxes if box.kind == "join"] == ["⧺", "×", "+"]


def test_shared_weights_several_inputs_and_outputs_in_training_only() -> None:
    siamese = plan_of("zoo:siamese")
    assert [frame.detail for frame in siamese.frames] == ["", "shared weights"]
    assert [box.lines[0].strong for box in siamese.boxes if box.kind == "input"] == ["left", "right"]
    again = plan_of("input 3x8x8 -> a: conv 3 k3 p1 -> relu -> reuse a", style="full")
    assert "weights of a" in [line.small for line in again.boxes[2].lines]
    google = plan_of("zoo:googlenet")
    training = [box.lines[0].strong for box in google.boxes if box.training_only]
    assert training == ["aux1", "aux2", "aux_logits1", "aux_logits2"]
    assert {edge.target for edge in google.edges if edge.training_only} == {
        box.id for box in google.boxes if box.training_only
    }


def test_a_mistake_and_what_depends_on_it() -> None:
    plan = plan_of("input 3x8x8 -> conv 16 k3 -> convv 3 -> maxpool 2", style="full")
    assert [box.trouble for box in plan.boxes] == ["", "", "mistake", "unknown", ""]
    assert [edge.trouble for edge in plan.edges] == ["", "mistake", "unknown", "unknown"]
    assert [edge.size for edge in plan.edges] == ["3×8×8", "16×6×6", "?", "?"]
    joined = plan_of("input 3x8x8 -> add { identity | conv 4 k3 p1 }")
    assert [edge.trouble for edge in joined.edges] == ["", "mistake", "mistake", "unknown"]


def test_open_sizes_stand_as_formulas() -> None:
    plan = plan_of("input 3xHxW -> conv 8 k3 p1 -> maxpool 2")
    assert [edge.size for edge in plan.edges] == ["3×H×W", "8×floor(H/2)×floor(W/2)"]


def test_too_many_boxes_are_refused_with_what_helps() -> None:
    spec = "input 4x8x8\n" + "for i in range(2000) { a{i}: conv 4 k1 -> b{i}: residual { relu } }"
    with pytest.raises(
        DrawingError, match=r"a diagram of [\d,]+ boxes, more than 1,500; `--style stage` folds"
    ):
        plan_of(spec, style="full")
    ten_thousand = plan_of("input 4x8x8 -> [conv 4 k1 -> relu] x 10000")
    assert words(ten_thousand) == ["input", "conv 1×1, 4 ×10000", "output"]


def test_every_kind_of_layer_has_its_colours_and_its_name() -> None:
    families = {layer.family for layer in layers()}
    for theme in (LIGHT, DARK, GREY):
        assert families <= theme.fills.keys()
        assert theme.fills.keys() == KIND_NAMES.keys()


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0"), (999, "999"), (1000, "1k"), (2416, "2.42k"), (999_999, "1M"), (15_470_264_320, "15.5G")],
)
def test_amounts_have_three_digits(number: int, text: str) -> None:
    assert amount(number) == text
