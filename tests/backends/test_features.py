"""Values inside networks by name, held against forward hooks."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import cnndsl

EXAMPLES = Path(__file__).parent.parent.parent / "examples"

# Taps out of scopes, labelled joins, a module that gives a tuple, an activation in place, two outputs.
SPECS = {
    "taps": """input 2x8x8
        enc: [a: conv 3 k3 p1 -> relu inplace -> b: conv 3 k3 p1] -> both: add { c: conv 3 k1 | @enc.a } -> bn
        concat @enc.a -> gap -> flatten -> linear 4""",
    "attention": "input 6x4 -> transpose 1 2 -> att: attention 2 -> linear 3 last",
    "outputs": """input 1x6x6
        conv 2 k3 -> relu
        output side { flatten -> linear 3 }
        conv 2 k3 -> flatten -> linear 5""",
    "reuse": """input 1x6x6
        twice: conv 1 k3 p1
        relu -> reuse twice -> flatten""",
}


def by_hooks(model: nn.Module, x: Tensor) -> dict[str, Tensor]:
    seen: dict[str, Tensor] = {}

    def keep(name: str) -> Any:
        def hook(_module: nn.Module, _given: Any, value: Any) -> None:
            seen[name] = (value[0] if isinstance(value, tuple) else value).clone()

        return hook

    handles = [module.register_forward_hook(keep(name)) for name, module in model.named_modules() if name]
    with torch.no_grad():
        model.eval()(x)
    for handle in handles:
        handle.remove()
    return seen


def compiled(name: str) -> tuple[nn.Module, Tensor]:
    spec = SPECS.get(name) or EXAMPLES / f"{name}.cnn"
    report = cnndsl.check(spec)
    assert report.ok, str(report)
    torch.manual_seed(0)
    model = cnndsl.compile(spec)
    shape = report.graph.nodes[0].output_shape
    assert shape is not None
    return model, torch.rand(2, *shape)


@pytest.mark.parametrize("name", [*SPECS, "small_resnet", "lenet5", "tinyvgg"])
def test_every_modules_value_is_what_a_hook_sees(name: str) -> None:
    model, x = compiled(name)
    seen = by_hooks(model, x)
    assert len(seen) > 2
    # attention computes otherwise where gradients may be wanted
    with torch.no_grad():
        together = cnndsl.features(model, x, list(seen))
        for path, value in seen.items():
            assert torch.equal(together[path], value), path
            assert torch.equal(cnndsl.features(model, x, path)[path], value), path


def test_nothing_behind_the_last_layer_is_computed_and_the_model_is_left_alone() -> None:
    model, x = compiled("small_resnet")
    model.train()
    frozen = model.get_submodule("3.bn1").eval()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    late = model.get_submodule("6")
    late.forward = None  # type: ignore[assignment]
    cnndsl.features(model, x, ["3.conv1", "3"])
    assert model.training
    assert not frozen.training
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())
    assert not any(module._forward_hooks for module in model.modules())


def test_gradients_flow_to_the_image_and_to_the_weights() -> None:
    model, x = compiled("small_resnet")
    x.requires_grad_()
    cnndsl.features(model, x, "3")["3"].sum().backward()
    weight = model.get_parameter("0.weight")
    assert x.grad is not None
    assert weight.grad is not None
    assert bool(x.grad.any())
    assert model.get_parameter("6.weight").grad is None


def test_a_spec_and_any_module_will_do() -> None:
    values = cnndsl.features("input 1x4x4 -> conv 2 k3 -> relu", torch.rand(3, 1, 4, 4), ["0", "1"])
    assert {name: tuple(value.shape) for name, value in values.items()} == {
        "0": (3, 2, 2, 2),
        "1": (3, 2, 2, 2),
    }
    assert bool((values["1"] == values["0"].relu()).all())
    own = nn.Sequential(nn.Linear(4, 3), nn.ReLU(inplace=True))
    value = cnndsl.features(own, torch.rand(5, 4) - 0.5, "0")["0"]
    assert bool((value < 0).any()), "a copy, made before the activation in place"


@pytest.mark.parametrize(
    ("name", "help"),
    [
        ("layer1.7", "did you mean `layer1.1`?\n  help: `layer1` holds 0, 1"),
        (
            "layr1",
            "did you mean `layer1`?\n  help: the network's outermost names are conv1, bn1, 2, 3, layer1,",
        ),
    ],
)
def test_a_name_that_is_not_there(name: str, help: str) -> None:
    model = cnndsl.compile(EXAMPLES / "resnet18.cnn", input=(3, 32, 32))
    with pytest.raises(ValueError, match=f"the network has no layer `{name}`") as caught:
        cnndsl.features(model, torch.rand(1, 3, 32, 32), ["conv1", name])
    assert help in str(caught.value)
