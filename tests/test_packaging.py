"""The wheel holds all that the program needs: built, installed elsewhere and run."""

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def run(*command: str | Path, **settings: object) -> str:
    done = subprocess.run(
        [str(word) for word in command], capture_output=True, text=True, check=False, **settings
    )  # type: ignore[call-overload]
    assert done.returncode == 0, done.stdout + done.stderr
    text: str = done.stdout
    return text


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, cwd=ROOT)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new environment with the wheel in it; what the wheel requires is borrowed from this one."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False)
    python = folder / "bin" / "python"
    run(sys.executable, "-m", "pip", "--python", python, "install", "--no-deps", "--no-index", wheel)
    return folder


def borrowed(tmp_path: Path) -> dict[str, str]:
    # On PYTHONPATH the .pth file of an editable install is not read, so cnndsl itself is not borrowed.
    return {
        **os.environ,
        "PYTHONPATH": sysconfig.get_path("purelib"),
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
    }


def test_the_wheel_carries_the_grammar_and_the_types(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert "cnndsl/grammars/cnn.lark" in names
    assert "cnndsl/py.typed" in names
    assert {"cnndsl/zoo/index.toml", "cnndsl/zoo/blocks.cnn", "cnndsl/zoo/resnet.cnn"} <= set(names)
    assert not [name for name in names if not name.startswith(("cnndsl/", "cnndsl-"))]
    assert "cnndsl/training/report/style.css" in names


def test_the_installed_program_checks_a_spec(environment: Path, tmp_path: Path) -> None:
    (tmp_path / "net.cnn").write_text("input 1x28x28 -> conv 16 k3 p1 -> relu -> flatten -> linear 10\n")
    settings = {"cwd": tmp_path, "env": borrowed(tmp_path)}
    for command in ([environment / "bin" / "cnndsl"], [environment / "bin" / "python", "-m", "cnndsl"]):
        assert run(*command, "check", "net.cnn", **settings) == (
            "net.cnn: ok, 125,610 parameters, 238,336 multiply-adds\n"
        )
    where = run(environment / "bin" / "python", "-c", "import cnndsl; print(cnndsl.__file__)", **settings)
    assert where.startswith(str(environment))
