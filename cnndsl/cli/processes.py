"""`cnndsl train --processes N`: the same command N times over, which find each other and end together.

The processes are told of each other as PyTorch's own launchers do it, in RANK, WORLD_SIZE and the like. The
first one speaks and writes; of the others is heard only when they fail.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from tempfile import TemporaryFile
from time import monotonic, sleep
from types import FrameType
from typing import IO, Any

from cnndsl.cli.common import fail

__all__ = ["LOST", "is_main_process", "launch", "launched"]

# The status of a process that ended because another one is gone, or of what the first one finds too.
LOST = 75
# How long processes that are to end are given to do so.
SECONDS_TO_END = 10.0
SECONDS_FOR_OTHERS = 3.0
SECONDS_BETWEEN_LOOKS = 0.05
PROGRAM = (sys.executable, "-m", "cnndsl")


def launched() -> bool:
    """Whether this process is one of several that `launch` started."""
    return "CNNDSL_LAUNCHED" in os.environ


def is_main_process() -> bool:
    """Whether this process speaks: it is the only one, or the first of several, whoever started them."""
    return os.environ.get("RANK", "0") == "0"


def launch(words: Sequence[str], count: int, program: Sequence[str] = PROGRAM) -> int:
    """Run `cnndsl WORDS` in `count` processes, and give the status they end with.

    Ctrl-C and SIGTERM are handed on, once each. When one process fails, the others are ended, and what the
    first to fail had to say is said.
    """
    shared = {
        "CNNDSL_LAUNCHED": "1",
        "WORLD_SIZE": str(count),
        "LOCAL_WORLD_SIZE": str(count),
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(_free_port()),
        # or each would take all cores
        "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", str(max((os.cpu_count() or 1) // count, 1))),
    }
    processes: list[subprocess.Popen[bytes]] = []
    heard: list[IO[bytes]] = []
    asked: list[int] = []

    def hand_on(number: int, frame: FrameType | None) -> None:
        asked.append(number)
        for process in processes:
            if process.poll() is None:
                process.send_signal(number)

    before = {one: signal.signal(one, hand_on) for one in (signal.SIGINT, signal.SIGTERM)}
    with ExitStack() as files:
        try:
            for rank in range(count):
                quiet: dict[str, Any] = {}
                if rank:
                    heard.append(files.enter_context(TemporaryFile()))
                    quiet = {"stdout": subprocess.DEVNULL, "stderr": heard[-1], "stdin": subprocess.DEVNULL}
                environment = {**os.environ, **shared, "RANK": str(rank), "LOCAL_RANK": str(rank)}
                # in a session of its own: Ctrl-C reaches this process, which hands it on
                process = subprocess.Popen(
                    [*program, *words], env=environment, start_new_session=True, **quiet
                )
                processes.append(process)
            first = _first_to_fail(processes)
            _end(processes)
        finally:
            for process in processes:
                if process.poll() is None:
                    process.kill()
                    process.wait()
            for one, handler in before.items():
                signal.signal(one, handler)
        statuses = [process.returncode for process in processes]
        if first is None:
            return 0
        if asked or 130 in statuses:
            return 130
        _tell(first, statuses, heard)
        return statuses[first] if statuses[first] not in (LOST, 0) and statuses[first] > 0 else 1


def _first_to_fail(processes: Sequence[subprocess.Popen[bytes]]) -> int | None:
    """Wait until all have ended well, or one has not: which; rather one that did not wait for another."""
    patience = 0.0
    while True:
        statuses = [process.poll() for process in processes]
        failed = [rank for rank, status in enumerate(statuses) if status not in (None, 0)]
        own = [rank for rank in failed if statuses[rank] != LOST]
        if own:
            return own[0]
        if failed:
            # whom they wait for, or who says what all found, ends a moment later
            patience = patience or monotonic() + SECONDS_FOR_OTHERS
            if monotonic() > patience or None not in statuses:
                return failed[0]
        if not failed and None not in statuses:
            return None
        sleep(SECONDS_BETWEEN_LOOKS)


def _end(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    """Have all that still run end: those that wait for one that is gone will not hear."""
    deadline = monotonic() + SECONDS_TO_END
    if any(process.returncode == 130 for process in processes):
        # they stop together, and the first may still be writing
        while any(process.poll() is None for process in processes) and monotonic() < deadline:
            sleep(SECONDS_BETWEEN_LOOKS)
    for process in processes:
        if process.poll() is None:
            process.kill()
            process.wait()


def _tell(rank: int, statuses: Sequence[int], heard: Sequence[IO[bytes]]) -> None:
    """What the process that failed has to say; the first one has said it itself."""
    status = statuses[rank]
    if rank and status > 0:
        heard[rank - 1].seek(0)
        text = heard[rank - 1].read().decode(errors="replace").strip()
        if text:
            print(text, file=sys.stderr)
            return
    if status < 0:
        name = signal.Signals(-status).name
        fail(
            f"process {rank} of {len(statuses)} was ended by {name}, and the others with it; "
            "`--resume` goes on"
        )
    elif rank or status == LOST:
        fail(f"process {rank} of {len(statuses)} ended with status {status}, and the others with it")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
