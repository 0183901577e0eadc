"""What to do where memory does not suffice: which batch would fit."""

from __future__ import annotations

import os
from contextlib import suppress
from math import prod
from pathlib import Path

import torch

from cnndsl.analysis.memory import training_memory
from cnndsl.ir import Graph

__all__ = ["available", "estimate", "fitting_batch", "is_out_of_memory", "readable"]

FLOAT = 4
# What is left free: kernels take memory for themselves.
USABLE = 0.8
# How PyTorch's allocators and kernels say it, where they have no exception of their own for it.
WORDS = (
    "can't allocate memory",
    "not enough memory",
    "bad_alloc",
    "out of memory",
    "could not create a memory",
)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an exception says that memory does not suffice.

    >>> is_out_of_memory(MemoryError()), is_out_of_memory(RuntimeError("mat1 and mat2 do not fit"))
    (True, False)
    """
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    return isinstance(error, RuntimeError) and any(word in str(error).lower() for word in WORDS)


def available(device: torch.device) -> int | None:
    """The bytes that may still be taken on a device; None where that cannot be known."""
    if device.type == "cuda":
        free: int = torch.cuda.mem_get_info(device)[0]
        return free
    if device.type != "cpu":
        return None
    found = [limit for limit in (_machine(), _group(), _address_space()) if limit is not None]
    return max(min(found), 0) if found else None


def estimate(graph: Graph, batch: int, optimizer: str = "adam") -> int:
    """About how many bytes a step of training takes at its peak.

    That is what is there when the backward pass begins, as `training_memory` tells it, and the largest value
    with the gradients on both its sides, which come and go.
    """
    values = (prod(node.output.shape) for node in graph.nodes if node.output is not None)
    return training_memory(graph, batch, optimizer).total + 3 * FLOAT * batch * max(values, default=0)


def fitting_batch(graph: Graph | None, batch: int, free: int | None, optimizer: str = "adam") -> int | None:
    """The largest batch, halving `batch`, that the estimate says fits into `free` bytes; None where not
    even one sample does. Without a network or a number of bytes it is half the batch.

    >>> import cnndsl
    >>> graph = cnndsl.check("input 1x28x28 -> conv 8 k3 p1 -> relu -> flatten -> linear 10").graph
    >>> fitting_batch(graph, 1024, 100_000_000), fitting_batch(graph, 1024, 1000)
    (512, None)
    >>> fitting_batch(None, 64, None)
    32
    """
    smaller = batch // 2
    if graph is None or free is None:
        return smaller or None
    while smaller and estimate(graph, smaller, optimizer) > USABLE * free:
        smaller //= 2
    return smaller or None


def readable(size: int) -> str:
    """Bytes as a person reads them.

    >>> readable(3_500_000_000), readable(200_000)
    ('3.3 GiB', '0.2 MiB')
    """
    return f"{size / 2**30:.1f} GiB" if size >= 2**30 else f"{size / 2**20:.1f} MiB"


def _machine() -> int | None:
    with suppress(OSError, ValueError, StopIteration):
        lines = Path("/proc/meminfo").read_text().splitlines()
        return 1024 * int(next(line for line in lines if line.startswith("MemAvailable")).split()[1])
    return None


def _group() -> int | None:
    """What the control group, such as a container's, leaves."""
    with suppress(OSError, ValueError):
        group = Path("/sys/fs/cgroup")
        return int((group / "memory.max").read_text()) - int((group / "memory.current").read_text())
    return None


def _address_space() -> int | None:
    """What `ulimit -v` leaves."""
    if os.name != "posix":
        return None
    import resource

    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    if limit == resource.RLIM_INFINITY:
        return None
    with suppress(OSError, ValueError):
        taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        return limit - taken
    return limit
