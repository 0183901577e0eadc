"""Images on disk give the same run as images in memory, normalised and weighed as the settings say."""

import json
import multiprocessing
import os
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file
from torch.nn import functional as F

from cnndsl.training import Data, DataError, DataMismatch, TrainResult, load, train
from cnndsl.training.class_weights import class_weights_of
from cnndsl.training.data import StoredImages
from cnndsl.training.data_settings import Channels, Given, ImageNet, Unchanged
from cnndsl.training.normalize import normalization_of, statistics
from cnndsl.training.recipe import Objective
from cnndsl.training.settings import Bce, CrossEntropy, Mse

from .conftest import SPEC, bars


@pytest.fixture(autouse=True)
def _no_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cnndsl.training.records.draw_curves", lambda *arguments: None)
    monkeypatch.setattr("cnndsl.training.records.draw_confusion", lambda *arguments: None)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """48 bars as a folder of images."""
    root = tmp_path / "bars"
    for number, (image, label) in enumerate(zip(*bars(48), strict=True)):
        path = root / ("upright" if label else "lying") / f"{number:02}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(path)
    return root


def go(data: Any, out: Path, **settings: Any) -> TrainResult:
    chosen = {"epochs": 2, "lr": 0.01, "batch": 16, "device": "cpu", **settings}
    return train(SPEC, data, out=out, **chosen)


def weights(result: TrainResult) -> dict[str, torch.Tensor]:
    return load_file(result.folder / "best.safetensors")


@pytest.mark.parametrize("workers", [1, 2])
def test_reading_batch_by_batch_changes_nothing(folder: Path, tmp_path: Path, workers: int) -> None:
    settings: dict[str, Any] = {"augment": "flip shift=1 noise=0.1", "normalize": "channels"}
    in_memory = go(str(folder), tmp_path / "memory", **settings)
    streamed = go(str(folder), tmp_path / "disk", memory=0, workers=workers, **settings)
    assert not multiprocessing.active_children()
    assert any("read batch by batch" in note for note in config(streamed)["data"]["notes"])
    assert not any("read batch by batch" in note for note in config(in_memory)["data"]["notes"])
    first, second = weights(in_memory), weights(streamed)
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert [epoch.val_loss for epoch in in_memory.epochs] == [epoch.val_loss for epoch in streamed.epochs]


def config(result: TrainResult) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((result.folder / "config.json").read_text())
    return found


def test_images_on_disk_stand_for_a_tensor(folder: Path) -> None:
    whole, stored = load(folder, (1, 6, 6)), load(folder, (1, 6, 6), memory=0)
    assert isinstance(stored.images, StoredImages)
    assert stored.images.shape == tuple(whole.images.shape)
    assert torch.equal(stored.images[:], whole.images[:])
    indices = torch.tensor([5, 0, 40])
    assert torch.equal(stored.train.take(indices).images[:], whole.images[indices])
    assert torch.equal(stored.labels, whole.labels)
    assert stored.fingerprint() == load(folder, (1, 6, 6), memory=0).fingerprint()
    batches = [torch.tensor([3, 1]), torch.tensor([2])]
    read = list(stored.images.stream(1).batches(batches))
    assert all(torch.equal(found, whole.images[batch]) for found, batch in zip(read, batches, strict=True))


@pytest.mark.parametrize("workers", [0, 1])
def test_an_image_that_breaks_on_the_way_is_named(folder: Path, workers: int) -> None:
    stored = load(folder, (1, 6, 6), memory=0).images
    assert isinstance(stored, StoredImages)
    stored.paths[1].write_bytes(stored.paths[1].read_bytes()[:50])
    with pytest.raises(DataError, match=rf"^[^\n]*{stored.paths[1].name} is a broken image") as caught:
        list(stored.stream(workers).batches([torch.tensor([0]), torch.tensor([1])]))
    assert "Traceback" not in str(caught.value)


@pytest.mark.skipif(os.name == "nt", reason="signals are sent as POSIX has them")
def test_a_process_that_is_killed_is_told_of(folder: Path) -> None:
    stored = load(folder, (1, 6, 6), memory=0).images
    assert isinstance(stored, StoredImages)
    before = set(multiprocessing.active_children())
    read = stored.stream(1).batches([torch.tensor([0])] * 50)
    next(read)
    (worker,) = set(multiprocessing.active_children()) - before
    for signum in (signal.SIGINT, signal.SIGTERM):
        os.kill(worker.pid or 0, signum)
    next(read)
    os.kill(worker.pid or 0, signal.SIGKILL)
    with pytest.raises(DataError, match="a process that decodes images ended before its time"):
        list(read)


def test_what_is_seen_in_the_heads_is_said_before_anything_is_trained(folder: Path, tmp_path: Path) -> None:
    Image.new("L", (9, 8)).save(folder / "lying" / "large.png")
    with pytest.raises(DataMismatch, match=r"large\.png: the image is 9x8") as caught:
        load(folder, (1, 6, 6), memory=0)
    assert "`--resize crop` brings images of any size to the network's" in caught.value.help
    data = load(folder, (1, 6, 6), memory=0, resize="crop")
    assert any("1 image of 9x8 (width x height) brought to 6x6" in note for note in data.notes)
    (folder / "lying" / "text.png").write_bytes(b"text")
    with pytest.raises(DataError, match=r"text\.png is no image"):
        load(folder, (1, 6, 6), memory=0, resize="crop")


