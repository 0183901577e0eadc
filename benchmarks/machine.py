"""What the numbers were measured on."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

__all__ = ["describe_machine", "peak_memory"]


def describe_machine() -> dict[str, str]:
    """Processor, cores, Python, PyTorch and date; no names of hosts or people."""
    return {
        "processor": _processor(),
        "cores": str(_cores()),
        "system": platform.system(),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "torch": _version("torch"),
        "lark": _version("lark"),
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
    }


def peak_memory() -> int:
    """The most bytes of memory that this process has had at once; 0 where the system does not say.

    From /proc, not from getrusage, whose maximum a process inherits from the one that started it.
    """
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return 0
    for line in status.splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    for line in lines:
        key, _, value = line.partition(":")
        if key.strip() == "model name":
            return " ".join(value.split())
    return platform.processor() or platform.machine()


def _cores() -> int:
    usable = getattr(os, "sched_getaffinity", None)
    return len(usable(0)) if usable is not None else os.cpu_count() or 1


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
