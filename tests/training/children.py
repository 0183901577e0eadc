"""Runs in processes of their own, which may be killed, starved and interrupted.

They come from a server process that has imported PyTorch already.
"""

import multiprocessing
import signal
import sys
from collections.abc import Mapping, Sequence
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

__all__ = ["SPEC", "command", "member", "run", "start"]

SPEC = """input 1x6x6
conv 4 k3 p1 -> bn -> relu -> maxpool 2
flatten -> dropout 0.2 -> linear 2
"""
CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["cnndsl.training", "cnndsl.cli.train", "tests.training.children"])


def start(function: Any, *arguments: Any) -> ForkServerProcess:
    """Start a process that calls `function`, of this module."""
    process = CONTEXT.Process(target=_call, args=(function.__name__, arguments))
    process.start()
    return process


def _call(name: str, arguments: Sequence[Any]) -> None:
    import torch

    # A suite that a shell runs in the background ignores Ctrl-C, and so would what it starts.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    torch.set_num_threads(1)
    globals()[name](*arguments)


def run(folder: Path, resume: bool, count: int, settings: Mapping[str, Any]) -> None:
    """Train on `count` bars, or go on with the run in a folder."""
    from unittest import mock

    from cnndsl.training import train
    from cnndsl.training.data import from_arrays

    from .conftest import bars

    data = from_arrays(*bars(count), (1, 6, 6))
    pictures = {"draw_curves": lambda *_: None, "draw_confusion": lambda *_: None}
    with (
        mock.patch.multiple("cnndsl.training.records", **pictures),
        mock.patch("cnndsl.training.course.document"),
    ):
        own = dict(settings)
        spec = own.pop("spec", SPEC)
        if resume:
            train(spec, data, resume=folder, device="cpu", epochs=own.get("epochs"))
        else:
            train(spec, data, out=folder, device="cpu", **own)


def member(
    rank: int, size: int, port: int, folder: Path, resume: bool, count: int, settings: Mapping[str, Any]
) -> None:
    """`run` as one of several processes, which writes down what it trains on into FOLDER-RANK.json."""
    import json
    import os

    from cnndsl.training.loop import Loop
    from cnndsl.training.world import part

    for name, value in {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": size, "MASTER_PORT": port}.items():
        os.environ[name] = str(value)
    os.environ["MASTER_ADDR"] = "127.0.0.1"
    seen: list[list[int]] = []
    original = Loop.plan

    def plan(self: Loop) -> Any:
        batches = original(self)
        seen.append([int(index) for batch in batches for index in batch.indices])
        return batches

    Loop.plan = plan  # type: ignore[method-assign]
    run(folder, resume, count, settings)
    folder.with_name(f"{folder.name}-{rank}.json").write_text(json.dumps(seen))
    part()


def command(words: Sequence[str], folder: Path, limits: Mapping[str, int]) -> None:
    """The command line, in a folder, with what it says in out.txt and err.txt there.

    `limits` are in bytes: `file`, the largest file, and `memory`, what may be taken beyond what is taken.
    """
    import os
    import resource

    from cnndsl.cli import main

    os.chdir(folder)
    for number, name in ((1, "out.txt"), (2, "err.txt")):
        os.dup2(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
    sys.stdout, sys.stderr = os.fdopen(1, "w"), os.fdopen(2, "w", buffering=1)
    if "file" in limits:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limits["file"], limits["file"]))
    if "memory" in limits:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        limit = pages * resource.getpagesize() + limits["memory"]
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    status = main(list(words))
    sys.stdout.flush()
    os._exit(status)
