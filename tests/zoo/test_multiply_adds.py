"""Multiply-adds of whole networks against half of what PyTorch's counter finds."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

import cnndsl
from cnndsl.zoo import families

NAMES = [name for family in families() for name in family.networks]
# What a test run takes the time for; the others run with the long ones.
SAMPLE = ["lenet5", "shufflenet_v2_x0_5", "mnasnet0_5", "resnet20", "mobilenet_v3_small", "dcgan_generator"]
EVERY = [name if name in SAMPLE else pytest.param(name, marks=pytest.mark.long) for name in NAMES]

# As published with the networks, in billions: typed, not computed.
PUBLISHED: Mapping[str, float] = {
    "resnet50": 4.089,
    "mobilenet_v2": 0.301,
    "vgg16": 15.470,
    "resnet18": 1.814,
    "densenet121": 2.834,
    "googlenet": 1.498,
    "efficientnet_b0": 0.386,
    "squeezenet1_0": 0.819,
    "shufflenet_v2_x1_0": 0.145,
    "convnext_tiny": 4.456,
}


def counted(name: str) -> int:
    """What PyTorch's counter finds in one sample, halved: it counts multiplications and additions."""
    graph = cnndsl.check(f"zoo:{name}").graph
    model = cnndsl.compile(f"zoo:{name}").eval()
    values = [graph.nodes[id].output for id in graph.inputs]
    inputs = [torch.zeros(1, *value.shape) for value in values if value is not None]
    # The counter sees attention only where it is plain products.
    short_cut = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        with torch.no_grad(), FlopCounterMode(display=False) as counter, sdpa_kernel(SDPBackend.MATH):
            model(*inputs)
    finally:
        torch.backends.mha.set_fastpath_enabled(short_cut)
    return int(counter.get_total_flops()) // 2


@pytest.mark.parametrize("name", EVERY)
def test_networks_take_what_pytorch_counts(name: str) -> None:
    assert cnndsl.check(f"zoo:{name}").macs == counted(name)


@pytest.mark.parametrize("name", PUBLISHED)
def test_networks_take_what_is_published(name: str) -> None:
    assert round(cnndsl.check(f"zoo:{name}").macs / 1e9, 3) == PUBLISHED[name]


def test_the_counter_sees_a_convolution_more() -> None:
    one, two = "input 3x8x8\nconv 4 k3", "input 3x8x8\nconv 4 k3 -> conv 4 k1"
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        cnndsl.compile(two)(torch.zeros(1, 3, 8, 8))
    assert counter.get_total_flops() // 2 == cnndsl.check(two).macs != cnndsl.check(one).macs
