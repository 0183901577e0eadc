"""The oracle for receptive fields: which input positions move a place of a value, by PyTorch's gradients.

The network is made linear with nothing that could cancel: every weight positive, pools as means, norms and
activations as nothing. Then a gradient is zero exactly where there is no way from the input.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import torch
from torch import nn

import cnndsl
from cnndsl.analysis.receptive_field import fields
from cnndsl.ir import Graph, Node
from cnndsl.layers.declaration import Layer

__all__ = ["disagreements", "drawn_spec", "looked_at", "plain", "seen"]

POOLS = {nn.MaxPool1d: nn.AvgPool1d, nn.MaxPool2d: nn.AvgPool2d, nn.MaxPool3d: nn.AvgPool3d}
PASSED = frozenset({"activation", "normalisation", "regularisation"})


def plain(model: nn.Module, graph: Graph) -> nn.Module:
    """The module with means for maxima, no norms and activations, and positive weights."""
    # With tanh as it is the two halves of a gate do not square what they get, layer after layer.
    passed = {
        node.path
        for node in graph.nodes
        if isinstance(node.layer, Layer) and node.layer.family in PASSED and node.layer.name != "tanh"
    }
    for name, module in list(model.named_modules()):
        instead: nn.Module | None = nn.Identity() if name in passed else None
        if type(module) in POOLS:
            assert module.dilation == 1, "a mean has no dilation"
            instead = POOLS[type(module)](
                module.kernel_size, module.stride, module.padding, ceil_mode=module.ceil_mode
            )
        if instead is not None:
            parent, _, key = name.rpartition(".")
            setattr(model.get_submodule(parent), key, instead)
    for parameter in model.parameters():
        nn.init.constant_(parameter, len(parameter) / parameter.numel() if parameter.dim() > 1 else 0.5)
    return model.double().eval()


def looked_at(graph: Graph, random: Random, count: int) -> list[Node]:
    """Some nodes that are modules and whose values have the input's axes, the last of them always."""
    shared = {node.shares for node in graph.nodes}
    rank = len(graph.nodes[graph.inputs[0]].output_shape or ())
    found = [
        node
        for node in graph.nodes
        if node.key is not None
        and node.shares is None
        and node.id not in shared
        and len(node.output_shape or ()) == rank
        and not node.training_only
        and node.output is not None
        and node.output.channels_first
        and not any("nn.Parameter" in weight.name for weight in node.weights)
    ]
    return random.sample(found[:-1], min(count - 1, len(found) - 1)) + found[-1:]


def seen(
    model: nn.Module, node: Node, x: torch.Tensor, places: Sequence[int], axis: int
) -> list[tuple[int, int] | None]:
    """From where to where along an axis of the input gradients are not zero, for places of a node's value.

    The places lie along the same axis, all those of the other axes together.
    """
    caught: list[torch.Tensor] = []
    hook = model.get_submodule(node.path).register_forward_hook(
        lambda module, inputs, output: caught.append(output)
    )
    try:
        model(x)
    finally:
        hook.remove()
    value = caught[0][0].sum([other for other in range(x.dim() - 1) if other != axis + 1])
    found: list[tuple[int, int] | None] = []
    for place in places:
        (gradient,) = torch.autograd.grad(value[place], x, retain_graph=True)
        others = [other for other in range(gradient.dim()) if other != axis + 2]
        hit = gradient.abs().sum(others).nonzero()
        found.append((int(hit.min()), int(hit.max())) if len(hit) else None)
    return found


def within(span: tuple[int, int] | None, limit: int) -> tuple[int, int] | None:
    """The part of a span that lies in the input; None where it is all padding."""
    if span is None or span[1] < 0 or span[0] >= limit:
        return None
    return max(span[0], 0), min(span[1], limit - 1)


