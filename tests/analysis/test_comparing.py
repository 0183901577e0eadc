"""What two networks differ in: which layers stand for each other, and the sums."""

from collections import Counter
from functools import cache

import pytest

import cnndsl
from cnndsl.analysis.comparing import Change, Comparison
from cnndsl.backends.comparison import comparison_text
from cnndsl.backends.tables.changes import entries
from cnndsl.backends.tables.text import Page

CHAIN = "input 3x16x16\nconv 8 k3 p1 -> relu -> conv 8 k3 p1 -> relu -> gap -> flatten -> linear 10"
BLOCKS = """input 3x16x16
block basic(c) { residual { conv1: conv c k3 p1 -> relu -> conv2: conv c k3 p1 } }
stem: conv 8 k3
layer1: [basic 8 x 2]
gap -> flatten -> fc: linear 10
"""

PAIRS = [
    ("zoo:resnet18", "zoo:resnet34"),
    ("zoo:resnet50", "zoo:vgg16"),
    ("zoo:vgg11", "zoo:vgg13_bn"),
    ("zoo:mobilenet_v3_small", "zoo:mobilenet_v3_large"),
    ("zoo:densenet121", "zoo:densenet161"),
    ("zoo:googlenet", "zoo:squeezenet1_1"),
    (CHAIN, BLOCKS),
]

diff = cache(cnndsl.diff)


def told(found: Comparison) -> list[tuple[str, str, str]]:
    """Each change: its kind, the names before and after."""
    return [
        (change.kind, change.before.path if change.before else "", change.after.path if change.after else "")
        for change in found.changes
    ]


def unaccounted(found: Comparison) -> dict[str, int]:
    """Nodes that are told of as added or removed more than once; what the sums lack."""
    problems = Counter(
        (side, node.id)
        for change in found.changes
        for side, part in (("before", change.before), ("after", change.after))
        for node in (part.nodes if part is not None and change.kind != "renamed" else ())
    )
    wrong = {f"{side} {id}": count for (side, id), count in problems.items() if count > 1}
    for name in ("parameters", "macs"):
        more = getattr(found.after, name) - getattr(found.before, name)
        lacking = more - sum(getattr(change, name) for change in found.changes)
        if lacking:
            wrong[name] = lacking
    return wrong


@pytest.mark.parametrize(("before", "after"), PAIRS)
def test_the_changes_add_up_to_the_difference(before: str, after: str) -> None:
    for found in (diff(before, after), diff(after, before)):
        assert unaccounted(found) == {}
        assert not found.same


@pytest.mark.parametrize(("before", "after"), PAIRS)
def test_entries_add_up_too(before: str, after: str) -> None:
    found = diff(before, after)
    for all in (True, False):
        told = entries(found, all)
        assert sum(entry.parameters for entry in told) == found.after.parameters - found.before.parameters
        assert sum(entry.macs for entry in told) == found.after.macs - found.before.macs
    assert len(entries(found, all=True)) == len(found.changes)


def test_blocks_with_other_arguments_are_told_as_blocks() -> None:
    found = cnndsl.diff("zoo:resnet50", "zoo:wide_resnet50_2")
    told = [(entry.name, entry.layer) for entry in entries(found)]
    assert told[:3] == [
        ("layer1.0", "bottleneck width64 → width128"),
        ("layer1.1..2", "bottleneck ×2, width64 → width128"),
        ("layer2.0", "bottleneck width64 → width128"),
    ]
    assert len(told) == 8
    # As torchvision counts.
    assert (found.before.parameters, found.after.parameters) == (25_557_032, 68_883_240)


def test_what_is_only_in_one_of_two_such_blocks_belongs_to_them() -> None:
    spec = "input 8x8x8\nblock b(c, wide=false) {{ if wide {{ conv 8 k1 }}\nconv c k3 -> relu }}\nb {}"
    found = cnndsl.diff(spec.format("8"), spec.format("4 wide=true"))
    assert {change.kind for change in found.changes} == {"added", "changed", "follows"}
    assert [(entry.kind, entry.layer) for entry in entries(found)] == [
        ("changed", "b c8 → c4, wide=false → wide=true")
    ]


