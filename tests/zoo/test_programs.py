"""Compiled networks in what PyTorch does with modules: pickle, deepcopy, compile, export, script."""

from __future__ import annotations

import copy
import io
import pickle
from collections.abc import Callable

import pytest
import torch
from torch import nn

import cnndsl

TEN = (
    "vgg11_bn",
    "resnet50",
    "densenet121",
    "googlenet",
    "squeezenet1_1",
    "mobilenet_v3_small",
    "shufflenet_v2_x1_0",
    "efficientnet_b0",
    "regnet_y_400mf",
    "convnext_tiny",
)


def pickled(model: nn.Module, image: torch.Tensor) -> nn.Module:
    return pickle.loads(pickle.dumps(model))


def copied(model: nn.Module, image: torch.Tensor) -> nn.Module:
    return copy.deepcopy(model)


def saved(model: nn.Module, image: torch.Tensor) -> nn.Module:
    buffer = io.BytesIO()
    torch.save(model, buffer)
    buffer.seek(0)
    return torch.load(buffer, weights_only=False)


def dynamo(model: nn.Module, image: torch.Tensor) -> Callable[..., torch.Tensor]:
    torch._dynamo.reset()
    return torch.compile(model, fullgraph=True, backend="eager")


def exported(model: nn.Module, image: torch.Tensor) -> nn.Module:
    return torch.export.export(model, (image,)).module()


def scripted(model: nn.Module, image: torch.Tensor) -> nn.Module:
    return torch.jit.script(model)


@pytest.mark.long
@pytest.mark.parametrize("through", [pickled, copied, saved, dynamo, exported, scripted])
@pytest.mark.parametrize("name", TEN)
def test_a_network_gives_the_same_after(name: str, through: Callable[..., nn.Module]) -> None:
    torch.manual_seed(0)
    model = cnndsl.compile(f"zoo:{name}").eval()
    image = torch.randn(1, 3, 224, 224)
    with torch.no_grad():
        expected = model(image)
        got = through(model, image)(image)
    assert torch.allclose(got, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.long
def test_a_network_gives_the_same_after_inductor() -> None:
    torch._dynamo.reset()
    model = cnndsl.compile("zoo:resnet18", input=(3, 64, 64)).eval()
    image = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        got = torch.compile(model, fullgraph=True)(image)
        assert torch.allclose(got, model(image), rtol=1e-4, atol=1e-4)
