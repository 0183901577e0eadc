"""torchvision as the oracle of whole networks: its keys, its weights, its logits.

torchvision is a test dependency only. Its wheel is linked against CUDA; where PyTorch comes without, the
import dies unless two operators that it wants to register kernels for are declared before.
"""

from __future__ import annotations

from functools import cache
from types import ModuleType
from typing import Any, NamedTuple

import pytest
import torch
from torch import nn

__all__ = ["Comparison", "compare", "convolutional", "models", "network", "perturbed"]

# Images in training mode are no larger: they come in twos, and only the way through has to be the same.
TRAINING_SIZE = 299
NOT_CONVOLUTIONAL = ("vit_", "swin_", "maxvit_")


@cache
def _declared() -> torch.library.Library:
    # Kept alive by the cache: the declarations end with the object.
    library = torch.library.Library("torchvision", "DEF")
    for operator in ("nms", "qnms"):
        library.define(f"{operator}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    return library


def models() -> ModuleType:
    """`torchvision.models`; the test is skipped where torchvision is not installed."""
    try:
        import torchvision.models as found
    except ModuleNotFoundError as error:
        pytest.skip(f"torchvision is not installed ({error}): `make setup` installs it")
    except RuntimeError:
        _declared()
        import torchvision.models as found
    return found


def convolutional() -> list[str]:
    """The names of torchvision's convolutional classifiers."""
    every = models().list_models(module=models())
    return [name for name in every if not name.startswith(NOT_CONVOLUTIONAL)]


def network(name: str) -> nn.Module:
    """torchvision's network with random weights, and batch norms that are no longer trivial."""
    torch.manual_seed(0)
    # These two say that their initialisation, which is slow, will change.
    extra = {"init_weights": False} if name in ("googlenet", "inception_v3") else {}
    return perturbed(models().get_model(name, weights=None, **extra))


def perturbed(model: nn.Module) -> nn.Module:
    """The network with norms away from zeros and ones, so that leaving one out or mixing them up shows."""
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            assert module.running_mean is not None and module.running_var is not None
            nn.init.normal_(module.running_mean, std=0.1)
            nn.init.uniform_(module.running_var, 0.5, 1.5)
        if isinstance(module, (nn.BatchNorm2d, nn.LayerNorm)):
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias, std=0.1)
    return model


class Comparison(NamedTuple):
    """Where two networks differ: keys and shapes, and the largest relative difference of what they give."""

    keys: list[str]
    evaluation: float
    training: float
    training_shapes: tuple[list[tuple[int, ...]], list[tuple[int, ...]]]


def compare(ours: nn.Module, theirs: nn.Module, shape: tuple[int, ...]) -> Comparison:
    """Give `ours` the weights of `theirs`, and both the same random images.

    In training mode both begin with the same seed: dropout and stochastic depth have to draw alike.
    """
    mine = {key: tuple(value.shape) for key, value in ours.state_dict().items()}
    wanted = {key: tuple(value.shape) for key, value in theirs.state_dict().items()}
    keys = [f"{key} {shape}" for key, shape in sorted(mine.items() ^ wanted.items())]
    if keys:
        return Comparison(keys, float("inf"), float("inf"), ([], []))
    ours.load_state_dict(theirs.state_dict(), assign=True)
    torch.manual_seed(1)
    image = torch.randn(1, *shape)
    pair = torch.randn(2, shape[0], *(min(size, TRAINING_SIZE) for size in shape[1:]))
    with torch.no_grad():
        evaluation = _difference(ours.eval()(image), theirs.eval()(image))
        given = []
        for model in (ours, theirs):
            torch.manual_seed(2)
            given.append(_named(model.train()(pair)))
    got, expected = given
    shapes = [sorted(tuple(value.shape) for value in one.values()) for one in given]
    training = max(_difference(got[name], value) for name, value in expected.items())
    return Comparison([], evaluation, training, (shapes[0], shapes[1]))


def _difference(one: torch.Tensor, other: torch.Tensor) -> float:
    if one.shape != other.shape:
        return float("inf")
    return float((one - other).abs().max() / other.abs().max())


def _named(given: Any) -> dict[str, torch.Tensor]:
    """A tensor, or the tensors of a named tuple; torchvision calls the main output `logits`."""
    if isinstance(given, torch.Tensor):
        return {"logits": given}
    return {"logits" if name == "output" else name: value for name, value in given._asdict().items()}
