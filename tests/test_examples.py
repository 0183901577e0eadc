"""The specs in examples/ against the numbers of the courses and papers that they come from."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torch import nn

import cnndsl
from cnndsl.report import Report
from tests.shape_comments import broken_promises, promised

EXAMPLES = Path(__file__).parent.parent / "examples"
NAMES = sorted(path.stem for path in EXAMPLES.glob("*.cnn"))

# Parameters, and the shapes on the way, from the courses' and papers' own tables: typed, not computed.
TABLE: dict[str, tuple[int, str]] = {
    "convnet_mnist": (13_686, "16x28x28 16x14x14 32x12x12 32x7x7 64x7x7 4x3x3 36 10"),
    "fcnet_mnist": (12_730, "784 16 16 10 10"),
    "simplecnn_cifar10": (620_362, "32x32x32 32x16x16 64x16x16 64x8x8 128x8x8 128x4x4 2048 256 10"),
    "bn_cnn": (60_554, "32x32x32 32x16x16 64x16x16 64x8x8 4096 10"),
    "mnist_sequential": (206_922, "16x28x28 16x14x14 32x14x14 32x7x7 1568 128 10"),
    "tinyvgg": (19_440, "10x32x32 10x32x32 10x16x16 20x16x16 20x16x16 20x8x8 1280 10"),
    "deepcnn": (262_218, "64x32x32 64x32x32 64x16x16 128x16x16 128x16x16 128x8x8 128x1x1 128 10"),
    "minimal_mnist": (31_530, "16x28x28 16x14x14 3136 10"),
    "mlp_mnist": (79_510, "784 100 10"),
    "two_block_mnist": (20_490, "16x28x28 16x14x14 32x14x14 32x7x7 1568 10"),
    "mnist_best": (38_458, "16x28x28 16x14x14 32x14x14 32x7x7 64x7x7 64x3x3 576 10"),
    "lenet5": (61_706, "6x28x28 6x14x14 16x10x10 16x5x5 400 120 84 10"),
    "vgg16": (
        138_357_544,
        "64x224x224 64x112x112 128x56x56 256x28x28 512x14x14 512x7x7 25088 4096 4096 1000",
    ),
    "resnet18": (11_689_512, "64x112x112 64x56x56 128x28x28 256x14x14 512x7x7 512x1x1 512 1000"),
    "resnet50": (
        25_557_032,
        "64x112x112 64x56x56 256x56x56 512x28x28 1024x14x14 2048x7x7 2048x1x1 2048 1000",
    ),
    "densenet121": (
        7_978_856,
        "64x112x112 64x56x56 256x56x56 128x28x28 512x28x28 256x14x14 1024x14x14 512x7x7 1024x7x7 1024 1000",
    ),
    "unet": (
        31_030_658,
        "64x256x256 128x128x128 256x64x64 512x32x32 1024x16x16 1024x32x32 512x32x32 256x64x64 128x128x128 "
        "64x256x256 2x256x256",
    ),
}

# Multiply-adds of a sample, where a course or torchvision's documentation gives them (to three figures).
MACS = {
    "convnet_mnist": 934_760,
    "lenet5": 416_520,
    "vgg16": 15_470_264_320,
    "resnet18": 1_814_073_344,
    "resnet50": 4_089_184_256,
    "densenet121": 2_834_161_664,
}

# Where the spec's own input would take seconds, a smaller one that the same weights accept.
SMALLER = {
    "resnet50": (3, 64, 64),
    "densenet121": (3, 64, 64),
    "unet": (1, 32, 32),
}


def shape(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split("x")))


def check(text: str) -> Report:
    """Check a spec and its graph's invariants; it may have mistakes."""
    report = cnndsl.check(text)
    report.graph.verify()
    return report


def output(text: str) -> str:
    report = check(text)
    assert report.ok, str(report)
    return str(report.graph.nodes[report.graph.outputs[0].node].output)


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def reports() -> dict[str, Report]:
    return {name: cnndsl.check(EXAMPLES / f"{name}.cnn") for name in NAMES}


def test_the_table_names_examples_that_exist() -> None:
    assert set(TABLE) <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_an_example_checks_and_its_comments_are_true(name: str, reports: dict[str, Report]) -> None:
    report = reports[name]
    assert report.ok, str(report)
    report.graph.verify()
    assert broken_promises(report) == []
    assert report.source.text.startswith("# "), "a comment at the top says what it is"
    counts = re.findall(r"([\d,]+) parameters", report.source.text.split("\n\n")[0])
    assert counts, "the comment at the top gives the parameter count"
    assert int(counts[0].replace(",", "")) == report.parameters


@pytest.mark.parametrize("name", TABLE)
def test_an_example_has_the_tables_numbers(name: str, reports: dict[str, Report]) -> None:
    parameters, way = TABLE[name]
    report = reports[name]
    assert report.parameters == parameters
    shapes = iter([node.output_shape for node in report.graph.nodes])
    for wanted in way.split():
        assert shape(wanted) in shapes, f"{wanted} does not come, or not in this order"
    assert report.graph.nodes[report.graph.outputs[0].node].output_shape == shape(way.split()[-1])