def is_far_inside(span: tuple[int, int] | None, limit: int) -> bool:
    """Whether a span is at least half its length away from the borders."""
    if span is None:
        return False
    away = (span[1] - span[0]) // 2 + 2
    return span[0] >= away and span[1] < limit - away


def contains(outer: tuple[int, int], inner: tuple[int, int]) -> bool:
    return outer[0] <= inner[0] and inner[1] <= outer[1]


def disagreements(
    spec: str,
    shape: tuple[int, ...],
    seed: str,
    count: int = 4,
    axes: Sequence[int] = (0,),
    strict: bool = True,
) -> list[str]:
    """Where gradients see something else than `fields` says, at borders and in the middle of some nodes.

    Padding counts as input. Where a map is padded that was cropped or made larger before, there may be less
    to see at its borders; where not `strict`, they may see less than is said.
    """
    report = cnndsl.check(spec, shape)
    assert report.ok, report
    graph = report.graph
    told = fields(graph)
    model = plain(cnndsl.compile(spec, shape), graph)
    x = torch.ones(1, *shape, dtype=torch.float64, requires_grad=True)
    wrong = []
    for node in looked_at(graph, Random(seed), count):
        field = told[node.id]
        if field is None or node.output is None:
            wrong.append(f"{node.path}: nothing said")
            continue
        for axis in axes:
            length, limit = node.output.spatial[axis], shape[1 + axis]
            places = sorted({0, 1 % length, length // 2, min(length // 2 + 1, length - 1), length - 1})
            for place, found in zip(places, seen(model, node, x, places, axis), strict=True):
                span = field[axis].at(place)
                known = within(span, limit)
                whole = field[axis].whole
                if whole is not None:
                    agrees = not strict if found is None else found[1] - found[0] + 1 == whole
                elif strict or is_far_inside(span, limit):
                    agrees = found == known
                else:
                    agrees = found is None or (known is not None and contains(known, found))
                if not agrees:
                    wrong.append(f"{node.path}, axis {axis}, place {place}: {found}, said {span}")
    return wrong


LINES = (
    "conv 2 k3 p1", "conv 2 k5 s2 p2", "conv 3 k3 s2", "conv 2 k2", "conv 2 k3 d2 p1", "conv 2 k3x5 p1",
    "maxpool 2", "maxpool 3 s2 p1", "avgpool 3 s1", "maxpool 3 s2 ceil", "bn -> relu",
    "upconv 2 k2 s2", "upconv 2 k3 s2 p1", "upconv 2 k4 s2 p1", "upconv 2 k3 s2 p1 op1", "upsample 2",
    "upsample 2 mode=bilinear", "upsample 3 -> conv 2 k3 s3", "pad 1 0 0 2", "dwconv k3 p1",
    "residual { conv C k3 p1 }", "residual { conv C k5 p2 -> relu -> conv C k3 p1 }",
    "concat { conv 1 k1 | conv 1 k3 p1 | maxpool 3 s1 p1 -> conv 1 k1 }",
    "add { conv 2 k3 s2 p1 | maxpool 2 ceil -> conv 2 k1 }",
    "add { identity | maxpool 2 ceil -> conv C k3 p1 -> upsample size=(H, W) }",
    "add { identity | conv C k2 s2 -> upconv C k2 s2 -> pad 0 W%2 0 H%2 }",
    "mul { identity | gap -> conv C k1 -> sigmoid }",
)  # fmt: skip


def drawn_spec(seed: str) -> tuple[str, tuple[int, ...]]:
    """A random network with branches, and an input that it takes."""
    random = Random(seed)
    while True:
        shape = (2, random.randint(50, 90), random.randint(50, 90))
        weights = [4] * (len(LINES) - 1) + [1]
        spec = "\n".join(["conv 2 k3 p1", *random.choices(LINES, weights, k=random.randint(3, 8))])
        report = cnndsl.check(spec, shape)
        last = report.graph.nodes[-1].output
        if report.ok and last is not None and max(last.shape) < 200:
            return spec, shape
