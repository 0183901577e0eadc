"""Using what was trained: the same preprocessing, predictions, verdicts, and folders that are no runs."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

import cnndsl
from cnndsl.cli import main
from cnndsl.training import DataError, DataMismatch, RunFolderError, TrainedRun, TrainResult, load, load_run
from cnndsl.training.data import hold_out

from . import idx
from .conftest import SPEC, bars, write_csv

IMAGES, LABELS = bars(60)
NAMES = ("lying", "upright")


def write_folder(root: Path, images: np.ndarray = IMAGES, labels: np.ndarray = LABELS) -> Path:
    for number, (image, label) in enumerate(zip(images, labels, strict=True)):
        path = root / NAMES[label] / f"{number:02}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(path)
    return root


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> TrainResult:
    """A run on a folder of images, normalised."""
    folder = tmp_path_factory.mktemp("trained")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("cnndsl.training.records.draw_curves", lambda *arguments: None)
        patch.setattr("cnndsl.training.records.draw_confusion", lambda *arguments: None)
        return cnndsl.train(
            SPEC, write_folder(folder / "bars"), out=folder / "run", epochs=6, lr=0.02, batch=16,
            device="cpu", normalize="channels", augment="shift=1",
        )  # fmt: skip


@pytest.fixture
def run(trained: TrainResult) -> TrainedRun:
    return load_run(trained.folder, device="cpu")


def images_folder(trained: TrainResult) -> Path:
    return trained.folder.parent / "bars"


def test_a_run_gives_back_the_model_and_its_preprocessing(trained: TrainResult, run: TrainedRun) -> None:
    assert run.classes == NAMES
    assert not run.model.training
    assert run.config.settings.augment.shift == 1
    assert run.normalization is not None
    prepared = run.preprocess(images_folder(trained) / "lying" / "00.png")
    assert prepared.shape == (1, 1, 6, 6)
    by_hand = (torch.from_numpy(IMAGES[:1, None]) / 255 - run.normalization.mean) / run.normalization.std
    assert torch.allclose(prepared, by_hand, atol=1e-6)
    with torch.inference_mode():
        assert torch.equal(run.model(prepared), trained.model.eval()(prepared))


def test_the_same_image_in_every_form(trained: TrainResult, run: TrainedRun) -> None:
    path = images_folder(trained) / "lying" / "00.png"
    with Image.open(path) as picture:
        picture.load()
    grey = IMAGES[0]
    forms: list[Any] = [
        path, str(path), picture, picture.convert("RGB"), grey, grey[None], grey[None, None], grey[..., None],
        torch.from_numpy(grey), grey.astype(np.float32) / 255, [path], [picture], [grey],
    ]  # fmt: skip
    wanted = run.preprocess(path)
    for form in forms:
        assert torch.allclose(run.preprocess(form), wanted, atol=1e-6), type(form)
    many = run.predict(IMAGES)
    assert len(many) == 60
    assert many.names[0] == "image 1"
    together = run.predict([path, grey, IMAGES[1:3]])
    assert together.names == (str(path), "image 2", "image 1", "image 2")
    assert torch.allclose(together.probabilities[0], together.probabilities[1], atol=1e-6)


def test_predictions(trained: TrainResult, run: TrainedRun) -> None:
    found = run.predict(images_folder(trained))
    assert len(found) == 60
    assert torch.allclose(found.probabilities.sum(1), torch.ones(60), atol=1e-5)
    right = sum(Path(name).parent.name == said for name, said in zip(found.names, found.classes, strict=True))
    assert right / 60 > 0.9
    (first, second), *_ = found.top(2)
    assert first[1] >= second[1]
    assert {first[0], second[0]} == set(NAMES)


def test_a_verdict_is_that_of_the_run(trained: TrainResult, run: TrainedRun) -> None:
    found = run.evaluate()
    assert (found.on, found.samples) == ("held-out", trained.test.samples)
    assert found.loss == pytest.approx(trained.loss, abs=1e-6)
    assert found.accuracy == trained.accuracy
    assert found.confusion == trained.test.confusion
    held = hold_out(load(images_folder(trained), (1, 6, 6)), 0.2, 0)[1]
    again = run.evaluate((held.images[:], np.array(NAMES)[held.labels]))
    assert (again.on, again.accuracy) == ("all", found.accuracy)


def test_a_verdict_on_other_data(tmp_path: Path, run: TrainedRun) -> None:
    other = write_folder(tmp_path / "other", *bars(20, seed=5))
    found = run.evaluate(other)
    assert (found.on, found.samples) == ("all", 20)
    by_hand = run.predict(other)
    right = [
        Path(name).parent.name == said for name, said in zip(by_hand.names, by_hand.classes, strict=True)
    ]
    assert found.accuracy == pytest.approx(sum(right) / 20)
    scores = found.classes()
    assert [score.samples for score in scores] == [10, 10]
    assert scores[0].recall == found.confusion[0][0] / 10
    assert scores[1].precision == found.confusion[1][1] / (found.confusion[0][1] + found.confusion[1][1])
    one = write_folder(tmp_path / "one", *(of[1::2] for of in bars(20, seed=5)))
    assert run.evaluate(one).classes()[0].samples == 0
    for part in ("train", "test"):
        write_folder(tmp_path / "parts" / part, *bars(8, seed=6))
    assert run.evaluate(tmp_path / "parts").on == "test"


def test_what_does_not_fit_the_run(tmp_path: Path, run: TrainedRun) -> None:
    Image.new("L", (9, 8)).save(tmp_path / "large.png")
    with pytest.raises(DataMismatch, match=r"large\.png: the image is 9x8 \(width x height\)"):
        run.predict(tmp_path / "large.png")
    assert len(run.predict(tmp_path / "large.png", resize="crop")) == 1
    with pytest.raises(DataMismatch, match="the images are 7x7, the network takes 1x6x6"):
        run.predict(np.zeros((3, 7, 7)))
    with pytest.raises(DataError, match="expected images, found int"):
        run.predict(3)
    with pytest.raises(FileNotFoundError):
        run.predict("nowhere.png")
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="the folder holds no image"):
        run.predict(tmp_path / "empty")
    cats = write_folder(tmp_path / "cats")
    (cats / "lying").rename(cats / "cat")
    with pytest.raises(DataError, match="the label `cat` is none that the network knows: lying, upright"):
        run.evaluate(cats)


@pytest.fixture(scope="module")
def on_rows(tmp_path_factory: pytest.TempPathFactory) -> TrainResult:
    """A run on a CSV, whose labels are 3 and 8."""
    folder = tmp_path_factory.mktemp("rows")
    path = write_csv(folder / "bars.csv", IMAGES, LABELS * 5 + 3)
    return cnndsl.train(SPEC, path, out=folder / "run", epochs=4, lr=0.02, batch=16, device="cpu")


def test_data_files_without_labels(tmp_path: Path, on_rows: TrainResult) -> None:
    run = load_run(on_rows.folder, device="cpu")
    assert run.config.data.divisor == 255
    labelled = write_csv(tmp_path / "labelled.csv", IMAGES, LABELS * 5 + 3)
    rows = [line.split(",", 1)[1] for line in labelled.read_text().splitlines()]
    (tmp_path / "rows.csv").write_text("\n".join(rows) + "\n")
    np.savez(tmp_path / "test.npz", x_test=IMAGES)
    np.savez(tmp_path / "one.npz", pictures=IMAGES)
    (tmp_path / "t10k-images-idx3-ubyte").write_bytes(idx.encoded(IMAGES))
    wanted = run.predict(IMAGES).probabilities
    for name in ("labelled.csv", "rows.csv", "test.npz", "one.npz", "t10k-images-idx3-ubyte"):
        found = run.predict(tmp_path / name)
        assert torch.allclose(found.probabilities, wanted, atol=1e-6), name
        assert found.names[0] == f"{tmp_path / name}:1"
    assert set(run.predict(IMAGES).classes) == {"3", "8"}
    # dark images are what they are: their values are those of 0..255 still
    dark = run.preprocess((IMAGES // 100).astype(np.uint8))
    assert dark.max().item() == pytest.approx(2 / 255)
    assert run.evaluate(labelled).accuracy > 0.9
    np.savez(tmp_path / "two.npz", a=IMAGES, b=IMAGES)
    with pytest.raises(DataError, match="which array holds the images is not to be seen"):
        run.predict(tmp_path / "two.npz")


@pytest.mark.parametrize(("loss", "outputs"), [("bce", 1), ("mse", 1), ("bce", 2), ("mse", 2)])
def test_probabilities_of_other_losses(tmp_path: Path, loss: str, outputs: int) -> None:
    spec = f"input 1x6x6 -> flatten -> linear {outputs}"
    result = cnndsl.train(spec, (IMAGES, LABELS), out=tmp_path / "run", epochs=1, loss=loss, device="cpu")
    run = load_run(result.folder, device="cpu")
    found = run.predict(IMAGES[:50])
    assert found.probabilities.shape == (50, 2)
    assert 0 <= found.probabilities.min() <= found.probabilities.max() <= 1
    said = run.evaluate((IMAGES[:50], LABELS[:50]))
    right = sum(int(name) == label for name, label in zip(found.classes, LABELS[:50].tolist(), strict=True))
    assert said.accuracy == pytest.approx(right / 50)


def test_a_module_made_by_hand_is_brought_along(tmp_path: Path) -> None:
    module = nn.Sequential(nn.Flatten(), nn.Linear(36, 2))
    result = cnndsl.train(module, (IMAGES, LABELS), out=tmp_path / "run", epochs=1, device="cpu")
    with pytest.raises(RunFolderError, match="a module that was made by hand"):
        load_run(result.folder)
    again = load_run(result.folder, nn.Sequential(nn.Flatten(), nn.Linear(36, 2)), device="cpu")
    with torch.inference_mode():
        wanted = result.model.eval()(torch.from_numpy(IMAGES[:, None]) / 255).softmax(1)
    assert torch.allclose(again.predict(IMAGES).probabilities, wanted, atol=1e-6)
    with pytest.raises(RunFolderError, match="holds weights of another network"):
        load_run(result.folder, nn.Linear(3, 2))


def spoil_config(run: Path) -> None:
    (run / "config.json").write_text('{"version": 1')


def pickle_weights(run: Path) -> None:
    torch.save({"a": 1}, run / "best.safetensors")


@pytest.mark.parametrize(
    ("spoil", "message", "status"),
    [
        (lambda run: (run / "config.json").unlink(), "is no run folder: it holds no config.json", 2),
        (spoil_config, "config.json is damaged", 2),
        (lambda run: (run / "best.safetensors").unlink(), "best.safetensors is missing or damaged", 2),
        (lambda run: (run / "best.safetensors").write_bytes(b"short"), "best.safetensors is missing", 2),
        (pickle_weights, "best.safetensors is missing or damaged", 2),
        (lambda run: (run / "spec.cnn").unlink(), "holds no spec.cnn", 2),
        (lambda run: (run / "spec.cnn").write_text("input 1x6x6 -> linaer 2"), "unknown-layer", 1),
        (lambda run: (run / "spec.cnn").write_text("input 1x6x6 -> linear 3 last"), "another network", 2),
    ],
)  # fmt: skip
def test_folders_that_are_no_runs(
    tmp_path: Path,
    on_rows: TrainResult,
    capsys: pytest.CaptureFixture[str],
    spoil: Any,
    message: str,
    status: int,
) -> None:
    import shutil

    run = Path(shutil.copytree(on_rows.folder, tmp_path / "run"))
    spoil(run)
    for command in (["predict", str(run), str(tmp_path)], ["evaluate", str(run)]):
        assert main(command) == status
        printed = capsys.readouterr()
        assert message in printed.err
        assert "Traceback" not in printed.err + printed.out
        assert "defect" not in printed.err
        assert printed.out == ""


def test_predict_in_a_terminal(
    trained: TrainResult, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    run, image = str(trained.folder), images_folder(trained) / "lying" / "00.png"
    assert main(["predict", run, str(image), str(image.parent.parent / "upright")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 31
    assert lines[0].split()[:2] == [str(image), "lying"]
    assert main(["predict", run, str(image), "--format", "csv", "-o", str(tmp_path / "found.csv")]) == 0
    head, row = csv.reader(io.StringIO((tmp_path / "found.csv").read_text()))
    assert head == ["image", "class", "probability", *NAMES]
    assert row[:2] == [str(image), "lying"]
    assert float(row[2]) == max(map(float, row[3:]))
    assert main(["predict", run, str(image), "--format", "csv", "--top", "1"]) == 0
    assert capsys.readouterr().out.splitlines()[0] == "image,class_1,probability_1"
    assert main(["predict", run, str(image), "--format", "json"]) == 0
    (record,) = json.loads(capsys.readouterr().out)
    assert record["class"] == "lying"
    assert record["probabilities"]["lying"] == record["probability"]
    assert main(["predict", run, str(image), "--top", "0"]) == 2
    assert main(["predict", run, "gone.png"]) == 2
    assert "cannot read gone.png: no such file or directory" in capsys.readouterr().err


def test_evaluate_in_a_terminal(trained: TrainResult, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", str(trained.folder)]) == 0
    first, second, *rest = capsys.readouterr().out.splitlines()
    assert first.endswith("bars: the data of the run: what it held out, 12 samples")
    assert second == f"loss {trained.loss:.4f}, accuracy {trained.accuracy:.4f}"
    assert rest[1].split() == ["class", "samples", "recall", "precision", "f1"]
    assert rest[5].split() == ["true", "\\", "predicted", "lying", "upright"]
    assert main(["evaluate", str(trained.folder), "--json", "--data", str(images_folder(trained))]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["accuracy"] == pytest.approx(trained.accuracy, abs=1e-6)
    assert record["confusion"] == [list(row) for row in trained.test.confusion]
    assert main(["evaluate", str(trained.folder), "--data", "gone.csv"]) == 2
    assert "cannot read gone.csv: no such file or directory" in capsys.readouterr().err
