"""Every layer against eager PyTorch: acceptance, shapes, weights, buffers, multiply-adds."""

from __future__ import annotations

import warnings
from itertools import product
from typing import Any

import pytest
import torch

from cnndsl.dims import Shape, Value
from cnndsl.layers import all_joins, find, layers
from cnndsl.layers.declaration import Join, Layer, LayerError, Module
from tests.layers.oracle import compare, normal_form, run_cases

SEED = 2024
CASES = 60


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)
    torch.manual_seed(SEED)


def layer(name: str) -> Layer:
    found = find(name)
    assert found is not None
    return found.layer


@pytest.mark.parametrize("one", layers(), ids=lambda one: one.name)
def test_a_layer_agrees_with_pytorch(one: Layer) -> None:
    counts, wrong = run_cases(one, SEED, CASES)
    assert not wrong, "\n".join(wrong)
    assert counts["accepted"], "no drawn case was accepted: the drawing is at fault"


@pytest.mark.long
@pytest.mark.parametrize("one", layers(), ids=lambda one: one.name)
def test_a_layer_agrees_with_pytorch_at_length(one: Layer) -> None:
    _, wrong = run_cases(one, SEED + 1, 3_000)
    assert not wrong, "\n".join(wrong)


# Cases worth their own line.


@pytest.mark.parametrize(
    ("name", "given", "shape"),
    [
        ("maxpool", {"kernel_size": 3, "stride": 2, "ceil_mode": True}, (1, 2, 2)),
        ("maxpool", {"kernel_size": 3, "stride": 2, "ceil_mode": True}, (1, 6, 7)),
        ("maxpool", {"kernel_size": 2, "stride": 5, "padding": 1, "ceil_mode": True}, (1, 4, 9)),
        ("avgpool", {"kernel_size": 3, "padding": 1}, (1, 2, 2, 2)),
        ("avgpool", {"kernel_size": 3, "stride": 4, "ceil_mode": True}, (1, 2, 6, 6)),
        ("upconv", {"out": 2, "kernel_size": 3, "stride": 2, "output_padding": 2}, (1, 4, 4)),
        ("conv", {"out": 2, "kernel_size": 4, "padding": "same", "dilation": 3}, (1, 5)),
        ("conv", {"out": 2, "kernel_size": 4, "padding": "same", "padding_mode": "reflect"}, (1, 2, 2)),
        ("upsample", {"scale_factor": 0.7}, (1, 10)),
        ("upsample", {"scale_factor": 1 / 3}, (1, 3)),
        ("instancenorm", {}, (4, 1, 1)),
        ("bn", {"momentum": None, "affine": False, "bias": True}, (4,)),
        ("lppool", {"norm_type": 2, "kernel_size": 3, "ceil_mode": True}, (2, 4, 4, 2)),
        ("lppool", {"norm_type": -1.5, "kernel_size": 2}, (2, 4)),
        ("fractionalmaxpool", {"kernel_size": 2, "output_size": 4}, (2, 5, 5)),
        ("fractionalmaxpool", {"kernel_size": 2, "output_size": 4}, (2, 5, 5, 5)),
        ("fractionalmaxpool", {"kernel_size": 1, "output_ratio": 1 / 3}, (2, 3, 2)),
        ("fold", {"output_size": (4, 5), "kernel_size": 2, "stride": 2, "padding": 1}, (8, 9)),
        ("unfold", {"kernel_size": (1, 3), "dilation": 2, "padding": 1, "stride": 2}, (2, 4, 6)),
        ("attention", {"num_heads": 3, "add_bias_kv": True, "bias": False}, (1, 9)),
        ("attention", {"num_heads": 4}, (5, 6)),
        ("crop", {"cropping": (1, 0, 2, 1)}, (2, 4, 2)),
        ("rmsnorm", {"eps": None, "axes": 2}, (2, 4, 3)),
    ],
)
def test_a_corner_agrees_with_pytorch(name: str, given: dict[str, Any], shape: Shape) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        outcome = compare(layer(name), given, Value(shape))
    assert outcome.word in ("accepted", "refused"), outcome.detail


