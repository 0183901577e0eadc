"""The table of a network: what stands in it, its forms, and that it fits."""

import csv
import io
import re
from collections import Counter
from functools import cache
from html.parser import HTMLParser

import pytest

import cnndsl
from cnndsl.backends.summary import FORMATS, Options, report_html, show
from cnndsl.backends.tables.latex import table_latex
from cnndsl.backends.tables.rows import Row, table_rows
from cnndsl.backends.tables.table import Head, Line, Note, Table
from cnndsl.backends.tables.text import Page
from cnndsl.ir import Graph
from cnndsl.terminal import Style, text_width
from tests.backends.recorded import BROKEN, EVERYTHING, HERE, HOSTILE, tables

NETWORKS = ["zoo:resnet50", "zoo:googlenet", "zoo:fpn_resnet50", "zoo:siamese", "zoo:unet", EVERYTHING]

# Checked once: reports are never changed.
check = cache(cnndsl.check)


@pytest.mark.parametrize("name", tables())
def test_a_table_is_as_recorded(name: str) -> None:
    assert tables()[name]() + "\n" == (HERE / name).read_text(encoding="utf-8")


def miscounted(graph: Graph, rows: list[Row]) -> dict[str, int]:
    """The nodes that do not stand in exactly one row, with the number of rows that they stand in."""
    counts = Counter(id for row in rows for id in row.nodes)
    return {node.path: counts[node.id] for node in graph.nodes if counts[node.id] != 1}


@pytest.mark.parametrize("depth", [None, 1, 2])
@pytest.mark.parametrize("fold", [False, True], ids=["unfolded", "folded"])
@pytest.mark.parametrize("spec", [*NETWORKS, BROKEN], ids=lambda spec: spec.split()[-1])
def test_every_operation_is_in_one_row(spec: str, fold: bool, depth: int | None) -> None:
    report = check(spec)
    rows = table_rows(report, depth, fold)
    assert miscounted(report.graph, rows) == {}
    if depth is None and not fold:
        assert [row.nodes for row in rows] == [(node.id,) for node in report.graph.nodes]
    counted = [row for row in rows if row.kind != "total"]
    assert sum(row.parameters for row in counted) == report.parameters
    assert sum(row.macs for row in counted if not row.training_only) == report.macs


def test_a_row_too_many_and_one_too_few_are_found() -> None:
    report = cnndsl.check("input 3x8x8 -> conv 4 k3 -> relu")
    rows = table_rows(report)
    assert miscounted(report.graph, rows[:-1]) == {"1": 0}
    assert miscounted(report.graph, [*rows, rows[1]]) == {"0": 2}


def test_the_totals_of_stages_are_those_of_their_rows() -> None:
    rows = table_rows(cnndsl.check("zoo:resnet18"))
    totals = {row.name: (row.parameters, row.macs) for row in rows if row.kind == "total"}
    for stage, found in totals.items():
        inside = [row for row in rows if row.name.startswith(f"{stage}.")]
        assert found == (sum(row.parameters for row in inside), sum(row.macs for row in inside))
    # By hand: two blocks of two 3x3 convolutions on 64 channels at 56x56, each with two norms.
    assert totals["layer1"] == (4 * (64 * 64 * 9 + 128), 4 * 64 * 64 * 9 * 56 * 56)
    assert list(totals) == ["layer1", "layer2", "layer3", "layer4"]


def folded(spec: str) -> list[tuple[str, str]]:
    return [(row.name, row.layer) for row in table_rows(cnndsl.check(spec)) if row.kind == "scope"]


