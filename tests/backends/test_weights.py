"""Weights from files: what is understood, what is refused, and that a refusal leaves the network alone."""

import pickle
import random
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

import cnndsl
from cnndsl import WeightsError
from cnndsl.backends.weights import load_weights, save_weights

EXAMPLES = Path(__file__).parent.parent.parent / "examples"
SPEC = """param classes = 3
input 2x6x6
stem: [conv 4 k3 -> bn -> relu] -> flatten -> fc: linear classes
"""
State = dict[str, Tensor]


def copied(model: nn.Module) -> State:
    return {name: value.clone() for name, value in model.state_dict().items()}


def same(first: State, second: State) -> bool:
    return first.keys() == second.keys() and all(torch.equal(first[key], second[key]) for key in first)


@pytest.fixture
def state() -> State:
    torch.manual_seed(3)
    return copied(cnndsl.compile(SPEC))


def wrapped(state: State) -> list[Any]:
    parallel = {f"module.{name}": value for name, value in state.items()}
    compiled = {f"module._orig_mod.{name}": value for name, value in state.items()}
    return [
        state,
        OrderedDict(state),
        parallel,
        compiled,
        {"epoch": 3, "state_dict": parallel, "optimizer": {"lr": 0.1}},
        {"model_state_dict": state},
        {"model": state, "epoch": 1},
        {name: value for name, value in state.items() if "num_batches" not in name},
        {name: value.double() for name, value in state.items()},
    ]


@pytest.mark.parametrize("index", range(9))
@pytest.mark.parametrize("new", [True, False])
def test_the_ways_in_which_checkpoints_are_written(
    state: State, tmp_path: Path, index: int, new: bool
) -> None:
    file = tmp_path / "weights.pth"
    torch.save(wrapped(state)[index], file, _use_new_zipfile_serialization=new)
    assert same(copied(cnndsl.compile(SPEC, weights=file)), state)


def test_the_content_decides_the_format(state: State, tmp_path: Path) -> None:
    save_file(state, tmp_path / "weights.pt")
    torch.save(state, tmp_path / "weights.tar")
    for name in ("weights.pt", "weights.tar"):
        assert same(copied(cnndsl.compile(SPEC, weights=tmp_path / name)), state)


def test_a_prefix_that_the_network_has_itself_stays(tmp_path: Path) -> None:
    spec = "input 4 -> module: [linear 2 -> linear 2]"
    torch.save(cnndsl.compile(spec).state_dict(), tmp_path / "weights.pt")
    model = cnndsl.compile(spec, weights=tmp_path / "weights.pt")
    assert next(iter(model.state_dict())) == "module.0.weight"


def test_what_fits_is_loaded_and_the_rest_is_named(state: State, tmp_path: Path) -> None:
    file = tmp_path / "weights.pt"
    torch.save({**state, "head.weight": torch.zeros(2), "head.bias": torch.zeros(2)}, file)
    torch.manual_seed(9)
    fresh = copied(cnndsl.compile(SPEC, classes=5))
    torch.manual_seed(9)
    with pytest.warns(UserWarning, match="7 of 9 weights loaded, the others left as they were") as caught:
        model = cnndsl.compile(SPEC, classes=5, weights=file, weights_partial=True)
    assert caught[0].filename == __file__
    assert str(caught[0].message).splitlines()[1:] == [
        "  2 in the file only: head (2)",
        "  2 of another shape in the file: fc.weight 3x64, here 5x64; fc.bias 3, here 5",
    ]
    for name, value in model.state_dict().items():
        assert torch.equal(value, (fresh if name.startswith("fc") else state)[name]), name


def test_another_network_is_told_in_short(tmp_path: Path) -> None:
    file = tmp_path / "lenet.pt"
    save_weights(cnndsl.compile(EXAMPLES / "lenet5.cnn"), file, "")
    with pytest.raises(WeightsError) as caught:
        cnndsl.compile(EXAMPLES / "resnet18.cnn", weights=file)
    assert caught.value.fitting == 0
    lines = str(caught.value).splitlines()
    assert lines[0] == f"{file} does not fit: 0 of the network's 122 weights can be taken from it"
    assert lines[1] == "  122 missing in the file: conv1.weight; bn1 (5); layer1 (24); layer2 (30); ..."
    assert lines[2].startswith("  10 in the file only: 0 (2); 3 (2); 7 (2); 9 (2); ...")
    with pytest.raises(WeightsError, match="does not fit: 0 of"):
        cnndsl.compile(EXAMPLES / "resnet18.cnn", weights=file, weights_partial=True)