@pytest.mark.parametrize("name", MACS)
def test_an_example_has_the_known_multiply_adds(name: str, reports: dict[str, Report]) -> None:
    assert reports[name].macs == MACS[name]


def test_the_way_is_an_order(reports: dict[str, Report]) -> None:
    # The membership test above runs through an iterator: a shape out of order must not be found.
    shapes = iter([node.output_shape for node in reports["lenet5"].graph.nodes])
    assert (16, 5, 5) in shapes
    assert (6, 14, 14) not in shapes


def test_a_wrong_comment_is_found() -> None:
    report = check("input 1x8x8\nconv 2 k3  # 2x6x6\nmaxpool 2  # 2x4x4: no\n# 3x3\nflatten")
    assert promised(report.source.text) == {2: (2, 6, 6), 3: (2, 4, 4)}
    assert broken_promises(report) == ["line 3 promises (2, 4, 4), it is (2, 3, 3)"]


def test_tinyvgg_with_64_hidden_units() -> None:
    report = cnndsl.check(EXAMPLES / "tinyvgg.cnn", params={"h": 64})
    assert report.parameters == 342_090
    assert (128, 8, 8) in [node.output_shape for node in report.graph.nodes]


# The modules


def loaded(name: str) -> tuple[nn.Module, Report]:
    """The module of an example, and the report on it at the size it is run at."""
    input = SMALLER.get(name)
    path = EXAMPLES / f"{name}.cnn"
    return cnndsl.compile(path, input=input), cnndsl.check(path, input=input)


@pytest.mark.parametrize("name", NAMES)
def test_an_example_builds_and_gives_the_predicted_shape(name: str) -> None:
    model, report = loaded(name)
    assert sum(parameter.numel() for parameter in model.parameters()) == report.parameters
    arriving = report.graph.nodes[report.graph.inputs[0]].output_shape
    leaving = report.graph.nodes[report.graph.outputs[0].node].output_shape
    assert arriving is not None
    assert leaving is not None
    with torch.inference_mode():
        assert tuple(model.eval()(torch.zeros(1, *arriving)).shape) == (1, *leaving)
    expected = KEYS.get(name)
    assert expected is None or list(model.state_dict()) == expected


@pytest.mark.parametrize("name", [name for name in NAMES if "mnist" in name or name == "lenet5"])
def test_an_example_learns_one_batch_of_digits(name: str) -> None:
    torch.manual_seed(0)
    model, _ = loaded(name)
    images, labels = torch.randn(16, 1, 28, 28), torch.arange(16) % 10
    before = [parameter.detach().clone() for parameter in model.parameters()]
    one_step(model, images, labels)
    assert any(not torch.equal(old, new) for old, new in zip(before, model.parameters(), strict=True))


@pytest.mark.parametrize("name", ["simplecnn_cifar10", "bn_cnn", "tinyvgg", "deepcnn"])
def test_an_example_learns_one_batch_of_colour_images(name: str) -> None:
    torch.manual_seed(0)
    model, _ = loaded(name)
    images, labels = torch.randn(16, 3, 32, 32), torch.arange(16) % 10
    before = [parameter.detach().clone() for parameter in model.parameters()]
    one_step(model, images, labels)
    assert any(not torch.equal(old, new) for old, new in zip(before, model.parameters(), strict=True))


def one_step(model: nn.Module, images: torch.Tensor, labels: torch.Tensor) -> None:
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    loss = nn.functional.cross_entropy(model.train()(images), labels)
    assert torch.isfinite(loss)
    loss.backward()
    for key, parameter in model.named_parameters():
        assert parameter.grad is not None, f"{key} got no gradient"
    optimizer.step()


# torchvision's state-dict keys, in its order, written down from its layout.

NORM = ["weight", "bias", "running_mean", "running_var", "num_batches_tracked"]


def bn(key: str) -> list[str]:
    return [f"{key}.{name}" for name in NORM]


def linear(key: str) -> list[str]:
    return [f"{key}.weight", f"{key}.bias"]


def resnet(depths: tuple[int, ...], convolutions: int) -> list[str]:
    keys = ["conv1.weight", *bn("bn1")]
    for layer, depth in enumerate(depths, 1):
        for block in range(depth):
            at = f"layer{layer}.{block}"
            for number in range(1, convolutions + 1):
                keys += [f"{at}.conv{number}.weight", *bn(f"{at}.bn{number}")]
            if block == 0 and (layer > 1 or convolutions == 3):
                keys += [f"{at}.downsample.0.weight", *bn(f"{at}.downsample.1")]
    return [*keys, *linear("fc")]


def vgg16() -> list[str]:
    convolutions = (0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28)
    keys = [key for number in convolutions for key in linear(f"features.{number}")]
    return keys + [key for number in (0, 3, 6) for key in linear(f"classifier.{number}")]


