"""Several inputs and outputs, outputs in training, and modules that are used again."""

from __future__ import annotations

import copy
import pickle
import warnings
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import cnndsl
from cnndsl.backends.torch_check import disagreements

AUXILIARY = """
model Aux
input 3x16x16
conv1: conv 8 k3 p1 -> relu
output aux1 when training { gap -> flatten -> aux1: linear 10 }
conv2: conv 16 k3 s2 p1 -> relu
output aux2 when training { aux2: [gap -> flatten -> linear 10] }
gap -> flatten -> fc: linear 10
"""
PYRAMID = """
model Pyramid
input 3x16x16
c2: [conv 4 k3 s2 p1 -> relu]
c3: [conv 8 k3 s2 p1 -> relu]
p3: conv 4 k1
output class { upsample 2 -> add @c2 }
output coarse { identity }
"""
SIAMESE = """
model Siamese
input left: 1x28x28
input right: 1x28x28
@left -> encoder: [conv 8 k3 s2 -> relu -> mid: conv 16 k3 s2 -> relu -> flatten] -> project: linear 8
@right -> again: reuse encoder -> reuse project
sub @project -> head: linear 1
"""
# What is tapped in a copy leaves the module of the original too, and values from outside come in.
CROSSING = """
model Crossing
input 2x8x8
before: conv 4 k3 p1
relu
twice: [inner: [conv 4 k3 p1 -> relu] -> add @before -> conv 4 k1]
relu
again: reuse twice
last: [conv 4 k1 -> reuse_me: relu]
reuse twice
concat @again.inner @twice.0
"""
MIXED = """
model Mixed
input 2x8x8
output low { conv 4 k1 }
output both when training { conv 4 k1 -> reuse_me: conv 4 k1 -> relu -> reuse reuse_me }
output high { gap -> flatten }
"""
SPECS = {"auxiliary": AUXILIARY, "pyramid": PYRAMID, "siamese": SIAMESE, "crossing": CROSSING, "mixed": MIXED}


def inputs_of(model: nn.Module) -> list[Tensor]:
    report = cnndsl.check(str(model.spec))
    shapes = [report.graph.nodes[index].output_shape for index in report.graph.inputs]
    torch.manual_seed(1)
    return [torch.randn(2, *(shape or ())) for shape in shapes]


def tensors(result: Any) -> list[Tensor]:
    given = [result] if isinstance(result, Tensor) else result
    return [value for value in given if value is not None]


def scripted(model: nn.Module) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return torch.jit.script(model)


WAYS: dict[str, Callable[[nn.Module], Any]] = {
    "pickled": lambda model: pickle.loads(pickle.dumps(model)),
    "copied": copy.deepcopy,
    "compiled": lambda model: torch.compile(model, fullgraph=True, backend="eager"),
    "exported": lambda model: torch.export.export(model, tuple(inputs_of(model))).module(),
    "scripted": scripted,
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", SPECS)
def test_the_modules_run_every_way(name: str, way: str) -> None:
    torch.set_num_threads(1)
    model = cnndsl.compile(SPECS[name])
    inputs = inputs_of(model)
    for training in (True, False):
        model.train(training)
        wanted, given = tensors(model(*inputs)), tensors(WAYS[way](model)(*inputs))
        assert len(wanted) == len(given)
        assert all(torch.equal(one, other) for one, other in zip(wanted, given, strict=True))


@pytest.mark.parametrize("name", SPECS)
def test_the_modules_are_what_the_checker_says(name: str) -> None:
    report = cnndsl.check(SPECS[name])
    report.graph.verify()
    assert disagreements(cnndsl.compile(SPECS[name]), report.graph) == []


def test_outputs_in_training_are_there_in_training_only() -> None:
    model = cnndsl.compile(AUXILIARY)
    images = inputs_of(model)[0]
    result = model.train()(images)
    assert result._fields == ("output", "aux1", "aux2")
    assert result.aux2.shape == (2, 10)
    assert torch.equal(model.eval()(images), result.output)
    pickled = pickle.loads(pickle.dumps(result))
    assert type(pickled).__name__ == "AuxOutput"
    assert torch.equal(pickled.aux1, result.aux1)


def test_multiply_adds_are_those_of_evaluation() -> None:
    with_aux, without = (
        cnndsl.check(text) for text in (AUXILIARY, "\n".join(AUXILIARY.split("\n")[i] for i in (2, 3, 5, 7)))
    )
    assert with_aux.macs == without.macs
    assert with_aux.parameters - without.parameters == 90 + 170


def test_outputs_are_named() -> None:
    model = cnndsl.compile(PYRAMID)
    result = model(inputs_of(model)[0])
    assert result._fields == ("class_", "coarse")
    assert result.coarse.shape == (2, 4, 4, 4)
    named = [output["name"] for output in cnndsl.check(PYRAMID).to_json()["outputs"]]
    assert named == ["class", "coarse"]


def test_evaluation_gives_the_tuple_too_where_it_has_several_values() -> None:
    model = cnndsl.compile(MIXED).eval()
    result = model(inputs_of(model)[0])
    assert result._fields == ("low", "high", "both")
    assert result.both is None
    assert model.train()(inputs_of(model)[0]).both.shape == (2, 4, 8, 8)


def test_reused_modules_share_their_weights() -> None:
    model = cnndsl.compile(SIAMESE)
    left, right = inputs_of(model)
    assert list(model.state_dict()) == [
        f"{name}.{weight}"
        for name in ("encoder.0", "encoder.mid", "project", "head")
        for weight in ("weight", "bias")
    ]
    encoded = [model.project(model.encoder(image)) for image in (left, right)]
    assert torch.equal(model(left, right), model.head(encoded[1] - encoded[0]))
    assert torch.equal(model(left, left), model.head(torch.zeros(2, 8)))


def test_values_cross_the_borders_of_copies() -> None:
    model = cnndsl.compile(CROSSING)
    (x,) = inputs_of(model)
    before = model.before(x)

    def twice(value: Tensor) -> tuple[Tensor, Tensor]:
        inside = model.twice.inner(value)
        return model.twice.get_submodule("0")(inside + before), inside

    first, _ = twice(torch.relu(before))
    second, inside = twice(torch.relu(first))
    third, _ = twice(torch.relu(model.last.get_submodule("0")(second)))
    assert torch.allclose(model(x), torch.cat([third, inside, first], dim=1), atol=1e-6)


def test_a_tap_of_what_arrived_means_what_arrives_now() -> None:
    model = cnndsl.compile("""
input 4x8x8
start: conv 4 k1
block_: [conv 4 k3 p1 -> add @start]
relu -> reuse block_
""")
    (x,) = inputs_of(model)
    inside = model.block_.get_submodule("0")
    start = model.start(x)
    once = torch.relu(inside(start) + start)
    assert torch.allclose(model(x), inside(once) + once, atol=1e-6)
