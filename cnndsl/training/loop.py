"""The training loop: data in memory, indexed a whole batch at once on the device."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import torch
from accelerate import Accelerator
from torch import Tensor, nn

from cnndsl.training.augment import Augmentation
from cnndsl.training.data import Part
from cnndsl.training.freezing import Frozen, parameter_groups
from cnndsl.training.progress import Watcher
from cnndsl.training.recipe import Objective, make_optimizer, rate_factor
from cnndsl.training.settings import Constant, TrainSettings

__all__ = ["Evaluation", "Loop"]

# How often the progress is shown within an epoch; each time costs a wait for the device.
SECONDS_BETWEEN_LOOKS = 0.2


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """How a model does on a part: mean loss, accuracy from 0 to 1, and the class it says for each sample."""

    loss: float
    accuracy: float
    predictions: Tensor

    def confusion(self, labels: Tensor, classes: int) -> list[list[int]]:
        """How often a sample of class i (row) was taken for class j (column)."""
        cells = torch.bincount(labels * classes + self.predictions, minlength=classes * classes)
        table: list[list[int]] = cells.view(classes, classes).tolist()
        return table


class Loop:
    """A model, its optimizer and the data to train it with, epoch by epoch.

    All randomness comes from PyTorch's global generator (dropout) and from `generator` (the order of
    the samples, augmentation), which `state` holds: an epoch is a function of the state before it.
    `layout` is how images lie in memory; what is computed is the same up to rounding.
    """

    def __init__(
        self,
        model: nn.Module,
        settings: TrainSettings,
        train: Part,
        accelerator: Accelerator,
        layout: torch.memory_format = torch.contiguous_format,
    ) -> None:
        self.settings = settings
        self.accelerator = accelerator
        self.device = accelerator.device
        self.layout = layout
        model = _lay_out(model, layout)
        self.frozen = Frozen(model, settings)
        groups = parameter_groups(model, settings)
        self.rates = [group["lr"] for group in groups]
        self.model: nn.Module = accelerator.prepare(model)
        # not prepared: accelerate's wrapper looks for a package on disk in every step, which costs a
        # small network a tenth of its time; the gradient scaler is called below instead
        self.optimizer = make_optimizer(settings.optimizer, groups)
        self.objective = Objective(settings.loss)
        self.images = train.images[:].to(self.device)
        self.labels = train.labels.to(self.device)
        shape = tuple(train.images.shape[1:])
        self.augmentation = (
            Augmentation(settings.augment, len(train), shape, self.device) if settings.augment else None
        )
        self.generator = torch.Generator().manual_seed(settings.seed)
        self.bounds = list(_batches(len(train), settings.batch))
        self.epoch = 0

    def train_epoch(self, watch: Watcher) -> tuple[float, float]:
        """Train on every sample once: the mean loss and the accuracy on the way."""
        self.model.train()
        self.frozen.hold()
        count = len(self.labels)
        order = torch.randperm(count, generator=self.generator).to(self.device)
        if self.augmentation is not None:
            self.augmentation.draw(self.generator)
        # summed on the device: reading a number back would make it wait after every batch
        loss_sum = torch.zeros((), device=self.device)
        correct = torch.zeros((), device=self.device, dtype=torch.int64)
        looked = perf_counter()
        step = self.epoch * len(self.bounds)
        self._set_rate(step)
        for start, stop in self.bounds:
            indices = order[start:stop]
            images = self.images[indices]
            if self.augmentation is not None:
                images = self.augmentation.apply(images, indices)
            labels = self.labels[indices]
            if not isinstance(self.settings.schedule, Constant):
                self._set_rate(step)
            result = self.model(images.contiguous(memory_format=self.layout))
            loss, outputs = self.objective.training_loss(result, labels)
            self.optimizer.zero_grad()
            self.accelerator.backward(loss)
            self._step()
            step += 1
            with torch.no_grad():
                loss_sum += loss.detach() * (stop - start)
                correct += (self.objective.predict(outputs) == labels).sum()
            if (now := perf_counter()) - looked > SECONDS_BETWEEN_LOOKS:
                looked = now
                watch.batch(stop, float(loss_sum) / stop, float(correct) / stop)
        self.epoch += 1
        return float(loss_sum) / count, int(correct) / count

    def evaluate(self, part: Part) -> Evaluation:
        """Loss and predictions on a part, in evaluation mode and without gradients."""
        self.model.eval()
        loss_sum = torch.zeros((), device=self.device)
        predictions = []
        # without gradients a batch takes less memory, so it may be larger
        for start, stop in _batches(len(part), 2 * self.settings.batch):
            images = part.images[start:stop].to(self.device)
            labels = part.labels[start:stop].to(self.device)
            with torch.inference_mode():
                outputs = self.model(images.contiguous(memory_format=self.layout))
                loss_sum += self.objective.loss(outputs, labels) * (stop - start)
                predictions.append(self.objective.predict(outputs))
        predicted = torch.cat(predictions).cpu()
        correct = int((predicted == part.labels).sum())
        return Evaluation(float(loss_sum) / len(part), correct / len(part), predicted)

    def state(self) -> dict[str, Any]:
        """Everything that the next epochs depend on, for `torch.save`."""
        scaler = self.accelerator.scaler
        return {
            "epoch": self.epoch,
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "scaler": None if scaler is None else scaler.state_dict(),
            "shuffle": self.generator.get_state(),
            "random": torch.get_rng_state(),
            "cuda_random": torch.cuda.get_rng_state_all() if self.device.type == "cuda" else [],
        }

    def load_state(self, state: dict[str, Any]) -> None:
        """Go on where `state` was taken."""
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        if self.accelerator.scaler is not None and state["scaler"] is not None:
            self.accelerator.scaler.load_state_dict(state["scaler"])
        self.generator.set_state(state["shuffle"])
        torch.set_rng_state(state["random"])
        if self.device.type == "cuda" and len(state["cuda_random"]) == torch.cuda.device_count():
            torch.cuda.set_rng_state_all(state["cuda_random"])
        self.epoch = state["epoch"]

    def release(self) -> nn.Module:
        """The model without what accelerate put around it; the loop is over then."""
        model: nn.Module = self.accelerator.unwrap_model(self.model, keep_fp32_wrapper=False)
        return _lay_out(model, torch.contiguous_format)

    def _step(self) -> None:
        scaler = self.accelerator.scaler
        if scaler is None:
            self.optimizer.step()
        else:
            scaler.step(self.optimizer)
            scaler.update()

    def _set_rate(self, step: int) -> None:
        per_epoch = len(self.bounds)
        total = self.settings.epochs * per_epoch
        factor = rate_factor(self.settings.schedule, step, total, per_epoch)
        for group, rate in zip(self.optimizer.param_groups, self.rates, strict=True):
            group["lr"] = rate * factor


def _lay_out(model: nn.Module, layout: torch.memory_format) -> nn.Module:
    # PyTorch's type stub leaves this form of `to` out
    laid_out: nn.Module = model.to(memory_format=layout)  # type: ignore[call-overload]
    return laid_out


def _batches(count: int, size: int) -> Iterator[tuple[int, int]]:
    """Bounds of batches of `size`. A rest of one sample joins the batch before it: a batch norm on
    single values cannot train."""
    start = 0
    while start < count:
        stop = count if count - start <= size + 1 and size > 1 else start + size
        yield start, stop
        start = stop
