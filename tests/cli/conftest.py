"""Running a command line inside the test's process."""

import io
import sys
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from cnndsl.cli import main

LENET = """model LeNet5
input 1x28x28
conv 6 k5 p2 -> tanh -> avgpool 2
conv 16 k5 -> tanh -> avgpool 2
flatten -> linear 120 -> tanh -> linear 84 -> tanh -> linear 10
"""

TWO_MISTAKES = """input 1x28x28
convv 6 k5
maxpool 2
conv 16 k55
"""


@dataclass(frozen=True)
class Result:
    """What a command line gave."""

    status: int
    out: str
    err: str


Run = Callable[..., Result]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """A function that runs a command line: words, and bytes for the standard input."""

    def call(*words: object, stdin: bytes = b"") -> Result:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        status = main([str(word) for word in words])
        captured = capsys.readouterr()
        return Result(status, captured.out, captured.err)

    return call
