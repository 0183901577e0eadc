"""Freezing and learning rates by name: what moves, what stays, and what is refused."""

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

import cnndsl
from cnndsl import SpecError, WeightsError
from cnndsl.cli import main
from cnndsl.training import SGD, Data, SettingError, TrainResult, TrainSettings, train
from cnndsl.training.freezing import Frozen, parameter_groups
from cnndsl.training.optimizers import make_optimizer
from cnndsl.training.patterns import misnomers
from cnndsl.training.records import RunFolder
from cnndsl.training.sources import resolve

from .conftest import bars
from .test_run import Stop, same, stop_in_epoch, weights

SPEC = """input 1x6x6
stem: [conv 4 k3 p1 -> bn -> relu -> dropout 0.1]
layer1: [conv1: conv 4 k3 p1 -> bn1: bn -> relu]
layer2: [conv1: conv 4 k3 p1 -> bn1: bn -> relu -> maxpool 2]
flatten -> fc: linear 2
"""
NAMES = {
    name: not name.rpartition(".")[2].startswith(("running", "num"))
    for name in cnndsl.compile(SPEC).state_dict()
}


@pytest.fixture(autouse=True)
def _no_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cnndsl.training.records.draw_curves", lambda *arguments: None)
    monkeypatch.setattr("cnndsl.training.records.draw_confusion", lambda *arguments: None)


def go(data: Data, out: Path, spec: str | nn.Module = SPEC, **settings: Any) -> TrainResult:
    given = {"epochs": 2, "batch": 16, "optimizer": "adam", "lr": 0.02, "device": "cpu", **settings}
    return train(spec, data, out=out, **given)


def begun(seed: int = 0) -> dict[str, Tensor]:
    """The weights that a run of this seed begins with."""
    with torch.random.fork_rng([]):
        torch.manual_seed(seed)
        return {name: value.clone() for name, value in cnndsl.compile(SPEC).state_dict().items()}


def moved(result: TrainResult) -> set[str]:
    """The names of everything that the last epoch left different from the first weights."""
    before, after = begun(), weights(result.folder)
    return {name for name in before if not torch.equal(before[name], after[name])}


def below(*starts: str) -> set[str]:
    return {name for name in NAMES if name.startswith(starts)}


@pytest.mark.parametrize(
    ("freeze", "unfreeze", "trained"),
    [
        ([], [], below("")),
        (["all"], ["fc"], below("fc")),
        (["*"], ["fc", "layer2"], below("fc", "layer2")),
        (["layer[1-2]"], [], below("stem", "fc")),
        (["stem", "layer1.conv1"], [], below("layer1.bn1", "layer2", "fc")),
        (["*.bn1"], [], below("stem", "layer1.conv1", "layer2.conv1", "fc")),
        (["*"], ["*.bias"], {name for name in NAMES if name.endswith("bias")}),
    ],
)  # fmt: skip
def test_what_is_frozen_stays_to_the_bit_and_the_rest_moves(
    data: Data, tmp_path: Path, freeze: list[str], unfreeze: list[str], trained: set[str]
) -> None:
    result = go(data, tmp_path / "run", freeze=freeze, unfreeze=unfreeze)
    assert moved(result) == trained
    assert all(weight.requires_grad for weight in result.model.parameters())


def test_frozen_norms_run_as_in_evaluation_and_dropout_does_not() -> None:
    model = cnndsl.compile(SPEC)
    frozen = Frozen(model, TrainSettings(freeze=("stem",)))
    model.train()
    frozen.hold()
    assert {name for name, module in model.named_modules() if not module.training} == {"stem.1"}
    assert {name for name, weight in model.named_parameters() if not weight.requires_grad} == {
        "stem.0.weight", "stem.0.bias", "stem.1.weight", "stem.1.bias",
    }  # fmt: skip
    frozen.release()
    assert all(weight.requires_grad for weight in model.parameters())


