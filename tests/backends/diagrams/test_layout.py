"""Where things lie: nothing on anything else, every edge drawn, long nets in columns, a U-Net as a U."""

import pytest

import cnndsl
from cnndsl.backends.drawing.compose import compose
from cnndsl.backends.drawing.layout import lay_out
from cnndsl.backends.drawing.options import Options
from cnndsl.backends.drawing.picture import Picture
from cnndsl.backends.drawing.planning import make_plan
from cnndsl.backends.drawing.scene import Text
from cnndsl.backends.drawing.sizes import box_size
from cnndsl.backends.drawing.volume import volume_size
from cnndsl.report import Report
from cnndsl.text import Source
from tests.backends.diagrams.overlaps import faults, unconnected
from tests.backends.diagrams.specs import EXAMPLES, FAMILIES, laid_out, plan_of, report_of
from tests.backends.drawing import Drawing

LOOKS = (
    Options("stage"),
    Options("stage", direction="right"),
    Options("stage", page_width=237.6),
    Options("full"),
    Options("volume"),
    Options("volume", direction="right"),
)


@pytest.mark.parametrize("name", [*EXAMPLES, *FAMILIES])
def test_nothing_lies_on_anything_and_every_edge_is_drawn(name: str) -> None:
    for options in LOOKS:
        plan = make_plan(report_of(name), options)
        layout = laid_out(plan, options)
        assert layout.boxes.keys() == {box.id for box in plan.boxes}
        assert layout.labels.keys() == {index for index, edge in enumerate(plan.edges) if edge.labelled}
        assert not faults(plan, layout), options
        assert not unconnected(plan, layout), options


def test_the_oracle_sees_what_lies_on_another() -> None:
    options = Options()
    plan = plan_of("zoo:lenet5")
    layout = laid_out(plan, options)
    assert not faults(plan, layout)
    boxes = dict(layout.boxes)
    boxes[2] = boxes[2]._replace(y=boxes[1].y + 4)
    assert "box 1 on box 2" in faults(plan, layout._replace(boxes=boxes))
    label = layout.labels[1]
    moved = {**layout.labels, 1: label._replace(x=label.x - 8)}
    assert any("through label 6×14×14" in fault for fault in faults(plan, layout._replace(labels=moved)))
    cut = {**layout.labels, 1: label._replace(x=layout.width - 3)}
    assert any("is cut by the page" in fault for fault in faults(plan, layout._replace(labels=cut)))
    assert unconnected(plan, layout._replace(ways=layout.ways[:-1]))


@pytest.mark.parametrize("seed", range(60))
def test_random_networks_with_values_across_scopes_are_drawn_whole(seed: int) -> None:
    # to repeat one: Drawing(seed, reach).graph()
    graph = Drawing(seed, (0.0, 0.05, 0.2)[seed % 3]).graph()
    report = Report(Source("drawn"), graph, ())
    for options in (Options("full"), Options("stage", direction="right")):
        plan = make_plan(report, options)
        plan.verify(graph)
        assert not unconnected(plan, laid_out(plan, options)), f"seed {seed}"


def test_the_trunk_is_straight() -> None:
    options = Options("full")
    plan = plan_of("zoo:resnet18", style="full", depth=1)
    layout = lay_out(plan, "down", lambda box: box_size(plan.boxes[box]))
    middles = {round(spot.x + spot.width / 2, 3) for spot in layout.boxes.values()}
    assert len(middles) == 1, options


def test_a_u_net_is_a_u() -> None:
    plan = plan_of("zoo:unet")
    layout = laid_out(plan, Options())
    joins = [layout.boxes[box.id] for box in plan.boxes if box.kind == "join"]
    crops = [layout.boxes[box.id] for box in plan.boxes if box.lines[0].strong.startswith("crop")]
    assert len(joins) == len(crops) == 4
    for join, crop in zip(joins, crops, strict=True):
        assert join.y + join.height / 2 == pytest.approx(crop.y + crop.height / 2)
        assert crop.x + crop.width < join.x
    first, last = layout.boxes[1], layout.boxes[25]
    assert first.x + first.width < last.x
    assert abs(first.y - last.y) < 200


