"""The layout engine that turns DOT text into a picture: the system's `dot`, or graphviz-pure."""

from __future__ import annotations

import os
import shutil
import subprocess
import sysconfig
from pathlib import Path

from cnndsl.files import write_whole

__all__ = ["FORMATS", "EngineError", "render", "write"]

FORMATS = ("svg", "png", "pdf", "dot")


class EngineError(Exception):
    """There is no layout engine, or it cannot write the format."""


def write(dot: str, path: Path) -> None:
    """Write a diagram, the format by the file's ending; whole or not at all.

    Errors: EngineError where there is no engine for the format, OSError where the file cannot be written.
    """
    format = path.suffix.removeprefix(".").lower()
    write_whole(path, dot if format == "dot" else render(dot, format))


def render(dot: str, format: str) -> bytes:
    """Lay a diagram out as svg, png or pdf."""
    command = [_engine(format), f"-T{format}"]
    if format == "png":
        command.append("-Gdpi=144")
    done = subprocess.run(command, input=dot.encode(), capture_output=True, check=False)
    if done.returncode or not done.stdout:
        said = done.stderr.decode(errors="replace").strip() or f"exit status {done.returncode}"
        raise EngineError(f"the layout engine {command[0]} failed: {said}")
    return done.stdout


def _engine(format: str) -> str:
    system = shutil.which("dot")
    if system:
        return system
    if format == "pdf":
        raise EngineError("a pdf needs graphviz' `dot`, which is not installed; .svg and .png work without")
    name = "graphviz-pure"
    # beside the Python that runs, which need not be on the path
    beside = shutil.which(name, path=sysconfig.get_path("scripts")) or shutil.which(name)
    if beside is None:
        raise EngineError(
            f"no layout engine: install graphviz, or the Python package {name}; .dot needs neither"
        )
    return os.fspath(beside)
