"""The benchmarks run and write what they find. No test looks at a time: that is for a quiet machine."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks.pairs import in_turn, ratio
from benchmarks.report import BEGIN, END, as_markdown, read, write
from benchmarks.results import Line, Part, Target, compared

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "benchmarks" / "README.md"
MACHINE = {
    "processor": "Abacus 2",
    "cores": "2",
    "system": "Linux",
    "python": "CPython 3.11",
    "torch": "2.13",
    "lark": "1.3",
    "date": "2026-01-01",
}


def part_with(line: Line) -> dict[str, Any]:
    return {**Part("A title", (line,), ("A remark.",)).to_json(), "quick": False, "machine": MACHINE}


def benchmark(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "benchmarks", *words]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, env=dict(os.environ)
    )


def test_a_quick_run_measures_and_writes_between_the_markers(tmp_path: Path) -> None:
    shutil.copy(README, tmp_path)
    before = README.read_text(encoding="utf-8")
    done = benchmark("--quick", "--into", str(tmp_path))
    assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))
    assert list(found["parts"]) == ["check", "growth", "module", "training"]
    for part in found["parts"].values():
        assert part["lines"]
        for line in part["lines"]:
            assert line["ours"] > 0
            assert line["theirs"] > 0
            assert line["name"] in done.stdout
    after = (tmp_path / "README.md").read_text(encoding="utf-8")
    assert after.split(BEGIN)[0] == before.split(BEGIN)[0]
    assert after.split(END)[1] == before.split(END)[1]
    assert README.read_text(encoding="utf-8") == before


@pytest.mark.parametrize("words", [("--only", "chekc"), ("--repeats", "0"), ("--repeats", "many")])
def test_a_wrong_command_line_is_refused(words: tuple[str, ...]) -> None:
    done = benchmark(*words)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_the_readme_has_its_markers_and_holds_what_results_json_says() -> None:
    text = README.read_text(encoding="utf-8")
    assert text.count(BEGIN) == text.count(END) == 1
    section = text.split(BEGIN)[1].split(END)[0].strip()
    parts = read(README.parent)
    assert section == (as_markdown(parts).strip() if parts else "Not measured yet.")


def test_results_replace_only_the_section(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n", encoding="utf-8")
    line = compared("check", "import torch", [0.1, 0.3], [1.0, 2.0], Target("at most", 0.1))
    write(tmp_path, {"check": part_with(line)})
    text = readme.read_text(encoding="utf-8")
    assert text.startswith(f"before\n{BEGIN}\n")
    assert text.endswith(f"{END}\nafter\n")
    assert "old" not in text
    assert (
        "| check | 200 ms | import torch: 1.50 s | 0.125 (0.100 to 0.150, 2 pairs) | at most 0.10 | **no** |"
        in text
    )
    assert "Abacus 2" in text
    assert read(tmp_path)["check"]["title"] == "A title"
    write(tmp_path, read(tmp_path))
    assert readme.read_text(encoding="utf-8") == text


@pytest.mark.parametrize("text", ["no markers", f"{BEGIN} alone", f"{END}{BEGIN}", f"{BEGIN}{BEGIN}{END}"])
def test_a_readme_without_its_markers_is_left_alone(tmp_path: Path, text: str) -> None:
    readme = tmp_path / "README.md"
    readme.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match="must have the lines"):
        write(tmp_path, {})
    assert readme.read_text(encoding="utf-8") == text
    assert not (tmp_path / "results.json").exists()


def test_both_sides_run_in_turn_and_neither_always_first() -> None:
    order: list[str] = []

    def sample(name: str, value: float) -> float:
        order.append(name)
        return value

    found = in_turn({"a": lambda: sample("a", 1.0), "b": lambda: sample("b", 2.0)}, rounds=3, warm_up=1)
    assert "".join(order) == "abbaabba"
    assert found == {"a": [1.0] * 3, "b": [2.0] * 3}


def test_the_ratio_is_the_median_of_the_pairs() -> None:
    # the medians of the sides are equal here: only the pairs tell
    found = ratio([1.0, 2.0, 9.0], [2.0, 4.0, 1.0])
    assert (found.median, found.lowest, found.highest, found.pairs) == (0.5, 0.5, 9.0, 3)


@pytest.mark.parametrize(
    ("target", "good", "bad"),
    [
        (Target("at most", 0.1), 0.1, 0.11),
        (Target("at least", 1.15), 1.15, 1.14),
        (Target("within", 1.0, 0.02), 0.99, 1.03),
        (Target("within", 1.0, 0.02), 1.01, 0.97),
    ],
)
def test_targets(target: Target, good: float, bad: float) -> None:
    assert target.met(good)
    assert not target.met(bad)
