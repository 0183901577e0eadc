"""Training from Python: `cnndsl.train`."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor, nn

from cnndsl.api import Spec, check
from cnndsl.ir import TrainSetting
from cnndsl.training.board import Board, require_tensorboard
from cnndsl.training.data import Data, from_arrays
from cnndsl.training.data.model import Array
from cnndsl.training.errors import SettingError
from cnndsl.training.loading import load_for
from cnndsl.training.network import Network, from_module, from_report, trainable_names
from cnndsl.training.progress import Silent, watcher
from cnndsl.training.records import RunFolder
from cnndsl.training.results import TrainResult
from cnndsl.training.run import run
from cnndsl.training.settings import TrainSettings
from cnndsl.training.sources import resolve

__all__ = ["train"]

Images = Tensor | Array | Sequence[Any]
AnyData = str | os.PathLike[str] | Data | tuple[Images, Images] | None


def train(
    model: nn.Module | Spec,
    data: AnyData = None,
    *,
    input: Sequence[int] | None = None,
    params: Mapping[str, Any] | None = None,
    out: str | os.PathLike[str] | None = None,
    resume: str | os.PathLike[str] | None = None,
    progress: bool = False,
    tensorboard: bool = False,
    **settings: Any,
) -> TrainResult:
    """Train a spec or a module on data, and write a run folder.

    `model` is a spec (text, Path or Source), or any `nn.Module`, which is trained in place. `data` is a
    path as `cnndsl train --data` takes it, a pair (images, labels) of arrays or tensors, or a `Data`;
    None takes what the spec names. `input` is the shape of one sample, channels first, where neither the
    spec nor the arrays say it, and `params` set the spec's params. The run is written to `out`, or to
    runs/NAME-N; `resume` names the folder of a run to go on with. `progress` shows it on standard error,
    and `tensorboard` writes TensorBoard's files, too.

    `settings` are those of `TrainSettings`, and `lr`; they win over the spec's `train` section:
    `epochs=5, batch=64, optimizer="adam", lr=0.001, loss="cross_entropy", schedule="cosine", val=0.2,
    seed=0, device="cpu", precision="fp32"`, and `warmup=1, clip=1, accumulate=4, mixup=0.2, ema=0.999,
    early_stopping=5, memory_format="channels_last", compile=True, checkpoint=10` (minutes). An optimizer,
    loss or schedule with arguments of its own is an object, such as `SGD(lr=0.1, momentum=0.9)`.
    `weights="resnet18.pth"` is a state dict to begin with, with `weights_partial=True` as far as it fits;
    `freeze=["*"], unfreeze=["fc"]` are patterns on the names of what is not to be trained,
    `rates={"layer4": 1e-4}` learning rates for what patterns name.

    Returns the metrics, the folder, and the model with the weights of the best epoch.

    Errors: SpecError for a bad spec, also in its `train` section; SettingError for a bad setting;
    DataError for bad data, DataMismatch where they do not fit; RunFolderError where `out` holds a run or
    `resume` none; WeightsError where the weights to begin with do not fit; TrainingError where the loss is
    no longer a number or memory does not suffice; OSError for files that cannot be read or written.

    >>> import tempfile, torch
    >>> labels = torch.arange(40) % 2
    >>> images = labels[:, None, None, None].expand(40, 1, 4, 4) * 0.8
    >>> result = train("input 1x4x4 -> flatten -> linear 2", (images, labels), epochs=20,
    ...                optimizer="adam", lr=0.1, device="cpu", out=tempfile.mkdtemp())
    >>> result.accuracy, len(result.epochs), result.test.samples
    (1.0, 20, 8)
    """
    folder = None if resume is None else RunFolder(Path(resume))
    base = None if folder is None else folder.read_config().settings
    if isinstance(model, nn.Module):
        lines: Sequence[TrainSetting] = ()
    else:
        report = check(model, input, params)
        network = from_report(report, params)
        lines = report.graph.train if base is None else ()
    path = {"data": os.fspath(data)} if isinstance(data, str | os.PathLike) else {}
    if isinstance(settings.get("weights"), os.PathLike):
        settings["weights"] = os.fspath(settings["weights"])
    names = trainable_names(model if isinstance(model, nn.Module) else report)
    chosen, notes = resolve(lines, {**settings, **path}, "{}", base, names)
    if isinstance(model, nn.Module):
        samples, network = _for_module(model, data, input, chosen)
    else:
        samples = _fitted(data, network.input_shape, chosen)
    if tensorboard:
        require_tensorboard()
    watch = watcher() if progress else Silent()
    for note in (*notes, *samples.notes):
        watch.note(note)
    if folder is None:
        folder = RunFolder.create(None if out is None else Path(out), network.name)
    if tensorboard:
        watch = Board(watch, folder.path)
    return run(network, samples, chosen, folder, watch, resume is not None)


def _for_module(
    module: nn.Module, data: AnyData, input: Sequence[int] | None, settings: TrainSettings
) -> tuple[Data, Network]:
    if input is not None:
        shape = tuple(input)
    elif isinstance(data, Data):
        shape = tuple(data.images.shape[1:])
    elif isinstance(data, tuple):
        shape = np.shape(_array(data[0]))[1:]
    else:
        raise SettingError(
            "a module does not say what it takes: give the shape of a sample, input=(1, 28, 28)"
        )
    return _fitted(data, shape, settings), from_module(module, shape)


def _fitted(data: AnyData, shape: tuple[int, ...], settings: TrainSettings) -> Data:
    if isinstance(data, Data):
        return data
    if isinstance(data, tuple):
        return from_arrays(_array(data[0]), _array(data[1]), shape)
    if settings.data is None:
        raise SettingError("no data: give a path, a pair (images, labels), or a `data` line in the spec")
    return load_for(settings, settings.data, shape)


def _array(values: Images) -> Array:
    return values.detach().cpu().numpy() if isinstance(values, Tensor) else np.asarray(values)
