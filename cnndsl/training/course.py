"""The course of a run: its epochs, the best weights, the checkpoints, the last judgement."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

from torch import Tensor

from cnndsl.training.checkpoint import Checkpoint
from cnndsl.training.data import Data, Part
from cnndsl.training.document import document
from cnndsl.training.errors import RunFolderError, TrainingError, WriteError
from cnndsl.training.loop import Loop
from cnndsl.training.meter import NotFinite
from cnndsl.training.network import Network
from cnndsl.training.nonfinite import where
from cnndsl.training.progress import Watcher
from cnndsl.training.records import RunFolder, metrics_record
from cnndsl.training.results import Epoch, Score, ScoredOn, TrainResult
from cnndsl.training.stopping import Interrupted, Pauses, Request

__all__ = ["Course"]


@dataclass(slots=True)
class Course:
    """A run under way. With several processes each has one; the main one writes."""

    loop: Loop
    folder: RunFolder
    held: Part
    parameters: int
    epochs: list[Epoch] = field(default_factory=list)

    @property
    def best(self) -> Epoch | None:
        """The best epoch so far; of equally good ones the first."""
        best = None
        for record in self.epochs:
            if best is None or record.better_than(best):
                best = record
        return best

    @property
    def over(self) -> bool:
        """Whether all epochs are done, or no epoch was the best for so long that the run ends early."""
        settings, best = self.loop.settings, self.best
        if settings.early_stopping and best is not None:
            return (
                self.loop.epoch >= settings.epochs or self.loop.epoch - best.epoch >= settings.early_stopping
            )
        return self.loop.epoch >= settings.epochs

    def train(self, watch: Watcher, request: Request) -> None:
        """Train until it is over, or until it is to stop: then what the next step depends on is on disk.

        Errors: Interrupted where it was told to stop; TrainingError where the loss is no longer a number;
        WriteError where a file cannot be written.
        """
        loop = self.loop
        pauses = Pauses(request, loop.world, loop.settings.checkpoint, self.save)
        watch.begin(loop.settings.epochs, len(loop.labels), loop.epoch)
        try:
            while not self.over:
                self._epoch(watch, pauses)
                pauses.after_epoch()
        except Interrupted:
            if loop.done:
                self.save()
            raise
        if loop.epoch < loop.settings.epochs:
            watch.note(
                f"ended early: no epoch of the last {loop.settings.early_stopping} was better than "
                f"epoch {self.epochs[loop.epoch - loop.settings.early_stopping - 1].epoch}"
            )

    def take_up(self, saved: Checkpoint, watch: Watcher) -> None:
        """Bring the run to where a checkpoint was written.

        Errors: RunFolderError where that was of another network or optimizer.
        """
        self.epochs = list(saved.epochs)
        self.loop.val_losses = [record.val_loss for record in saved.epochs]
        try:
            same = self.loop.load_state(dict(saved.loop))
        except (RuntimeError, ValueError, KeyError, TypeError) as error:
            message = f"{self.folder.path} holds a run of another network or optimizer: {error}"
            raise RunFolderError(message) from error
        if not same:
            watch.note(
                f"the run was begun with {len(saved.loop['random'])} processes and goes on with "
                f"{self.loop.world.size}: its random numbers are others from here on"
            )

    def save(self) -> None:
        """Write the checkpoint; all processes have to ask for it."""
        state = self.loop.state()
        with self._written():
            if self.loop.world.main:
                Checkpoint(state, tuple(self.epochs)).write(self.folder.path)

    def _epoch(self, watch: Watcher, pauses: Pauses) -> None:
        loop = self.loop
        try:
            train_loss, train_accuracy = loop.train_epoch(watch, pauses.after_step)
        except NotFinite as error:
            raise self._no_number(error.batch) from error
        trained, judging = loop.seconds, perf_counter()
        with loop.judged():
            seen = loop.evaluate(self.held, pauses.after_batch)
            if not seen.finite:
                raise self._no_number(None)
            record = Epoch(
                epoch=loop.epoch + 1,
                train_loss=train_loss,
                train_accuracy=train_accuracy,
                val_loss=seen.loss,
                val_accuracy=seen.accuracy,
                seconds=trained + perf_counter() - judging,
                samples_per_second=len(loop.labels) / trained,
            )
            before = self.best
            is_best = before is None or record.better_than(before)
            self.epochs.append(record)
            loop.finish_epoch(seen.loss)
            # in this order: a run that is killed between two files repeats the epoch and writes both again
            if is_best and loop.world.main:
                with self._written():
                    self.folder.save_best(loop.inner.state_dict())
        self.save()
        if loop.world.main:
            with self._written():
                self.folder.write_metrics(self.metrics(None))
        watch.epoch(record, is_best)

    def _no_number(self, batch: int | None) -> TrainingError:
        """The error for a loss that is no finite number, in a batch of training or in validation."""
        loop = self.loop
        epoch = loop.epoch + 1
        if batch is None:
            place, source = f"in epoch {epoch}, in validation", self._where(lambda: self.held.images[:1])
        else:
            batches = loop.plan()
            place = f"in epoch {epoch}, batch {batch + 1} of {len(batches)}"
            chosen = batches[batch : batch + 1]
            source = self._where(lambda: next(loop.feed.epoch(loop.epoch, chosen)))
        best = self.best
        kept = "" if best is None else f"\n  {self.folder.path} keeps epoch {best.epoch}, the best so far"
        said = f": {source}" if source else ""
        rate = loop.settings.optimizer.lr
        clip = "" if loop.settings.clip else ", or `clip 1`, which bounds the gradients,"
        return TrainingError(
            f"the loss is no longer a finite number {place}{said}{kept}\n"
            f"  help: a smaller learning rate than {rate:g}{clip} usually mends it"
        )

    def _where(self, images: Callable[[], Tensor]) -> str:
        loop = self.loop
        return where(
            loop.inner,
            images().to(loop.device),
            lambda batch: loop.inner(batch.contiguous(memory_format=loop.layout)),
        )

    @contextmanager
    def _written(self) -> Iterator[None]:
        """Say of a file that cannot be written what is left, and how it goes on."""
        try:
            yield
        except OSError as error:
            why = (error.strerror or str(error)).lower()
            raise WriteError(
                f"cannot write into {self.folder.path}: {why}; {self.folder.goes_on()}"
            ) from error

    def finish(self, data: Data, network: Network, watch: Watcher) -> TrainResult:
        """Judge the best weights and write the last records.

        Errors: RunFolderError where the best weights on disk are damaged; WriteError.
        """
        best = self.best
        assert best is not None, "a run that ends well has finished an epoch"
        loop, folder = self.loop, self.folder
        loop.inner.load_state_dict(loop.world.broadcast(folder.load_best() if loop.world.main else {}))
        part, on = _test_part(data, self.held)
        judged = loop.evaluate(part)
        outputs = loop.objective.classes(network.output_shape[0])
        confusion = judged.confusion(part.labels, outputs)
        names = [*data.classes, *(f"output {index}" for index in range(len(data.classes), outputs))]
        test = Score(on, len(part), judged.loss, judged.accuracy, tuple(map(tuple, confusion)))
        if loop.world.main:
            with self._written():
                folder.write_metrics(self.metrics(test))
                folder.write_confusion(confusion, names)
                folder.write_curves(self.epochs, best.epoch, network.name)
            document(loop, folder, part, judged.predictions, names, watch)
        return TrainResult(
            model=loop.release(),
            folder=folder.path,
            epochs=tuple(self.epochs),
            best_epoch=best.epoch,
            test=test,
            parameters=self.parameters,
            device=str(loop.device),
            classes=data.classes,
            world_size=loop.world.size,
        )

    def metrics(self, test: Score | None) -> dict[str, Any]:
        """The content of metrics.json."""
        best, loop = self.best, self.loop
        assert best is not None, "metrics are written after an epoch"
        return metrics_record(
            self.epochs, best.epoch, test, self.parameters, str(loop.device), loop.world.size
        )


def _test_part(data: Data, held: Part) -> tuple[Part, ScoredOn]:
    if data.test is not None:
        return data.test, "test"
    return held, "held-out" if data.val is None else "val"