def test_what_repeats_the_block_before_it_is_one_row() -> None:
    block = "input 4x8x8\nblock b(c, k=3) { conv c k=k p=k//2 -> relu }\n"
    assert folded(f"{block}s: [b 4 x 4]") == [("s.1..3", "b ×3 as above")]
    assert folded(f"{block}b 4 -> b 4") == [("1", "b as above")]
    assert folded(f"{block}one: b 4 -> two: b 4 -> three: b 4") == [("two..three", "b ×2 as above")]
    # Other channels, another kernel, something between: not the same.
    assert folded(f"{block}s: [b 4 -> b 8 -> b 4]") == []
    assert folded(f"{block}s: [b 4 -> b 4 k5 -> b 4]") == []
    assert folded(f"{block}s: [b 4 -> relu -> b 4]") == []
    # One row is not told shorter by another.
    assert folded("input 4x8x8\nblock c { relu }\nc -> c -> c") == []


def test_blocks_side_by_side_are_not_repeats() -> None:
    assert folded("input 4x8x8\nblock b { conv 4 k1 -> relu }\nadd { b | b }") == []


def test_csv_sums_to_the_totals() -> None:
    for spec in NETWORKS:
        report = check(spec)
        found = list(csv.DictReader(io.StringIO(show(report, "csv"))))
        assert [row["name"] for row in found] == [node.path for node in report.graph.nodes]
        assert sum(int(row["parameters"]) for row in found) == report.parameters
        assert sum(int(row["macs"]) for row in found if row["mode"] != "training") == report.macs
        assert sum(float(row["share"]) for row in found) == pytest.approx(1, abs=1e-3)
        assert sum(row["layer"] == "conv" for row in found) == sum(
            node.layer.name == "conv" for node in report.graph.nodes
        )


def test_csv_runs_nothing_in_a_spreadsheet() -> None:
    cells = [cell for row in csv.reader(io.StringIO(show(cnndsl.check(HOSTILE), "csv"))) for cell in row]
    assert "'=1+1" in cells
    assert not [cell for cell in cells if cell[:1] in {"=", "+", "-", "@"}]


def test_a_batch_multiplies_work_and_shapes() -> None:
    row = show(cnndsl.check("input 3x8x8 -> conv 4 k3"), "csv", Options(batch=5)).splitlines()[-1]
    assert "5x4x6x6" in row
    assert str(5 * 4 * 3 * 9 * 36) in row


def mistaken(text: str) -> list[str]:
    """What is wrong with the LaTeX of a table: rows of another number of cells, special signs as they are."""
    problems = []
    columns = len(re.search(r"\\begin\{(?:tabular|longtable)\}\{([lr]+)\}", text)[1])  # type: ignore[index]
    for line in text.split("\n"):
        if line.startswith("%") or not line.endswith(r"\\"):
            continue
        bare = re.sub(r"\\(?:[\\{}$&#%_]|[a-z]+)", "", line.removesuffix(r"\\"))
        wide = re.search(r"\\multicolumn\{(\d+)\}", line)
        if bare.count("&") + 1 != (columns if wide is None else columns - int(wide[1]) + 1):
            problems.append(f"not {columns} cells: {line}")
        if bare.count("$") % 2 or re.search(r"[#%_^~\"]|[^\x00-\x7f]", re.sub(r"\$[^$]*\$", "", bare)):
            problems.append(f"a sign that LaTeX takes for something else: {line}")
        if bare.count("{") != bare.count("}"):
            problems.append(f"braces: {line}")
    return problems


@pytest.mark.parametrize("spec", [*NETWORKS, BROKEN, HOSTILE], ids=lambda spec: spec.split()[-1])
def test_latex_is_escaped(spec: str) -> None:
    assert mistaken(show(check(spec), "latex")) == []


def test_every_special_sign_of_latex_is_escaped() -> None:
    signs = r"\{}$&#%_^~<>|×✗→−…\"[*`"
    table = Table("", (Head("a"), Head("b")), (Line((signs, "x")), Line(("",), "mistake", signs)), (), ())
    assert mistaken(table_latex(table)) == []
    for sign in "&#%_^~$×":
        assert mistaken(table_latex(table).replace("x \\\\", f"x {sign} \\\\")), f"{sign} was not found"


def test_latex_goes_over_several_pages() -> None:
    text = show(cnndsl.check("zoo:resnet50"), "latex")
    assert r"\begin{longtable}" in text
    assert r"\usepackage{booktabs,longtable}" in text


