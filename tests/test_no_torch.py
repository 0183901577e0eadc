"""check, show, draw, fmt and layers import no PyTorch, and little else."""

import subprocess
import sys
from pathlib import Path

import pytest

SPEC = (
    "input 3x32x32 -> conv 8 k3 p1 -> bn -> relu -> residual { conv 8 k3 p1 } -> gap -> flatten -> linear 10"
)

# Runs a command line in a process in which importing certain packages is an error.
PROBE = """
import sys

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {refused!r}:
            raise ImportError(f"{{name}} must not be imported here")

sys.meta_path.insert(0, Refuse())
from cnndsl.cli import main
sys.exit(main({words!r}))
"""

HEAVY = ("torch", "torchinfo", "pydantic", "accelerate", "safetensors", "matplotlib", "rich", "numpy")


def probe(words: list[str], refused: tuple[str, ...]) -> "subprocess.CompletedProcess[str]":
    code = PROBE.format(words=words, refused=refused)
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    "words",
    [
        ["check", "-e", SPEC],
        ["check", "--format", "json", "-e", SPEC],
        ["check", "--format", "concise", "-e", "conv 3"],
        ["check", "--format", "sarif", "-e", "conv 3"],
        ["check", "--format", "github", "-e", "conv 3"],
        ["check", "-e", "block b { relu }"],
        ["fmt", "-e", SPEC],
        ["fmt", "--shapes", "-e", SPEC],
        ["show", "-e", SPEC],
        ["show", "-e", SPEC, "--format", "latex"],
        ["show", "-e", SPEC, "--format", "csv"],
        ["diff", "-e", SPEC, "-e", SPEC.replace("relu", "gelu")],
        ["layers", "conv"],
        ["--help"],
    ],
    ids=" ".join,
)
def test_nothing_heavy_is_imported(words: list[str]) -> None:
    done = probe(words, (*HEAVY, "graphviz"))
    assert done.returncode in (0, 1), done.stderr
    assert "defect" not in done.stderr


def test_a_train_section_is_checked_without_torch() -> None:
    spec = SPEC + "\ntrain { epochs 0\n optimizer sgd lr=0.1\n freeze nothing }"
    done = probe(["check", "-e", spec], tuple(name for name in HEAVY if name != "pydantic"))
    assert done.returncode == 1, done.stderr
    assert "error[train-setting]: `epochs` is 0, expected at least 1" in done.stdout
    done = probe(["check", "-e", spec.replace("epochs 0", "epochs 3")], ("torch", "numpy"))
    assert "no layer and no weight is called `nothing`" in done.stdout


def test_draw_imports_no_torch(tmp_path: Path) -> None:
    for file in ("net.dot", "net.svg"):
        done = probe(["draw", "-e", SPEC, "-o", str(tmp_path / file)], HEAVY)
        assert done.returncode == 0, done.stderr


def test_the_package_imports_no_torch() -> None:
    code = "import cnndsl, sys; assert 'torch' not in sys.modules; assert 'lark' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_probe_can_fail() -> None:
    done = probe(["build", "-e", SPEC], HEAVY)
    assert done.returncode == 2
    assert "torch must not be imported here" in done.stderr
