"""One run from its settings to its folder: what is checked before, made ready, and cleaned up after."""

from __future__ import annotations

import os
from pathlib import Path

import torch

from cnndsl import __version__
from cnndsl.backends.weights import load_weights
from cnndsl.training.address import absolute
from cnndsl.training.checkpoint import Checkpoint, remove_parts
from cnndsl.training.course import Course
from cnndsl.training.data import Data, hold_out
from cnndsl.training.device import make_engine
from cnndsl.training.errors import ProcessLost, SettingError, TrainingError
from cnndsl.training.freezing import describe
from cnndsl.training.loop import Loop
from cnndsl.training.memory import available, estimate, fitting_batch, is_out_of_memory, readable
from cnndsl.training.network import Network, require_fit
from cnndsl.training.preparation import prepared
from cnndsl.training.progress import Silent, Watcher
from cnndsl.training.records import DataRecord, NormalizationRecord, RunConfig, RunFolder
from cnndsl.training.results import TrainResult
from cnndsl.training.settings import SGD, TrainSettings
from cnndsl.training.stopping import listening
from cnndsl.training.world import World, is_main_process

__all__ = ["MAY_CHANGE", "run", "with_absolute_paths"]

CHANNELS_LAST_BELOW = 1_000_000
# What a run may go on with differently. Another seed, say, would train on samples that were held out.
MAY_CHANGE = frozenset(
    "data epochs device precision workers memory memory_format compile early_stopping checkpoint".split()
)


def run(
    network: Network,
    data: Data,
    settings: TrainSettings,
    folder: RunFolder,
    watch: Watcher,
    resume: bool = False,
) -> TrainResult:
    """Train `network` on `data` and write everything that `interfaces` promises into `folder`.

    With `resume` the run goes on from the last checkpoint in the folder, and on a CPU ends with the same
    weights, bit for bit, as a run that was never stopped. PyTorch's global random state is left as it was
    found. A run that writes no checkpoint leaves nothing in its folder. Ctrl-C and SIGTERM are heard between
    two steps, where a checkpoint is written. Several processes may run this together; the main one writes.

    Errors: DataMismatch and DataError before anything is written; SettingError for a device that is not
    there; RunFolderError where the run cannot be resumed; TrainingError where the loss is no longer a
    number, memory does not suffice, the data of a resumed run have changed, or there are no weights to
    train; ProcessLost where another process is gone; WriteError for a full disk; WeightsError where the
    file of weights to begin with holds none, or those of another network; KeyboardInterrupt.
    """
    try:
        require_fit(network, data, settings)
        return _run(network, data, settings, folder, watch, resume)
    finally:
        watch.end()
        if not resume and is_main_process():
            folder.discard()


def _run(
    network: Network, data: Data, settings: TrainSettings, folder: RunFolder, watch: Watcher, resume: bool
) -> TrainResult:
    train, held = hold_out(data, settings.val, settings.seed)
    engine = make_engine(settings)
    if len(train) < engine.num_processes:
        raise SettingError(f"{len(train)} samples are too few for {engine.num_processes} processes")
    world = World(engine)
    device = world.device
    folder = RunFolder(world.broadcast(folder.path))
    free = available(device)
    watch = watch if world.main else Silent()
    try:
        with torch.random.fork_rng([device] if device.type == "cuda" else []):
            torch.manual_seed(settings.seed)
            model = network.build()
            if settings.weights is not None and not resume:
                path = Path(settings.weights.path)
                watch.note(f"{path}: {load_weights(model, path, settings.weights.partial)}")
            parameters = sum(weight.numel() for weight in model.parameters() if weight.requires_grad)
            if not parameters:
                raise TrainingError(f"{network.name} has no weights to train")
            layout = _layout(network, device, parameters, settings)
            if settings.freeze:
                watch.note(describe(model, settings))
            preparation = prepared(settings, train, len(data.classes))
            loop = Loop(model, settings, train, engine, layout, preparation)
            course = Course(loop, folder, held, parameters)
            beside = f" in {loop.world.size} processes" if loop.world.size > 1 else ""
            watch.note(
                f"{network.name}: {len(train):,} images of {len(data.classes)} classes to train with and "
                f"{len(held):,} to watch, on {device}{beside}; the run is written to {folder.path}"
            )
            try:
                _begin(course, network, data, len(train), watch, resume)
                with listening() as request:
                    course.train(watch, request)
                return course.finish(data, network, watch)
            finally:
                loop.frozen.release()
    except (RuntimeError, MemoryError) as error:
        if is_out_of_memory(error):
            # the traceback holds what filled the memory
            raise _too_large(network, settings, folder, free) from error.with_traceback(None)
        if settings.compile and type(error).__module__.startswith(("torch._dynamo", "torch._inductor")):
            why = str(error).strip().splitlines()[0]
            raise TrainingError(
                f"torch.compile cannot compile {network.name}: {why}\n"
                "  help: it needs a C++ compiler, for GPUs Triton; without `compile` it trains all the same"
            ) from error
        if isinstance(error, RuntimeError) and world.lost(error):
            raise ProcessLost(f"another process of the run is gone; {folder.goes_on()}") from error
        raise


