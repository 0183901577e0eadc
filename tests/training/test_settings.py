"""Settings from the spec and from the caller, and the place of each wrong one."""

from pathlib import Path
from typing import Any

import pytest

import cnndsl
from cnndsl import SpecError
from cnndsl.text import Source
from cnndsl.training import (
    SGD,
    AdamW,
    Bce,
    Cosine,
    CrossEntropy,
    OneCycle,
    SettingError,
    Step,
    TrainSettings,
)
from cnndsl.training.sources import resolve

SPEC = "input 1x6x6 -> flatten -> linear 2\ntrain {{\n{}\n}}\n"


def from_spec(lines: str, name: str = "<text>", **given: Any) -> tuple[TrainSettings, tuple[str, ...]]:
    report = cnndsl.check(Source(SPEC.format(lines), name))
    assert report.ok, str(report)
    return resolve(report.graph.train, given)


def test_the_lines_of_a_spec_become_settings() -> None:
    settings, notes = from_spec(
        """
        data "digits.csv"
        optimizer sgd lr=0.1 momentum=0.9 nesterov
        loss cross_entropy label_smoothing=0.1
        schedule step every=3
        augment shift=2
        epochs 2 * 10
        batch 64
        val 1/4
        seed 7
        device cpu
        precision bf16
        workers 4
        """
    )
    assert notes == ()
    assert settings == TrainSettings(
        data="digits.csv",
        optimizer=SGD(lr=0.1, momentum=0.9, nesterov=True),
        loss=CrossEntropy(label_smoothing=0.1),
        schedule=Step(every=3),
        augment={"shift": 2},  # type: ignore[arg-type]
        epochs=20,
        batch=64,
        val=0.25,
        seed=7,
        device="cpu",
        precision="bf16",
        workers=4,
    )


def test_defaults_and_positional_arguments() -> None:
    assert resolve()[0] == TrainSettings()
    settings, _ = from_spec("optimizer sgd 0.5 0.9\nschedule step 4 0.5\nepochs 3.0")
    assert settings.optimizer == SGD(lr=0.5, momentum=0.9)
    assert settings.schedule == Step(every=4, factor=0.5)
    assert settings.epochs == 3


def test_a_data_path_starts_beside_the_spec(tmp_path: Path) -> None:
    assert from_spec('data "a/b.csv"', str(tmp_path / "net.cnn"))[0].data == str(tmp_path / "a" / "b.csv")
    assert from_spec(f'data "{tmp_path}/b.csv"', "here/net.cnn")[0].data == f"{tmp_path}/b.csv"
    assert from_spec('data "b.csv"', "<stdin>")[0].data == "b.csv"
    assert from_spec('data "b.csv"', "here/net.cnn", data="c.csv")[0].data == "c.csv"


def test_the_caller_wins() -> None:
    lines = "optimizer sgd lr=0.1 momentum=0.9\nepochs 10\nloss cross_entropy label_smoothing=0.1"
    settings, notes = from_spec(lines, lr=0.5, epochs=3, batch=None)
    assert settings.optimizer == SGD(lr=0.5, momentum=0.9)
    assert (settings.epochs, settings.batch) == (3, 64)
    assert notes == ()
    settings, notes = from_spec(lines, optimizer="adamw", loss="cross_entropy")
    assert settings.optimizer == AdamW()
    assert settings.loss == CrossEntropy(label_smoothing=0.1)
    assert notes == ("the spec's lr=0.1 momentum=0.9 belong to sgd and are left out",)
    settings, notes = from_spec(lines, optimizer=SGD(lr=1.0), loss=Bce(), schedule="cosine")
    assert settings.optimizer == SGD(lr=1.0)
    assert settings.loss == Bce()
    assert settings.schedule == Cosine()
    assert resolve(given={"lr": 0.25})[0].optimizer == AdamW(lr=0.25)


def test_settings_of_an_earlier_run_hold_where_nothing_is_said() -> None:
    base = TrainSettings(optimizer=SGD(lr=0.3), schedule=OneCycle(), epochs=4, batch=7)
    assert resolve(base=base)[0] == base
    assert resolve(given={"epochs": 9}, base=base)[0] == base.model_copy(update={"epochs": 9})


