"""Ways for a run to fail, each by doing it: what is said, what is kept, and that it goes on from there."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from cnndsl.training import SGD, Data, Part, TrainingError, train
from cnndsl.training.data import from_arrays
from cnndsl.training.plan import plan

from .children import SPEC, command, start
from .conftest import bars, write_csv


@pytest.fixture(autouse=True)
def _no_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cnndsl.training.records.draw_curves", lambda *arguments: None)
    monkeypatch.setattr("cnndsl.training.records.draw_confusion", lambda *arguments: None)


def said(data: Data, out: Path, spec: str = SPEC, **settings: Any) -> str:
    """What a run that fails says."""
    with pytest.raises(TrainingError) as caught:
        train(spec, data, out=out, **{"device": "cpu", "batch": 16, "epochs": 4, **settings})
    return str(caught.value)


def test_images_that_are_not_finite(data: Data, tmp_path: Path) -> None:
    images = data.images.clone()
    own = Data(Part(images, data.labels), data.classes, "x", val=data.train.take(torch.arange(8)))
    batches = plan(120, 16, 1, seed=0, epoch=0)
    images[batches[5].indices[3], 0, 2, 2] = torch.nan
    message = said(own, tmp_path / "run")
    assert message.splitlines()[0] == (
        "the loss is no longer a finite number in epoch 1, batch 6 of 8: "
        "the images themselves hold values that are not finite"
    )
    assert not (tmp_path / "run").exists()


def test_the_layer_that_gives_the_first_infinite_value(tmp_path: Path) -> None:
    spec = "input 1x6x6 -> flatten -> linear 200 -> relu -> linear 2"
    data = from_arrays(*bars(40), (1, 6, 6))
    images = data.images.clone()
    images[plan(40, 8, 1, seed=0, epoch=0)[1].indices[0]] = 3e38
    own = replace(data, train=Part(images, data.labels), val=data.train)
    # of 200 sums of such numbers some are too large for float32
    found = said(own, tmp_path / "run", spec, batch=8)
    assert (
        "epoch 1, batch 2 of 5: layer `1` (Linear) is the first to give values that are not finite" in found
    )


def test_a_step_that_is_too_large(data: Data, tmp_path: Path) -> None:
    message = said(data, tmp_path / "run", optimizer=SGD(lr=1e38))
    assert re.search(r"in epoch 1, batch [23] of 6: ", message)
    assert (
        "help: a smaller learning rate than 1e+38, or `clip 1`, which bounds the gradients, usually"
        in message
    )


def test_a_late_loss_that_is_no_number_keeps_the_best(data: Data, tmp_path: Path) -> None:
    own = Data(data.train, data.classes, "x", val=data.train.take(torch.arange(8)))
    from cnndsl.training.course import Course

    original = Course.save

    def save(self: Course) -> None:
        original(self)
        if len(self.epochs) == 2:
            self.loop.feed.images[7] = torch.inf

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Course, "save", save)
        message = said(own, tmp_path / "run", epochs=5)
    assert re.match(
        r"the loss is no longer a finite number in epoch 3, batch \d of 8: the images them", message
    )
    assert re.search(r"\n  .*run keeps epoch [12], the best so far\n  help: ", message)
    kept = {path.name for path in (tmp_path / "run").iterdir()}
    assert kept >= {"spec.cnn", "config.json", "metrics.json", "best.safetensors", "last.ckpt"}
    assert len(json.loads((tmp_path / "run" / "metrics.json").read_text())["epochs"]) == 2


def ended(folder: Path, words: list[str], **limits: int) -> tuple[int | None, str]:
    """A command line in a process of its own: its status, and what it says on standard error."""
    process = start(command, words, folder, limits)
    process.join(120)
    return process.exitcode, (folder / "err.txt").read_text()


def test_too_little_memory_names_a_batch_that_fits(tmp_path: Path) -> None:
    (tmp_path / "wide.cnn").write_text(
        "input 1x6x6 -> conv 256 k3 p1 -> relu -> conv 8 k1 -> flatten -> linear 2"
    )
    write_csv(tmp_path / "bars.csv", *bars(6000))
    words = ["train", "wide.cnn", "--data", "bars.csv", "--epochs", "1", "--device", "cpu", "--out", "run"]
    room = 250 * 2**20
    status, err = ended(tmp_path, [*words, "--batch", "4096"], memory=room)
    assert status == 1, err
    assert "cnndsl: memory does not suffice for batches of 4096; a step needs about" in err
    assert not (tmp_path / "run").exists()
    found = re.search(
        r"help: `--batch (\d+)` fits, and with `--accumulate (\d+)` the steps stay those of 4096", err
    )
    assert found is not None, err
    batch, accumulate = found.groups()
    assert int(batch) * int(accumulate) == 4096
    status, err = ended(tmp_path, [*words, "--batch", batch, "--accumulate", accumulate], memory=room)
    assert status == 0, err


def test_sigterm_ends_a_run_between_two_steps(tmp_path: Path) -> None:
    (tmp_path / "bars.cnn").write_text(SPEC)
    write_csv(tmp_path / "bars.csv", *bars(2000))
    words = ["train", "bars.cnn", "--data", "bars.csv", "--device", "cpu", "--batch", "2", "--out", "run"]
    process = start(command, [*words, "--epochs", "100000"], tmp_path, {})
    while not (tmp_path / "run" / "last.ckpt").exists():
        process.join(0.05)
        assert process.exitcode is None
    process.terminate()
    process.join(60)
    assert process.exitcode == 130
    assert (tmp_path / "err.txt").read_text().splitlines()[-1] == (
        "cnndsl: interrupted; `cnndsl train --resume run` goes on from its last checkpoint"
    )
    saved = torch.load(tmp_path / "run" / "last.ckpt", weights_only=True)
    assert ended(tmp_path, ["train", "--resume", "run", "--epochs", str(len(saved["epochs"]) + 1)])[0] == 0


def test_a_full_disk_says_what_is_kept_and_the_run_goes_on(tmp_path: Path) -> None:
    (tmp_path / "bars.cnn").write_text(SPEC)
    write_csv(tmp_path / "bars.csv", *bars(120))
    words = ["train", "bars.cnn", "--data", "bars.csv", "--device", "cpu", "--epochs", "3", "--out"]
    assert ended(tmp_path, [*words, "whole"])[0] == 0
    size = (tmp_path / "whole" / "last.ckpt").stat().st_size
    # room for everything but the checkpoint
    status, err = ended(tmp_path, [*words, "none"], file=size // 2)
    assert status == 2
    assert err.splitlines()[-1] == (
        "cnndsl: cannot write into none: file too large; no checkpoint was written: nothing is kept"
    )
    assert not (tmp_path / "none").exists()

    assert ended(tmp_path, [*words[:-2], "1", "--out", "cut"])[0] == 0
    before = (tmp_path / "cut" / "last.ckpt").read_bytes()
    on = ["train", "--resume", "cut", "--epochs", "3"]
    status, err = ended(tmp_path, on, file=size // 2)
    assert (status, err.splitlines()[-1]) == (
        2,
        "cnndsl: cannot write into cut: file too large; "
        "`cnndsl train --resume cut` goes on from its last checkpoint",
    )
    assert (tmp_path / "cut" / "last.ckpt").read_bytes() == before
    assert ended(tmp_path, on)[0] == 0
    weights = [torch.load(tmp_path / name / "last.ckpt")["loop"]["model"] for name in ("whole", "cut")]
    assert all(torch.equal(weights[0][key], weights[1][key]) for key in weights[0])