class Bomb:
    """Pickles as a call that leaves a trace."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[Any, ...]:
        return exec, (f"open({str(self.trace)!r}, 'w').close()",)


@pytest.mark.parametrize("partial", [False, True])
@pytest.mark.parametrize("wrap", [lambda bomb, state: bomb, lambda bomb, state: {**state, "fc.bias": bomb},
                                  lambda bomb, state: {"state_dict": state, "arguments": bomb}])  # fmt: skip
@pytest.mark.parametrize("save", [torch.save, lambda value, file: file.write_bytes(pickle.dumps(value, 2))])
def test_code_is_not_run(
    state: State, tmp_path: Path, wrap: Callable[..., Any], save: Callable[..., Any], partial: bool
) -> None:
    file, trace = tmp_path / "weights.pt", tmp_path / "fired"
    save(wrap(Bomb(trace), state if save is torch.save else {}), file)
    model = cnndsl.compile(SPEC)
    before = copied(model)
    with pytest.raises(WeightsError, match=r"the Python object exec, which is not loaded"):
        load_weights(model, file, partial)
    assert not trace.exists()
    assert same(copied(model), before)
    torch.load(file, weights_only=False) if save is torch.save else pickle.loads(file.read_bytes())
    assert trace.exists(), "the bomb would have gone off"


def bad_files(state: State) -> dict[str, tuple[Callable[[Path], object], str]]:
    poisoned = {**state, "fc.bias": torch.tensor([0.0, float("nan"), 0.0])}
    return {
        "empty": (lambda file: file.write_bytes(b""), "is empty"),
        "noise": (lambda file: file.write_bytes(b"no weights at all"), "is damaged, or no file of weights"),
        "zip": (lambda file: file.write_bytes(b"PK\x03\x04" + bytes(40)), "is damaged"),
        "header": (lambda file: file.write_bytes(b"\x05" + bytes(7) + b"{oops"), "is a damaged safetensors"),
        "folder": (lambda file: file.mkdir(), "is a folder, expected a file of weights"),
        "list": (lambda file: torch.save([1, 2], file), "holds no state dict: expected names and tensors"),
        "words": (lambda file: torch.save({"a": "b"}, file), "holds no state dict: .* found str 'a'"),
        "nothing": (lambda file: torch.save({}, file), "holds no state dict"),
        "module": (lambda file: torch.save(nn.ReLU(), file), r"Python object torch\.nn\.modules\.activation"),
        "nan": (lambda file: torch.save(poisoned, file), "fc.bias holds numbers that are not finite"),
        "infinite": (
            lambda file: torch.save({**state, "fc.weight": state["fc.weight"] / 0}, file),
            "fc.weight holds numbers that are not finite",
        ),
        "whole": (
            lambda file: torch.save({**state, "fc.bias": torch.zeros(3, dtype=torch.int8)}, file),
            "fc.bias holds int8 numbers, expected floating-point ones",
        ),
        "sparse": (
            lambda file: torch.save({**state, "fc.bias": state["fc.bias"].to_sparse()}, file),
            "fc.bias is no plain tensor of real numbers",
        ),
        "complex": (
            lambda file: torch.save({**state, "fc.bias": state["fc.bias"] * 1j}, file),
            "fc.bias is no plain tensor",
        ),
        "huge": (
            lambda file: torch.save({**state, "fc.bias": torch.zeros(1).expand(10**12)}, file),
            "1 of another shape in the file: fc.bias 1000000000000, here 3",
        ),
        "escape": (
            lambda file: torch.save({**state, "\x1b[2J": torch.zeros(1)}, file),
            r"1 in the file only: '\\x1b\[2J'",
        ),
    }


@pytest.mark.parametrize("kind", list(bad_files({"fc.weight": torch.ones(1), "fc.bias": torch.ones(1)})))
def test_bad_files_are_refused_and_change_nothing(state: State, tmp_path: Path, kind: str) -> None:
    make, message = bad_files(state)[kind]
    make(tmp_path / "weights")
    model = cnndsl.compile(SPEC)
    before = copied(model)
    with pytest.raises(WeightsError, match=message):
        load_weights(model, tmp_path / "weights")
    assert same(copied(model), before)


def test_a_runs_folder_is_answered_with_its_file(tmp_path: Path) -> None:
    (tmp_path / "best.safetensors").touch()
    with pytest.raises(WeightsError, match=r"is a folder, .*: did you mean .*best\.safetensors\?"):
        cnndsl.compile(SPEC, weights=tmp_path)


@pytest.mark.parametrize("kind", ["zip", "old", "safetensors"])
def test_damaged_files_end_in_words(state: State, tmp_path: Path, kind: str) -> None:
    file = tmp_path / "weights"
    if kind == "safetensors":
        save_file(state, file)
    else:
        torch.save(state, file, _use_new_zipfile_serialization=kind == "zip")
    whole = file.read_bytes()
    draw = random.Random(f"{kind} 0")
    refused = 0
    for _ in range(60):
        damaged = bytearray(whole)
        if draw.random() < 0.5:
            del damaged[draw.randrange(len(damaged)) :]
        else:
            for _ in range(draw.randrange(1, 5)):
                damaged[draw.randrange(len(damaged))] = draw.randrange(256)
        file.write_bytes(bytes(damaged))
        model = cnndsl.compile(SPEC)
        before = copied(model)
        try:
            load_weights(model, file)
        except WeightsError:
            refused += 1
            assert same(copied(model), before)
    assert refused > 30
