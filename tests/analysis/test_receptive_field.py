"""Receptive fields against gradients: which input positions move a place of a value."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import pytest

import cnndsl
from cnndsl.analysis import receptive_field
from cnndsl.analysis.receptive_field import Field, fields, receptive_fields
from cnndsl.dims import Shape
from cnndsl.layers.declaration import Step
from tests.analysis.gradients import disagreements, drawn_spec
from tests.counting import count_calls

SEED = 20261121

# Networks with branches, at a height at which fields end inside the input and at its borders, and no layer
# leaves out a row at the end; the width is as small as they take.
NETWORKS: dict[str, Shape] = {
    "zoo:resnet20": (3, 96, 32),
    "zoo:shufflenet_v2_x0_5": (3, 256, 32),
    "zoo:squeezenet1_0": (3, 255, 63),
    "zoo:regnet_x_400mf": (3, 256, 32),
    "zoo:regnet_y_400mf": (3, 192, 32),
    "zoo:mobilenet_v3_large": (3, 192, 32),
    "zoo:wavenet": (256, 1200),
    "zoo:resnet18": (3, 480, 32),
    "zoo:resnet50": (3, 480, 32),
    "zoo:googlenet": (3, 416, 32),
    "zoo:inception_v3": (3, 299, 299),
    "zoo:densenet121": (3, 192, 32),
    "zoo:mobilenet_v2": (3, 320, 32),
    "zoo:mnasnet0_5": (3, 320, 32),
    "zoo:efficientnet_b0": (3, 192, 32),
    "zoo:convnext_tiny": (3, 192, 32),
    "zoo:fpn_resnet50": (3, 192, 64),
    "zoo:yolo_s": (3, 160, 32),
    "zoo:unet": (1, 252, 188),
    "zoo:vgg16": (3, 224, 32),
    "zoo:alexnet": (3, 224, 63),
}
QUICK = list(NETWORKS)[:6]
MARKED = [name if name in QUICK else pytest.param(name, marks=pytest.mark.long) for name in NETWORKS]

# Uses of layers that random networks have not, each in the middle of a network.
LINES = [
    "conv 2 k3x5 -> conv 2 k3 s2x1 d2 -> avgpool 3 s2",
    "conv 2 k5 s3 -> relu -> bn -> conv 2 k3 d3",
    "maxpool 2 -> upconv 2 k1 s2 -> conv 2 k3 p1",
    "maxpool 2 -> upconv 2 k3 s3 d2 -> conv 2 k3 p1",
    "maxpool 2 -> upsample 3 mode=bilinear -> conv 2 k3 p1",
    "maxpool 2 -> upsample 2 mode=bicubic -> conv 2 k3 p1",
    "conv 4 k3 p1 -> maxpool 2 -> pixelshuffle 2 -> conv 2 k3 p1",
    "pixelunshuffle 2 -> conv 2 k3",
    "conv 2 k3 -> narrow 3 40 axis=2 -> conv 2 k3",
    "pad 3 0 5 1 -> conv 2 k3 -> conv 2 k1",
    "conv 2 k3 p1 -> crop 1 2 0 3 -> conv 2 k3 s2 p1",
    "adaptiveavgpool 32 -> conv 2 k3 p1",
    "conv 2 k3 -> gap -> conv 2 k1",
    "conv 2 k3 -> mul { identity | gap -> conv 2 k1 } -> conv 2 k1",
    "conv 2 k3 p1 -> residual { conv 2 k3 s2 p1 -> upconv 2 k2 s2 } -> conv 2 k3 p1",
]


@pytest.mark.parametrize("name", MARKED)
def test_gradients_of_networks_agree(name: str) -> None:
    assert not disagreements(name, NETWORKS[name], f"{SEED} {name}", 5)


@pytest.mark.parametrize("spec", LINES)
def test_gradients_of_layers_agree(spec: str) -> None:
    assert not disagreements(spec, (2, 64, 64), spec, 4, (0, 1), strict=False)


@pytest.mark.parametrize("part", [0, 1, *(pytest.param(n, marks=pytest.mark.long) for n in range(2, 20))])
def test_gradients_of_random_networks_agree(part: int) -> None:
    for case in range(part * 20, (part + 1) * 20):
        spec, shape = drawn_spec(f"{SEED} {case}")
        wrong = disagreements(spec, shape, f"{case}", 3, (0, 1), strict=False)
        assert not wrong, f"case {case}, {shape}:\n{spec}\n{wrong}"


def lossy_union(branches: tuple[Field, ...], positions: int, limit: int) -> Field:
    return branches[0]


FAULTS: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    "the first branch stands for all": lambda m: m.setattr(receptive_field, "_union", lossy_union),
    "dilation is not seen": lambda m: m.setattr(
        receptive_field,
        "_through",
        lambda field, step, true=receptive_field._through: true(field, step._replace(dilation=1)),
    ),
    "padding does not move the field": lambda m: m.setattr(
        receptive_field,
        "_through",
        lambda field, step, true=receptive_field._through: true(field, step._replace(padding=0)),
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_planted_faults_are_caught(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = "conv 2 k3 p2 d2\nconcat { conv 2 k1 | conv 2 k5 p2 }\nconv 1 k3 p1"
    assert not disagreements(spec, (2, 40, 40), "", strict=False)
    FAULTS[fault](monkeypatch)
    assert disagreements(spec, (2, 40, 40), "", strict=False)


@pytest.mark.parametrize(
    ("name", "size"), [("vgg16", 212), ("resnet18", 435), ("resnet50", 427), ("googlenet", 379)]
)
def test_known_sizes_before_the_last_pool(name: str, size: int) -> None:
    graph = cnndsl.check(f"zoo:{name}").graph
    found = fields(graph)
    pool = next(node for node in reversed(graph.nodes) if node.layer.name in ("gap", "adaptiveavgpool"))
    before = found[pool.inputs[0]]
    assert before is not None
    assert [(axis.size, axis.jump, axis.whole) for axis in before] == [(size, 32, None)] * 2


def test_the_course_example() -> None:
    report = cnndsl.check(
        "input 1x28x28 -> conv 2 k3 p1 -> maxpool 2 -> conv 2 k3 p1 -> maxpool 2 -> conv 2 k3 p1"
    )
    assert receptive_fields(report.graph)[-1] == (18, 18)


def test_jump_and_centre() -> None:
    # k3 s2 p1 is centred on its first pixel; a pool of 2 between 0 and 2
    height, width = fields(cnndsl.check("input 1x32x32 -> conv 2 k3 s2 p1 -> maxpool 2").graph)[-1] or ()
    assert (height.size, int(height.jump), height.centre, height.at(3)) == (5, 4, Fraction(1), (11, 15))
    assert width.at(0) == (-1, 3)
    height, _ = fields(cnndsl.check("input 1x32x32 -> maxpool 4 -> upsample 2").graph)[-1] or ()
    assert (height.size, int(height.jump)) == (4, 2)
    assert [height.at(place) for place in range(3)] == [(0, 3), (0, 3), (4, 7)]


def test_past_a_global_pool_everything_is_seen() -> None:
    graph = cnndsl.check("input 1x20x30 -> conv 2 k3 -> gap -> conv 2 k1 -> flatten -> linear 2").graph
    assert [axis.whole for axis in fields(graph)[-1] or ()] == [20, 30]
    assert [axis.centre for axis in fields(graph)[-1] or ()] == [None, None]


def test_a_gap_of_a_transposed_kernel_sees_nothing() -> None:
    graph = cnndsl.check("input 1x8x8 -> upconv 1 k1 s2").graph
    height, _ = fields(graph)[-1] or ()
    assert [height.at(place) for place in range(3)] == [(0, 0), None, (1, 1)]
    assert receptive_field._through(height, Step(1)).size == 1


def test_vectors_and_unknown_values_have_none() -> None:
    assert receptive_fields(cnndsl.check("input 8 -> linear 2").graph) == (None, None)
    found = receptive_fields(cnndsl.check("input 1x8x8 -> convv 3 -> relu").graph)
    assert found[0] == (1, 1)
    assert found[1:] == (None, None)


@pytest.mark.parametrize(
    ("spec", "sizes"),
    [
        ("permute 1 3 2 -> conv 2 k3x5", (5, 3)),
        ("permute 2 3 1 -> permute 3 1 2 -> conv 2 k3x5", (3, 5)),
        ("transpose 2 3 -> maxpool 2x1 -> transpose 3 2 -> conv 2 k3x5", (3, 10)),
        ("permute 2 3 1 -> linear 4 -> permute 3 1 2 -> conv 2 k3", (3, 3)),
        ("permute 2 3 1 -> conv 2 k2", None),
        ("reshape 4 32 32 -> conv 2 k3", None),
        ("permute 1 3 2 -> gap -> conv 2 k1", (64, 32)),
    ],
)
def test_axes_that_are_moved(spec: str, sizes: tuple[int, ...] | None) -> None:
    graph = cnndsl.check(f"input 2x64x32 -> {spec}").graph
    assert graph.complete
    assert receptive_fields(graph)[-1] == sizes


def test_work_grows_with_the_network() -> None:
    block = "add { conv 4 k3 p1 -> relu | mul { identity | gap -> conv 4 k1 } }"
    graphs = [cnndsl.check(f"input 4x8x8\n[{block}] x {n}").graph for n in (100, 1000)]
    few, many = (count_calls(lambda graph=graph: fields(graph)) for graph in graphs)  # type: ignore[misc]
    assert many < 12 * few
