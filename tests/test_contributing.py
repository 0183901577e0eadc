"""CONTRIBUTING.md: what it shows is true, the diff that adds a layer most of all."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")

# Run where the diff has been applied: the layer is checked, compiled, drawn, suggested and documented.
PROBE = """
import sys
import torch
import cnndsl
from cnndsl.cli import main
from cnndsl.cli.reference import page

assert cnndsl.__file__.startswith(sys.argv[1]), cnndsl.__file__
spec = "input 4x9x9 -> conv 6 k3 -> Softmax2d"
report = cnndsl.check(spec)
assert report.ok, str(report)
assert report.to_json()["layers"][-1]["op"] == "softmax2d"
result = cnndsl.compile(spec)(torch.randn(2, 4, 9, 9))
assert torch.allclose(result.sum(1), torch.ones(2, 7, 7))
assert "nn.Softmax2d()" in cnndsl.to_python(spec)
assert "softmax2d" in cnndsl.draw(spec).source
assert "softmax2d" in cnndsl.show(spec)
wrong = [cnndsl.check(f"input {use}").diagnostics[0] for use in ("4x9 -> softmax2d", "4x9x9 -> softmx2d")]
assert [one.rule for one in wrong] == ["wrong-rank", "unknown-layer"], wrong
assert wrong[1].help == ("did you mean `softmax2d`?",), wrong[1].help
assert "[softmax2d](#softmax2d)" in page()
assert main(["layers", "softmax2d"]) == 0
"""


def apply(diff: str, root: Path) -> None:
    """Apply a unified diff without line numbers: each hunk where its old lines stand, once."""
    for file in re.split(r"^--- .*\n", diff, flags=re.MULTILINE)[1:]:
        name, *hunks = re.split(r"^@@.*\n", file, flags=re.MULTILINE)
        path = root / name.removeprefix("+++ b/").strip()
        text = path.read_text(encoding="utf-8")
        for hunk in hunks:
            lines = hunk.splitlines(keepends=True)
            before = "".join(line[1:] for line in lines if line[0] in " -")
            after = "".join(line[1:] for line in lines if line[0] in " +")
            assert text.count(before) == 1, f"the diff no longer fits {path.name}"
            text = text.replace(before, after)
        path.write_text(text, encoding="utf-8")


def test_the_diff_adds_a_layer(tmp_path: Path) -> None:
    (diff,) = re.findall(r"^```diff\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
    assert diff.count("+++ ") == 1, "one edit in one file"
    for folder in ("cnndsl", "grammars"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    probe = [sys.executable, "-c", PROBE, str(tmp_path)]
    without = subprocess.run(
        probe, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert "there is no layer or block `Softmax2d`" in without.stderr, "the probe can fail"
    apply(diff, tmp_path)
    done = subprocess.run(probe, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    for tool in (["check"], ["format", "--check"]):
        command = [sys.executable, "-m", "ruff", *tool, "--config", str(ROOT / "pyproject.toml")]
        subprocess.run([*command, "cnndsl/layers/gating.py"], cwd=tmp_path, check=True)


def test_the_diff_has_to_fit(tmp_path: Path) -> None:
    (tmp_path / "file.py").write_text("a\nb\n")
    apply("--- a/file.py\n+++ b/file.py\n@@\n a\n-b\n+c\n", tmp_path)
    assert (tmp_path / "file.py").read_text() == "a\nc\n"
    with pytest.raises(AssertionError, match="the diff no longer fits file"):
        apply("--- a/file.py\n+++ b/file.py\n@@\n a\n-b\n+c\n", tmp_path)


def test_its_targets_and_files_are_there() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"\bmake ([a-z-]+) +#|`make ([a-z-]+)`", TEXT):
        assert re.search(rf"^{''.join(target)}:.* ## ", makefile, re.MULTILINE), target
    for place in re.findall(r"\]\(([^)#]+)", TEXT):
        assert (ROOT / place).exists(), place
    (tree,) = re.findall(r"^```text\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
    for line in tree.splitlines()[1:-1]:
        for name in line[:37].split():
            assert (ROOT / "cnndsl" / name).exists(), name
