"""The zoo against torchvision: keys, shapes, weights, and logits in evaluation and in training mode.

`make test-zoo` runs all 68; the suite the small ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torch import nn

import cnndsl
from cnndsl.zoo import families, source
from tests.zoo.lines import FILES, count
from tests.zoo.torchvision_oracle import compare, convolutional, models, network, perturbed

QUICK = (
    "googlenet",
    "resnet18",
    "squeezenet1_1",
    "mobilenet_v2",
    "mobilenet_v3_small",
    "shufflenet_v2_x0_5",
    "mnasnet0_5",
    "regnet_y_400mf",
)
# The others, which are not torchvision's classifiers, stand in families of their own.
OTHER = {"lenet5", "resnet_cifar", "fpn_resnet50", "yolo", "unet", "unet3d", "siamese", "wavenet", "vit"}
OTHER |= {"dcgan_generator", "dcgan_discriminator"}
NAMES = [name for family in families() if family.file not in OTHER for name in family.networks]
LARGEST_DIFFERENCE = 1e-5


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def ours(name: str, text: str | None = None) -> nn.Module:
    """The compiled network, without weights: it will be given torchvision's."""
    with torch.device("meta"):
        return cnndsl.compile(source(name) if text is None else text)


def shape(name: str) -> tuple[int, ...]:
    graph = cnndsl.check(source(name)).graph
    return graph.nodes[graph.inputs[0]].output_shape


def test_every_convolutional_classifier_is_there() -> None:
    assert sorted(NAMES) == sorted(convolutional())
    assert len(NAMES) == 68


@pytest.mark.parametrize(
    "name", [name if name in QUICK else pytest.param(name, marks=pytest.mark.long) for name in NAMES]
)
def test_a_network_is_torchvisions_weight_for_weight(name: str) -> None:
    found = compare(ours(name), network(name), shape(name))
    assert found.keys == []
    assert found.evaluation <= LARGEST_DIFFERENCE
    assert found.training <= LARGEST_DIFFERENCE
    assert found.training_shapes[0] == found.training_shapes[1]


@pytest.mark.parametrize(
    ("name", "written", "instead"),
    [
        ("resnet18", "maxpool 3 s2 p1", "maxpool 3 s2 p1 ceil"),
        (
            "resnet18",
            "conv2: conv c k3 p1 nobias -> bn2: bn\n",
            "conv2: conv c k3 p1 nobias -> bn2: bn -> relu\n",
        ),
        ("resnet18", "(2 if i > 1 and j == 0 else 1)", "(2 if i > 2 and j == 0 else 1)"),
        ("mobilenet_v3_small", "bn eps=eps", "bn eps=eps/2"),
        ("mobilenet_v3_small", 'gate="hardsigmoid"', 'gate="sigmoid"'),
        ("shufflenet_v2_x0_5", "channelshuffle 2", "identity"),
        ("squeezenet1_1", "maxpool 3 s2 ceil", "avgpool 3 s2 ceil"),
        pytest.param("googlenet", "maxpool 3 s1 p1 ceil", "avgpool 3 s1 p1", marks=pytest.mark.long),
    ],
)
def test_a_fault_is_noticed_in_evaluation(name: str, written: str, instead: str) -> None:
    text = source(name).text
    assert written in text
    found = compare(ours(name, text.replace(written, instead)), network(name), shape(name))
    assert found.keys == []
    assert found.evaluation > LARGEST_DIFFERENCE


@pytest.mark.parametrize(
    ("name", "written", "instead"),
    [
        ("mobilenet_v2", "dropout 0.2", "dropout 0.3"),
        ("squeezenet1_1", "dropout 0.5", "dropout 0.4"),
        pytest.param("googlenet", "dropout 0.7", "dropout 0.6", marks=pytest.mark.long),
    ],
)
def test_a_fault_is_noticed_in_training(name: str, written: str, instead: str) -> None:
    text = source(name).text
    assert written in text
    found = compare(ours(name, text.replace(written, instead)), network(name), shape(name))
    assert found.keys == []
    assert found.evaluation <= LARGEST_DIFFERENCE < found.training


def test_a_key_of_another_name_and_a_weight_of_another_shape_are_noticed() -> None:
    text = source("squeezenet1_1").text.replace("squeeze:", "squash:")
    found = compare(ours("", text), network("squeezenet1_1"), (3, 224, 224))
    assert "features.3.squash.bias (16,)" in found.keys
    text = source("squeezenet1_1").text.replace("expand3x3: conv 4*c k3 p1", "expand3x3: conv 4*c k1")
    found = compare(ours("", text), network("squeezenet1_1"), (3, 224, 224))
    assert "features.3.expand3x3.weight (64, 16, 1, 1)" in found.keys


@pytest.mark.parametrize("name", ["resnet18", "efficientnet_b5", "mnasnet1_0", "mobilenet_v3_large"])
def test_batch_norms_have_torchvisions_momentum(name: str) -> None:
    # Neither logits nor one step of training show it.
    with torch.device("meta"):
        theirs = models().get_model(name, weights=None)
    momenta = [
        {
            path: module.momentum
            for path, module in model.named_modules()
            if isinstance(module, nn.BatchNorm2d)
        }
        for model in (ours(name), theirs)
    ]
    assert momenta[0] == momenta[1]


@pytest.mark.long
def test_the_vision_transformer_is_torchvisions() -> None:
    theirs = perturbed(models().vit_b_16())
    # Its head starts with zeros, which would hide everything before it.
    nn.init.normal_(theirs.heads.head.weight, std=0.02)
    found = compare(ours("vit_b_16"), theirs, (3, 224, 224))
    assert found.keys == []
    assert found.evaluation <= LARGEST_DIFFERENCE
    assert found.training <= LARGEST_DIFFERENCE


def test_the_feature_pyramid_is_torchvisions() -> None:
    models()
    from torchvision.models.detection.backbone_utils import resnet_fpn_backbone

    theirs = perturbed(resnet_fpn_backbone(backbone_name="resnet50", weights=None, norm_layer=nn.BatchNorm2d))
    mine = cnndsl.compile(source("fpn_resnet50"), input=(3, 64, 64))
    mine.load_state_dict(theirs.state_dict())
    image = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        maps, expected = mine.eval()(image), theirs.eval()(image)
    assert maps._fields == ("p2", "p3", "p4", "p5", "p6")
    for got, wanted in zip(maps, expected.values(), strict=True):
        assert got.shape == wanted.shape
        assert (got - wanted).abs().max() <= LARGEST_DIFFERENCE * wanted.abs().max()


def test_the_zoo_takes_less_than_a_quarter_of_torchvisions_lines() -> None:
    counts = count(Path(str(models().__file__)).parent)
    assert 4 * counts.zoo < counts.definitions < counts.torchvision


def test_lines_are_counted(tmp_path: Path) -> None:
    for name in FILES:
        (tmp_path / f"{name}.py").write_text('"""Text."""\n\nimport os  # why\n\n# a comment\n')
    (tmp_path / "vgg.py").write_text(
        'class VGG:\n    """Text\n    on two lines."""\n\n    depth = [\n        1,\n    ]\n\n\n'
        "class VGG_Weights:\n    size = 1\n"
    )
    counts = count(tmp_path)
    assert counts.definitions == 4
    assert counts.torchvision == len(FILES) - 1 + 6