@pytest.mark.parametrize("name", ["zoo:fpn_resnet50", "zoo:unet", "zoo:googlenet", "zoo:yolo_s"])
def test_wires_that_come_from_the_left_meet_the_middle_of_a_solid(name: str) -> None:
    for options in (Options("volume"), Options("volume", direction="down")):
        plan = make_plan(report_of(name), options)
        layout = laid_out(plan, options)
        bent = layout.height > layout.width
        for way in layout.ways:
            box = plan.boxes[plan.edges[way.edges[0]].target]
            (_, before), (_, end) = way.points[-2:]
            if way.arrow and before == end and box.kind in ("layer", "stage"):
                axis = volume_size(box, 0.4 if bent and options.direction is None else 1.0).axis_y
                assert end == pytest.approx(layout.boxes[box.id].y + axis), (name, box.lines)


def test_a_long_chain_is_wrapped_to_fit_a_page() -> None:
    spec = "input 3x64x64\n" + "\n".join(f"a{i}: [conv {i + 1} k3 p1]" for i in range(40))
    plan = plan_of(spec)
    layout = laid_out(plan, Options())
    columns = {
        round(spot.x + spot.width / 2)
        for box, spot in layout.boxes.items()
        if plan.boxes[box].kind == "stage"
    }
    assert 2 <= len(columns) <= 6
    assert layout.height < 1000
    assert not faults(plan, layout)
    short = plan_of("zoo:resnet50")
    assert laid_out(short, Options()).height < 700, "it fits a page as it is"


def test_no_text_is_cut_by_its_box_or_by_the_page() -> None:
    for name in ("zoo:googlenet", "zoo:vgg16", "zoo:fpn_resnet50"):
        for options in LOOKS:
            scene = Picture(report_of(name), options).scene
            for shape in scene.shapes:
                if isinstance(shape, Text):
                    left, top, right, bottom = shape.bounds
                    assert left >= 0 and top >= 0, shape
                    assert right <= scene.width and bottom <= scene.height, shape


def test_a_legend_says_what_the_picture_holds() -> None:
    def texts(spec: str, legend: bool = True) -> set[str]:
        options = Options("full", legend=legend)
        plan = plan_of(spec, style="full")
        scene = compose(plan, laid_out(plan, options), options)
        return {shape.text for shape in scene.shapes if isinstance(shape, Text)}

    spec = (
        "input 4x8x8 -> conv 4 k3 p1 -> maxpool 2 -> concat { identity | relu } -> mul { identity | sigmoid }"
    )
    assert {"convolution", "pooling", "activation", "concatenate", "multiply"} <= texts(spec)
    assert not {"linear", "add", "in training only", "mistake"} & texts(spec)
    assert "convolution" not in texts(spec, legend=False)
    assert "mistake" in texts("input 4x8x8 -> conv 4 k9 -> relu -> maxpool 2")


def test_a_page_width_is_kept_and_small_type_is_told_of() -> None:
    report = report_of("zoo:resnet50")
    narrow = Picture(report, Options(page_width=237.6))
    assert 'width="237.6pt"' in narrow.svg()
    assert narrow.warning == ""
    tiny = Picture(report, Options("full", page_width=237.6))
    assert 'width="237.6pt"' in tiny.svg()
    assert "under 6 pt" in tiny.warning
    assert Picture(report, Options("full")).warning == ""
    wide = Picture(report, Options(page_width=1000.0))
    assert 'width="1000pt"' in wide.svg()
    assert wide.scene.scale <= 1.25, "type does not grow without bound"


def test_a_spec_of_ten_thousand_layers_ends_soon() -> None:
    spec = "input 4x8x8 -> " + " -> ".join(f"[conv {4 + i % 7} k1 -> relu]" for i in range(10_000))
    with pytest.raises(ValueError, match="more than 1,500"):
        cnndsl.draw(spec)
    blocks = "block b { residual { conv C k3 p1 -> relu } }\ninput 4x8x8 -> [b] x 3000"
    assert len(cnndsl.draw(blocks).svg()) < 20_000