def test_each_part_is_trained_at_its_rate() -> None:
    settings = TrainSettings(
        optimizer=SGD(lr=0.5), freeze=("stem",), rates={"layer*": 0.1, "layer2.conv1": 0.01}
    )
    model = cnndsl.compile(SPEC)
    before = {name: value.detach().clone() for name, value in model.named_parameters()}
    optimizer = make_optimizer(settings.optimizer, parameter_groups(model, settings))
    for weight in model.parameters():
        weight.grad = torch.ones_like(weight)
    optimizer.step()
    expected = {"stem": 0.0, "layer1": 0.1, "layer2.bn1": 0.1, "layer2.conv1": 0.01, "fc": 0.5}
    for name, weight in model.named_parameters():
        rate = max((len(start), rate) for start, rate in expected.items() if name.startswith(start))[1]
        assert torch.allclose(before[name] - weight, torch.full_like(weight, rate)), name


def test_the_schedule_is_for_all_rates(data: Data, tmp_path: Path) -> None:
    settings = {"rates": {"fc": 0.001}, "schedule": "cosine", "epochs": 2, "optimizer": SGD(lr=0.1)}
    result = train(SPEC, data, out=tmp_path / "run", device="cpu", batch=48, **settings)
    saved = torch.load(result.folder / "last.ckpt", weights_only=True)["loop"]["optimizer"]["param_groups"]
    assert [group["lr"] for group in saved] == pytest.approx(
        [0.1 * f for f in (0.1464466,)] + [0.001 * 0.1464466]
    )


@pytest.mark.parametrize("epoch", [2, 3])
def test_a_resumed_run_ends_as_if_it_had_never_stopped(
    data: Data, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, epoch: int
) -> None:
    start = tmp_path / "start.safetensors"
    save_file(begun(5), start)
    settings = {
        "freeze": ["stem", "*.bn1"], "unfreeze": ["layer2"], "rates": {"layer1": 0.001},
        "weights": start.name,
        "optimizer": SGD(lr=0.1, momentum=0.9), "schedule": "onecycle", "epochs": 3, "lr": None,
    }  # fmt: skip
    monkeypatch.chdir(tmp_path)
    whole = go(data, tmp_path / "whole", **settings)
    with monkeypatch.context() as patch:
        stop_in_epoch(patch, epoch)
        with pytest.raises(Stop):
            go(data, tmp_path / "cut", **settings)
    start.unlink()
    resumed = train(SPEC, data, resume=tmp_path / "cut")
    assert same(weights(whole.folder), weights(resumed.folder))
    assert torch.equal(weights(resumed.folder)["stem.0.weight"], begun(5)["stem.0.weight"])
    config = RunFolder(whole.folder).read_config().settings
    assert (config.freeze, config.unfreeze, config.rates) == (
        ("stem", "*.bn1"),
        ("layer2",),
        {"layer1": 0.001},
    )
    assert config.weights is not None
    assert config.weights.path == str(start)
    for change in ({"freeze": ["stem", "layer2"]}, {"rates": {"layer1": 1.0}}, {"weights": "other.pt"}):
        with pytest.raises(SettingError, match=f"{next(iter(change))} cannot change in a run that goes on"):
            train(SPEC, data, resume=tmp_path / "cut", epochs=4, **change)  # type: ignore[arg-type]


def test_a_run_begins_with_the_weights_of_another(data: Data, tmp_path: Path) -> None:
    first = go(data, tmp_path / "first")
    best = first.folder / "best.safetensors"
    second = go(data, tmp_path / "second", weights=best, freeze="all", unfreeze="fc", epochs=1)
    before, after = load_file(best), weights(second.folder)
    assert {name for name in before if not torch.equal(before[name], after[name])} == below("fc")
    wider = SPEC.replace("linear 2", "linear 3")
    with pytest.raises(WeightsError, match=r"2 of another shape in the file: fc\.weight 2x36, here 3x36"):
        go(data, tmp_path / "third", wider, weights=str(best))
    assert not (tmp_path / "third").exists()
    third = go(data, tmp_path / "third", wider, weights=str(best), weights_partial=True, freeze="layer1")
    assert torch.equal(weights(third.folder)["layer1.conv1.weight"], before["layer1.conv1.weight"])