def test_a_change_that_is_lost_or_told_twice_is_found() -> None:
    found = cnndsl.diff(*PAIRS[0])
    assert set(unaccounted(found._replace(changes=found.changes[1:]))) == {"parameters", "macs"}
    twice = unaccounted(found._replace(changes=(*found.changes, found.changes[0])))
    assert any(name.startswith("after ") for name in twice)


@pytest.mark.parametrize("spec", [CHAIN, BLOCKS, "zoo:resnet50", "zoo:googlenet", "zoo:siamese"])
def test_a_network_does_not_differ_from_itself(spec: str) -> None:
    found = cnndsl.diff(spec, spec)
    assert found.same
    assert str(found).startswith("no difference: ")


def test_resnet34_has_more_blocks_than_resnet18() -> None:
    found = cnndsl.diff("zoo:resnet18", "zoo:resnet34")
    more = {"layer1": [2], "layer2": [2, 3], "layer3": [2, 3, 4, 5], "layer4": [2]}
    assert told(found) == [("added", "", f"{stage}.{i}") for stage, blocks in more.items() for i in blocks]
    # As torchvision counts.
    assert (found.before.parameters, found.after.parameters) == (11_689_512, 21_797_672)
    assert found.moved == ()


def test_a_layer_put_in_moves_no_other() -> None:
    found = cnndsl.diff(CHAIN, CHAIN.replace("-> relu", "-> bn -> relu", 1))
    assert told(found) == [("added", "", "1")]
    assert found.moved == (("2", "3"), ("6", "7"))
    back = cnndsl.diff(CHAIN.replace("-> relu", "-> bn -> relu", 1), CHAIN)
    assert told(back) == [("removed", "1", "")]
    first = cnndsl.diff(CHAIN, CHAIN.replace("conv", "bn -> conv", 1))
    assert told(first) == [("added", "", "0")]


def test_a_changed_argument_and_what_follows_from_it() -> None:
    found = cnndsl.diff(CHAIN, CHAIN.replace("conv 8", "conv 16", 1))
    assert told(found) == [("changed", "0", "0"), ("follows", "1", "1"), ("follows", "2", "2")]
    assert found.changes[0].arguments == {"out": (8, 16)}
    assert [change.parameters for change in found.changes] == [8 * 28, 0, 8 * 8 * 9]
    assert [change.macs for change in found.changes] == [8 * 27 * 256, 0, 8 * 8 * 9 * 256]


def test_another_layer_in_a_place() -> None:
    found = cnndsl.diff(CHAIN, CHAIN.replace("relu", "gelu", 1))
    assert told(found) == [("changed", "1", "1")]
    assert "relu → gelu" in str(found)


def test_renamed_labels() -> None:
    found = cnndsl.diff(BLOCKS, BLOCKS.replace("layer1", "stage").replace("fc:", "head:"))
    assert told(found) == [("renamed", "layer1", "stage"), ("renamed", "fc", "head")]
    assert ("layer1.0.conv1", "stage.0.conv1") in found.moved
    assert len(found.moved) == 5
    assert not found.same
    # A label and its number elsewhere is the same layer under another name.
    assert told(cnndsl.diff(CHAIN, CHAIN.replace("linear", "fc: linear"))) == [("renamed", "6", "fc")]


def test_layers_put_into_a_scope_are_the_same_layers() -> None:
    inside = CHAIN.replace("conv 8", "features: [conv 8", 1).replace("-> gap", "] -> gap")
    found = cnndsl.diff(CHAIN, inside)
    assert found.changes == ()
    assert found.moved[:2] == (("0", "features.0"), ("2", "features.2"))
    assert "3 layers have their weights under another name: 0 → features.0" in str(found)


