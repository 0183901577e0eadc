"""The compiled module: names, values, hooks, copies, pickles and PyTorch's compilers."""

from __future__ import annotations

import copy
import gc
import inspect
import io
import pickle
import subprocess
import sys
import weakref
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from cnndsl.api import check
from cnndsl.backends.python_source import to_python
from cnndsl.backends.torch_module import build_module
from tests.backends.networks import CHAIN, NAMES, NETWORKS, RESNET, UNET


def build(spec: str) -> nn.Module:
    """The module of a spec without mistakes."""
    report = check(spec)
    assert report.ok, report.diagnostics
    return build_module(report.graph, spec).eval()


def example(spec: str) -> Tensor:
    """A batch of two that fits the spec."""
    graph = check(spec).graph
    shape = graph.nodes[graph.inputs[0]].output_shape
    assert shape is not None
    return torch.rand(2, *shape)


class Basic(nn.Module):
    """The residual block of RESNET, by hand."""

    def __init__(self, before: int, c: int, s: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(before, c, 3, s, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(c)
        self.conv2 = nn.Conv2d(c, c, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(c)
        self.downsample = None
        if s != 1 or before != c:
            self.downsample = nn.Sequential(nn.Conv2d(before, c, 1, s, bias=False), nn.BatchNorm2d(c))

    def forward(self, x: Tensor) -> Tensor:
        y = self.bn2(self.conv2(self.bn1(self.conv1(x)).relu()))
        return (y + (x if self.downsample is None else self.downsample(x))).relu()


class ResNet(nn.Module):
    """RESNET by hand."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 8, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(8)
        self.layer1 = nn.Sequential(Basic(8, 8, 1), Basic(8, 8, 1))
        self.layer2 = nn.Sequential(Basic(8, 16, 2), Basic(16, 16, 1))
        self.layer3 = nn.Sequential(Basic(16, 32, 2), Basic(32, 32, 1))
        self.fc = nn.Linear(32, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = self.layer3(self.layer2(self.layer1(self.bn1(self.conv1(x)).relu())))
        return self.fc(x.mean((2, 3)))


def test_names_weights_and_values_are_those_of_the_module_written_by_hand() -> None:
    torch.manual_seed(3)
    ours = build(RESNET)
    torch.manual_seed(3)
    theirs = ResNet().eval()
    assert list(ours.state_dict()) == list(theirs.state_dict())
    # The order in which weights are drawn is the order of the text: one seed, the same weights.
    assert all(torch.equal(ours.state_dict()[name], value) for name, value in theirs.state_dict().items())
    x = example(RESNET)
    assert torch.allclose(ours(x), theirs(x), atol=1e-6)


def test_what_kind_of_module_it_is() -> None:
    assert type(build(CHAIN)) is nn.Sequential
    assert type(build(RESNET)).__name__ == "ResNet"
    assert type(build("input 3x8x8\nresidual { relu }")).__name__ == "Model"
    layer1 = build(RESNET).layer1
    assert type(layer1) is nn.Sequential
    assert type(layer1[0]).__name__ == "Basic"


def test_a_block_inside_can_be_hooked_and_called() -> None:
    model = build(RESNET)
    shapes: list[torch.Size] = []
    model.layer2[0].register_forward_hook(lambda module, args, output: shapes.append(output.shape))
    model(example(RESNET))
    assert shapes == [(2, 16, 16, 16)]
    assert model.layer2[0](torch.rand(1, 8, 4, 4)).shape == (1, 16, 2, 2)


def test_scopes_that_values_leave_can_be_hooked() -> None:
    model = build(UNET)
    found: list[list[torch.Size]] = []
    model.encoder.register_forward_hook(lambda module, args, output: found.append([t.shape for t in output]))
    model(example(UNET))
    assert found == [[(2, 16, 8, 8), (2, 8, 32, 32), (2, 16, 16, 16)]]


def test_awkward_labels_are_the_names_of_the_weights() -> None:
    model = build(NAMES)
    graph = check(NAMES).graph
    expected = {f"{node.path}.{w.name}".rstrip(".") for node in graph.nodes for w in node.weights}
    assert set(model.state_dict()) == expected
    assert model(example(NAMES)).shape == (2, 24, 8, 8)
    assert model.spec == NAMES


@pytest.mark.parametrize("name", NETWORKS)
def test_copies_and_pickles_are_the_same_network(name: str) -> None:
    spec = NETWORKS[name]
    model, x = build(spec), example(spec)
    file = io.BytesIO()
    torch.save(model, file)
    file.seek(0)
    for other in (
        copy.deepcopy(model),
        pickle.loads(pickle.dumps(model)),
        torch.load(file, weights_only=False),
    ):
        assert type(other) is type(model)
        assert other.spec == spec
        assert torch.equal(other(x), model(x))
        assert all(a is not b for a, b in zip(other.parameters(), model.parameters(), strict=True))


def test_a_part_of_a_network_pickles_too() -> None:
    layer = build(RESNET).layer2
    gc.collect()
    x = torch.rand(1, 8, 4, 4)
    assert torch.equal(pickle.loads(pickle.dumps(layer))(x), layer(x))
    assert torch.equal(copy.deepcopy(layer)(x), layer(x))
    assert torch.equal(torch.compile(layer, fullgraph=True, backend="eager")(x), layer(x))


@pytest.mark.parametrize("spec", [RESNET, CHAIN, "input 3x8x8\nblock b { conv 4 k3 -> relu }\nb -> b"])
def test_a_pickle_is_read_by_another_process(spec: str, tmp_path: Path) -> None:
    model, x = build(spec), example(spec)
    torch.save(x, tmp_path / "x.pt")
    (tmp_path / "model.pkl").write_bytes(pickle.dumps(model))
    code = (
        "import pickle, torch; model = pickle.load(open('model.pkl', 'rb')); x = torch.load('x.pt')\n"
        "torch.manual_seed(0); state = torch.get_rng_state(); pickle.load(open('model.pkl', 'rb'))\n"
        "assert torch.equal(state, torch.get_rng_state())\n"
        "torch.save(model(x), 'y.pt')"
    )
    line = [sys.executable, "-c", code]
    result = subprocess.run(line, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert torch.allclose(torch.load(tmp_path / "y.pt"), model(x), atol=1e-6)


class Wider(type(build(RESNET))):  # type: ignore[misc]
    """Someone's own network on top of a compiled one; a class of a module that can be imported."""


def test_a_class_derived_from_a_compiled_one_pickles_as_any_class() -> None:
    copied = copy.deepcopy(Wider())
    assert type(copied) is Wider


@pytest.mark.filterwarnings("ignore:.torch.jit:DeprecationWarning")
@pytest.mark.parametrize("name", NETWORKS)
def test_the_compilers_of_pytorch_take_it(name: str) -> None:
    model, x = build(NETWORKS[name]), example(NETWORKS[name])
    expected = model(x)
    torch._dynamo.reset()
    compiled = torch.compile(model, fullgraph=True, backend="eager")
    assert torch.allclose(compiled(x), expected, atol=1e-5)
    exported = torch.export.export(model, (x,)).module()
    assert torch.allclose(exported(x), expected, atol=1e-5)
    scripted = torch.jit.script(model)
    assert torch.allclose(scripted(x), expected, atol=1e-5)


def test_its_source_can_be_read() -> None:
    model = build(RESNET)
    assert inspect.getsource(type(model)) in to_python(check(RESNET).graph)
    assert "self.downsample(x)" in inspect.getsource(type(model.layer2[0]).forward)


def test_classes_go_with_their_last_instance() -> None:
    model = build("input 3x8x8\nconv 5 k3\nresidual { conv 5 k1 }")
    assert type(model) is type(build("input 3x8x8\nconv 5 k3\nresidual { conv 5 k1 }"))
    name, kind = type(model).__module__, weakref.ref(type(model))
    assert name in sys.modules
    del model
    gc.collect()
    assert kind() is None
    assert name not in sys.modules


def test_training_reaches_every_weight() -> None:
    model = build(UNET).train()
    model(example(UNET)).square().mean().backward()
    assert all(parameter.grad is not None for parameter in model.parameters())