def test_a_module_of_ones_own_is_given_back_as_it_was(data: Data, tmp_path: Path) -> None:
    model = nn.Sequential(nn.Flatten(), nn.Linear(36, 8), nn.ReLU(), nn.Linear(8, 2))
    before = model[1].weight.detach().clone()
    go(data, tmp_path / "run", model, freeze="1")
    assert torch.equal(model[1].weight, before)
    assert all(weight.requires_grad for weight in model.parameters())
    with pytest.raises(SettingError, match="no layer and no weight is called `2`; the network's outermost"):
        go(data, tmp_path / "other", model, freeze="2")


def from_spec(lines: str, **given: Any) -> TrainSettings:
    report = cnndsl.check(f"{SPEC}train {{\n{lines}\n}}\n")
    assert report.ok, str(report)
    return resolve(report.graph.train, given, names=NAMES)[0]


def test_a_train_section_says_the_same() -> None:
    settings = from_spec(
        """
        weights "start.pt" partial
        freeze stem "layer[1-2]"
        unfreeze "*.bn1"
        lr 0.01 fc=1e-3 "*.bn1" 1e-4
        """
    )
    assert settings.weights is not None
    assert (settings.weights.path, settings.weights.partial) == ("start.pt", True)
    assert settings.freeze == ("stem", "layer[1-2]")
    assert settings.unfreeze == ("*.bn1",)
    assert settings.optimizer.lr == 0.01
    assert settings.rates == {"*.bn1": 1e-4, "fc": 1e-3}
    assert from_spec("lr 0.5", optimizer="sgd").optimizer == SGD(lr=0.5)
    assert from_spec("optimizer sgd\nlr 0.5").optimizer == SGD(lr=0.5)


def test_the_caller_wins() -> None:
    lines = 'freeze stem\nlr fc=1e-3 layer1=1e-4\nweights "a.pt" partial'
    settings = from_spec(lines, freeze=["layer2"], rates={"fc": 0.5}, lr=0.1, weights="b.pt")
    assert settings.freeze == ("layer2",)
    assert list(settings.rates.items()) == [("layer1", 1e-4), ("fc", 0.5)]
    assert settings.optimizer.lr == 0.1
    assert settings.weights is not None
    assert (settings.weights.path, settings.weights.partial) == ("b.pt", True)
    assert TrainSettings.model_validate_json(settings.model_dump_json()) == settings


@pytest.mark.parametrize(
    ("line", "guilty", "message", "help"),
    [
        ("freeze layr1", "layr1", "no layer and no weight is called `layr1`", "did you mean `layer1`?"),
        ('freeze stem "layer1.cnv1"', '"layer1.cnv1"', "no layer and no weight", "`layer1` holds conv1, bn1"),
        ('freeze "layer[5-7]"', '"layer[5-7]"', "no layer and no weight", "names are stem, layer1"),
        ("freeze all", "all", "all weights are frozen: nothing is left", "`unfreeze fc` trains that"),
        ("freeze stem\nunfreeze fc", "fc", "nothing that `fc` names is frozen", ""),
        ("freeze stem\nlr stem=0.1", "stem=0.1", "all that `stem` names is frozen", ""),
        ("lr fcc=0.1", "fcc=0.1", "no layer and no weight is called `fcc`", "did you mean `fc`?"),
        ("lr fc=-1", "fc=-1", "`fc` is -1, expected more than 0", ""),
        ("lr fc=fast", "fc=fast", "`fc` is `fast`, expected a number", ""),
        ("lr 0.1 0.2", "0.2", "`lr` is given twice", ""),
        ('lr "fc"', '"fc"', "`lr` wants a number behind `fc`", ""),
        ("lr", "lr", "`lr` needs a value", ""),
        ("optimizer sgd lr=0.1\nlr 0.2", "0.2", "`lr` is given twice", ""),
        ("freeze", "freeze", "`freeze` needs the names of layers", "in quotes"),
        ("freeze 3", "3", "`freeze` wants names, found 3", "in quotes"),
        ("freeze fc=1", "fc=1", "`freeze` takes names and no arguments, found `fc=`", ""),
        ("freez fc", "freez", "unknown training setting `freez`", "did you mean `freeze`?"),
        ("weights 3", "3", "`path` is 3, expected a text in quotes", ""),
    ],
)  # fmt: skip
def test_a_wrong_name_is_reported_at_its_place(line: str, guilty: str, message: str, help: str) -> None:
    with pytest.raises(SpecError) as caught:
        from_spec(line)
    found = [one for one in caught.value.diagnostics if one.message.startswith(message)]
    assert len(found) == 1, str(caught.value)
    assert (found[0].rule, found[0].span.text) == ("train-setting", guilty)
    assert help in " ".join(found[0].help)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"freeze": ["layr1"]}, "--freeze: no layer and no weight is called `layr1`; did you mean `layer1`?"),
        ({"freeze": ["all"]}, "--freeze: all weights are frozen: nothing is left to train"),
        ({"unfreeze": ["fc"]}, "--unfreeze: nothing that `fc` names is frozen"),
        ({"rates": {"fcc": 0.1}}, "--lr: no layer and no weight is called `fcc`; did you mean `fc`?"),
        ({"rates": {"fc": 0.0}}, "--lr: `fc` is 0, expected more than 0"),
        ({"rates": 0.1}, "--lr: expected learning rates by name"),
        ({"freeze": [3]}, "--freeze: expected names of layers, found (3,)"),
        ({"weights_partial": True}, "there are no weights to load in part: give --weights too"),
    ],
)
def test_a_wrong_option_is_named(given: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingError) as caught:
        resolve(given=given, names=NAMES)
    assert str(caught.value).startswith(message)


