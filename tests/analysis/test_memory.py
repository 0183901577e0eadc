"""Memory, held to the byte against what autograd saves and what is there at once in the compiled module."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch

import cnndsl
from cnndsl.analysis.memory import OPTIMIZERS, inference_memory, saved_bytes, training_memory
from cnndsl.analysis.storage import keeps_of
from cnndsl.ir import Graph, Node
from cnndsl.layers import all_joins
from cnndsl.layers.declaration import NOTHING, Keeps
from tests.backends.networks import NETWORKS
from tests.counting import count_calls
from tests.memory import peak_bytes, saved_storages
from tests.sizes.compare import drawn

EXAMPLES = Path(__file__).parent.parent.parent / "examples"
SMALL = ["lenet5", "mnist_best", "small_resnet", "two_block_mnist", "bn_cnn", "resnet18"]
LARGE = ["resnet50", "densenet121", "unet", "vgg16", "deepcnn", "tinyvgg"]
ZOO = ["resnet20", "shufflenet_v2_x0_5", "squeezenet1_0", "dcgan_generator", "siamese", "mnasnet0_5"]
LARGE_ZOO = [
    "alexnet", "googlenet", "inception_v3", "resnet50", "mobilenet_v2", "mobilenet_v3_large",
    "efficientnet_b0", "regnet_y_400mf", "convnext_tiny", "vit_b_16", "yolo_s", "fpn_resnet50",
    "wavenet", "unet", "unet3d",
]  # fmt: skip
SPECS: dict[str, Any] = {
    **NETWORKS,
    **{name: EXAMPLES / f"{name}.cnn" for name in (*SMALL, *LARGE)},
    **{f"zoo:{name}": f"zoo:{name}" for name in (*ZOO, *LARGE_ZOO)},
}
LONG = {*LARGE, *(f"zoo:{name}" for name in LARGE_ZOO)}
MARKED = [pytest.param(name, marks=pytest.mark.long) if name in LONG else name for name in SPECS]
MEMORY, STORAGE = "cnndsl.analysis.memory", "cnndsl.analysis.storage"
BATCH = 2
# 5 % is asked for; nothing but PyTorch's small things is missed.
NEAR = 0.01


def measured(spec: str | Path) -> tuple[int, int]:
    """The bytes that autograd saves, and the most that are there at once in evaluation."""
    graph = cnndsl.check(spec).graph
    model = cnndsl.compile(spec)
    values = [graph.nodes[id].output for id in graph.inputs]
    inputs = tuple(torch.rand(BATCH, *value.shape) for value in values if value is not None)
    saved, _ = saved_storages(model.train(), lambda: model(*inputs))
    return sum(saved.values()), peak_bytes(model, inputs)


def told(spec: str | Path) -> tuple[int, int]:
    """The same, as the analysis says it."""
    graph = cnndsl.check(spec).graph
    return saved_bytes(graph, BATCH, 4), inference_memory(graph, BATCH).activations


@pytest.mark.parametrize("name", MARKED)
def test_networks_take_what_is_said(name: str) -> None:
    assert told(SPECS[name]) == pytest.approx(measured(SPECS[name]), rel=NEAR)


def test_random_specs_take_what_is_said() -> None:
    """Values of a few numbers: what PyTorch keeps beside them weighs more than in a network."""
    near = count = 0
    for case in range(120):
        text = drawn(f"20261121.{case}")
        if text is not None and cnndsl.check(text).ok:
            count += 1
            near += told(text) == pytest.approx(measured(text), rel=0.05)
    assert near >= 0.95 * count, f"{near} of {count}"


def forgetful(name: str) -> Callable[[Graph, Node], Keeps]:
    return lambda graph, node: NOTHING if node.layer.name == name else keeps_of(graph, node)


WRONG: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    "relu keeps nothing": lambda m: m.setattr(f"{MEMORY}.keeps_of", forgetful("relu")),
    "bn keeps nothing": lambda m: m.setattr(f"{MEMORY}.keeps_of", forgetful("bn")),
    "a view is a memory of its own": lambda m: m.setattr(
        f"{STORAGE}.is_view", lambda graph, node, training: False
    ),
    "no variable holds a value for longer than it is read": lambda m: m.setattr(
        f"{STORAGE}.held", lambda graph: ()
    ),
}


@pytest.mark.parametrize("fault", WRONG)
def test_planted_faults_are_caught(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = "input 2x9x9 -> conv 8 k3 -> relu inplace -> conv 1 k3 -> relu -> gap -> flatten"
    specs = [NETWORKS["resnet"], NETWORKS["unet"], plain]
    truth = [number for spec in specs for number in measured(spec)]
    WRONG[fault](monkeypatch)
    assert [number for spec in specs for number in told(spec)] != pytest.approx(truth, rel=NEAR)


def test_a_hand_computed_step_of_training() -> None:
    graph = cnndsl.check("input 3x8x8 -> conv 4 k3 p1 -> relu -> maxpool 2 -> flatten -> linear 10").graph
    found = training_memory(graph, batch=5, optimizer="momentum")
    parameters = 4 * 3 * 9 + 4 + 10 * 64 + 10
    # conv keeps the input, relu and the pool its output, linear its input; the pool places of 8 bytes
    values = 3 * 64 + 4 * 64 + 4 * 16
    assert found.weights == found.gradients == found.optimizer == 4 * parameters
    assert found.activations == 5 * (4 * values + 8 * 4 * 16)
    assert found.total == found.weights * 3 + found.activations


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_optimizers_keep_what_is_said(name: str) -> None:
    word = {"momentum": "SGD", "nadam": "NAdam", "radam": "RAdam", "adamw": "AdamW", "sgd": "SGD"}
    names = {one.lower(): one for one in dir(torch.optim)}
    made = getattr(torch.optim, word.get(name, names.get(name, "")))
    # A matrix, for there are optimizers that take nothing else.
    weight = torch.nn.Parameter(torch.rand(30, 40))
    optimizer = made([weight], lr=0.1, **({"momentum": 0.9} if name == "momentum" else {}))
    weight.grad = torch.ones_like(weight)
    optimizer.step()
    state = [one for one in optimizer.state[weight].values() if isinstance(one, torch.Tensor)]
    assert sum(one.numel() for one in state if one.numel() > 1) == OPTIMIZERS[name] * weight.numel()


def test_an_unknown_optimizer_is_told() -> None:
    report = cnndsl.check("input 8 -> linear 2")
    with pytest.raises(ValueError, match="optimizer='sdg' is none of sgd, momentum"):
        report.memory(optimizer="sdg")


def test_unknown_values_count_as_nothing() -> None:
    report = cnndsl.check("input 1x8x8 -> conv 4 k3 -> convv 3 -> relu")
    assert report.memory().activations == 4 * (64 + 4 * 36)
    assert report.memory(optimizer="adam").activations == 4 * 64


def test_half_precision_takes_half() -> None:
    report = cnndsl.check("input 1x8x8 -> conv 4 k3 -> relu")
    assert report.memory(bytes_per_number=2).total * 2 == report.memory().total


def test_every_join_says_what_it_keeps() -> None:
    assert {join.name: join.keeps for join in all_joins()} == {
        "add": "nothing", "sub": "nothing", "concat": "nothing", "mul": "others", "max": "all", "min": "all",
    }  # fmt: skip


def test_work_grows_with_the_network() -> None:
    graphs = [cnndsl.check(f"input 1x8x8\n[conv 4 k3 p1 -> relu] x {n}").graph for n in (100, 1000)]
    work = [count_calls(partial(inference_memory, graph)) for graph in graphs]
    assert work[1] < 12 * work[0]
