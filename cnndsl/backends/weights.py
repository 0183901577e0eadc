"""Weights on disk: state dicts as .pt or .safetensors, never a pickle of code."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from cnndsl.dims import format_shape
from cnndsl.files import atomic_path

__all__ = ["FORMATS", "WeightsError", "load_weights", "save_weights"]

FORMATS = (".pt", ".safetensors")
SHOWN = 5


class WeightsError(Exception):
    """A file that holds no weights, or the weights of another network."""


def save_weights(module: nn.Module, path: Path, spec: str) -> None:
    """Write a module's state dict, the format by the ending; a .safetensors file carries the spec too.

    Errors: OSError where the file cannot be written.
    """
    state = {name: value.detach().cpu().contiguous() for name, value in module.state_dict().items()}
    with atomic_path(path) as temporary:
        if path.suffix == ".safetensors":
            save_file(state, temporary, metadata={"format": "pt", "cnndsl": spec})
        else:
            torch.save(state, temporary)


def load_weights(module: nn.Module, path: Path) -> None:
    """Put the weights of a .pt or .safetensors file into a module.

    Errors: OSError where the file cannot be read, WeightsError where its names or shapes are not the
    module's; the module is then left as it was.
    """
    state = _read(path)
    own = module.state_dict()
    # a counter that older checkpoints lack; PyTorch does without it too
    missing = [name for name in own if name not in state and not name.endswith(".num_batches_tracked")]
    surplus = [name for name in state if name not in own]
    shapes = [
        f"{name} is {format_shape(tuple(state[name].shape))}, not {format_shape(tuple(own[name].shape))}"
        for name in own
        if name in state and state[name].shape != own[name].shape
    ]
    problems = [
        *([f"the spec has, the file lacks: {_some(missing)}"] if missing else []),
        *([f"the file has, the spec lacks: {_some(surplus)}"] if surplus else []),
        *([f"other shapes: {_some(shapes)}"] if shapes else []),
    ]
    if problems:
        raise WeightsError(f"{path} holds the weights of another network\n  " + "\n  ".join(problems))
    module.load_state_dict({**own, **state})


def _read(path: Path) -> Mapping[str, Tensor]:
    # torch's own errors for a missing file differ by format
    with path.open("rb"):
        pass
    if path.suffix == ".safetensors":
        try:
            return load_file(path)
        except SafetensorError as error:
            raise WeightsError(f"{path} is no safetensors file: {error}") from error
    try:
        found: Any = torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, EOFError, RuntimeError, ValueError, KeyError) as error:
        raise WeightsError(
            f"{path} is damaged, or holds more than weights: Python objects, which are not loaded"
        ) from error
    if isinstance(found, dict) and isinstance(found.get("state_dict"), dict):
        found = found["state_dict"]
    if not isinstance(found, dict) or not all(isinstance(value, Tensor) for value in found.values()):
        raise WeightsError(f"{path} holds no state dict: expected names and tensors")
    return found


def _some(words: list[str]) -> str:
    more = f" and {len(words) - SHOWN} more" if len(words) > SHOWN else ""
    return ", ".join(words[:SHOWN]) + more