def densenet121() -> list[str]:
    keys = ["features.conv0.weight", *bn("features.norm0")]
    for stage, depth in enumerate((6, 12, 24, 16), 1):
        for layer in range(1, depth + 1):
            at = f"features.denseblock{stage}.denselayer{layer}"
            for number in (1, 2):
                keys += [*bn(f"{at}.norm{number}"), f"{at}.conv{number}.weight"]
        if stage < 4:
            at = f"features.transition{stage}"
            keys += [*bn(f"{at}.norm"), f"{at}.conv.weight"]
    return [*keys, *bn("features.norm5"), *linear("classifier")]


KEYS = {
    "resnet18": resnet((2, 2, 2, 2), 2),
    "resnet50": resnet((3, 4, 6, 3), 3),
    "vgg16": vgg16(),
    "densenet121": densenet121(),
}


def test_the_key_lists_are_as_long_as_torchvisions() -> None:
    assert {name: len(keys) for name, keys in KEYS.items()} == {
        "resnet18": 122,
        "resnet50": 320,
        "vgg16": 32,
        "densenet121": 727,
    }
    assert "layer2.0.downsample.0.weight" in KEYS["resnet18"]


def test_a_layer_of_resnet18_can_be_called_and_hooked() -> None:
    model = cnndsl.compile(EXAMPLES / "resnet18.cnn", input=(3, 64, 64))
    seen: list[torch.Size] = []
    first = model.layer1[0]  # type: ignore[index]
    assert first is model.get_submodule("layer1.0")
    first.register_forward_hook(lambda module, inputs, value: seen.append(value.shape))
    with torch.inference_mode():
        model.eval()(torch.zeros(1, 3, 64, 64))
    assert seen == [(1, 64, 16, 16)]


# The arithmetic that the courses teach


@pytest.mark.parametrize(
    ("spec", "wanted"),
    [
        ("input 1x5x5 -> conv 1 k3", "1x3x3"),
        ("input 1x5x5 -> conv 1 k3 p1", "1x5x5"),
        ("input 1x5x5 -> conv 1 k3 s2 p1", "1x3x3"),
        ("input 3x32x32 -> conv 16 k3 p1", "16x32x32"),
        ("input 3x32x32 -> conv 16 k5", "16x28x28"),
        ("input 3x32x32 -> conv 16 k3 s2 p1", "16x16x16"),
        ("input 3x32x32 -> maxpool 2", "3x16x16"),
        ("input 3x32x32 -> conv 16 k3 s3x2", "16x10x15"),
        # an even kernel keeps the size with one pixel more on one side
        ("input 3x32x32 -> pad 1 2 1 2 -> conv 16 k4", "16x32x32"),
        ("input 3x32x32 -> conv 16 k4 p=same", "16x32x32"),
    ],
)
@pytest.mark.filterwarnings("ignore:Using padding='same'")
def test_sizes_of_convolutions_and_pools(spec: str, wanted: str) -> None:
    assert output(spec) == wanted
    built = cnndsl.compile(spec)
    arriving = shape(spec.split()[1])
    assert tuple(built(torch.zeros(1, *arriving)).shape[1:]) == shape(wanted)


def test_64_pixels_bear_six_pools_and_the_seventh_says_why() -> None:
    assert output("input 1x64x64 -> maxpool 2 x 6") == "1x1x1"
    seven = check("input 1x64x64\n" + "maxpool 2\n" * 7)
    (mistake,) = seven.diagnostics
    assert mistake.rule == "kernel-too-large"
    assert mistake.span.first.line == 8
    assert mistake.message == "kernel 2x2 does not fit into 1x1"
    assert [note.span.first.line for note in mistake.related] == [7, 6, 5, 4, 3]
    assert "(2 + 2*0 - 2)//2 + 1 = 1" in mistake.related[0].message


def test_the_linear_layer_after_three_pools_receives_8192_features() -> None:
    spec = "input 1x64x64 -> for c in [32, 64, 128] { conv c k3 p1 -> relu -> maxpool 2 } -> flatten"
    assert output(spec) == "8192"


def test_three_convolutions_and_two_pools_see_18_pixels() -> None:
    from cnndsl.analysis.receptive_field import receptive_fields

    report = check("input 1x28x28 -> conv 8 k3 -> maxpool 2 -> conv 8 k3 -> maxpool 2 -> conv 8 k3")
    assert report.ok
    fields = receptive_fields(report.graph)
    assert fields[report.graph.outputs[0].node] == (18, 18)


def test_resnet18s_first_stage_is_56_not_112_pixels_wide() -> None:
    text = (EXAMPLES / "resnet18.cnn").read_text()
    stage = next(line for line in text.splitlines() if line.startswith("layer1:"))
    spec = stage.split("#")[0].rstrip()
    right = check(text.replace(spec, f"{spec} :: 64x56x56"))
    assert right.ok, str(right)
    wrong = check(text.replace(spec, f"{spec} :: 64x112x112"))
    (mistake,) = wrong.diagnostics
    assert mistake.rule == "shape-assertion"
    assert mistake.message == "expected 64x112x112, got 64x56x56"
    assert mistake.span.text == "64x112x112"
