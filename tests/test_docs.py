"""The README and the pages of docs/: what they show is run, and has to come out as shown.

- A `cnn` block checks without an error, and the shapes in its comments hold; or its comments name the errors
  of their lines, `# error: [rule]`, and exactly those come.
- A `python` block runs. A `pytb` block behind it shows the error that ends it.
- A `console` block shows commands and what they print; `...` stands for what is left out. `cat FILE` shows a
  file of the repository, or makes the file.
"""

from __future__ import annotations

import io
import os
import re
import runpy
import shlex
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch

import cnndsl
from cnndsl.cli import COMMANDS, main
from cnndsl.diagnostics import RULES
from tests.shape_comments import broken_promises

ROOT = Path(__file__).parent.parent
PAGES = [
    "README.md",
    "docs/language.md",
    "docs/checking.md",
    "docs/tables.md",
    "docs/training.md",
    "docs/scaling.md",
    "docs/rules.md",
    "docs/numbers.md",
    "examples/README.md",
    "examples/data/README.md",
    "examples/plugin/README.md",
]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PROMISED = re.compile(r"# (?:error|warning): (\[.*\])$", re.MULTILINE)

# Shown to be typed in a shell or into a file, or run elsewhere: tests of the packaging, of plugins, of the
# Makefile and of the rules cover them.
NOT_RUN = {"sh", "toml", "yaml", "text"}


@dataclass(frozen=True)
class Block:
    """A fenced block of a page; `line` is where its text begins, `after` the block before it."""

    page: str
    line: int
    info: str
    text: str
    after: Block | None

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def blocks() -> Iterator[Block]:
    for page in PAGES:
        text = (ROOT / page).read_text(encoding="utf-8")
        before = None
        for found in FENCE.finditer(text):
            line = text.count("\n", 0, found.start()) + 2
            before = Block(page, line, found[1], found[2], before)
            yield before


def of(info: str) -> list[Block]:
    return [block for block in blocks() if block.info == info]


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with the examples in it, where files may be written; one thread, plain output."""
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "100")
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield tmp_path
    torch.set_num_threads(threads)


def test_every_block_is_of_a_kind_that_is_run() -> None:
    assert {block.info for block in blocks()} <= {"cnn", "python", "pytb", "console", *NOT_RUN}


@pytest.mark.parametrize("block", of("cnn"), ids=str)
def test_a_spec_in_the_pages_is_as_described(block: Block) -> None:
    report = cnndsl.check(block.text)
    report.graph.verify()
    # The language page shows one layer after another; it tells of warnings where it is about them.
    with_warnings = block.page != "docs/language.md" or "# warning:" in block.text
    told = [one for one in report.diagnostics if one.severity == "error" or with_warnings]
    found = sorted((one.span.first.line, one.rule) for one in told)
    promised = sorted(
        (number, rule)
        for number, line in enumerate(block.text.split("\n"), 1)
        for listed in PROMISED.findall(line)
        for rule in re.findall(r"\[([\w-]+)\]", listed)
    )
    assert found == promised, str(report)
    assert broken_promises(report) == []


@pytest.mark.parametrize("block", of("python"), ids=str)
@pytest.mark.usefixtures("workplace")
def test_the_python_in_the_pages_runs(block: Block) -> None:
    shown = next((other for other in of("pytb") if other.after == block), None)
    code = compile("\n" * (block.line - 1) + block.text, ROOT / block.page, "exec")
    if shown is None:
        exec(code, {})
        return
    with pytest.raises(Exception) as caught:  # noqa: PT011
        exec(code, {})
    assert f"{type(caught.value).__name__}: {caught.value}" == shown.text.strip()


def run(command: str) -> str:
    """What a command line prints on both streams; of `cat`, the file's text."""
    words = shlex.split(command)
    if words[0] == "cat":
        return Path(words[1]).read_text(encoding="utf-8")
    assert words[0] == "cnndsl", f"`{words[0]}` is not run here: show it in an `sh` block"
    printed = io.StringIO()
    with redirect_stdout(printed), redirect_stderr(printed):
        main(words[1:])
    return printed.getvalue()


def matches(shown: str, printed: str, measured: bool = False) -> bool:
    """Whether a text came out as shown; `...` is any text within a line, a line `...` any lines.

    `measured`: fractions, times and which epoch was best are another machine's; they only have to look alike.
    """
    pattern = ""
    for line in shown.rstrip("\n").split("\n"):
        if line.strip() == "...":
            pattern += r"(?:.*\n)*?"
            continue
        expected = ".*?".join(map(re.escape, line.rstrip().split("...")))
        if measured:
            expected = re.sub(r"(\\ )+", r"\\s+", expected)
            expected = re.sub(r"\d+\\\.\d+(\\\*)?", r"\\d+\\.\\d+\\*?", expected)
            expected = re.sub(r"[\d,]+(?=\\s\+samples/s)|\d:\d\d(?=\\s\+left)", r"[\\d,:]+", expected)
            expected = re.sub(r"\d+/(\d+)", r"\\d+/\1", expected)
            expected = re.sub(r"─+", "─+", expected)
        pattern += expected + r"\n"
    plain = "".join(f"{line.rstrip()}\n" for line in printed.rstrip("\n").split("\n"))
    return re.fullmatch(pattern, plain) is not None


