"""How data are read, and what is known of them from a run."""

from __future__ import annotations

from typing import NamedTuple

from cnndsl.backends.resizing import Resize

__all__ = ["Known", "Reading"]


class Reading(NamedTuple):
    """How image files are read.

    `workers` threads or processes decode them, `resize` says what becomes of one of another size, and more
    than `memory` MiB of them are left on disk.
    """

    workers: int = 2
    resize: Resize = "none"
    memory: int = 2048


class Known(NamedTuple):
    """What a trained network knows: the classes in their order, and what values are divided by."""

    classes: tuple[str, ...]
    divisor: int = 1
