"""Checkpoints that are there when they are needed: whole, on the disk, and known to be sound.

A checkpoint is written beside the last one and takes its place when it is complete; the one before is kept.
Each carries a checksum of all that it holds, so that a damaged one is found out and the one before is
taken. They are PyTorch's files, and are read without running code from them.
"""

from __future__ import annotations

import os
import pickle
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any, BinaryIO

import torch
from torch import Tensor

from cnndsl.files import atomic_path
from cnndsl.training.errors import RunFolderError
from cnndsl.training.results import Epoch

__all__ = ["LAST", "Checkpoint", "remove_parts", "save_torch", "write_synced"]

LAST, PREVIOUS = "last.ckpt", "previous.ckpt"
CHECKSUM = "checksum"


@dataclass(frozen=True, slots=True, eq=False)
class Checkpoint:
    """Where a run was: the loop's state, and the epochs that were finished."""

    loop: Mapping[str, Any]
    epochs: tuple[Epoch, ...]

    def write(self, folder: Path) -> None:
        """Write last.ckpt; the one that was there becomes previous.ckpt.

        At each moment there is one that is whole. Errors: OSError where it cannot be written; both
        checkpoints are then what they were.
        """
        content = {"loop": dict(self.loop), "epochs": [asdict(record) for record in self.epochs]}
        with atomic_path(folder / LAST) as temporary:
            save_torch({**content, CHECKSUM: _checksum(content)}, temporary)
            if (folder / LAST).exists():
                _keep(folder / LAST, folder / PREVIOUS)

    @classmethod
    def read(cls, folder: Path) -> tuple[Checkpoint | None, tuple[str, ...]]:
        """The last sound checkpoint in a folder, None where none was written, and what has to be said.

        Errors: RunFolderError where there are checkpoints, and all of them are damaged.
        """
        damaged: list[str] = []
        for name in (LAST, PREVIOUS):
            path = folder / name
            if not path.exists():
                continue
            found = _read(path)
            if found is not None:
                notes = [f"{folder / other} is damaged: the run goes on from {name}" for other in damaged]
                return found, tuple(notes)
            damaged.append(name)
        if damaged:
            names = " and ".join(damaged)
            raise RunFolderError(f"{folder}: {names} cannot be read, so the run cannot go on from there")
        return None, ()


def save_torch(content: Any, path: Path) -> None:
    """`torch.save`, on the disk when it returns.

    Errors: OSError where it cannot be written; PyTorch's own writer says RuntimeError for a full disk.
    """
    with path.open("wb") as file:
        writer = _Writer(file)
        try:
            torch.save(content, writer)  # type: ignore[arg-type]
        except RuntimeError:
            if writer.error is not None:
                raise writer.error from None
            raise
        file.flush()
        os.fsync(file.fileno())


def write_synced(path: Path, content: bytes) -> None:
    """Write a file that is on the disk when this returns, so that a power cut does not take it."""
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


class _Writer:
    """A file that remembers why it could not be written to."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.error: OSError | None = None

    def write(self, data: Any) -> int:
        try:
            return self.file.write(data)
        except OSError as error:
            self.error = error
            raise

    def flush(self) -> None:
        self.file.flush()


def remove_parts(folder: Path) -> None:
    """Remove what a process that was killed while it wrote has left behind."""
    for path in folder.glob(".*.part*"):
        path.unlink(missing_ok=True)


def _keep(path: Path, kept: Path) -> None:
    """Have the file `path` under the name `kept` too, without a moment in which either is missing."""
    link = kept.with_name(f".{kept.stem}.{os.getpid()}.part{kept.suffix}")
    with suppress(FileNotFoundError):
        link.unlink()
    try:
        os.link(path, link)
    except OSError:
        # a file system without links: for a moment there is only the one under the other name
        path.replace(kept)
    else:
        link.replace(kept)


def _read(path: Path) -> Checkpoint | None:
    """A checkpoint, None where it is damaged."""
    try:
        # weights_only: a checkpoint from a stranger runs no code
        saved = torch.load(path, map_location="cpu", weights_only=True)
        content = {"loop": saved["loop"], "epochs": saved["epochs"]}
        if saved[CHECKSUM] != _checksum(content):
            return None
        return Checkpoint(content["loop"], tuple(Epoch(**record) for record in content["epochs"]))
    except (pickle.UnpicklingError, MemoryError):
        return None
    except Exception:  # noqa: BLE001
        # a file that is not what it was can make PyTorch's reader fail in any way
        return None


def _checksum(content: Any) -> str:
    """A checksum of numbers, texts, tensors and what holds them."""
    digest = blake2b(digest_size=16)
    for part in _parts(content):
        digest.update(part)
    return digest.hexdigest()


def _parts(value: Any) -> Iterable[bytes | memoryview]:
    if isinstance(value, Tensor):
        yield f"{value.dtype}{tuple(value.shape)}".encode()
        flat = value.detach().cpu().contiguous().view(-1).view(torch.uint8)
        yield flat.numpy().data
    elif isinstance(value, Mapping):
        yield f"mapping{len(value)}".encode()
        for key, of in value.items():
            yield repr(key).encode()
            yield from _parts(of)
    elif isinstance(value, list | tuple):
        yield f"list{len(value)}".encode()
        for of in value:
            yield from _parts(of)
    else:
        yield repr(value).encode()
