"""One run from its settings to its folder: epochs, the best weights, the test, the records."""

from __future__ import annotations

import os
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from time import perf_counter

import torch

from cnndsl import __version__
from cnndsl.backends.weights import load_weights
from cnndsl.training.data import Data, Part, hold_out
from cnndsl.training.data.address import absolute
from cnndsl.training.device import make_accelerator
from cnndsl.training.errors import RunFolderError, SettingError, TrainingError
from cnndsl.training.freezing import describe
from cnndsl.training.loop import Evaluation, Loop
from cnndsl.training.network import Network, require_fit
from cnndsl.training.progress import Watcher
from cnndsl.training.records import DataRecord, RunConfig, RunFolder, metrics_record
from cnndsl.training.results import Epoch, Score, ScoredOn, TrainResult
from cnndsl.training.settings import TrainSettings

__all__ = ["run"]

CHANNELS_LAST_BELOW = 1_000_000
# What a run may go on with differently. Another seed, say, would train on samples that were held out.
MAY_CHANGE = ("data", "epochs", "device", "precision", "workers")


@dataclass(slots=True)
class _Run:
    """A run under way."""

    loop: Loop
    folder: RunFolder
    held: Part
    parameters: int
    epochs: list[Epoch]

    @property
    def best(self) -> Epoch | None:
        """The best epoch so far; of equally good ones the first."""
        best = None
        for record in self.epochs:
            if best is None or record.better_than(best):
                best = record
        return best


def run(
    network: Network,
    data: Data,
    settings: TrainSettings,
    folder: RunFolder,
    watch: Watcher,
    resume: bool = False,
) -> TrainResult:
    """Train `network` on `data` and write everything that `interfaces` promises into `folder`.

    With `resume` the run goes on from the last finished epoch in the folder, and on a CPU ends with the
    same weights, bit for bit, as a run that was never stopped. PyTorch's global random state is left as
    it was found. A run that finishes no epoch leaves nothing in its folder.

    Errors: DataMismatch and DataError before anything is written; SettingError for a device that is not
    there; RunFolderError where the run cannot be resumed; TrainingError where the loss is no longer a
    number, where the data of a resumed run have changed, or where there are no weights to train;
    WeightsError where the file of weights to begin with holds none, or those of another network.
    """
    try:
        return _run(network, data, settings, folder, watch, resume)
    finally:
        watch.end()
        if not resume:
            folder.discard()


def _run(
    network: Network, data: Data, settings: TrainSettings, folder: RunFolder, watch: Watcher, resume: bool
) -> TrainResult:
    require_fit(network, data, settings)
    train, held = hold_out(data, settings.val, settings.seed)
    accelerator = make_accelerator(settings)
    devices = [accelerator.device] if accelerator.device.type == "cuda" else []
    with torch.random.fork_rng(devices):
        torch.manual_seed(settings.seed)
        model = network.build()
        if settings.weights is not None and not resume:
            path = Path(settings.weights.path)
            watch.note(f"{path}: {load_weights(model, path, settings.weights.partial)}")
        parameters = sum(weight.numel() for weight in model.parameters() if weight.requires_grad)
        if not parameters:
            raise TrainingError(f"{network.name} has no weights to train")
        layout = _layout(network, accelerator.device, parameters)
        if settings.freeze:
            watch.note(describe(model, settings))
        loop = Loop(model, settings, train, accelerator, layout)
        state = _Run(loop, folder, held, parameters, [])
        watch.note(
            f"{network.name}: {len(train):,} images of {len(data.classes)} classes to train with and "
            f"{len(held):,} to watch, on {accelerator.device}; the run is written to {folder.path}"
        )
        config = _config(network, data, settings, state, len(train))
        if resume:
            _take_up(state, config)
        else:
            folder.write_config(config)
            if network.text is not None:
                folder.write_spec(network.text, network.files)
        try:
            _train(state, watch, len(train))
            return _finish(state, data, network)
        finally:
            loop.frozen.release()


def _layout(network: Network, device: torch.device, parameters: int) -> torch.memory_format:
    """How images lie in memory while a network trains.

    On a CPU, channels last makes small networks 1.2 to 1.7 times as fast (LeNet, two-block MNIST, TinyVGG
    and the like) and large ones slower (ResNet-18 on small images: 0.8). A module made by hand keeps
    what it has: it may use `view`, which minds.
    """
    small = parameters < CHANNELS_LAST_BELOW
    images = len(network.input_shape) == 3
    if device.type == "cpu" and small and images and network.text is not None:
        return torch.channels_last
    return torch.contiguous_format


