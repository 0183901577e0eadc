"""What TensorBoard shows: a run's numbers, an epoch a step."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from cnndsl.training.errors import SettingError
from cnndsl.training.progress import Watcher
from cnndsl.training.results import Epoch

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter

__all__ = ["Board", "require_tensorboard"]


def require_tensorboard() -> None:
    """SettingError where the package that writes TensorBoard's files is missing."""
    if find_spec("tensorboard") is None:
        raise SettingError(
            "TensorBoard's files need the package tensorboard, which is not installed: "
            "`pip install cnndsl[tensorboard]`; metrics.csv has the same numbers"
        )


class Board(Watcher):
    """Writes FOLDER/tensorboard, and hands all on to another watcher."""

    def __init__(self, watch: Watcher, folder: Path) -> None:
        self.watch = watch
        self.folder = folder
        self.writer: SummaryWriter | None = None

    def note(self, text: str) -> None:
        self.watch.note(text)

    def begin(self, epochs: int, samples: int, done: int) -> None:
        self.watch.begin(epochs, samples, done)

    def batch(self, samples: int, loss: float, accuracy: float) -> None:
        self.watch.batch(samples, loss, accuracy)

    def epoch(self, record: Epoch, best: bool) -> None:
        self.watch.epoch(record, best)
        writer = self._open(record.epoch)
        for what in ("loss", "accuracy"):
            for part, name in (("train", "training"), ("val", "validation")):
                writer.add_scalar(f"{what}/{name}", getattr(record, f"{part}_{what}"), record.epoch)
        writer.add_scalar("speed/samples a second", record.samples_per_second, record.epoch)
        writer.add_scalar("speed/seconds an epoch", record.seconds, record.epoch)
        writer.flush()

    def end(self) -> None:
        if self.writer is not None:
            self.writer.close()
        self.watch.end()

    def _open(self, epoch: int) -> SummaryWriter:
        """The writer, made when there is something to write: a run that fails at once leaves nothing."""
        if self.writer is None:
            from torch.utils.tensorboard import SummaryWriter

            # what a run that was killed wrote of this epoch and later ones does not count
            self.writer = SummaryWriter(str(self.folder / "tensorboard"), purge_step=epoch)
        return self.writer