def test_statistics_are_those_of_the_training_part(data: Data, tmp_path: Path) -> None:
    values = np.random.default_rng(0).normal(3, 2, (100, 3, 5, 4)).astype(np.float32)
    values[:, 2] = 7
    found = statistics(type(data.train)(torch.from_numpy(values), torch.zeros(100, dtype=torch.int64)))
    assert np.allclose(found.mean.numpy(), values.mean((0, 2, 3)), atol=1e-5)
    assert np.allclose(found.std.numpy(), [*values[:, :2].std((0, 2, 3)), 1], atol=1e-5)
    held_out = go(data, tmp_path / "run", normalize="channels", val=0.25)
    record = config(held_out)["data"]["normalization"]
    assert config(held_out)["data"]["train"] == 90
    assert record["mean"] != pytest.approx([float(data.images[:].mean())], abs=1e-7)
    assert record["mean"] == pytest.approx([float(data.images[:].mean())], abs=0.02)


def test_normalisation_as_settings_say(data: Data) -> None:
    assert normalization_of(Unchanged(), data.train) is None
    counted = normalization_of(Channels(), data.train)
    assert counted is not None
    normalised = counted.apply(data.images[:])
    assert float(normalised.mean()) == pytest.approx(0, abs=1e-4)
    assert float(normalised.std()) == pytest.approx(1, abs=1e-3)
    given = normalization_of(Given(mean=(0.5,), std=(0.25,)), data.train)
    assert given is not None
    assert given.apply(torch.ones(1, 1, 1, 1)).item() == 2
    with pytest.raises(DataMismatch, match="normalize imagenet has 3 means, the network takes 1 channel"):
        normalization_of(ImageNet(), data.train)


def test_numbers_for_other_classes_or_channels_are_refused_before_a_folder_is_made(
    data: Data, tmp_path: Path
) -> None:
    with pytest.raises(DataMismatch, match="class_weights has 3 numbers, the data have 2 classes"):
        go(data, tmp_path / "run", class_weights=[1, 2, 3])
    with pytest.raises(DataMismatch, match="normalize imagenet has 3 means"):
        go(data, tmp_path / "run", normalize="imagenet")
    assert not (tmp_path / "run").exists()


def test_balanced_weights_let_classes_count_the_same() -> None:
    labels = torch.tensor([0, 0, 0, 0, 0, 0, 1, 1, 1, 2])
    found = class_weights_of("balanced", labels, 4)
    assert found is not None
    shares = torch.zeros(4).index_add(0, labels, found[labels])
    assert torch.allclose(shares[:3], torch.tensor(10 / 3))
    assert found[labels].mean() == pytest.approx(1)
    assert class_weights_of("none", labels, 4) is None


@pytest.mark.parametrize("loss", [CrossEntropy(), CrossEntropy(label_smoothing=0.1), Mse(), Bce()], ids=str)
def test_a_weight_of_two_is_the_sample_twice(loss: Any) -> None:
    generator = torch.Generator().manual_seed(0)
    outputs, labels = torch.randn(6, 3, generator=generator), torch.tensor([0, 1, 2, 0, 1, 2])
    weighted = Objective(loss, torch.tensor([1.0, 2.0, 1.0]))
    twice = torch.tensor([0, 1, 1, 2, 3, 4, 4, 5])
    plain = Objective(loss)
    found, _ = weighted.training_loss(outputs, labels)
    assert torch.allclose(found * 6, plain.loss(outputs[twice], labels[twice]) * 8)
    assert torch.allclose(weighted.loss(outputs, labels), plain.loss(outputs, labels))
    if isinstance(loss, CrossEntropy) and not loss.label_smoothing:
        known = F.cross_entropy(outputs, labels, torch.tensor([1.0, 2.0, 1.0]), reduction="sum") / 6
        assert torch.allclose(found, known)


def test_rare_classes_are_found_when_they_count(tmp_path: Path) -> None:
    """Nine of ten samples are of class 0, and say nothing: without weights it is always answered."""
    random = np.random.default_rng(0)
    labels = (np.arange(200) % 10 == 0).astype(np.int64)
    images = (random.normal(0, 1, (200, 1, 6, 6)) + labels[:, None, None, None] * 0.15).astype(np.float32)
    spec = "input 1x6x6 -> flatten -> linear 2"
    found = {}
    for chosen in ("none", "balanced"):
        result = train(spec, (images, labels), out=tmp_path / chosen, epochs=3, lr=0.003, device="cpu",
                       class_weights=chosen, seed=1)  # fmt: skip
        outputs = result.model(torch.from_numpy(images))
        found[chosen] = int((outputs.argmax(1)[labels == 1] == 1).sum())
    assert found["none"] < found["balanced"]