def _config(network: Network, data: Data, settings: TrainSettings, state: _Run, train: int) -> RunConfig:
    return RunConfig(
        cnndsl=__version__,
        torch=str(torch.__version__),
        name=network.name,
        spec=None if network.text is None else "spec.cnn",
        input=network.input_shape,
        params=dict(network.params),
        outputs=network.output_shape[0],
        parameters=state.parameters,
        device=str(state.loop.device),
        settings=_with_absolute_paths(settings),
        data=DataRecord(
            path=data.name,
            classes=data.classes,
            label_mapping=None if data.mapping is None else dict(data.mapping),
            train=train,
            val=len(state.held),
            test=None if data.test is None else len(data.test),
            notes=data.notes,
            fingerprint=data.fingerprint(),
        ),
    )


def _with_absolute_paths(settings: TrainSettings) -> TrainSettings:
    """So that the run can be taken up from another folder."""
    weights = settings.weights
    if weights is not None:
        weights = weights.model_copy(update={"path": os.path.abspath(weights.path)})
    data = settings.data and absolute(settings.data)
    return settings.model_copy(update={"data": data, "weights": weights})


def _take_up(state: _Run, config: RunConfig) -> None:
    """Bring a run to where its last finished epoch left it."""
    before = state.folder.read_config()
    if before.data.fingerprint != config.data.fingerprint:
        raise TrainingError(f"{config.data.path} has changed since the run in {state.folder.path} began")
    for name in TrainSettings.model_fields:
        if name not in MAY_CHANGE and getattr(before.settings, name) != getattr(config.settings, name):
            raise SettingError(f"{name} cannot change in a run that goes on: begin a new one")
    loop_state, state.epochs = state.folder.load_last()
    try:
        state.loop.load_state(loop_state)
    except (RuntimeError, ValueError, KeyError) as error:
        message = f"{state.folder.path} holds a run of another network or optimizer: {error}"
        raise RunFolderError(message) from error
    state.folder.write_config(config)


def _train(state: _Run, watch: Watcher, samples: int) -> None:
    loop, settings = state.loop, state.loop.settings
    watch.begin(settings.epochs, samples, loop.epoch)
    while loop.epoch < settings.epochs:
        started = perf_counter()
        train_loss, train_accuracy = loop.train_epoch(watch)
        trained = perf_counter() - started
        seen = loop.evaluate(state.held)
        _require_numbers(state, train_loss, seen)
        record = Epoch(
            epoch=loop.epoch,
            train_loss=train_loss,
            train_accuracy=train_accuracy,
            val_loss=seen.loss,
            val_accuracy=seen.accuracy,
            seconds=perf_counter() - started,
            samples_per_second=samples / trained,
        )
        before = state.best
        is_best = before is None or record.better_than(before)
        state.epochs.append(record)
        # in this order: a run that is killed between two files repeats the epoch and writes both again
        if is_best:
            state.folder.save_best(loop.model.state_dict())
        state.folder.save_last(loop.state(), state.epochs)
        state.folder.write_metrics(_metrics(state, None))
        watch.epoch(record, is_best)


def _require_numbers(state: _Run, train_loss: float, seen: Evaluation) -> None:
    if isfinite(train_loss) and isfinite(seen.loss):
        return
    best = state.best
    kept = "" if best is None else f"; {state.folder.path} keeps epoch {best.epoch}, the best so far"
    raise TrainingError(
        f"the loss is no longer a finite number in epoch {state.loop.epoch}{kept}\n"
        f"  help: a smaller learning rate than {state.loop.settings.optimizer.lr:g} usually mends it"
    )


def _finish(state: _Run, data: Data, network: Network) -> TrainResult:
    """Judge the best weights and write the last records."""
    best = state.best
    assert best is not None, "a run that ends well has finished an epoch"
    loop, folder = state.loop, state.folder
    loop.model.load_state_dict(folder.load_best())
    part, on = _test_part(data, state.held)
    judged = loop.evaluate(part)
    outputs = loop.objective.classes(network.output_shape[0])
    confusion = judged.confusion(part.labels, outputs)
    names = [*data.classes, *(f"output {index}" for index in range(len(data.classes), outputs))]
    test = Score(on, len(part), judged.loss, judged.accuracy, tuple(map(tuple, confusion)))
    folder.write_metrics(_metrics(state, test))
    folder.write_confusion(confusion, names)
    folder.write_curves(state.epochs, best.epoch, network.name)
    return TrainResult(
        model=loop.release(),
        folder=folder.path,
        epochs=tuple(state.epochs),
        best_epoch=best.epoch,
        test=test,
        parameters=state.parameters,
        device=str(loop.device),
        classes=data.classes,
    )


def _test_part(data: Data, held: Part) -> tuple[Part, ScoredOn]:
    if data.test is not None:
        return data.test, "test"
    return held, "held-out" if data.val is None else "val"


def _metrics(state: _Run, test: Score | None) -> dict[str, object]:
    best = state.best
    assert best is not None, "metrics are written after an epoch"
    return metrics_record(state.epochs, best.epoch, test, state.parameters, str(state.loop.device))
