"""A run that was trained, to be used: `cnndsl.load_run`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from cnndsl import api
from cnndsl.backends.resizing import Resize
from cnndsl.diagnostics import SpecError
from cnndsl.dims import Shape
from cnndsl.training.data import Data, Known, Part, from_arrays, hold_out, load
from cnndsl.training.device import device_of
from cnndsl.training.errors import RunFolderError, SettingError
from cnndsl.training.feed import in_order
from cnndsl.training.inputs import Inputs, in_batches
from cnndsl.training.normalize import Normalization
from cnndsl.training.plan import bounds
from cnndsl.training.predictions import Predictions, Verdict
from cnndsl.training.recipe import Objective
from cnndsl.training.records import RunConfig, RunFolder
from cnndsl.training.results import ScoredOn

__all__ = ["TrainedRun", "load_run"]


def load_run(
    folder: str | os.PathLike[str], model: nn.Module | None = None, device: str = "auto"
) -> TrainedRun:
    """Load the best weights of a run, with everything that its images went through.

    The network is built from the run's spec; a run of a module that was made by hand wants it as `model`.
    No code from the folder runs. `device` is "auto", "cpu", "cuda" or "mps".

    Errors: RunFolderError where the folder holds no run, or a damaged one; SettingError for a device that is
    not there; SpecError where the spec in the folder has mistakes.

    >>> import tempfile, torch, cnndsl
    >>> labels = torch.arange(40) % 2
    >>> images = labels[:, None, None, None].expand(40, 1, 4, 4) * 0.8
    >>> result = cnndsl.train("input 1x4x4 -> flatten -> linear 2", (images, labels), epochs=20,
    ...                       optimizer="adam", lr=0.1, device="cpu", out=tempfile.mkdtemp())
    >>> run = cnndsl.load_run(result.folder, device="cpu")
    >>> run.predict(images[:3]).classes
    ['0', '1', '0']
    """
    place = RunFolder(Path(folder))
    config = place.read_config()
    chosen = device_of(device)
    if model is None:
        model = _built(place, config)
    weights = place.load_best()
    try:
        model.load_state_dict(weights)
    except RuntimeError as error:
        raise RunFolderError(f"{place.path} holds weights of another network: {error}") from error
    return TrainedRun(place.path, config, model.to(chosen).eval(), chosen)


def _built(folder: RunFolder, config: RunConfig) -> nn.Module:
    if config.spec is None:
        raise RunFolderError(
            f"{folder.path} is a run of a module that was made by hand, which is not kept: "
            "load it in Python, with cnndsl.load_run(folder, model=...)"
        )
    folder.read_spec()
    report = api.check(folder.path / "spec.cnn", config.input, config.params)
    if not report.ok:
        raise SpecError(tuple(one for one in report.diagnostics if one.severity == "error"))
    return api.compile(folder.path / "spec.cnn", config.input, **config.params)


@dataclass(frozen=True, eq=False)
class TrainedRun:
    """A trained network with the preprocessing that it was trained with.

    `model` is an nn.Module in evaluation mode, with the weights of the best epoch, on `device`. It takes what
    `preprocess` gives. `config` is the content of config.json.
    """

    folder: Path
    config: RunConfig
    model: nn.Module
    device: torch.device

    @property
    def classes(self) -> tuple[str, ...]:
        """What the classes are called, in the order of the network's outputs."""
        return self.config.data.classes

    @property
    def input_shape(self) -> Shape:
        """The shape of one sample, channels first."""
        return self.config.input

    @cached_property
    def normalization(self) -> Normalization | None:
        """What was done to each channel; None where nothing."""
        record = self.config.data.normalization
        return None if record is None else record.normalization()

    @property
    def _inputs(self) -> Inputs:
        return Inputs(self.config)

    def preprocess(self, images: Any, resize: Resize | None = None) -> Tensor:
        """Images as the network takes them: (N, *input shape), normalised, on the run's device.

        `images` is a file or a folder of images, a data file, a picture of Pillow's, an array or a tensor of
        one image or several, or a sequence of such; channels last, a missing channel axis and 0..255 are
        mended as for training. `resize` says what becomes of image files of another size, if not what
        the run was trained with.

        Errors: DataError for broken images, DataMismatch for those that the network does not take; OSError.
        """
        together = torch.cat([one.values for one in self._inputs.read(images, resize)]).to(self.device)
        normalization = self.normalization
        return together if normalization is None else normalization.to(self.device).apply(together)

    def predict(self, images: Any, resize: Resize | None = None) -> Predictions:
        """What the network says about images, which are as `preprocess` takes them. Errors: as there."""
        names: list[str] = []
        outputs: list[Tensor] = []
        for some in in_batches(self._inputs.read(images, resize), 2 * self.config.settings.batch):
            names += some.names
            outputs += self._outputs(Part(some.values, torch.zeros(len(some.values), dtype=torch.int64)))
        return Predictions(tuple(names), self.classes, self._probabilities(torch.cat(outputs)))

    def evaluate(self, data: Any = None) -> Verdict:
        """Loss and accuracy on data with labels: an address as `cnndsl train --data` takes it, a pair
        (images, labels), or a `Data`; None are the data of the run.

        Judged is the data's test part, else their validation part, else all of them; of the very data that
        the run was trained on, what it held out.

        Errors: DataError, DataMismatch, OSError as in `load`; SettingError where the run names no data.
        """
        fitted = self._fitted(data)
        part, on = self._judged(fitted)
        objective = Objective(self.config.settings.loss)
        outputs = torch.cat(list(self._outputs(part)))
        loss = sum(
            float(objective.loss(outputs[start:stop], part.labels[start:stop])) * (stop - start)
            for start, stop in bounds(len(part), 1024)
        )
        predicted = objective.predict(outputs)
        count = max(objective.classes(outputs.shape[1]), len(self.classes))
        cells = torch.bincount(part.labels * count + predicted, minlength=count * count).view(count, count)
        names = [*self.classes, *(f"output {index}" for index in range(len(self.classes), count))]
        confusion = tuple(tuple(int(cell) for cell in row) for row in cells.tolist())
        return Verdict(fitted.name, on, loss / len(part), tuple(names), confusion, fitted.notes)

    def _outputs(self, part: Part) -> Iterator[Tensor]:
        """What the network gives, on the CPU, batch by batch."""
        settings = self.config.settings
        ranges = list(bounds(len(part), 2 * settings.batch))
        with torch.inference_mode():
            for images in in_order(part, ranges, settings.workers, self.device, self.normalization):
                yield self.model(images).float().cpu()

    def _probabilities(self, outputs: Tensor) -> Tensor:
        """(N, classes), from 0 to 1."""
        return Objective(self.config.settings.loss).probabilities(outputs)[:, : len(self.classes)]

    def _fitted(self, data: Any) -> Data:
        known = Known(self.classes, self.config.data.divisor)
        if isinstance(data, Data):
            return data
        if isinstance(data, tuple):
            images, labels = (one.numpy() if isinstance(one, Tensor) else np.asarray(one) for one in data)
            return from_arrays(images, labels, self.input_shape, known=known)
        settings = self.config.settings
        address = settings.data if data is None else os.fspath(data)
        if address is None:
            raise SettingError(f"{self.folder} was trained on data in memory: say which to judge it on")
        return load(
            address,
            self.input_shape,
            settings.workers,
            resize=settings.resize,
            memory=settings.memory,
            known=known,
        )

    def _judged(self, data: Data) -> tuple[Part, ScoredOn]:
        if data.test is not None:
            return data.test, "test"
        if data.val is not None:
            return data.val, "val"
        if data.fingerprint() == self.config.data.fingerprint:
            return hold_out(data, self.config.settings.val, self.config.settings.seed)[1], "held-out"
        return data.train, "all"
