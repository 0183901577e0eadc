"""Where a run computes, and in which precision."""

from __future__ import annotations

import os
from typing import Any, Protocol

import torch
from torch import nn

from cnndsl.training.errors import SettingError
from cnndsl.training.settings import TrainSettings

__all__ = ["Engine", "device_of", "make_engine"]

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


class Engine(Protocol):
    """What a loop needs of accelerate's Accelerator."""

    device: torch.device
    process_index: int
    num_processes: int
    scaler: Any

    def prepare(self, model: nn.Module) -> Any:
        """The model as it is trained: in its precision, in step with other processes."""

    def unwrap_model(self, model: nn.Module, keep_fp32_wrapper: bool = ...) -> Any:
        """The model without what `prepare` put around it."""


class Alone:
    """The engine of one process in full precision, in which nothing is to be done.

    accelerate would do the same, but its imports take as long as a third of PyTorch's own.
    """

    process_index = 0
    num_processes = 1
    scaler = None

    def __init__(self, device: torch.device) -> None:
        self.device = device

    def prepare(self, model: nn.Module) -> nn.Module:
        """The model on the device."""
        return model.to(self.device)

    def unwrap_model(self, model: nn.Module, keep_fp32_wrapper: bool = True) -> nn.Module:
        """The model."""
        return model


def make_engine(settings: TrainSettings) -> Engine:
    """The engine of a run: `auto` takes a GPU where there is one.

    Errors: SettingError where the machine lacks the device, or the device the precision.
    """
    require_device(settings.device)
    if settings.precision == "fp32" and int(os.environ.get("WORLD_SIZE", "1")) == 1:
        mps = settings.device == "auto" and torch.backends.mps.is_available()
        device = device_of(settings.device)
        return Alone(torch.device("mps") if mps and device.type == "cpu" else device)
    return _accelerator(settings)


def _accelerator(settings: TrainSettings) -> Engine:
    from accelerate import Accelerator
    from accelerate.state import AcceleratorState

    beside = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    if settings.device != "cpu" and torch.cuda.is_available() and beside > torch.cuda.device_count():
        gpus = torch.cuda.device_count()
        raise SettingError(f"{beside} processes on this machine with {gpus} GPUs: each takes one")
    arguments = {"cpu": settings.device == "cpu", "mixed_precision": PRECISIONS[settings.precision]}
    try:
        accelerator: Engine = Accelerator(**arguments)
    except ValueError as error:
        # accelerate keeps one state a process: a later run with another device or precision begins anew
        if "already been initialized" not in str(error):
            raise SettingError(f"precision {settings.precision}: {error}") from error
        AcceleratorState._reset_state(reset_partial_state=True)
        accelerator = Accelerator(**arguments)
    if accelerator.device.type == "cpu" and settings.precision == "fp16":
        raise SettingError("precision fp16 needs a GPU; bf16 runs on a CPU too")
    return accelerator
