"""Budgets: what a message says is had, allowed and over, and that its advice holds."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

import cnndsl
from cnndsl.analysis.budgets.quantities import NAMES, UNITS, measure
from cnndsl.diagnostics import Diagnostic
from cnndsl.zoo import source

SMALL = "input 3x32x32\nconv 16 k3 p1 -> bn -> relu -> maxpool 2\ngap -> flatten -> linear 10\n"
RESNET = source("resnet18").text


def told(limits: str, network: str = SMALL) -> Diagnostic:
    (one,) = cnndsl.check(f"{network}\nassert {limits}").diagnostics
    return one


def holds(limits: str, network: str = SMALL) -> bool:
    return cnndsl.check(f"{network}\nassert {limits}").ok


@pytest.mark.parametrize(
    ("limits", "message", "label"),
    [
        ("params < 500", "the network has 650 parameters, 150 more than the 500 allowed", "30 % over"),
        ("params < 650", "the network has 650 parameters, and has to stay below that", ""),
        ("params > 1k", "the network has 650 parameters, 350 fewer than the 1,000 asked for", "35 % short"),
        (
            "0.5k >= params",
            "the network has 650 parameters, 150 more than the 500 allowed",
            "30 % over",
        ),
        (
            "buffers < 3",
            "the network has 33 numbers in buffers, 30 more than the 3 allowed",
            "11 times as much",
        ),
        (
            "macs < 400k",
            "a sample takes 442,528 multiply-adds, 42,528 more than the 400,000 allowed",
            "11 % over",
        ),
        (
            "flops < 885k",
            "a sample takes 885,056 floating-point operations, 56 more than the 885,000 allowed",
            "0.01 % over",
        ),
        (
            "receptive_field >= 32",
            "the last features see 4x4 of the input, 28 less than the 32 asked for",
            "88 % short",
        ),
        (
            "memory < 100KB",
            "evaluation of one sample takes 146KB, 46.1KB more than the 100KB allowed",
            "46 % over",
        ),
        (
            "memory(batch=64, optimizer=adam) < 1MB",
            "training with adam and a batch of 64 takes 11.3MB, 10.3MB more than the 1.00MB allowed",
            "11 times as much",
        ),
        ("params*2 < 1k", "`params*2 < 1k` does not hold: it is 1,300 and 1,000", ""),
        ("params == buffers", "`params == buffers` does not hold: it is 650 and 33", ""),
    ],
)
def test_messages(limits: str, message: str, label: str) -> None:
    one = told(limits)
    assert (one.rule, one.severity) == ("budget-exceeded", "error")
    assert (one.message, one.label) == (message, label)
    assert one.span.text == limits


def test_the_heaviest_places_are_shown() -> None:
    one = told("params < 5M", RESNET)
    assert [note.message for note in one.related] == [
        "6,266,880 parameters here, 54 %: layer1.0.conv2 and 7 more",
        "4,718,592 parameters here, 40 %: layer1.0.conv1 and 7 more",
        "513,000 parameters here, 4 %: fc",
    ]
    assert [note.span.text for note in one.related][2] == "linear classes"


@pytest.mark.parametrize("network", [SMALL, RESNET], ids=["small", "resnet18"])
@pytest.mark.parametrize("name", ["params", "macs", "flops", "buffers"])
def test_the_limit_that_is_offered_holds(name: str, network: str) -> None:
    for limits in (f"{name} < 0.5", f"{name} > 99G"):
        offered = re.match("`assert (.*)` would hold", told(limits, network).help[0])
        assert offered is not None
        assert holds(offered[1], network)
        assert len(offered[1]) < 20


@pytest.mark.parametrize("kind", ["", ", optimizer=adam"])
@pytest.mark.parametrize("limit", ["250MB", "0.5GB", "300MiB"])
def test_the_batch_that_is_offered_fits_and_no_larger_one(kind: str, limit: str) -> None:
    offered = re.match(r"a batch of (\d+) fits", told(f"memory(batch=4000{kind}) < {limit}", RESNET).help[0])
    assert offered is not None
    batch = int(offered[1])
    assert holds(f"memory(batch={batch}{kind}) < {limit}", RESNET)
    assert not holds(f"memory(batch={batch + 1}{kind}) < {limit}", RESNET)


def test_no_batch_fits() -> None:
    one = told("memory(batch=8, optimizer=adam) < 100MB", RESNET)
    assert one.help[0] == "not even one sample fits: it takes 209MB"
    assert one.help[1].startswith("it is made of weights 46.8MB, gradients 46.8MB, adam 93.5MB, activations")


def test_the_convolutions_that_are_offered_are_enough() -> None:
    network = "input 3x64x64\nconv 8 k3 p1 -> maxpool 2\n{more}gap -> flatten -> linear 10\n"
    one = told("receptive_field >= 30", network.format(more=""))
    found = re.match(r"(\d+) convolutions of 3x3", one.help[0])
    assert found is not None
    for count, enough in ((int(found[1]), True), (int(found[1]) - 1, False)):
        text = network.format(more=f"[conv 8 k3 p1 -> relu] x {count}\n")
        assert holds("receptive_field >= 30", text) is enough


@pytest.mark.parametrize(
    ("limits", "help"),
    [
        ("params < 0.5", "`assert params < 660` would hold"),
        ("macs < 5", "`5` is 5 single multiply-adds: millions are written `5M`"),
        ("memory < 2", "a memory has a unit: `2GB`, `2MB`"),
        ("parms < 5M", "did you mean `params`?"),
        ("params < 5m", "did you mean `5M`?"),
        ("memory(batch=2) < 5gb", "did you mean `5GB`?"),
        ("params < 5GB", "`5G` is a number; `memory(batch=32)` is a memory"),
        ("memory(optimizer=adm) < 5GB", "did you mean `adam`?"),
        ("macs < 15000000000", "large amounts have a unit: `assert macs < 15G`"),
    ],
)
def test_help(limits: str, help: str) -> None:
    assert told(limits).help[0] == help


def test_all_units_are_their_numbers() -> None:
    for unit, factor in UNITS.items():
        name, value = ("memory", 134_000) if unit.endswith("B") else ("params", 650)
        count = measure(cnndsl.check(SMALL).graph, name)
        assert count is not None
        value = count.value
        assert holds(f"{name} == {value}") or name == "memory"
        assert holds(f"{name} <= {value // factor + 1}{unit}")
        assert not holds(f"{name} > {value // factor + 1}{unit}")


def test_every_name_can_be_asserted() -> None:
    for name in NAMES:
        assert holds(f"{name} > 0")


def test_of_several_outputs_the_one_that_sees_least_counts() -> None:
    text = "input 3x32x32\noutput early { conv 4 k1 }\nconv 4 k7 -> relu\n"
    assert holds("receptive_field == 1", text)


def test_params_that_are_set_count() -> None:
    text = "param n = 4\ninput 3x8x8\nconv n k1\nassert params < 5 * n\n"
    assert cnndsl.check(text).ok
    assert not cnndsl.check(text.replace("5 * n", "17"), params={"n": 8}).ok


def test_a_budget_stops_the_compiler() -> None:
    with pytest.raises(cnndsl.SpecError, match="more than the 10 allowed"):
        cnndsl.compile(f"{SMALL}assert params < 10")


def test_json_has_it() -> None:
    (found,) = cnndsl.check(f"{SMALL}assert params < 10").to_json()["diagnostics"]
    assert (found["rule"], found["range"]["start"]) == ("budget-exceeded", {"line": 4, "column": 8})
    assert len(found["related"]) == 3


def test_the_example_of_open_sizes_is_told() -> None:
    text = "input 3xHxW\nconv 8 k3 p1 -> gap -> flatten -> linear 2"
    assert told("macs < 10M", text).message.startswith(
        "a sample takes 10,838,032 multiply-adds for 3x224x224, "
    )
    assert " for 3x224x224" not in told("params < 10", text).message


def test_a_spec_without_budgets_does_not_load_them() -> None:

    code = (
        "import sys, cnndsl; cnndsl.check('input 3x8x8 -> conv 4 k1').ok; "
        "print([name for name in sys.modules if name.startswith('cnndsl.analysis.budgets')])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("network", "advice"),
    [
        ("input 784 -> linear 100 -> relu -> linear 10", "half of both are a quarter"),
        (
            "input 1x28x28 -> conv 8 k3 -> flatten -> linear 10",
            "`gap` before `flatten` leaves one input a channel",
        ),
        (
            "input 1x28x28 -> conv 99 k5 -> gap -> flatten -> linear 10",
            "a quarter of a convolution's parameters",
        ),
    ],
)
def test_the_advice_is_for_the_layer_that_has_most(network: str, advice: str) -> None:
    assert told("params < 0.5", network).help[1].endswith(advice)