def test_what_a_layer_reads() -> None:
    before = "input 4x8x8\na: conv 4 k1\nb: conv 4 k1\nc: conv 4 k1\nadd @a"
    found = cnndsl.diff(before, before.replace("@a", "@b"))
    assert told(found) == [("changed", "add", "add")]
    assert found.changes[0].inputs == (("c", "a"), ("c", "b"))
    assert "add reads c, a → c, b" in str(found)
    third = cnndsl.diff(before, before.replace("@a", "@a @b"))
    assert third.changes[0].inputs == (("c", "a"), ("c", "a", "b"))


def test_the_names_of_outputs() -> None:
    before = "input 4x8x8\noutput one { conv 4 k1 }\noutput two { relu }"
    found = cnndsl.diff(before, before.replace("two", "second"))
    assert found.outputs == (("one", "two"), ("one", "second"))
    assert not found.same


def test_inputs_and_params_hold_for_both() -> None:
    before, after = "param n = 4\nconv n k3", "param n = 5\nconv n k3 -> relu"
    found = cnndsl.diff(before, after, input=(1, 8, 8), n=2)
    assert told(found) == [("added", "", "1")]
    larger = cnndsl.diff("input 1x8x8 -> relu", "input 2x8x8 -> relu")
    assert told(larger) == [("changed", "input", "input"), ("follows", "0", "0")]


def test_open_sizes_are_compared_as_formulas() -> None:
    before = "input 3xHxW -> conv 8 k3 -> gap"
    assert cnndsl.diff(before, before).same
    # At the size that stands for the others, 224, both would give 112.
    found = cnndsl.diff("input 3xHxW -> maxpool 2", "input 3xHxW -> maxpool 2 ceil")
    assert told(found) == [("changed", "0", "0")]


def test_a_bad_spec_is_an_error() -> None:
    with pytest.raises(cnndsl.SpecError, match="nobais"):
        cnndsl.diff(CHAIN, CHAIN + " nobais")


def test_long_chains_are_compared_too() -> None:
    # Longer than what is laid beside each other at once.
    lines = ["conv 4 k3 p1 -> relu"] * 200
    more = [*lines[:90], "bn", *lines[90:]]
    many = [*lines[:90], *(["maxpool 3 s1 p1 -> dropout 0.1"] * 20), *lines[90:]]
    other = [line.replace("relu", "tanh") for line in lines]
    specs = ["input 4x8x8\n" + "\n".join(text) for text in (lines, more, many, other)]
    kinds = [Counter(change.kind for change in cnndsl.diff(specs[0], spec).changes) for spec in specs[1:]]
    assert kinds == [{"added": 1}, {"added": 40}, {"changed": 200}]
    assert Counter(change.kind for change in cnndsl.diff(specs[2], specs[0]).changes) == {"removed": 40}


def test_json_tells_the_same() -> None:
    found = cnndsl.diff(CHAIN, CHAIN.replace("conv 8", "conv 16", 1))
    data = found.to_json()
    assert data["same"] is False
    assert data["after"]["parameters"] - data["before"]["parameters"] == 800
    first: Change = found.changes[0]
    assert data["changes"][0]["change"] == first.kind == "changed"
    assert data["changes"][0]["arguments"] == {"out": [8, 16]}
    assert data["changes"][0]["after"] == {
        "path": "0",
        "layer": "conv 16 k3 p1",
        "operations": 1,
        "output_shape": [16, 16, 16],
        "parameters": 448,
        "macs": 110592,
    }


def test_a_notebook_shows_the_tables() -> None:
    page = cnndsl.diff(CHAIN, CHAIN.replace("relu", "bn", 1))._repr_html_()
    assert page.count("<table") == 2
    assert "no difference" in cnndsl.diff(CHAIN, CHAIN)._repr_html_()


@pytest.mark.parametrize("width", [50, 60, 80, 100])
@pytest.mark.parametrize(("before", "after"), PAIRS)
def test_no_line_is_wider_than_the_terminal(before: str, after: str, width: int) -> None:
    text = comparison_text(diff(before, after), Page(width))
    assert [line for line in text.split("\n") if len(line) > width] == []
    assert "…" not in text.split("\n\n")[2].split("\n")[0]
