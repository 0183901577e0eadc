"""`cnndsl build`: a module that is what the checker said, and files of it."""

import pickle
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import nn

import cnndsl
from cnndsl.backends.torch_check import disagreements
from tests.cli.conftest import LENET, TWO_MISTAKES, Run

SMALL = "input 2x6x6 -> conv 3 k3 -> bn -> relu -> flatten -> linear 4"


def test_a_summary_and_the_comparison(run: Run) -> None:
    result = run("build", "-e", LENET)
    assert result.status == 0, result.err
    assert "Conv2d: 1-1" in result.out
    assert "as predicted: 61,706 parameters" in result.out


def test_a_wrong_spec_is_not_built(run: Run) -> None:
    result = run("build", "-e", TWO_MISTAKES)
    assert result.status == 1
    assert "unknown-layer" in result.err
    assert result.out == ""


def test_python_source_is_written(run: Run, tmp_path: Path) -> None:
    assert run("build", "-e", SMALL, "-o", tmp_path / "net.py").status == 0
    compile((tmp_path / "net.py").read_text(), "net.py", "exec")


@pytest.mark.parametrize("ending", ["pt", "safetensors"])
def test_weights_come_back(run: Run, tmp_path: Path, ending: str) -> None:
    first, second = tmp_path / f"first.{ending}", tmp_path / f"second.{ending}"
    assert run("build", "-e", SMALL, "--seed", "1", "-o", first).status == 0
    result = run("build", "-e", SMALL, "--seed", "2", "--weights", first, "-o", second)
    assert result.status == 0, result.err
    load = load_file if ending == "safetensors" else torch.load
    one, two = load(first), load(second)
    assert one.keys() == two.keys()
    assert all(torch.equal(one[name], two[name]) for name in one)


def test_a_seed_makes_the_weights(run: Run, tmp_path: Path) -> None:
    files = [tmp_path / f"{number}.pt" for number in range(3)]
    for file, seed in zip(files, (5, 5, 6), strict=True):
        assert run("build", "-e", SMALL, "--seed", seed, "-o", file).status == 0
    same, again, other = (torch.load(file)["0.weight"] for file in files)
    assert torch.equal(same, again)
    assert not torch.equal(same, other)


def test_a_safetensors_file_carries_its_spec(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "net.safetensors"
    run("build", "-e", SMALL, "-o", file)
    with safe_open(file, "pt") as opened:
        assert opened.metadata()["cnndsl"] == SMALL


def test_bad_weights_are_explained(run: Run, tmp_path: Path) -> None:
    noise, code, other = tmp_path / "noise.pt", tmp_path / "code.pt", tmp_path / "other.safetensors"
    noise.write_bytes(b"no weights at all")
    torch.save({"0.weight": nn.Linear(2, 2)}, code)
    state = {name: value.clone() for name, value in cnndsl.compile(SMALL).state_dict().items()}
    state["4.weight"] = torch.zeros(4, 7)
    state["head.weight"] = state.pop("0.weight")
    save_file(state, other)
    (tmp_path / "noise.safetensors").write_bytes(b"no weights at all")
    list_file = tmp_path / "list.pt"
    torch.save([1, 2], list_file)
    for file, status, said in (
        (noise, 1, "is damaged, or no file of weights"),
        (code, 1, "holds more than weights: the Python object torch.nn.modules.linear.Linear"),
        (list_file, 1, "holds no state dict"),
        (tmp_path / "noise.safetensors", 1, "is damaged, or no file of weights"),
        (tmp_path, 1, "is a folder"),
        (other, 1, "does not fit: 7 of the network's 9 weights can be taken from it"),
        (other, 1, "1 missing in the file: 0.weight"),
        (other, 1, "1 in the file only: head.weight"),
        (other, 1, "1 of another shape in the file: 4.weight 4x7, here 4x48"),
        (other, 1, "help: `--weights-partial` loads the 7 that fit"),
        (tmp_path / "none.pt", 2, "cannot read"),
    ):
        result = run("build", "-e", SMALL, "--weights", file)
        assert (result.status, said in result.err) == (status, True), result.err


def test_what_fits_of_the_weights(run: Run, tmp_path: Path) -> None:
    file, out = tmp_path / "small.pth", tmp_path / "out.pt"
    torch.save(cnndsl.compile(SMALL).state_dict(), file)
    wider = SMALL.replace("linear 4", "linear 5")
    result = run("build", "-e", wider, "--weights", file, "--weights-partial", "-o", out)
    assert result.status == 0, result.err
    assert "small.pth: 7 of 9 weights loaded, the others left as they were\n  2 of another" in result.err
    assert torch.equal(torch.load(out)["0.weight"], torch.load(file)["0.weight"])
    assert run("build", "-e", SMALL, "--weights-partial").status == 2


def test_weights_are_not_a_pickle_of_code(run: Run, tmp_path: Path) -> None:
    class Bomb:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return Path.touch, (tmp_path / "fired",)  # type: ignore[return-value]

    (tmp_path / "bomb.pt").write_bytes(pickle.dumps(Bomb(), protocol=2))
    assert run("build", "-e", SMALL, "--weights", tmp_path / "bomb.pt").status == 1
    assert not (tmp_path / "fired").exists()


def test_wrong_options(run: Run, tmp_path: Path) -> None:
    assert run("build", "-e", SMALL, "-o", "net.exe").status == 2
    assert run("build", "-e", SMALL, "--seed", "-1").status == 2
    assert run("build", "-e", SMALL, "-o", tmp_path / "no" / "net.pt").status == 2


def test_the_comparison_can_fail() -> None:
    graph = cnndsl.check(SMALL).graph
    right = cnndsl.compile(SMALL)
    assert disagreements(right, graph) == []
    wider = cnndsl.compile(SMALL.replace("linear 4", "linear 5"))
    assert [line.split(":")[0] for line in disagreements(wider, graph)] == [
        "4.bias",
        "4.weight",
        "parameters",
        "4",
        "output",
    ]
