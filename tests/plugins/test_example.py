"""examples/plugin: its layers keep their promises everywhere that built-in ones do."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path

import pytest
import torch
from torch import nn

import cnndsl
from cnndsl.layers import find, load_plugins

FOLDER = Path(__file__).parents[2] / "examples" / "plugin"


@pytest.fixture(autouse=True)
def more_layers() -> tuple[str, ...]:
    return load_plugins("examples.plugin.more_layers")


def test_the_layers_check_as_they_say(more_layers: tuple[str, ...]) -> None:
    assert more_layers == ("maxout", "blurpool")
    for name in more_layers:
        found = find(name)
        assert found is not None
        missing = {argument.name for argument in found.layer.arguments}
        for example in found.layer.examples:
            cnndsl.compile(f"input {example.input} -> {example.use} :: {example.output}")
            missing -= set(cnndsl.check(f"input {example.input} -> {example.use}").graph.nodes[-1].given)
        assert not missing
        for reject in found.layer.rejects:
            (diagnostic,) = cnndsl.check(f"input {reject.input} -> {reject.use}").diagnostics
            assert diagnostic.rule == reject.rule
            assert diagnostic.span.text in reject.use


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8])
@pytest.mark.parametrize("kernel", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("stride", [1, 2, 3])
def test_blurpool_agrees_with_pytorch(size: int, kernel: int, stride: int) -> None:
    spec = f"input 2x{size}x{size + 1} -> blurpool k{kernel} s{stride}"
    report = cnndsl.check(spec)
    if kernel // 2 >= size:
        assert [one.rule for one in report.diagnostics] == ["padding-too-large"]
        with pytest.raises(RuntimeError):
            nn.functional.pad(torch.zeros(1, 2, size, size + 1), [kernel // 2] * 4, mode="reflect")
        return
    model = cnndsl.compile(spec)
    result = model(torch.ones(1, 2, size, size + 1))
    assert tuple(result.shape[1:]) == report.graph.nodes[-1].output_shape
    assert torch.allclose(result, torch.ones(())), "a blur keeps the brightness"


def test_maxout_takes_the_largest() -> None:
    model = cnndsl.compile("input 4x1x1 -> maxout 2")
    assert model(torch.tensor([3.0, 5.0, 2.0, 1.0]).reshape(1, 4, 1, 1)).flatten().tolist() == [5, 2]


@pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated:DeprecationWarning")
def test_the_network_runs_wherever_modules_run() -> None:
    model = cnndsl.compile(FOLDER / "maxout.cnn").eval()
    x = torch.randn(2, 1, 28, 28)
    expected = model(x)
    for other in (
        copy.deepcopy(model),
        pickle.loads(pickle.dumps(model)),
        torch.jit.script(model),
        torch.export.export(model, (x,)).module(),
        torch.compile(model, fullgraph=True, backend="eager"),
    ):
        assert torch.equal(other(x), expected)
