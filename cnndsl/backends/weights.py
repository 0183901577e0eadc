"""Weights on disk: state dicts as .pt, .pth or .safetensors, never a pickle of code."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from warnings import catch_warnings, simplefilter

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from cnndsl.backends.matching import Match, WeightsError, match_names
from cnndsl.files import atomic_path

__all__ = ["fitting", "load_weights", "read_weights", "save_weights"]

# Under these names training scripts keep the state dict among other things.
WRAPPERS = ("state_dict", "model_state_dict", "model")
# What DataParallel, torch.compile and Lightning put before every name.
PREFIXES = ("module.", "_orig_mod.", "model.")

# How torch names an object that `weights_only` refuses.
FOREIGN = re.compile(r"(?:GLOBAL|class|type) `?([\w.]*\w)")


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


def load_weights(module: nn.Module, path: Path, partial: bool = False) -> Match:
    """Put the weights of a file into a module, and say which they were.

    The file is a state dict, as safetensors or as PyTorch's `torch.save` writes it; its content decides,
    not its name. It is read without running code from it. A state dict inside a checkpoint
    (`{"state_dict": ...}`) and names with DataParallel's `module.` before them are understood. With
    `partial`, what fits by name and shape is loaded and the rest of the module stays as it is.

    Errors: OSError where the file cannot be read; WeightsError where it holds no weights, or the weights
    of another network, or with `partial` none that fits; the module is then left as it was.

    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "linear.pt"
    >>> torch.save(nn.Linear(3, 5).state_dict(), file)
    >>> str(load_weights(nn.Linear(3, 5), file))
    'all 2 weights loaded'
    >>> load_weights(nn.Linear(4, 5), file)
    Traceback (most recent call last):
    ...
    cnndsl.backends.matching.WeightsError: ... does not fit: 1 of the network's 2 weights can be taken from it
      1 of another shape in the file: weight 5x3, here 5x4
    """
    own = module.state_dict()
    state, match = fitting({name: tuple(value.shape) for name, value in own.items()}, path, partial)
    module.load_state_dict({**own, **state})
    return match


def fitting(
    own: Mapping[str, tuple[int, ...]], path: Path, partial: bool = False
) -> tuple[dict[str, Tensor], Match]:
    """The tensors of a file that fit a network with the names and shapes `own`; errors as `load_weights`."""
    state = _without_prefix(read_weights(path), own)
    match = match_names(own, {name: tuple(value.shape) for name, value in state.items()})
    if not (match.fits or (partial and match.loaded)):
        raise WeightsError(f"{path} does not fit: {match.problem}", len(match.loaded))
    taken = {name: state[name] for name in match.loaded}
    for name, value in taken.items():
        # a whole number for each weight is a quantised network's; a single one is a counter
        if value.dim() and not value.is_floating_point():
            kind = str(value.dtype).removeprefix("torch.")
            raise WeightsError(f"{path}: {name} holds {kind} numbers, expected floating-point ones")
        if not bool(value.isfinite().all()):
            raise WeightsError(f"{path} is of no use: {name} holds numbers that are not finite (NaN or inf)")
    return taken, match


def read_weights(path: Path) -> dict[str, Tensor]:
    """The tensors of a state dict by name, on the CPU; errors as `load_weights`."""
    if path.is_dir():
        best = path / "best.safetensors"
        mend = f": did you mean {best}?" if best.exists() else ""
        raise WeightsError(f"{path} is a folder, expected a file of weights{mend}")
    with path.open("rb") as file:
        head = file.read(9)
    if not head:
        raise WeightsError(f"{path} is empty, expected weights")
    # safetensors: the length of a JSON object in eight bytes, then the object
    found = _read_safetensors(path) if head[8:] == b"{" else _read_pickle(path)
    for wrapper in WRAPPERS:
        if isinstance(found, dict) and isinstance(found.get(wrapper), dict):
            found = found[wrapper]
    if not isinstance(found, dict) or not found:
        raise WeightsError(f"{path} holds no state dict: expected names and tensors")
    for name, value in found.items():
        if not isinstance(name, str) or not isinstance(value, Tensor):
            what = f"{type(value).__name__} {name!r:.80}"
            raise WeightsError(f"{path} holds no state dict: expected names and tensors, found {what}")
        if value.layout != torch.strided or value.is_quantized or value.is_complex() or value.is_meta:
            raise WeightsError(f"{path}: {name} is no plain tensor of real numbers")
    return found


def _read_safetensors(path: Path) -> dict[str, Tensor]:
    try:
        tensors: dict[str, Tensor] = load_file(path)
    except (SafetensorError, KeyError, ValueError, RuntimeError) as error:
        raise WeightsError(f"{path} is a damaged safetensors file: {error}") from error
    return tensors


def _read_pickle(path: Path) -> Any:
    try:
        with catch_warnings():
            simplefilter("ignore")
            return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        # a damaged pickle can make its reader raise anything
        foreign = FOREIGN.search(str(error))
        if foreign is None:
            raise WeightsError(f"{path} is damaged, or no file of weights") from error
        raise WeightsError(
            f"{path} holds more than weights: the Python object {foreign[1]}, which is not loaded, "
            "for it could run code"
        ) from error


def _without_prefix(state: dict[str, Tensor], own: Mapping[str, object]) -> dict[str, Tensor]:
    """The state with the names that it had before the network was wrapped."""
    for prefix in (*PREFIXES, *PREFIXES):
        meant = any(name.startswith(prefix) for name in own)
        if not meant and all(name.startswith(prefix) for name in state):
            state = {name.removeprefix(prefix): value for name, value in state.items()}
    return state
