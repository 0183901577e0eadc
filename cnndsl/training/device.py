"""Where a run computes, and in which precision."""

from __future__ import annotations

import os

import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState

from cnndsl.training.errors import SettingError
from cnndsl.training.settings import TrainSettings

__all__ = ["device_of", "make_accelerator"]

PRECISIONS = {"fp32": "no", "bf16": "bf16", "fp16": "fp16"}


def require_device(device: str) -> None:
    """Raise SettingError where the machine lacks the device."""
    if device == "cuda" and not torch.cuda.is_available():
        raise SettingError("device cuda: PyTorch finds no CUDA device here; auto takes what there is")
    if device == "mps" and not torch.backends.mps.is_available():
        raise SettingError("device mps: PyTorch finds no Apple GPU here; auto takes what there is")


def device_of(device: str) -> torch.device:
    """The device to use a network on: `auto` takes a GPU where there is one. Errors: SettingError."""
    require_device(device)
    if device != "auto":
        return torch.device(device)
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def make_accelerator(settings: TrainSettings) -> Accelerator:
    """The accelerator of a run: `auto` takes a GPU where there is one.

    Errors: SettingError where the machine lacks the device, or the device the precision.
    """
    require_device(settings.device)
    beside = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    if settings.device != "cpu" and torch.cuda.is_available() and beside > torch.cuda.device_count():
        gpus = torch.cuda.device_count()
        raise SettingError(f"{beside} processes on this machine with {gpus} GPUs: each takes one")
    arguments = {"cpu": settings.device == "cpu", "mixed_precision": PRECISIONS[settings.precision]}
    try:
        accelerator = Accelerator(**arguments)
    except ValueError as error:
        # accelerate keeps one state a process: a later run with another device or precision begins anew
        if "already been initialized" not in str(error):
            raise SettingError(f"precision {settings.precision}: {error}") from error
        AcceleratorState._reset_state(reset_partial_state=True)
        accelerator = Accelerator(**arguments)
    if accelerator.device.type == "cpu" and settings.precision == "fp16":
        raise SettingError("precision fp16 needs a GPU; bf16 runs on a CPU too")
    return accelerator
