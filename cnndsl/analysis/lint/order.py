"""Layers that stand in an order in which one of them is wasted, or does harm."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

from cnndsl.analysis.lint.view import CONVOLUTIONS, LINEAR, View, family, said, warning
from cnndsl.diagnostics import Diagnostic, Related
from cnndsl.ir import Graph, Node

__all__ = [
    "activation_on_logits",
    "bias_before_norm",
    "no_activation_between",
    "softmax_before_loss",
]

# Norms that subtract each channel's mean.
_MEAN_TAKING = frozenset({"bn", "instancenorm"})

# Layers that do nothing, or add and average only: what is linear before them is linear behind them.
_STILL_LINEAR = frozenset(
    """
    dropout channeldropout droppath flatten unflatten reshape permute transpose squeeze unsqueeze
    avgpool adaptiveavgpool gap mean
    """.split()
)

# What `cnndsl train` takes where the spec does not say, and the losses that want raw scores.
_DEFAULT_LOSS = "cross_entropy"
_ON_LOGITS = {"cross_entropy": "cross-entropy", "bce": "binary cross-entropy"}

_PROBABILITIES = frozenset({"softmax", "softmin", "logsoftmax"})
_YES_OR_NO = frozenset({"sigmoid", "logsigmoid", "hardsigmoid"})
# Bounds that a regression may want on purpose: without a `train` section nobody says that these are logits.
_BOUNDS = frozenset({"tanh", "hardtanh", "softplus", "softsign", "glu"})


def bias_before_norm(view: View) -> Iterator[Diagnostic]:
    """A bias that the norm behind it takes away again, with the mean of its channel."""
    needed = {node.shares for node in view.nodes if node.shares is not None and not _normed(view, node)}
    for node in view.nodes:
        if not node.arguments.get("bias") or node.layer.name not in LINEAR or node.output is None:
            continue
        if node.layer.name == "linear" and node.output.rank:
            # It works on the last axis, norms on the channels.
            continue
        if node.shares is None and node.id not in needed and _normed(view, node):
            biases = sum(weight.size for weight in node.weights if weight.name == "bias")
            yield warning(
                "bias-before-norm",
                f"the bias of {said(node)} is wasted: the norm behind it takes it away again "
                f"({biases:,} weights)",
                node,
                "`nobias` leaves it out",
                related=(Related("each channel's mean is subtracted here", view.readers[node.id][0].span),),
            )


def _normed(view: View, node: Node) -> bool:
    """Whether nothing but norms reads a node's value."""
    readers = view.readers[node.id]
    normed = all(reader.layer.name in _MEAN_TAKING for reader in readers)
    return bool(readers) and normed and node.id not in view.outputs


def no_activation_between(view: View) -> Iterator[Diagnostic]:
    """Two linear maps in direct sequence, which can do no more than one.

    Factorised on purpose are those that need fewer weights than the one map: with groups (depthwise
    separable), 1xn and nx1, or narrower in the middle than at both ends. An upconv that enlarges is no map
    that another could take in.
    """
    for node in view.nodes:
        if node.layer.name not in LINEAR:
            continue
        first = _linear_before(view, node)
        if first is not None and not _factorised(view, first, node):
            yield warning(
                "no-activation-between",
                f"no activation between {said(first)} and {said(node)}: "
                "two linear maps in a row can do no more than one",
                node,
                "`relu ->` before it makes them two layers; or leave one of them out",
                related=(Related("the first, with nothing but linear layers behind it", first.span),)
                if first.span != node.span
                else (),
            )


def _linear_before(view: View, node: Node) -> Node | None:
    """The convolution or linear layer whose values arrive with nothing but linear layers between."""
    before = view.before(node)
    while before is not None and view.only_reader(before) is not None:
        if before.layer.name in LINEAR:
            return before
        if before.layer.name not in _STILL_LINEAR:
            return None
        before = view.before(before)
    return None


