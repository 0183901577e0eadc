"""How results are shown: a table on the terminal, results.json, and the section of README.md."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

__all__ = ["BEGIN", "END", "as_markdown", "as_text", "read", "write"]

BEGIN = "<!-- results: begin, written by `python -m benchmarks` -->"
END = "<!-- results: end -->"

Results = Mapping[str, Any]
Row = tuple[str, str, str, str, str, str]
HEADINGS: Row = ("", "cnndsl", "against", "ratio (min to max)", "target", "met")


def read(folder: Path) -> dict[str, Any]:
    """The parts that were measured before, by their names; none at first."""
    path = folder / "results.json"
    parts: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))["parts"] if path.exists() else {}
    return parts


def write(folder: Path, parts: Results) -> None:
    """Write results.json, and the section between the markers of README.md; the rest of it stays.

    Errors: ValueError where README.md has not each marker once.
    """
    readme = folder / "README.md"
    text = readme.read_text(encoding="utf-8")
    if text.count(BEGIN) != 1 or text.count(END) != 1 or text.index(BEGIN) > text.index(END):
        raise ValueError(f"{readme} must have the lines {BEGIN} and {END} once each, in this order")
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    content = json.dumps({"version": 1, "parts": parts}, indent=2, ensure_ascii=False)
    (folder / "results.json").write_text(content + "\n", encoding="utf-8")
    readme.write_text(f"{before}{BEGIN}\n\n{as_markdown(parts)}\n{END}{after}", encoding="utf-8")


def as_markdown(parts: Results) -> str:
    """The parts as sections with a table each, and the machine that each was measured on."""
    machines = {_machine(part) for part in parts.values()}
    lines: list[str] = [f"{machines.pop()}\n"] if len(machines) == 1 else []
    for part in parts.values():
        lines.append(f"### {part['title']}\n")
        if not lines[0].startswith("Measured"):
            lines.append(f"{_machine(part)}\n")
        lines.append(f"| {' | '.join(HEADINGS)} |")
        lines.append("|---|---|---|---|---|---|")
        lines.extend(f"| {' | '.join(_row(line))} |" for line in part["lines"])
        lines.append("")
        lines.extend(f"- {remark}" for remark in part["remarks"])
        lines.append("")
    return "\n".join(lines)


def as_text(parts: Results) -> str:
    """The parts as tables for a terminal."""
    tables = [(part, [HEADINGS, *map(_row, part["lines"])]) for part in parts.values()]
    columns = zip(*(row for _, rows in tables for row in rows), strict=True)
    widths = [max(map(len, column)) for column in columns]
    lines = []
    for part, rows in tables:
        lines.append(part["title"])
        lines += [_aligned(row, widths) for row in rows]
        lines += [f"  - {remark}" for remark in part["remarks"]]
        lines.append("")
    return "\n".join(lines)


def _aligned(row: Row, widths: Sequence[int]) -> str:
    return "  " + "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()


def _row(line: Mapping[str, Any]) -> Row:
    found = line["ratio"]
    show = _show_ratio
    spread = f" ({show(found['min'])} to {show(found['max'])}, {found['pairs']} pairs)"
    met = {None: "", True: "yes", False: "**no**"}[line["met"]]
    return (
        line["name"],
        _show(line["ours"], line["unit"]),
        f"{line['reference']}: {_show(line['theirs'], line['unit'])}",
        f"{show(found['median'])}{spread if found['pairs'] > 1 else ''}",
        line["target"] or "",
        met,
    )


def _show_ratio(value: float) -> str:
    return f"{value:.1f}" if value >= 10 else f"{value:.3f}"


def _show(value: float, unit: str) -> str:
    """A number with a unit that suits its size.

    >>> _show(0.0123, "seconds"), _show(2.5, "seconds"), _show(12345.6, "samples/s")
    ('12.3 ms', '2.50 s', '12,346 samples/s')
    """
    if unit == "bytes":
        return f"{value / 2**20:.0f} MiB"
    if unit == "seconds":
        return f"{value:.2f} s" if value >= 1 else f"{value * 1000:.3g} ms"
    return f"{value:,.0f} {unit}"


def _machine(part: Mapping[str, Any]) -> str:
    machine = part["machine"]
    return (
        f"Measured on {machine['date']}: {machine['processor']}, {machine['cores']} cores, "
        f"{machine['system']}, {machine['python']}, torch {machine['torch']}, lark {machine['lark']}."
        f"{' A quick run: the numbers are worth nothing.' * part['quick']}"
    )
