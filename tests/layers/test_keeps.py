"""What layers say that they keep in memory, held against autograd and the values that are there at once."""

from __future__ import annotations

import pytest
import torch

import cnndsl
from cnndsl.analysis.storage import keeps_of
from cnndsl.layers import Keeps, layers
from cnndsl.layers.declaration import Example, Layer
from tests.layers.oracle import build
from tests.memory import peak_bytes, saved_storages, storage_of

BATCH = 2
# `identity` leaves no node behind.
USES = [
    pytest.param(layer, example, id=example.use)
    for layer in layers()
    for example in layer.examples
    if layer.name != "identity"
]


def told(layer: Layer, example: Example) -> tuple[Keeps, torch.nn.Module, tuple[int, ...]]:
    """What the declaration says of its example, the module, and the shape that arrives."""
    graph = cnndsl.check(f"input {example.input} -> {example.use}").graph
    node = graph.nodes[-1]
    x = graph.nodes[0].output
    assert x is not None
    assert node.output is not None
    return keeps_of(graph, node), build(layer.module(x, node.arguments, node.output.shape)), x.shape


@pytest.mark.parametrize(("layer", "example"), USES)
def test_autograd_saves_what_is_declared(layer: Layer, example: Example) -> None:
    keeps, module, shape = told(layer, example)
    x = torch.rand(BATCH, *shape).requires_grad_() + 0.1
    saved, result = saved_storages(module.train(), lambda: module(x))
    arriving, given = storage_of(x)[0], storage_of(result)[0]
    if arriving == given:
        assert keeps.view == "always" or "inplace" in example.use
        assert (keeps.input or keeps.output) == (arriving in saved)
    else:
        assert keeps.view != "always"
        assert (keeps.input, keeps.output) == (arriving in saved, given in saved)
    more = sum(size for address, size in saved.items() if address not in (arriving, given))
    assert more == 4 * (BATCH * keeps.numbers + keeps.statistics) + 8 * BATCH * keeps.positions


@pytest.mark.parametrize(("layer", "example"), USES)
def test_evaluation_takes_what_is_declared(layer: Layer, example: Example) -> None:
    report = cnndsl.check(f"input {example.input} -> {example.use}")
    _, module, shape = told(layer, example)
    found = peak_bytes(module, (torch.rand(BATCH, *shape),))
    # Random places of a fractional pool and copies of statistics are not declared.
    assert report.memory(BATCH).activations == pytest.approx(found, rel=0.02)


def test_a_layer_that_says_nothing_keeps_what_arrives() -> None:
    plain = Layer.__dataclass_fields__["keeps"].default
    assert plain == Keeps(input=True)