def test_notes_stay_comments_in_latex() -> None:
    table = Table("a\nb", (Head("x"),), (), (), (Note("one\ntwo", "label", "3"),))
    lines = table_latex(table).split("\n")
    assert all(line.startswith("%") for line in lines[: lines.index(r"\begin{tabular}{l}")])


@pytest.mark.parametrize("spec", [*NETWORKS, BROKEN, HOSTILE], ids=lambda spec: spec.split()[-1])
def test_markdown_has_as_many_cells_in_every_row(spec: str) -> None:
    rows = [line for line in show(check(spec), "markdown").split("\n") if line.startswith("|")]
    assert len({len(re.findall(r"(?<!\\)\|", row)) for row in rows}) == 1


class Parsed(HTMLParser):
    """The tags of a page, whether they are closed in order, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.open: list[str] = []
        self.said = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags[tag] += 1
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.said += data


def test_html_shows_what_a_spec_says_and_runs_none_of_it() -> None:
    page = Parsed(report_html(cnndsl.check(HOSTILE)))
    assert page.open == []
    assert page.tags["script"] == 0
    assert "<script>alert('x')</script>" in page.said
    report = cnndsl.check("input 3x8x8\n<img src=x onerror=alert(1)>\nconv 4 k9")
    assert not report.ok
    broken = Parsed(report._repr_html_())
    assert broken.tags["img"] == 0
    assert "onerror=alert(1)" in broken.said


def test_a_notebook_shows_the_verdict_the_diagnostics_and_the_table() -> None:
    page = Parsed(cnndsl.check(BROKEN)._repr_html_())
    assert "error[unknown-layer]" in page.said
    assert "✗ line 5: there is no layer or block `convv`" in page.said
    assert "<text>: 2 errors" in page.said
    said = Parsed(cnndsl.check(EVERYTHING)._repr_html_()).said
    assert "<text>: ok, 20,855 parameters, 14,746,240 multiply-adds" in said
    assert "warning[dropped-pixels]" in said


@pytest.mark.parametrize("width", [40, 50, 60, 72, 80, 100, 120, 140])
@pytest.mark.parametrize("spec", [*NETWORKS, BROKEN, HOSTILE], ids=lambda spec: spec.split()[-1])
def test_no_line_is_wider_than_the_terminal(spec: str, width: int) -> None:
    report = check(spec)
    lines = show(report, page=Page(width)).split("\n\n", 2)[1].split("\n")
    assert [line for line in lines if text_width(line) > width] == []
    assert [line for line in lines if line != line.rstrip()] == []


def test_a_wide_label_is_as_wide_as_it_is() -> None:
    spec = 'input 3x8x8\n"畳み込み": conv 4 k3\n"conv": relu'
    lines = show(cnndsl.check(spec)).split("\n")[3:5]
    assert text_width(lines[0].split("conv 4")[0]) == text_width(lines[1].split("relu")[0])


def test_a_label_sends_nothing_to_the_terminal() -> None:
    text = show(cnndsl.check('input 3x8x8\n"a\x1b[31mb": relu'))
    assert "\x1b" not in text
    assert "a␛[31mb" in text


def test_narrow_terminals_get_fewer_columns_and_shorter_names() -> None:
    report = cnndsl.check("zoo:mobilenet_v3_large")
    heads = [show(report, page=Page(width)).split("\n")[2].split() for width in (200, 110, 80, 50)]
    assert heads[0][-4:] == ["share", "multiply-adds", "receptive", "field"]
    assert "kernel" in heads[0]
    assert "kernel" not in heads[1]
    assert heads[2] == ["name", "layer", "output", "parameters", "mult-adds", "field"]
    assert heads[3] == ["name", "layer", "output", "parameters"]
    # What tells one row from another stays.
    names = [line.split()[0] for line in show(report, page=Page(80)).split("\n")[4:60]]
    assert max(Counter(names).values()) == 1


def test_a_label_may_be_anything() -> None:
    assert mistaken(show(cnndsl.check('input 3x8x8\n"\\\\": relu'), "latex")) == []


def test_mistakes_stand_where_they_were_made() -> None:
    rows = table_rows(cnndsl.check(BROKEN))
    kinds = [(row.name, row.kind) for row in rows]
    assert kinds[-4:] == [("convv", "mistake"), ("…", "unknown"), ("layer2.b", "mistake"), ("…", "unknown")]
    # The second use of a block is wrong, not the first.
    spec = "input 3x9x9\nblock b { conv 4 k3 -> conv 4 k5 }\nb -> b"
    assert [row.name for row in table_rows(cnndsl.check(spec)) if row.kind == "mistake"] == ["1.1"]
    # Two mistakes in one layer, one that belongs to no operation, one about the shape of one.
    twice = table_rows(cnndsl.check("input 3x9x9\nconv 4 k0 s0 -> relu"))
    assert [row.name for row in twice if row.kind == "mistake"] == ["0", "0"]
    nowhere = table_rows(cnndsl.check("input 3x9x9\nrelu\nlet n = nope\ntanh"))
    assert [row.kind for row in nowhere] == ["operation", "operation", "mistake", "operation"]
    asserted = table_rows(cnndsl.check("input 3x9x9\nrelu :: 3x8x8\ntanh"))
    assert [row.kind for row in asserted] == ["operation", "operation", "mistake", "unknown"]


def test_the_mistake_of_a_folded_stage_is_told() -> None:
    rows = table_rows(cnndsl.check("input 3x9x9\nstage: [conv 4 k3 -> conv 4 k9]"), depth=1)
    assert [(row.kind, row.name) for row in rows] == [("operation", "input"), ("mistake", "stage")]


def test_options_that_cannot_be() -> None:
    report = cnndsl.check("input 8 -> relu")
    for form, options, said in (
        ("xml", Options(), "format xml: expected one of table, markdown, csv, latex, json"),
        ("table", Options(batch=0), "batch 0: expected 1 or more"),
        ("csv", Options(columns=("naem",)), "columns naem: expected some of name, layer, arguments"),
        ("table", Options(optimizer="sdg"), "optimizer sdg: expected one of sgd, momentum"),
    ):
        with pytest.raises(ValueError, match=re.escape(said)):
            show(report, form, options)


def test_show_in_python_has_the_same_options() -> None:
    spec = "param n = 4\ninput 3x8x8 -> conv n k3 -> relu"
    assert cnndsl.show(spec, n=8).split("\n") == show(cnndsl.check(spec, params={"n": 8})).split("\n")
    for form in FORMATS:
        expected = show(cnndsl.check(spec), form, Options(2, 1, True, ("name", "output"), "sgd"))
        options = {"batch": 2, "depth": 1, "all": True, "columns": ["name", "output"], "optimizer": "sgd"}
        assert cnndsl.show(spec, format=form, **options) == expected  # type: ignore[arg-type]


def test_memory_is_told_for_the_optimizer_of_the_spec() -> None:
    spec = "input 8 -> linear 2\ntrain {{ optimizer {} }}"
    for words, name in (("sgd lr=0.1 momentum=0.9", "momentum"), ("adam", "adam"), ("sgd", "sgd")):
        assert f"one sample, {name}:" in cnndsl.show(spec.format(words))
    assert "one sample, adamw:" in cnndsl.show("input 8 -> linear 2")
    assert "a batch of 4, sgd:" in cnndsl.show("input 8 -> linear 2", batch=4, optimizer="sgd")


def test_colours_are_put_around_whole_lines() -> None:
    text = show(cnndsl.check(BROKEN), page=Page(80, Style(True)))
    plain = show(cnndsl.check(BROKEN), page=Page(80))
    assert re.sub(r"\x1b\[[\d;]*m", "", text) == plain
    assert re.search(r"^\x1b\[1;31mconvv +✗ .*\x1b\[0m$", text, re.MULTILINE)