@pytest.mark.parametrize("block", of("console"), ids=str)
def test_a_command_prints_what_the_page_shows(block: Block, workplace: Path) -> None:
    head, *steps = re.split(r"^\$ ", block.text, flags=re.MULTILINE)
    assert head == "", "a console block begins with a command"
    for step in steps:
        command, _, shown = step.partition("\n")
        words = shlex.split(command)
        if words[0] == "cat" and not (workplace / words[1]).exists():
            (workplace / words[1]).parent.mkdir(exist_ok=True)
            (workplace / words[1]).write_text(shown.rstrip("\n") + "\n", encoding="utf-8")
            continue
        printed = run(command)
        assert matches(shown, printed, measured=words[:2] == ["cnndsl", "train"]), f"$ {command}\n{printed}"


def test_what_differs_does_not_match() -> None:
    assert matches("a\n...\nb ... d\n", "a\nx\ny\nb c d\n")
    assert matches("a\n...\nb\n", "a\nb\n")
    assert not matches("a\nb\n", "a\nc\n")
    assert not matches("a\n", "a\nb\n")
    assert matches("loss 0.25*  90 samples/s\n", "loss 1.75  1,200 samples/s\n", measured=True)
    assert not matches("loss 0.25\n", "loss 1.75\n")
    assert not matches("loss 0.25 in 3\n", "loss 0.25 in 4\n", measured=True)


def test_a_broken_promise_in_a_page_would_be_found() -> None:
    wrong = Block("page.md", 1, "cnn", "input 1x8x8\nconv 2 k3   # error: [wrong-rank]\n", None)
    with pytest.raises(AssertionError):
        test_a_spec_in_the_pages_is_as_described(wrong)


def test_the_language_page_lists_every_rule_once() -> None:
    text = (ROOT / "docs/language.md").read_text(encoding="utf-8")
    listed = re.findall(r"^- `([a-z0-9-]+)`: ", text.split("\n## Rules\n")[1], re.MULTILINE)
    assert sorted(listed) == sorted(RULES)


def test_the_readme_lists_every_command() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `cnndsl (\w+)", text, re.MULTILINE)) == set(COMMANDS)


def test_the_examples_page_lists_every_example_with_its_numbers() -> None:
    text = (ROOT / "examples/README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| \[(\w+\.cnn)\]\(\1\) .*\| ([\d,]+) \| ([\d,]+) \|$", text, re.MULTILINE)
    specs = {path.name: cnndsl.check(path) for path in (ROOT / "examples").glob("*.cnn")}
    assert {name: (parameters, macs) for name, parameters, macs in rows} == {
        name: (f"{report.parameters:,}", f"{report.macs:,}") for name, report in specs.items()
    }


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_to_files(page: str) -> None:
    text = FENCE.sub("", (ROOT / page).read_text(encoding="utf-8"))
    places = re.findall(r"\]\(([^)#]+)", text) + re.findall(r'(?:src|href)="([^"#]+)"', text)
    for place in places:
        assert place.startswith("https://") or (ROOT / page).parent.joinpath(place).exists(), place


def test_the_anchors_of_the_language_page_exist() -> None:
    text = (ROOT / "docs/language.md").read_text(encoding="utf-8")
    headings = re.findall(r"^#+ (.*)$", FENCE.sub("", text), re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
    assert set(re.findall(r"\]\(#([^)]+)\)", text)) <= anchors


def test_the_readmes_spec_is_the_examples() -> None:
    first = next(block for block in of("cnn") if block.page == "README.md")
    example = (ROOT / "examples/small_resnet.cnn").read_text(encoding="utf-8")
    head, network, rest = example.partition(first.text)
    assert network
    assert head.startswith("# ")
    assert rest.startswith("\ntrain {")


def test_the_readmes_diagram_is_of_its_spec() -> None:
    drawing = (ROOT / "docs/images/small_resnet.svg").read_text(encoding="utf-8")
    report = cnndsl.check(ROOT / "examples/small_resnet.cnn")
    shapes = {str(node.output).replace("x", "×") for node in report.graph.nodes}
    assert "SmallResNet" in drawing
    assert set(re.findall(r">(\d+(?:×\d+)*)<", drawing)) == shapes


def test_embed_runs(workplace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert workplace == Path(os.getcwd())
    runpy.run_path(str(ROOT / "examples" / "embed.py"), run_name="__main__")
    printed = capsys.readouterr().out
    assert "needs-flatten in line 15" in printed
    assert "layer1.0 gives (1, 32, 14, 14)" in printed
    accuracy = re.search(r"accuracy (0\.\d+) on 1000 held-out digits", printed)
    assert accuracy is not None
    assert float(accuracy[1]) > 0.8