def _begin(course: Course, network: Network, data: Data, train: int, watch: Watcher, resume: bool) -> None:
    """Write what a run is known by, or take it up where its last checkpoint left it."""
    config = _config(network, data, course, train)
    world, folder = course.loop.world, course.folder
    if resume:
        _require_same(course, config)
        saved, notes = Checkpoint.read(folder.path)
        for note in notes:
            watch.note(note)
        if saved is None:
            watch.note(f"{folder.path} holds no checkpoint yet: the run begins at its beginning")
        else:
            course.take_up(saved, watch)
        world.wait()
    if world.main:
        remove_parts(folder.path)
        if not resume and network.text is not None:
            folder.write_spec(network.text, network.files)
        # the last: where it is, the run can be taken up
        folder.write_config(config)


def _layout(
    network: Network, device: torch.device, parameters: int, settings: TrainSettings
) -> torch.memory_format:
    """How images lie in memory while a network trains.

    On a CPU, channels last makes small networks 1.2 to 1.7 times as fast (LeNet, two-block MNIST, TinyVGG
    and the like) and large ones slower (ResNet-18 on small images: 0.8). A module made by hand keeps
    what it has: it may use `view`, which minds.
    """
    images = len(network.input_shape) == 3
    if settings.memory_format != "auto":
        wanted = settings.memory_format == "channels_last"
        if wanted and not images:
            raise SettingError("memory_format channels_last is for images, channels, height and width")
        return torch.channels_last if wanted else torch.contiguous_format
    small = parameters < CHANNELS_LAST_BELOW
    if device.type == "cpu" and small and images and network.text is not None:
        return torch.channels_last
    return torch.contiguous_format


def _config(network: Network, data: Data, course: Course, train: int) -> RunConfig:
    normalization = course.loop.normalization
    return RunConfig(
        cnndsl=__version__,
        torch=str(torch.__version__),
        name=network.name,
        spec=None if network.text is None else "spec.cnn",
        input=network.input_shape,
        params=dict(network.params),
        outputs=network.output_shape[0],
        parameters=course.parameters,
        device=str(course.loop.device),
        settings=with_absolute_paths(course.loop.settings),
        data=DataRecord(
            path=data.name,
            classes=data.classes,
            label_mapping=None if data.mapping is None else dict(data.mapping),
            train=train,
            val=len(course.held),
            test=None if data.test is None else len(data.test),
            notes=data.notes,
            fingerprint=data.fingerprint(),
            divisor=data.divisor,
            normalization=None if normalization is None else NormalizationRecord.of(normalization),
        ),
    )


def with_absolute_paths(settings: TrainSettings) -> TrainSettings:
    """So that the run can be taken up from another folder."""
    weights = settings.weights
    if weights is not None:
        weights = weights.model_copy(update={"path": os.path.abspath(weights.path)})
    data = settings.data and absolute(settings.data)
    return settings.model_copy(update={"data": data, "weights": weights})


def _require_same(course: Course, config: RunConfig) -> None:
    """Hold what a run is to go on with against what it began with."""
    before = course.folder.read_config()
    if before.data.fingerprint != config.data.fingerprint:
        raise TrainingError(f"{config.data.path} has changed since the run in {course.folder.path} began")
    for name in TrainSettings.model_fields:
        if name not in MAY_CHANGE and getattr(before.settings, name) != getattr(config.settings, name):
            raise SettingError(f"{name} cannot change in a run that goes on: begin a new one")


def _too_large(
    network: Network, settings: TrainSettings, folder: RunFolder, free: int | None
) -> TrainingError:
    """The error for memory that does not suffice, with the batch that would fit."""
    optimizer = settings.optimizer
    kind = "momentum" if isinstance(optimizer, SGD) and optimizer.momentum else optimizer.name
    batch, graph = settings.batch, network.graph
    needed = "" if graph is None else f"; a step needs about {readable(estimate(graph, batch, kind))}"
    there = "" if free is None else f"{' and' if needed else ';'} {readable(free)} were free"
    fits = fitting_batch(graph, batch, free, kind)
    if fits is None:
        help = "not even a batch of one sample fits: a smaller network or smaller images do"
    else:
        kept = f", and with `--accumulate {batch // fits}` the steps stay those of {batch} samples"
        help = f"`--batch {fits}` fits{kept}"
    return TrainingError(f"memory does not suffice for batches of {batch}{needed}{there}\n  help: {help}")
