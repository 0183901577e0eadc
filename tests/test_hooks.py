"""`.pre-commit-hooks.yaml` against the commands that it runs."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from cnndsl.cli import COMMANDS
from tests.cli.conftest import LENET, TWO_MISTAKES, Run, run

__all__ = ["run"]

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8")
HOOKS = {
    entry[1]: dict(re.findall(r"^  (\w+): (.*)$", entry[2], re.MULTILINE))
    for entry in re.finditer(r"^- id: (\S+)\n((?:  .*\n)+)", TEXT, re.MULTILINE)
}


def test_the_hooks() -> None:
    assert list(HOOKS) == ["cnndsl-check", "cnndsl-fmt"]
    for name, hook in HOOKS.items():
        assert set(hook) == {"name", "description", "entry", "language", "files"}
        program, command, *_ = shlex.split(hook["entry"])
        assert program == "cnndsl"
        assert name == f"cnndsl-{command}"
        assert command in COMMANDS


@pytest.mark.parametrize("hook", HOOKS.values(), ids=HOOKS)
def test_which_files_a_hook_is_for(hook: dict[str, str]) -> None:
    assert re.search(hook["files"], "nets/lenet.cnn")
    assert not re.search(hook["files"], "lenet.cnn.txt")
    assert not re.search(hook["files"], "lenetcnn")


def test_what_a_hook_runs(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.cnn").write_text(LENET)
    Path("b.cnn").write_text(TWO_MISTAKES.replace("convv", "conv   "))
    check, fmt = (shlex.split(HOOKS[name]["entry"])[1:] for name in HOOKS)
    assert run(*check, "a.cnn").status == 0
    assert run(*check, "a.cnn", "b.cnn").status == 1
    assert run(*fmt, "a.cnn", "b.cnn").out == "b.cnn: rewritten\n"
    # pre-commit fails where a hook changed files, and passes the second time
    assert run(*fmt, "a.cnn", "b.cnn").out == ""


def test_the_page_names_the_hooks() -> None:
    page = (ROOT / "docs" / "checking.md").read_text(encoding="utf-8")
    assert re.findall(r"^ +- id: (\S+)", page, re.MULTILINE) == list(HOOKS)
