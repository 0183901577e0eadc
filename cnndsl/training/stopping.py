"""Being told to stop, and stopping where nothing is lost."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from types import FrameType
from typing import Any

from cnndsl.training.world import World

__all__ = ["Interrupted", "Pauses", "Request", "listening"]

# How often several processes ask each other whether one of them was told to stop.
SECONDS_BETWEEN_QUESTIONS = 0.5


class Interrupted(KeyboardInterrupt):
    """The run was told to stop, and did so between two steps."""


class Request:
    """Whether a run was told to stop."""

    def __init__(self) -> None:
        self.made = False
        self.parent = os.getppid()

    def now(self) -> bool:
        """Whether to stop: told so by a signal, or left behind by the process that started this one."""
        return self.made or ("CNNDSL_LAUNCHED" in os.environ and os.getppid() != self.parent)


@contextmanager
def listening() -> Iterator[Request]:
    """Take Ctrl-C and SIGTERM as a request; the second one interrupts at once.

    In a thread that is not the main one, and for signals that are ignored, nothing changes.
    """
    request = Request()

    def ask(number: int, frame: FrameType | None) -> None:
        if request.made:
            raise KeyboardInterrupt
        request.made = True

    before: dict[signal.Signals, Any] = {}
    if threading.current_thread() is threading.main_thread():
        for one in (signal.SIGINT, signal.SIGTERM):
            if signal.getsignal(one) is not signal.SIG_IGN:
                before[one] = signal.signal(one, ask)
    try:
        yield request
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


class Pauses:
    """What happens between two steps: a checkpoint every so often, and the end where it was asked for.

    All processes of a run do the same: whether one was told to stop they find out together, so often that
    half a second passes in between.
    """

    def __init__(self, request: Request, world: World, minutes: float, save: Callable[[], None]) -> None:
        self.request = request
        self.world = world
        self.seconds = 60 * minutes
        self.save = save
        self.saved = self.asked = monotonic()
        self.left = self.every = 1

    def after_step(self) -> None:
        """Save if it is time to; raise Interrupted if the run is to stop."""
        if self.world.size > 1:
            self.left -= 1
            if self.left:
                return
        stop, due = self.request.now(), monotonic() - self.saved >= self.seconds
        if self.world.size > 1:
            stop, due = self._agree(stop, due)
        if stop:
            raise Interrupted
        if due:
            self.save()
            self.saved = monotonic()

    def after_batch(self) -> None:
        """Raise Interrupted if the run is to stop; with several processes, these go on to the next step."""
        if self.world.size == 1 and self.request.now():
            raise Interrupted

    def after_epoch(self) -> None:
        """Raise Interrupted if the run is to stop; a checkpoint was written."""
        self.saved = monotonic()
        stop = self.request.now()
        if self.world.size > 1:
            stop, _ = self._agree(stop, False)
        if stop:
            raise Interrupted

    def _agree(self, stop: bool, due: bool) -> tuple[bool, bool]:
        now = monotonic()
        a_step = (now - self.asked) / self.every
        stops, dues, slowest = self.world.max([stop, due, a_step])
        self.asked = monotonic()
        # the same in all processes, which have the same numbers; slowly more, for the first steps are slow
        self.every = max(1, min(int(SECONDS_BETWEEN_QUESTIONS / max(slowest, 1e-6)), 2 * self.every))
        self.left = self.every
        return bool(stops), bool(dues)
