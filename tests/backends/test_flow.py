"""Values that cross scopes: the compiled module computes what the graph means, node by node."""

from __future__ import annotations

import pytest
import torch

from cnndsl.analysis.flow import flows
from cnndsl.api import check
from cnndsl.backends.torch_module import build_module
from tests.backends.drawing import SHAPE, Drawing, compute


@pytest.mark.parametrize("seed", range(150))
def test_drawn_graphs_compute_what_they_mean(seed: int) -> None:
    graph = Drawing(seed, reach=(0.0, 0.1, 0.4)[seed % 3]).graph()
    model = build_module(graph, "").eval()
    expected = {f"{node.path}.{w.name}".rstrip(".") for node in graph.nodes for w in node.weights}
    assert set(model.state_dict()) == expected
    called: list[str] = []
    wanted = [node.path for node in graph.nodes if node.key is not None and node.layer.name != "scale"]
    for path in wanted:
        model.get_submodule(path).register_forward_hook(lambda *_, path=path: called.append(path))
    x = torch.rand(2, *SHAPE)
    with torch.no_grad():
        found = model(x)
        assert called == wanted
        assert torch.allclose(found, compute(graph, model, x), atol=1e-5, rtol=1e-4)


def test_a_value_that_leaves_a_scope_is_returned_and_one_that_enters_is_passed() -> None:
    graph = check("input 3x8x8\na: [b: relu -> c: conv 3 k1]\nd: [conv 3 k1 -> add @a.b]").graph
    root, a, d = flows(graph)
    paths = [node.path for node in graph.nodes]
    assert [paths[value] for value in a.takes] == ["input"]
    assert [paths[value] for value in a.returns] == ["a.c", "a.b"]
    assert [paths[value] for value in d.takes] == ["a.c", "a.b"]
    assert not root.is_chain()


def test_a_scope_that_hands_on_an_earlier_value_is_still_called() -> None:
    graph = check("input 3x8x8\na: relu\nb: [conv 5 k1 -> @a]\nconv 2 k1").graph
    model = build_module(graph, "")
    called: list[bool] = []
    model.get_submodule("b.0").register_forward_hook(lambda *_: called.append(True))
    assert model(torch.rand(1, 3, 8, 8)).shape == (1, 2, 8, 8)
    assert called == [True]


def test_an_empty_scope_keeps_its_name_and_changes_nothing() -> None:
    model = build_module(
        check("input 3x8x8\nz: [relu] x 0\nconv 2 k1\nadd { identity | identity }").graph, ""
    )
    assert repr(model.get_submodule("z")) == "Identity()"
    assert model(torch.rand(1, 3, 8, 8)).shape == (1, 2, 8, 8)


def test_uses_of_a_block_that_flow_differently_do_not_share_a_class() -> None:
    block = "block f(early) { a: conv 3 k1 -> b: conv 3 k1 -> if early { add @a } else { add @b } }"
    graph = check(f"input 3x8x8\n{block}\nf true -> f false -> f true").graph
    model = build_module(graph, "")
    kinds = [type(model.get_submodule(key)) for key in "012"]
    assert kinds[0] is kinds[2]
    assert kinds[0] is not kinds[1]
    x = torch.rand(2, 3, 8, 8)
    assert torch.allclose(model(x), compute(graph, model, x), atol=1e-6)
