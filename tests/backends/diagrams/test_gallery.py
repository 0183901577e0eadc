"""docs/gallery.md: its pictures are what its commands make now."""

import re
import shlex
from pathlib import Path

import pytest

from cnndsl.cli import main
from tests.backends.diagrams.specs import ROOT

PAGE = (ROOT / "docs/gallery.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^cnndsl (draw .*) -o (\S+)$", PAGE, re.MULTILINE)
README_PICTURE = ("draw examples/small_resnet.cnn --style full", "docs/images/small_resnet.svg")


@pytest.mark.parametrize(
    ("command", "file"), [*COMMANDS, README_PICTURE], ids=lambda word: word.split("/")[-1]
)
def test_a_picture_is_what_its_command_makes(
    command: str, file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    assert main([*shlex.split(command), "-o", str(tmp_path / "net.svg")]) == 0
    made = (tmp_path / "net.svg").read_text(encoding="utf-8")
    assert made == (ROOT / file).read_text(encoding="utf-8"), f"{file} is old: `make gallery` makes it again"


def test_every_picture_of_the_page_has_its_command() -> None:
    shown = re.findall(r"^!\[.*\]\((\S+)\)$", PAGE, re.MULTILINE)
    assert shown == [file.removeprefix("docs/") for _, file in COMMANDS]
    assert len(shown) == 25
    files = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "docs/images/gallery").iterdir())
    assert files == sorted(file for _, file in COMMANDS)
    assert sum((ROOT / file).stat().st_size for file in files) < 2_000_000
