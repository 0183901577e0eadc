"""The training loop: epochs, steps, and the state that they can be taken up from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from math import isfinite
from time import perf_counter
from typing import Any, cast

import torch
from torch import Tensor, nn

from cnndsl.training.averaging import Average
from cnndsl.training.data import Part
from cnndsl.training.device import Engine
from cnndsl.training.feed import Feed, in_order
from cnndsl.training.freezing import Frozen, parameter_groups
from cnndsl.training.meter import Meter
from cnndsl.training.optimizers import make_optimizer
from cnndsl.training.plan import Batch, bounds, plan, share, steps_of
from cnndsl.training.preparation import Preparation
from cnndsl.training.progress import Watcher
from cnndsl.training.randomness import MIX, PROCESS, generator, seed_of
from cnndsl.training.recipe import Mixed, Objective
from cnndsl.training.schedule import rate_factor
from cnndsl.training.settings import TrainSettings
from cnndsl.training.world import World

__all__ = ["Evaluation", "Loop"]

# How often the progress is shown within an epoch; each time costs a wait for the device.
SECONDS_BETWEEN_LOOKS = 0.2


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """How a model does on a part: mean loss, accuracy from 0 to 1, and the class it says for each sample."""

    loss: float
    accuracy: float
    predictions: Tensor

    @property
    def finite(self) -> bool:
        """Whether the loss is a number."""
        return isfinite(self.loss)

    def confusion(self, labels: Tensor, classes: int) -> list[list[int]]:
        """How often a sample of class i (row) was taken for class j (column)."""
        cells = torch.bincount(labels * classes + self.predictions, minlength=classes * classes)
        table: list[list[int]] = cells.view(classes, classes).tolist()
        return table


def nothing() -> None:
    """What happens after a step where nobody asked for more."""


class Loop:
    """A model, its optimizer and the data to train it with, epoch by epoch.

    The order of the samples, augmentation and mixup are functions of the seed and the place in the run;
    all other chance comes from PyTorch's global generator (dropout). `state` holds what the next step
    depends on, `epoch` how many epochs are finished, `done` how many batches of the next one are.
    `val_losses` are those of the finished epochs, by which a schedule may go. `layout` is how images lie
    in memory; what is computed is the same up to rounding.
    """

    def __init__(
        self,
        model: nn.Module,
        settings: TrainSettings,
        train: Part,
        engine: Engine,
        layout: torch.memory_format = torch.contiguous_format,
        preparation: Preparation | None = None,
    ) -> None:
        normalization, class_weights = preparation or Preparation()
        self.settings = settings
        self.engine = engine
        self.world = World(engine)
        self.device = self.world.device
        self.layout = layout
        self.inner = _lay_out(model, layout)
        self.frozen = Frozen(model, settings)
        groups = parameter_groups(model, settings)
        self.rates = [group["lr"] for group in groups]
        if settings.compile:
            model.compile()
        if self.world.size > 1:
            from cnndsl.training import norms

            norms.unite(model)
            torch.manual_seed(seed_of(settings.seed, PROCESS, self.world.rank))
        self.model: nn.Module = engine.prepare(self.inner)
        # not prepared: accelerate's wrapper looks for a package on disk in every step, which costs a
        # small network a tenth of its time; the gradient scaler is called below instead
        self.optimizer = make_optimizer(settings.optimizer, groups)
        self.weights = [weight for group in groups for weight in group["params"]]
        self.average = Average(self.weights, settings.ema) if settings.ema else None
        weights = None if class_weights is None else class_weights.to(self.device)
        self.objective = Objective(settings.loss, weights)
        self.normalization = normalization
        self.feed = Feed(train, settings, self.device, normalization)
        self.labels = train.labels.to(self.device)
        self.steps = steps_of(len(train), settings.batch, settings.accumulate, self.world.size)
        # a batch whose mean loss is the loss of a whole step needs no weight
        self.weighted = self.world.size > 1 or settings.accumulate > 1
        self.epoch = self.done = 0
        self.val_losses: list[float] = []
        self.before, self.started = 0.0, perf_counter()
        self.meter = Meter(self.device)

    def plan(self) -> list[Batch]:
        """The batches of the epoch under way."""
        settings, world = self.settings, self.world
        return plan(
            len(self.labels),
            settings.batch,
            settings.accumulate,
            settings.seed,
            self.epoch,
            world.rank,
            world.size,
        )

    def train_epoch(self, watch: Watcher, after_step: Callable[[], None] = nothing) -> tuple[float, float]:
        """Train on every sample once, or on what is left of them: the mean loss and the accuracy on the way.

        `after_step` is called after each step of the optimizer, where the state is whole; what it raises
        ends the epoch there. The epoch counts as finished when `finish_epoch` is called.

        Errors: NotFinite where the loss of a batch is no finite number.
        """
        self.started = perf_counter()
        self.inner.train()
        self.frozen.hold()
        batches = self.plan()[self.done :]
        total = self.world.size
        looked = self.started
        for batch, images in zip(batches, self.feed.epoch(self.epoch, batches), strict=True):
            self._train_batch(batch, images)
            self.done = batch.number + 1
            if (now := perf_counter()) - looked > SECONDS_BETWEEN_LOOKS:
                looked = now
                loss, correct, samples = self.meter.state()
                watch.batch(min(samples * total, len(self.labels)), loss / samples, correct / samples)
            if batch.steps:
                after_step()
        total_loss, total_correct, total_samples = self.world.sum(self.meter.state())
        self.before, self.started = self.seconds, perf_counter()
        return total_loss / total_samples, total_correct / total_samples

    @property
    def seconds(self) -> float:
        """The seconds that the epoch has been trained for, in earlier processes too."""
        return self.before + perf_counter() - self.started

    def finish_epoch(self, val_loss: float) -> None:
        """Count the epoch, which was trained to its end and judged, as finished."""
        self.epoch += 1
        self.done = 0
        self.before = 0.0
        self.val_losses.append(val_loss)
        self.meter = Meter(self.device)

    def evaluate(self, part: Part, after_batch: Callable[[], None] = nothing) -> Evaluation:
        """Loss and predictions on a part, in evaluation mode and without gradients.

        Several processes share the work, and all get the same.
        """
        self.inner.eval()
        loss_sum = torch.zeros((), device=self.device)
        predictions = [torch.empty(0, dtype=torch.int64, device=self.device)]
        first, last = share(0, len(part), self.world.rank, self.world.size)
        # without gradients a batch takes less memory, so it may be larger
        size = 2 * self.settings.batch
        ranges = [(first + start, first + stop) for start, stop in bounds(last - first, size)]
        read = in_order(part, ranges, self.settings.workers, self.device, self.normalization)
        for (start, stop), images in zip(ranges, read, strict=True):
            labels = part.labels[start:stop].to(self.device)
            with torch.inference_mode():
                outputs = self.inner(images.contiguous(memory_format=self.layout))
                loss_sum += self.objective.loss(outputs, labels) * len(labels)
                predictions.append(self.objective.predict(outputs))
            after_batch()
        (total,) = self.world.sum([float(loss_sum)])
        predicted = torch.cat(self.world.gather(torch.cat(predictions).cpu()))
        correct = int((predicted == part.labels).sum())
        return Evaluation(total / len(part), correct / len(part), predicted)

    @contextmanager
    def judged(self) -> Iterator[nn.Module]:
        """The model as it is validated and kept: with the averaged weights, where there are such."""
        with self.average.in_place() if self.average is not None else nullcontext():
            yield self.inner

    def state(self) -> dict[str, Any]:
        """Everything that the next steps depend on, for `torch.save`; all processes have to ask."""
        scaler = self.engine.scaler
        loss, correct, samples = self.meter.state()
        return {
            "epoch": self.epoch,
            "done": self.done,
            "seconds": self.seconds if self.done else 0.0,
            "meters": self.world.gather([loss, correct, samples]),
            "model": self.inner.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "scaler": None if scaler is None else scaler.state_dict(),
            "average": None if self.average is None else self.average.state(),
            # of each process
            "random": self.world.gather(torch.get_rng_state()),
            "cuda_random": self.world.gather(self._cuda_random()),
        }

    def load_state(self, state: dict[str, Any]) -> bool:
        """Go on where `state` was taken; False where that was with another number of processes, so that
        an epoch that was under way is trained from its beginning, with other random numbers."""
        self.inner.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        if self.engine.scaler is not None and state["scaler"] is not None:
            self.engine.scaler.load_state_dict(state["scaler"])
        if self.average is not None:
            self.average.load(**state["average"])
        self.epoch = state["epoch"]
        if len(state["random"]) != self.world.size:
            torch.manual_seed(seed_of(self.settings.seed, PROCESS, self.world.rank, self.epoch))
            return False
        self.done, self.before = state["done"], state["seconds"]
        self.meter.load(state["meters"][self.world.rank])
        torch.set_rng_state(state["random"][self.world.rank])
        random = state["cuda_random"][self.world.rank]
        if random is not None and self.device.type == "cuda":
            torch.cuda.set_rng_state(random, self.device)
        return True

    def release(self) -> nn.Module:
        """The model without what was put around it; the loop is over then."""
        model: nn.Module = self.engine.unwrap_model(self.model, keep_fp32_wrapper=False)
        if self.world.size > 1:
            from cnndsl.training import norms

            norms.split(model)
        model._compiled_call_impl = None
        self.frozen.release()
        self.feed.close()
        return _lay_out(model, torch.contiguous_format)

    def _train_batch(self, batch: Batch, images: Tensor) -> None:
        settings = self.settings
        if batch.number % settings.accumulate == 0:
            self._set_rate(self.epoch * self.steps + batch.number // settings.accumulate)
            self.optimizer.zero_grad()
        labels = self.labels[batch.indices.to(self.device)]
        target: Tensor | Mixed = labels
        if settings.mixup:
            chance = generator(settings.seed, MIX, self.epoch, batch.number, self.world.rank)
            images, target = Mixed.of(images, labels, settings.mixup, chance)
        result = self.model(images.contiguous(memory_format=self.layout))
        loss, outputs = self.objective.training_loss(result, target)
        with torch.no_grad():
            hits = self.objective.predict(outputs) == labels
        self.meter.add(batch.number, len(labels), loss, hits)
        if self.weighted:
            # the processes' gradients are averaged, those of accumulated batches summed
            loss = loss * (len(labels) / batch.whole * self.world.size)
        with self._together(batch.steps):
            scaler = self.engine.scaler
            (loss if scaler is None else scaler.scale(loss)).backward()
        if batch.steps:
            self._step()

    def _together(self, steps: bool) -> AbstractContextManager[None]:
        """Gradients are averaged over the processes once a step."""
        if steps or self.world.size == 1:
            return nullcontext()
        # accelerate's wrapper around the model is PyTorch's DistributedDataParallel
        return cast(Any, self.model).no_sync()  # type: ignore[no-any-return]

    def _step(self) -> None:
        scaler = self.engine.scaler
        if self.settings.clip:
            if scaler is not None:
                scaler.unscale_(self.optimizer)
            torch.nn.utils.clip_grad_norm_(self.weights, self.settings.clip)
        if scaler is None:
            self.optimizer.step()
        else:
            scaler.step(self.optimizer)
            scaler.update()
        if self.average is not None:
            self.average.update()

    def _set_rate(self, step: int) -> None:
        factor = rate_factor(self.settings, step, self.steps, self.val_losses)
        for group, rate in zip(self.optimizer.param_groups, self.rates, strict=True):
            group["lr"] = rate * factor

    def _cuda_random(self) -> Tensor | None:
        return torch.cuda.get_rng_state(self.device) if self.device.type == "cuda" else None


def _lay_out(model: nn.Module, layout: torch.memory_format) -> nn.Module:
    # PyTorch's type stub leaves this form of `to` out
    laid_out: nn.Module = model.to(memory_format=layout)  # type: ignore[call-overload]
    return laid_out