@pytest.mark.parametrize("join", all_joins(), ids=lambda join: join.name)
def test_a_join_agrees_with_pytorch(join: Join) -> None:
    shapes: list[Shape] = [(1,), (4,), (4, 3), (4, 1), (1, 3), (4, 2, 3), (4, 1, 3), (2, 2, 3), (1, 1, 1)]
    for branches in (*product(shapes, repeat=2), *(((a, b, b)) for a, b in product(shapes, repeat=2))):
        names = [f"x{i}" for i in range(len(branches))]
        try:
            ours = join.shape([Value(shape) for shape in branches])
        except LayerError:
            ours = None
        values = {name: torch.randn(2, *shape) for name, shape in zip(names, branches, strict=True)}
        try:
            result = eval(join.expression(names), {"torch": torch, **values})
        except (RuntimeError, IndexError):
            assert ours is None, f"{join.name} {branches}: we give {ours}, PyTorch refuses"
            continue
        # We are stricter: PyTorch would spread sizes of 1 and missing axes in sums too, the batch with them.
        if ours is not None:
            assert tuple(result.shape[1:]) == ours, f"{join.name} {branches}"
        else:
            spread = join.name != "concat" and len({tuple(shape) for shape in branches}) > 1
            assert spread, f"{join.name} {branches}: we refuse, PyTorch gives {tuple(result.shape)}"


def helpers() -> list[tuple[str, Module, Value]]:
    """The constructors that bring a class of their own, on small values."""
    uses: list[tuple[str, dict[str, Any], Shape]] = [
        ("layernorm2d", {}, (4, 3, 5)),
        ("layernorm2d", {"elementwise_affine": False}, (4, 2, 3, 5)),
        ("mean", {"dim": (2, 3)}, (4, 3, 5)),
        ("mean", {"dim": (1,), "keepdim": True}, (4, 3)),
        ("permute", {"dims": (2, 3, 1)}, (4, 3, 5)),
        ("transpose", {"dim0": 1, "dim1": 2}, (4, 3)),
        ("squeeze", {"dim": 2}, (4, 1)),
        ("unsqueeze", {"dim": 1}, (4,)),
        ("narrow", {"start": 1, "length": 2}, (4, 3, 5)),
        ("reshape", {"shape": (2, -1)}, (4, 3)),
        ("droppath", {"p": 0.5}, (4, 3)),
        ("droppath", {"p": 1}, (4,)),
    ]
    result = []
    for name, given, shape in uses:
        x = Value(shape)
        arguments = normal_form(layer(name), given, x.rank)
        result.append((name, layer(name).module(x, arguments, layer(name).shape(x, arguments)), x))
    return result


@pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated:DeprecationWarning")
@pytest.mark.parametrize(
    ("name", "module", "x"), helpers(), ids=lambda value: value if isinstance(value, str) else ""
)
def test_a_helper_runs_wherever_modules_run(
    name: str, module: Module, x: Value, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A class of our own scripts, exports and compiles, and prints its arguments, as PyTorch's do."""
    source = tmp_path / f"helper_{name}.py"
    values = ", ".join(repr(value) for _, value in module.positional)
    source.write_text(f"import torch\nfrom torch import nn\n\n\n{module.helper}")
    monkeypatch.syspath_prepend(tmp_path)
    cls = getattr(__import__(source.stem), module.name)
    made = eval(
        f"cls({', '.join(filter(None, [values, *(f'{k}={v!r}' for k, v in module.keywords)]))})", {"cls": cls}
    )
    arriving = torch.randn(2, *x.shape)
    made.eval()
    expected = made(arriving)
    assert torch.equal(torch.jit.script(made)(arriving), expected)
    batch = {0: torch.export.Dim("batch")}
    exported = torch.export.export(made, (arriving,), dynamic_shapes=(batch,))
    assert torch.equal(exported.module()(arriving), expected)
    assert torch.equal(torch.compile(made, fullgraph=True, backend="eager")(arriving), expected)
    made.train()
    assert torch.compile(made, fullgraph=True, backend="eager")(arriving).shape == expected.shape
    assert torch.jit.script(made)(arriving).shape == expected.shape


def test_droppath_keeps_the_mean_and_drops_whole_samples() -> None:
    arguments = normal_form(layer("droppath"), {"p": 0.25}, 1)
    module = layer("droppath").module(Value((3, 5)), arguments, (3, 5))
    scope: dict[str, Any] = {"torch": torch, "nn": torch.nn}
    exec(module.helper, scope)
    result = scope["DropPath"](0.25)(torch.ones(4_000, 3, 5))
    kinds = result.flatten(1)
    assert torch.equal(kinds.amin(1), kinds.amax(1))
    assert result.mean().item() == pytest.approx(1, abs=0.05)