def test_statistics_alone_are_no_weights_to_train() -> None:
    settings = TrainSettings(freeze=("*",), unfreeze=("*.running_mean",))
    assert [wrong.message for wrong in misnomers(settings, NAMES)] == [
        "all weights are frozen: nothing is left to train"
    ]


def test_the_transfer_recipe_of_the_readme(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    root = Path(__file__).parent.parent.parent
    section = (root / "README.md").read_text(encoding="utf-8").partition("\n## Transfer learning\n")[2]
    found = re.search(r"```sh\n(.*?)```", section, re.DOTALL)
    assert found is not None
    lines = found[1].replace("\\\n", " ").splitlines()
    commands = [words for line in lines if (words := shlex.split(line, comments=True))]
    assert [words[:2] for words in commands] == [
        ["cnndsl", "build"],
        ["cnndsl", "train"],
        ["cnndsl", "train"],
    ]

    (tmp_path / "examples").symlink_to(root / "examples")
    monkeypatch.chdir(tmp_path)
    images, labels = bars(20)
    for number, (image, label) in enumerate(zip(images, labels, strict=True)):
        folder = tmp_path / "flowers" / "abcde"[2 * (number % 2) + int(label) if number < 16 else 4]
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).resize((32, 32)).save(folder / f"{number}.png")
    torch.manual_seed(1)
    torch.save(cnndsl.compile("examples/resnet18.cnn").state_dict(), "resnet18.pth")
    for _, command, *words in commands:
        words += ["--input", "3x32x32"]
        if command == "train":
            words += ["--epochs", "1", "--batch", "8", "--device", "cpu"]
        assert main([command, *words]) == 0, capsys.readouterr().err
    said = capsys.readouterr().err
    assert said.count("resnet18.pth: 120 of 122 weights loaded") == 2
    assert "2,565 of 11,179,077 parameters are trained, in fc; the others are frozen" in said
    head, tuned = (weights(Path("runs") / name) for name in ("head", "tuned"))
    best = load_file("runs/head/best.safetensors")
    own = torch.load("resnet18.pth")
    assert {name.split(".")[0] for name in own if not torch.equal(own[name], head[name])} == {"fc"}
    assert {name.split(".")[0] for name in best if not torch.equal(best[name], tuned[name])} == {
        "fc",
        "layer4",
    }
    settings = json.loads(Path("runs/tuned/config.json").read_text())["settings"]
    assert settings["rates"] == {"layer4": 1e-4}
