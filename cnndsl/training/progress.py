"""What is said while a run goes on: a live bar on a terminal, a line an epoch elsewhere."""

from __future__ import annotations

import os
import sys
from abc import ABC, abstractmethod
from time import perf_counter
from typing import TYPE_CHECKING, Any, TextIO

from cnndsl.training.results import Epoch

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

__all__ = ["Bar", "Lines", "Silent", "Watcher", "watcher"]


class Watcher(ABC):
    """Is told what happens in a run."""

    @abstractmethod
    def note(self, text: str) -> None:
        """Something that the user should know: what was mended, what was left out."""

    @abstractmethod
    def begin(self, epochs: int, samples: int, done: int) -> None:
        """The run begins; `done` of its epochs were finished before, each trains on `samples` samples."""

    @abstractmethod
    def batch(self, samples: int, loss: float, accuracy: float) -> None:
        """So many samples of the epoch are done, with this mean loss and accuracy; a few times a second."""

    @abstractmethod
    def epoch(self, record: Epoch, best: bool) -> None:
        """An epoch is finished; `best` says that no epoch before was as good."""

    @abstractmethod
    def end(self) -> None:
        """The run is over, finished or not."""


class Silent(Watcher):
    """Says nothing."""

    def note(self, text: str) -> None: ...
    def begin(self, epochs: int, samples: int, done: int) -> None: ...
    def batch(self, samples: int, loss: float, accuracy: float) -> None: ...
    def epoch(self, record: Epoch, best: bool) -> None: ...
    def end(self) -> None: ...


class Lines(Watcher):
    """Plain text, a line an epoch."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.epochs = self.first = 0
        self.started = 0.0

    def note(self, text: str) -> None:
        self._say(text)

    def begin(self, epochs: int, samples: int, done: int) -> None:
        self.epochs, self.first, self.started = epochs, done, perf_counter()

    def batch(self, samples: int, loss: float, accuracy: float) -> None:
        """Nothing: lines are for finished epochs."""

    def epoch(self, record: Epoch, best: bool) -> None:
        done = record.epoch - self.first
        left = (perf_counter() - self.started) / done * (self.epochs - record.epoch)
        rest = f"  {duration(left)} left" if record.epoch < self.epochs else ""
        self._say(f"{epoch_line(record, self.epochs, best)}{rest}")

    def end(self) -> None:
        """Nothing is open."""

    def _say(self, text: str) -> None:
        print(text, file=self.stream, flush=True)


class Bar(Watcher):
    """A live bar for the whole run, with a line above it for each finished epoch."""

    def __init__(self, stream: TextIO) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn

        self.console = Console(file=stream, highlight=False)
        columns: list[Any] = [
            TextColumn("epoch {task.fields[number]}/{task.fields[epochs]}"),
            BarColumn(bar_width=24),
            TextColumn("loss {task.fields[loss]}  accuracy {task.fields[accuracy]}"),
            TextColumn("{task.fields[speed]} samples/s  {task.fields[left]} left"),
        ]
        self.progress: Progress = Progress(*columns, console=self.console, auto_refresh=False, transient=True)
        self.task: TaskID | None = None
        self.samples = self.done = self.epochs = self.first = 0
        self.started = 0.0

    def note(self, text: str) -> None:
        self.console.print(text, markup=False)

    def begin(self, epochs: int, samples: int, done: int) -> None:
        self.samples, self.done, self.epochs, self.first = samples, done, epochs, done
        self.started = perf_counter()
        self.task = self.progress.add_task(
            "", total=epochs * samples, completed=done * samples, number=done + 1, epochs=epochs,
            loss="-", accuracy="-", speed="-", left="-",
        )  # fmt: skip
        self.progress.start()

    def batch(self, samples: int, loss: float, accuracy: float) -> None:
        if self.task is None:
            return
        trained = (self.done - self.first) * self.samples + samples
        completed = self.done * self.samples + samples
        speed = trained / (perf_counter() - self.started)
        self.progress.update(
            self.task,
            completed=completed,
            loss=f"{loss:.4f}",
            accuracy=f"{accuracy:.4f}",
            speed=f"{speed:,.0f}",
            left=duration((self.epochs * self.samples - completed) / speed),
            refresh=True,
        )

    def epoch(self, record: Epoch, best: bool) -> None:
        self.done = record.epoch
        line = epoch_line(record, self.epochs, best)
        if len(line) > self.console.width:
            # the speed stands in the bar, too
            line = epoch_line(record, self.epochs, best, speed=False)
        self.progress.console.print(line, markup=False)
        if self.task is not None:
            number = min(record.epoch + 1, self.epochs)
            self.progress.update(self.task, completed=self.done * self.samples, number=number, refresh=True)

    def end(self) -> None:
        self.progress.stop()
        # another run may follow, with a bar of its own
        if self.task is not None:
            self.progress.remove_task(self.task)
            self.task = None


def watcher(stream: TextIO | None = None, live: bool | None = None) -> Watcher:
    """A bar where `stream` (standard error) is a terminal that can show one, lines elsewhere."""
    stream = stream or sys.stderr
    if live is None:
        live = stream.isatty() and os.environ.get("TERM") != "dumb"
    return Bar(stream) if live else Lines(stream)


def epoch_line(record: Epoch, epochs: int, best: bool, speed: bool = True) -> str:
    """A finished epoch in a line; the best one so far is marked."""
    line = (
        f"epoch {record.epoch:>{len(str(epochs))}}/{epochs}"
        f"  train loss {record.train_loss:.4f} accuracy {record.train_accuracy:.4f}"
        f"  val loss {record.val_loss:.4f} accuracy {record.val_accuracy:.4f}{'*' if best else ' '}"
    )
    return f"{line}  {record.samples_per_second:,.0f} samples/s" if speed else line.rstrip()


def duration(seconds: float) -> str:
    """Seconds as a person reads them.

    >>> duration(5), duration(75), duration(3700)
    ('0:05', '1:15', '1:01:40')
    """
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
