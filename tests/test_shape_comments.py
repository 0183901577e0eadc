"""`fmt --shapes`: which lines get a shape, and that what is written is true."""

from __future__ import annotations

import re
from pathlib import Path
from random import Random

import pytest

from cnndsl.api import check
from cnndsl.formatter import format_source
from cnndsl.shape_comments import line_shapes, shape_comments
from cnndsl.text import Source
from tests.agreement.drawing import draw_spec
from tests.agreement.trees import spec_text
from tests.shape_comments import broken_promises, promised, shapes_by_line

ROOT = Path(__file__).parent.parent
EXAMPLES = sorted((ROOT / "examples").glob("*.cnn"))
SEED = 20261123


def shaped(text: str, input: tuple[int, ...] | None = None) -> str:
    source = Source(text, "net.cnn")
    return format_source(source, shape_comments(source, input))


def gives(text: str) -> dict[int, set[tuple[int, ...]]]:
    return {line: set(shapes) for line, shapes in line_shapes(Source(text)).items()}


def test_a_first_network() -> None:
    before = """model Net
input 1x28x28
param c = 16

conv c k3 p1 -> relu -> maxpool 2
flatten
linear 10   # ten classes
"""
    after = """model Net
input 1x28x28
param c = 16

conv c k3 p1 -> relu -> maxpool 2    # 16x14x14
flatten                              # 3136
linear 10                            # ten classes
"""
    assert shaped(before) == after
    assert shaped(after) == after


def test_what_stands_is_refreshed_and_words_behind_it_stay() -> None:
    before = (
        "input 1x28x28\nconv 4 k3      # 9x9\nmaxpool 2      #1x1x1:   halves it\nrelu           # 5x5 grid\n"
    )
    after = (
        "input 1x28x28\nconv 4 k3      # 4x26x26\nmaxpool 2      # 4x13x13:   halves it\n"
        "relu           # 5x5 grid\n"
    )
    assert shaped(before) == after


@pytest.mark.parametrize(
    "comment",
    [
        "# 3x3 kernels",
        "# 10 classes",
        "# cnndsl: ignore[dropped-pixels]",
        "# -> 4x4",
        "# 1x1, for now",
        "#",
        "# x",
    ],
)
def test_other_comments_are_left_alone(comment: str) -> None:
    text = f"input 1x9x9\nconv 4 k3    {comment}\n"
    assert shaped(text) == text


def test_lines_that_end_inside_an_item_or_declare_something_have_no_shape() -> None:
    text = """input 3x8x8
let a = 4
block b(c) {
  conv c k1
}
[
  b a
] x 2
add {
  relu
| identity
}
"""
    assert gives(text) == {
        4: {(4, 8, 8)},
        7: {(4, 8, 8)},
        8: {(4, 8, 8)},
        10: {(4, 8, 8)},
        11: {(4, 8, 8)},
        12: {(4, 8, 8)},
    }


def test_a_block_of_several_sizes_has_none_and_loses_what_was_there() -> None:
    before = """input 3x8x8
block b(c) {
  conv c k1    # 4x8x8
  relu         # 4x8x8: at first
  bn           # a norm
}
b 4            # 1
b 8
"""
    after = """input 3x8x8
block b(c) {
  conv c k1
  relu         # 4x8x8: at first
  bn           # a norm
}
b 4            # 4x8x8
b 8            # 8x8x8
"""
    assert shaped(before) == after


def test_loops_and_repeats() -> None:
    text = "input 1x8x8\nfor c in [2, 4] {\n  conv c k1\n  relu -> conv 3 k1\n}\n[\n  conv C*2 k1\n] x 2\n"
    assert gives(text) == {
        3: {(2, 8, 8), (4, 8, 8)},
        4: {(3, 8, 8)},
        5: {(3, 8, 8)},
        7: {(6, 8, 8), (12, 8, 8)},
        8: {(12, 8, 8)},
    }


def test_a_closing_bracket_repeats_nothing() -> None:
    text = "input 4x8x8\nresidual {\n  relu\n\n  # on\n}\nconcat {\n  relu\n| bn\n}\n"
    assert shaped(text) == (
        "input 4x8x8\nresidual {\n  relu    # 4x8x8\n\n  # on\n}\nconcat {\n  relu    # 4x8x8\n"
        "| bn      # 4x8x8\n}         # 8x8x8\n"
    )


def test_taps_replace_the_value() -> None:
    assert gives("input 4x8x8\na: conv 2 k1\nmaxpool 2 ->\n@a\nadd @a\n") == {
        2: {(2, 8, 8)},
        3: {(2, 4, 4)},
        4: {(2, 8, 8)},
        5: {(2, 8, 8)},
    }


def test_what_is_never_run_keeps_its_comments() -> None:
    text = "input 4x8x8\nblock unused {\n  relu    # 1x1x1\n}\nif C == 3 {\n  bn    # 1x2x3\n}\nrelu\n"
    assert promised(shaped(text))[6] == (1, 2, 3)
    assert promised(shaped(text))[3] == (1, 1, 1)


def test_the_callers_shape_counts() -> None:
    assert shaped("conv 4 k3\n", (3, 10, 10)) == "conv 4 k3    # 4x8x8\n"


def test_labels_that_are_numbers_do_not_meet_a_probe() -> None:
    assert gives('input 4x8x8\n"0": conv 2 k1\n"1": relu\nbn\n') == {n: {(2, 8, 8)} for n in (2, 3, 4)}


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_shapes_in_the_examples_are_what_fmt_writes(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    written = shaped(text)
    assert shaped(written) == written
    assert {line: written.split("\n")[line - 1] for line in promised(text)} == {
        line: text.split("\n")[line - 1] for line in promised(text)
    }
    assert broken_promises(check(written)) == []
    # with all of them wrong, all of them come back
    wrong = re.sub(r"(?m)^(\S.*# )\d+(x\d+)*(?=:|$)", r"\g<1>7x7", written)
    assert wrong != written
    assert broken_promises(check(wrong)) != []
    assert promised(shaped(wrong)) == promised(written)


@pytest.mark.parametrize("part", range(2))
def test_random_specs_get_true_shapes(part: int) -> None:
    told = 0
    for number in range(part * 60, part * 60 + 60):
        text = spec_text(draw_spec(Random(f"{SEED}.{number}"))[0])
        if not check(text).ok:
            continue
        written = shaped(text)
        report = check(written)
        assert report.to_json()["parameters"] == check(text).to_json()["parameters"]
        # a repeat of 0 times and `identity` leave no node that could tell
        known = shapes_by_line(report)
        for line, shape in promised(written).items():
            assert known.get(line, shape) == shape, f"draw_spec(Random('{SEED}.{number}'))\n{written}"
        assert shaped(written) == written
        told += len(promised(written).keys() & known.keys())
    assert told > 30


def test_a_budget_gives_no_shape() -> None:
    source = Source("input 3x8x8\nassert params < 5M\nconv 4 k3\nassert macs < 1G\n")
    assert sorted(line_shapes(source)) == [3]
