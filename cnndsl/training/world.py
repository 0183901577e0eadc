"""The processes of a run: who this one is, and how they agree. With one process all of it is nothing."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, TypeVar

import torch
from torch import Tensor

from cnndsl.training.device import Engine
from cnndsl.training.errors import TrainingError

__all__ = ["World", "is_main_process", "part"]

T = TypeVar("T")

# What torch's back ends say when a process that they wait for is gone.
GONE = ("closed by peer", "connection reset", "broken pipe", "gloo", "nccl", "socket", "store")


def is_main_process() -> bool:
    """Whether this process speaks and writes, also before any others are known."""
    return int(os.environ.get("RANK", "0")) == 0


def _unnumbered(device: torch.device) -> torch.device:
    """The device; CPUs have no numbers."""
    return torch.device("cpu") if device.type == "cpu" else device


def part() -> None:
    """Take leave of the other processes, where there are any."""
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()


class World:
    """The processes that train together; `rank` is this one's number, `size` how many there are."""

    def __init__(self, engine: Engine) -> None:
        self.rank: int = engine.process_index
        self.size: int = engine.num_processes
        self.device = _unnumbered(engine.device)

    @property
    def main(self) -> bool:
        """Whether this process speaks and writes."""
        return self.rank == 0

    def sum(self, values: Sequence[float]) -> list[float]:
        """The sums over all processes."""
        return self._reduced(values, torch.distributed.ReduceOp.SUM) if self.size > 1 else list(values)

    def max(self, values: Sequence[float]) -> list[float]:
        """The largest of each over all processes."""
        return self._reduced(values, torch.distributed.ReduceOp.MAX) if self.size > 1 else list(values)

    def gather(self, value: T) -> list[T]:
        """What every process brings, in their order."""
        if self.size == 1:
            return [value]
        from accelerate.utils import gather_object

        gathered: list[T] = gather_object([value])
        return gathered

    def broadcast(self, value: T) -> T:
        """What the main process has; the others' is ignored."""
        if self.size == 1:
            return value
        from accelerate.utils import broadcast_object_list

        values: list[Any] = [value]
        broadcast_object_list(values)
        told: T = values[0]
        return told

    def wait(self) -> None:
        """Go on when all are here."""
        if self.size > 1:
            torch.distributed.barrier()

    def lost(self, error: RuntimeError) -> bool:
        """Whether an error comes from a process that is gone."""
        if isinstance(error, TrainingError):
            return False
        return self.size > 1 and any(word in str(error).lower() for word in GONE)

    def _reduced(self, values: Sequence[float], how: Any) -> list[float]:
        tensor: Tensor = torch.tensor(values, dtype=torch.float64, device=self.device)
        torch.distributed.all_reduce(tensor, how)
        numbers: list[float] = tensor.tolist()
        return numbers