def _factorised(view: View, first: Node, second: Node) -> bool:
    for one in (first, second):
        grows = one.layer.name == "upconv" and max(one.arguments["stride"]) > 1
        if one.layer.name == "dwconv" or one.arguments.get("groups", 1) > 1 or grows:
            return True
    if first.layer.name in CONVOLUTIONS and second.layer.name in CONVOLUTIONS:
        kernels = first.arguments["kernel_size"], second.arguments["kernel_size"]
        thin = len(kernels[0]) == len(kernels[1]) and all(
            min(pair) == 1 for pair in zip(*kernels, strict=True)
        )
        if thin and all(max(kernel) > 1 for kernel in kernels):
            return True
    start, middle, end = (
        view.nodes[first.inputs[0]].output,
        view.nodes[second.inputs[0]].output,
        second.output,
    )
    if first.output is None or start is None or middle is None or end is None:
        return False
    axis = -1 if second.layer.name == "linear" else 0
    narrow = middle.shape[axis]
    kept = narrow == first.output.shape[-1 if first.layer.name == "linear" else 0]
    wide = start.shape[-1 if first.layer.name == "linear" else 0] if kept else prod(start.shape)
    return narrow < min(wide, end.shape[axis])


def softmax_before_loss(view: View) -> Iterator[Diagnostic]:
    """Probabilities where the loss wants scores: it would take the softmax of a softmax."""
    loss = _loss(view.graph)
    for last in _last_layers(view):
        name = last.layer.name
        # Without a `train` section, a logsoftmax may be meant for PyTorch's nll_loss, a sigmoid for an image.
        certain = (
            name in _PROBABILITIES | _YES_OR_NO if loss in _ON_LOGITS else name in ("softmax", "softmin")
        )
        if certain and (loss is None or loss in _ON_LOGITS):
            inside = "a sigmoid" if loss == "bce" else "a softmax"
            yield warning(
                "softmax-before-loss",
                f"{said(last)} at the end, but {_ON_LOGITS[loss or _DEFAULT_LOSS]} takes {inside} itself: "
                "the network would learn slowly or not at all",
                last,
                "end with the layer before it; `predict` and `softmax` in PyTorch give probabilities "
                "once it is trained",
            )


def activation_on_logits(view: View) -> Iterator[Diagnostic]:
    """An activation behind the last linear layer, which cuts off or bends the scores of the classes."""
    loss = _loss(view.graph)
    for last in _last_layers(view):
        before = view.before(last)
        name = last.layer.name
        if family(last) != "activation" or name in _PROBABILITIES | _YES_OR_NO or before is None:
            continue
        while before is not None and before.layer.name in _STILL_LINEAR:
            before = view.before(before)
        if before is None or before.layer.name not in LINEAR or last.output is None:
            continue
        classifies = (
            loss in _ON_LOGITS
            if loss is not None
            else name not in _BOUNDS and last.output.rank == 0 and last.output.channels > 1
        )
        if classifies:
            yield warning(
                "activation-on-logits",
                f"{said(last)} on the last scores: {_ON_LOGITS[loss or _DEFAULT_LOSS]} wants them "
                f"as {said(before)} gives them",
                last,
                "leave it out; activations stand between layers, not behind the last one",
                related=(Related("the scores, one a class", before.span),),
            )


def _last_layers(view: View) -> Iterator[Node]:
    """The node that makes each output, behind what does not change values."""
    for id in sorted(view.outputs):
        node: Node | None = view.nodes[id]
        while node is not None and node.layer.name in _STILL_LINEAR:
            node = view.before(node)
        if node is not None and node.inputs:
            yield node


def _loss(graph: Graph) -> str | None:
    """The loss of the `train` section, None where there is no section."""
    for setting in graph.train:
        if setting.name == "loss" and setting.positional:
            return str(setting.positional[0])
    return _DEFAULT_LOSS if graph.train else None
