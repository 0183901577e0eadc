"""Checkpoints: what is found again, what is found out to be damaged, what is taken then."""

import random
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from cnndsl.training import Epoch, RunFolderError
from cnndsl.training.checkpoint import Checkpoint, remove_parts
from cnndsl.training.records import RunFolder

STATE = {
    "epoch": 3,
    "rate": 0.1,
    "nothing": None,
    "model": {"weight": torch.arange(12.0).reshape(3, 4), "count": torch.tensor(5)},
    "random": [torch.get_rng_state()],
    "half": torch.ones(2, dtype=torch.bfloat16),
}


def checkpoint(epoch: int, **more: Any) -> Checkpoint:
    return Checkpoint({**STATE, "epoch": epoch, **more}, (Epoch(epoch, 1, 0.5, 1, 0.5, 2, 100),))


def test_what_is_written_is_found_again(tmp_path: Path) -> None:
    assert Checkpoint.read(tmp_path) == (None, ())
    checkpoint(1).write(tmp_path)
    checkpoint(2).write(tmp_path)
    found, notes = Checkpoint.read(tmp_path)
    assert found is not None
    assert notes == ()
    assert (found.loop["epoch"], found.loop["rate"], found.loop["nothing"]) == (2, 0.1, None)
    assert torch.equal(found.loop["model"]["weight"], STATE["model"]["weight"])  # type: ignore[index]
    assert found.epochs == checkpoint(2).epochs
    assert {path.name for path in tmp_path.iterdir()} == {"last.ckpt", "previous.ckpt"}
    assert torch.load(tmp_path / "previous.ckpt", weights_only=True)["loop"]["epoch"] == 1


def test_every_damage_is_found_out_and_the_one_before_taken(tmp_path: Path) -> None:
    checkpoint(1).write(tmp_path)
    checkpoint(2).write(tmp_path)
    whole = (tmp_path / "last.ckpt").read_bytes()
    draw = random.Random(7)
    broken = [b"", b"hello", whole[:-100], whole[:200], whole[: len(whole) // 2] + bytes(len(whole) // 2)]
    for _ in range(60):
        place = draw.randrange(len(whole))
        broken.append(whole[:place] + bytes([whole[place] ^ (1 << draw.randrange(8))]) + whole[place + 1 :])
    harmless = 0
    for content in broken:
        (tmp_path / "last.ckpt").write_bytes(content)
        found, notes = Checkpoint.read(tmp_path)
        assert found is not None
        if notes:
            assert notes == (f"{tmp_path}/last.ckpt is damaged: the run goes on from previous.ckpt",)
            assert found.loop["epoch"] == 1
        else:
            # a bit that nobody reads, such as a date in the archive's directory
            assert found.loop["epoch"] == 2
            assert all(torch.equal(found.loop["model"][key], of) for key, of in STATE["model"].items())  # type: ignore[attr-defined]
            harmless += 1
    assert harmless < 40


def test_a_checksum_that_is_not_compared_would_let_damage_through(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The test above can fail: a weight with a flipped bit is what PyTorch's reader itself takes."""
    checkpoint(1, model={"weight": torch.zeros(4096)}).write(tmp_path)
    whole = bytearray((tmp_path / "last.ckpt").read_bytes())
    whole[whole.index(bytes(8192))] = 1
    (tmp_path / "last.ckpt").write_bytes(whole)
    with pytest.raises(RunFolderError, match=r"last\.ckpt cannot be read"):
        Checkpoint.read(tmp_path)
    monkeypatch.setattr("cnndsl.training.checkpoint._checksum", lambda content: 0)
    checkpoint(1, model={"weight": torch.zeros(4096)}).write(tmp_path)
    whole = bytearray((tmp_path / "last.ckpt").read_bytes())
    whole[whole.index(bytes(8192))] = 1
    (tmp_path / "last.ckpt").write_bytes(whole)
    found, _ = Checkpoint.read(tmp_path)
    assert found is not None
    assert bool(found.loop["model"]["weight"].any())


def test_all_checkpoints_damaged_or_gone(tmp_path: Path) -> None:
    checkpoint(1).write(tmp_path)
    checkpoint(2).write(tmp_path)
    (tmp_path / "last.ckpt").unlink()
    found, notes = Checkpoint.read(tmp_path)
    assert found is not None
    assert (found.loop["epoch"], notes) == (1, ())
    for name in ("last.ckpt", "previous.ckpt"):
        (tmp_path / name).write_bytes(b"no")
    with pytest.raises(RunFolderError, match=r"last\.ckpt and previous\.ckpt cannot be read"):
        Checkpoint.read(tmp_path)


class Evil:
    """Pickles as a call that leaves a trace."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.trace,)


def test_a_strangers_checkpoint_runs_no_code(tmp_path: Path) -> None:
    torch.save({"loop": Evil(tmp_path / "trace"), "epochs": [], "checksum": ""}, tmp_path / "last.ckpt")
    with pytest.raises(RunFolderError, match=r"last\.ckpt cannot be read"):
        Checkpoint.read(tmp_path)
    assert not (tmp_path / "trace").exists()


FULL = """
import resource, sys, torch
from pathlib import Path
from cnndsl.training.checkpoint import Checkpoint
from cnndsl.training.records import RunFolder
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
large = {"weight": torch.zeros(100_000)}
folder = Path(sys.argv[1])
for write in (lambda: Checkpoint(large, ()).write(folder), lambda: RunFolder(folder).save_best(large)):
    try:
        write()
    except OSError as error:
        print(error.strerror)
"""


def test_a_full_disk_keeps_what_was_there_and_says_so(tmp_path: Path) -> None:
    checkpoint(1).write(tmp_path)
    checkpoint(2).write(tmp_path)
    RunFolder(tmp_path).save_best({"weight": torch.zeros(3)})
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    ended = subprocess.run(
        [sys.executable, "-c", FULL, tmp_path], capture_output=True, text=True, check=False
    )
    assert ended.stdout.splitlines() == ["File too large"] * 2, ended.stderr
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] != 100_000


def test_parts_of_a_killed_writer_are_removed(tmp_path: Path) -> None:
    checkpoint(1).write(tmp_path)
    (tmp_path / ".last.123.part.ckpt").write_bytes(b"half")
    (tmp_path / ".config.123.part.json").write_bytes(b"half")
    remove_parts(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["last.ckpt"]