@pytest.mark.parametrize(
    ("line", "guilty", "message", "help"),
    [
        ("optimiser sgd", "optimiser", "unknown training setting `optimiser`", "did you mean `optimizer`?"),
        (
            "optimizer sdg",
            "sdg",
            "unknown optimizer `sdg`, expected sgd, adam or adamw",
            "did you mean `sgd`?",
        ),
        ("optimizer 3", "3", "unknown optimizer 3, expected sgd, adam or adamw", ""),
        ("optimizer", "optimizer", "`optimizer` needs a value, sgd, adam or adamw", ""),
        ("optimizer sgd lr=0", "lr=0", "`lr` is 0, expected more than 0", ""),
        ("optimizer sgd lr=fast", "lr=fast", "`lr` is `fast`, expected a number", ""),
        ("optimizer sgd lr=true", "lr=true", "`lr` is true, expected a number", ""),
        (
            "optimizer adam momentun=0.9",
            "momentun=0.9",
            "`adam` has no argument `momentun`",
            "lr, weight_decay",
        ),
        ("optimizer sgd momentun=0.9", "momentun=0.9", "`sgd` has no argument `momentun`", "`momentum`?"),
        ("optimizer sgd momentum=1", "momentum=1", "`momentum` is 1, expected less than 1", ""),
        ("optimizer sgd nesterov", "nesterov", "nesterov needs a momentum, like momentum=0.9", ""),
        ("optimizer sgd 0.1 lr=0.2", "lr=0.2", "`lr` is given twice", ""),
        ("loss crossentropy", "crossentropy", "unknown loss `crossentropy`", "did you mean `cross_entropy`?"),
        ("loss mse 3", "3", "`loss` takes no further value, found 3", ""),
        ("schedule cosine every=2", "every=2", "`cosine` has no argument `every`", "it takes none"),
        ("schedule step every=0", "every=0", "`every` is 0, expected at least 1", ""),
        ("augment shift=-1", "shift=-1", "`shift` is -1, expected at least 0", ""),
        ("augment flop=1", "flop=1", "`augment` has no argument `flop`", "did you mean `flip`?"),
        ("augment flip=1", "flip=1", "`flip` is 1, expected true or false", ""),
        ("augment crop", "crop", "`crop` wants a value, like crop=4", ""),
        ("augment rotate=200", "rotate=200", "`rotate` is 200, expected at most 180", ""),
        ("augment scale=1", "scale=1", "`scale` is 1, expected less than 1", ""),
        (
            "normalize channel",
            "channel",
            "unknown normalize `channel`, expected none, channels",
            "`channels`",
        ),
        (
            "normalize given",
            "given",
            "mean has 0 numbers and std 0",
            "`normalize given mean=[0.5] std=[0.25]`",
        ),
        ("normalize given mean=[0] std=[0]", "std=[0]", "`std` is 0, expected more than 0", ""),
        ("normalize given mean=0 std=[1]", "mean=0", "`mean` is 0, expected a list of numbers", ""),
        ("normalize given mean=[0, 0] std=[1]", "given", "mean has 2 numbers and std 1", ""),
        (
            "class_weights even",
            "even",
            "`class_weights` is `even`, expected balanced, or a number above 0",
            "",
        ),
        (
            "class_weights 1 0",
            "class_weights",
            "`class_weights` is (1, 0), expected balanced, or a number",
            "",
        ),
        (
            "class_weights",
            "class_weights",
            "`class_weights` needs `balanced`, or a number for each class",
            "",
        ),
        ("class_weights a=1", "a=1", "`class_weights` takes no arguments, found `a=`", ""),
        ("resize cut", "cut", "`resize` is `cut`, expected none, crop, stretch or pad", ""),
        ("memory (-1)", "(-1)", "`memory` is -1, expected at least 0", ""),
        ("epochs 2.5", "2.5", "`epochs` is 2.5, expected a whole number", ""),
        ("epochs 0", "0", "`epochs` is 0, expected at least 1", ""),
        ('epochs "10"', '"10"', "`epochs` is `10`, expected a whole number", ""),
        ("epochs 10 20", "20", "`epochs` takes no further value, found 20", ""),
        ("epochs n=3", "n=3", "`epochs` takes a value and no arguments, found `n=`", ""),
        ("batch (-1)", "(-1)", "`batch` is -1, expected at least 1", ""),
        ("val 1", "1", "`val` is 1, expected less than 1", ""),
        ("device gpu", "gpu", "`device` is `gpu`, expected auto, cpu, cuda or mps", ""),
        ("precision bf32", "bf32", "`precision` is `bf32`, expected fp32, bf16 or fp16", "did you mean"),
        ("data 3", "3", "`data` is 3, expected a text in quotes", ""),
        ("epochs 3\nepochs 4", "epochs", "`epochs` is set twice", ""),
    ],
)
def test_a_wrong_setting_is_reported_at_its_place(line: str, guilty: str, message: str, help: str) -> None:
    with pytest.raises(SpecError) as caught:
        from_spec(line)
    found = [one for one in caught.value.diagnostics if one.message.startswith(message)]
    assert len(found) == 1, str(caught.value)
    assert found[0].rule == "train-setting"
    assert found[0].span.text == guilty
    assert help in " ".join(found[0].help)


def test_all_wrong_settings_are_reported_in_their_order() -> None:
    with pytest.raises(SpecError) as caught:
        from_spec("epocs 3\nbatch 0\noptimizer sgd lr=-1 momentum=2")
    assert [one.span.first.line for one in caught.value.diagnostics] == [3, 4, 5, 5]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"optimizer": "sdg"},
            "--optimizer: unknown optimizer `sdg`, expected sgd, adam or adamw; did you mean",
        ),
        ({"lr": -1.0}, "--lr: `lr` is -1, expected more than 0"),
        ({"lr": float("nan")}, "--lr: `lr` is nan, expected a finite number"),
        ({"epochs": 0}, "--epochs: `epochs` is 0, expected at least 1"),
        ({"val": 1.5}, "--val: `val` is 1.5, expected less than 1"),
        ({"seed": -1}, "--seed: `seed` is -1, expected at least 0"),
        ({"data": ""}, "--data: `data` is ``, expected a path"),
        ({"epocs": 3}, "unknown setting --epocs; did you mean `epochs`?"),
    ],
)
def test_a_wrong_option_is_named(given: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingError) as caught:
        resolve(given=given)
    assert str(caught.value).startswith(message)
