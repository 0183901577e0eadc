"""Receptive fields against gradients: which input pixels move the middle of the output."""

import pytest
import torch
from torch import nn

import cnndsl
from cnndsl.analysis.receptive_field import receptive_fields

# The networks are wide enough for the middle to see no border.
SPECS = [
    "conv 2 k3 p1 -> maxpool 2 -> conv 2 k3 p1 -> maxpool 2 -> conv 2 k3 p1",
    "conv 2 k3x5 -> conv 2 k3 s2x1 d2 -> avgpool 3 s2",
    "conv 2 k5 s3 -> relu -> bn -> conv 2 k3 d3",
    "conv 2 k3 p1 -> residual { conv 2 k3 p1 -> conv 2 k3 p1 } -> conv 2 k1",
    "concat { conv 2 k1 | conv 2 k5 p2 | conv 2 k7 p3 } -> conv 1 k3 p1",
    "conv 2 k3 p1 -> upconv 2 k2 s2 -> conv 2 k3 p1",
    "maxpool 2 -> upconv 2 k3 s2 -> conv 2 k3",
    "conv 2 k3 -> gap -> conv 2 k1",
    "conv 2 k3 -> mul { identity | gap -> conv 2 k1 }",
    "conv 2 k3 s2 -> flatten -> linear 3",
    "conv 2 k3 -> maxpool 2 -> maxpool 2 -> flatten -> linear 4 -> relu -> linear 2",
]


def seen_by_the_middle(spec: str, size: tuple[int, ...]) -> tuple[int, ...]:
    """The extent of the non-zero gradient of the output's middle, the largest over its neighbours."""
    model = cnndsl.compile(f"input {'x'.join(map(str, size))} -> {spec}").eval()
    # pools as means and no cut-offs: each tap counts
    for name, module in list(model.named_modules()):
        if isinstance(module, (nn.MaxPool2d, nn.ReLU)):
            mean = (
                nn.AvgPool2d(module.kernel_size, module.stride, module.padding)
                if isinstance(module, nn.MaxPool2d)
                else nn.Identity()
            )
            parent, _, key = name.rpartition(".")
            setattr(model.get_submodule(parent), key, mean)
    for weight in model.parameters():
        nn.init.ones_(weight)
    x = torch.ones(1, *size, dtype=torch.float64, requires_grad=True)
    output = model.double()(x)
    found = [0] * (len(size) - 1)
    middle = [length // 2 for length in output.shape[2:]]
    for shift in range(2) if middle else [0]:
        place = tuple(min(m + shift, n - 1) for m, n in zip(middle, output.shape[2:], strict=True))
        (gradient,) = torch.autograd.grad(output[(0, 0, *place)], x, retain_graph=True)
        for axis in range(len(found)):
            others = tuple(other for other in range(gradient.ndim) if other != axis + 2)
            hit = gradient.abs().sum(others).nonzero()
            found[axis] = max(found[axis], int(hit.max() - hit.min()) + 1)
    return tuple(found)


@pytest.mark.parametrize("spec", SPECS)
def test_gradients_agree(spec: str) -> None:
    size = (2, 65, 65)
    report = cnndsl.check(f"input 2x65x65 -> {spec}")
    assert report.ok, report
    assert receptive_fields(report.graph)[report.graph.outputs[0].node] == seen_by_the_middle(spec, size)


def test_the_oracle_sees_a_difference() -> None:
    assert seen_by_the_middle("conv 2 k3", (2, 65, 65)) != seen_by_the_middle("conv 2 k3 d2", (2, 65, 65))


def test_the_course_example() -> None:
    report = cnndsl.check(
        "input 1x28x28 -> conv 2 k3 p1 -> maxpool 2 -> conv 2 k3 p1 -> maxpool 2 -> conv 2 k3 p1"
    )
    assert receptive_fields(report.graph)[-1] == (18, 18)


def test_vectors_and_unknown_values_have_none() -> None:
    assert receptive_fields(cnndsl.check("input 8 -> linear 2").graph) == (None, None)
    fields = receptive_fields(cnndsl.check("input 1x8x8 -> convv 3 -> relu").graph)
    assert fields[0] == (1, 1)
    assert fields[1:] == (None, None)
