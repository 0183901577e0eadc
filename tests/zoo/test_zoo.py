"""The specs of the zoo as texts: what is there, that each stands alone, and that it checks and runs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import torch

import cnndsl
from cnndsl.cli import main
from cnndsl.zoo import families, source

FOLDER = Path(cnndsl.__file__).parent / "zoo"
FAMILIES = {family.file: family for family in families()}
NAMES = [name for family in families() for name in family.networks]
# The first member of each family runs with every test, all of them with the long ones.
SAMPLE = [next(iter(family.networks)) for family in families()]
OTHERS = [name for name in NAMES if name not in SAMPLE]
EVERY = [*SAMPLE, *(pytest.param(name, marks=pytest.mark.long) for name in OTHERS)]

# Parameters from papers and the programs that came with them: typed, not computed.
PARAMETERS = {
    "lenet5": 61_706,
    "resnet20": 269_722,
    "resnet32": 464_154,
    "resnet44": 658_586,
    "resnet56": 853_018,
    "resnet110": 1_727_962,
    "unet": 31_030_658,
    "dcgan_generator": 3_576_704,
    "dcgan_discriminator": 2_765_568,
    "siamese": 38_951_745,
    # YOLOv5s has 7,235,389 with three 1x1 convolutions to 255 channels as heads.
    "yolo_s": 7_235_389 - 255 * (128 + 256 + 512 + 3),
}


def test_the_files_and_the_index_agree() -> None:
    files = {path.stem for path in FOLDER.glob("*.cnn")} - {"blocks"}
    assert files == set(FAMILIES)
    assert len(NAMES) == len(set(NAMES))


@pytest.mark.parametrize("file", FAMILIES)
def test_a_family_is_well_kept(file: str) -> None:
    text = (FOLDER / f"{file}.cnn").read_text()
    assert re.match(r"# .*\b(19|20)\d\d\b", text), "the first line names the network and its year"
    assert cnndsl.format(text) == text
    assert cnndsl.check(FOLDER / f"{file}.cnn").diagnostics == ()


@pytest.mark.parametrize("file", FAMILIES)
def test_a_network_with_its_familys_values_is_the_family(file: str) -> None:
    # Blocks that stand in the text are those that `use` brings.
    (name,) = (name for name, values in FAMILIES[file].networks.items() if set(values) == {"model"})
    alone, family = cnndsl.check(f"zoo:{name}"), cnndsl.check(FOLDER / f"{file}.cnn")
    assert "\nuse " not in alone.source.text
    assert alone.graph.model == family.graph.model
    assert [(node.path, node.output) for node in alone.graph.nodes] == [
        (node.path, node.output) for node in family.graph.nodes
    ]


@pytest.mark.parametrize("name", EVERY)
def test_a_network_checks_and_its_source_runs(name: str) -> None:
    report = cnndsl.check(f"zoo:{name}")
    assert report.diagnostics == ()
    report.graph.verify()
    assert cnndsl.format(report.source.text) == report.source.text
    scope: dict[str, object] = {"__name__": "a_module"}
    with torch.device("meta"):
        exec(cnndsl.to_python(f"zoo:{name}"), scope)


@pytest.mark.parametrize("name", PARAMETERS)
def test_known_numbers_of_parameters(name: str) -> None:
    assert cnndsl.check(f"zoo:{name}").parameters == PARAMETERS[name]


def test_the_3d_unet_has_the_papers_weights() -> None:
    # 19,069,955 in the paper, which does not count those of the batch norms.
    graph = cnndsl.check("zoo:unet3d").graph
    norms = sum(node.parameters for node in graph.nodes if node.layer.name == "bn")
    assert sum(node.parameters for node in graph.nodes) - norms == 19_069_955


def test_the_wavenet_does_not_look_ahead() -> None:
    model = cnndsl.compile("zoo:wavenet", input=(256, 64)).eval()
    sound = torch.randn(1, 256, 64)
    changed = sound.clone()
    changed[..., 40:] += 1
    with torch.no_grad():
        before, after = model(sound), model(changed)
    assert torch.equal(before[..., :40], after[..., :40])
    assert not torch.equal(before[..., 40:], after[..., 40:])


def test_the_siamese_pair_shares_its_weights_and_sees_a_distance() -> None:
    model = cnndsl.compile("zoo:siamese").eval()
    one, other = torch.randn(2, 1, 1, 105, 105).unbind()
    with torch.no_grad():
        assert torch.equal(model(one, other), model(other, one))
        # No distance leaves the bias alone.
        assert torch.equal(model(one, one)[0], model.state_dict()[[*model.state_dict()][-1]])


def test_params_are_set_as_in_any_spec() -> None:
    model = cnndsl.compile("zoo:resnet18", classes=5)
    assert model.fc.out_features == 5
    assert type(model).__name__ == "ResNet18"
    assert cnndsl.check("zoo:resnet50", params={"depths": [1, 1, 1, 1]}).ok


def test_a_layer_of_a_compiled_resnet_can_be_hooked() -> None:
    model = cnndsl.compile("zoo:resnet18").eval()
    seen = []
    model.layer1[0].register_forward_hook(lambda module, arrived, left: seen.append(tuple(left.shape)))
    with torch.no_grad():
        model(torch.randn(1, 3, 224, 224))
    assert seen == [(1, 64, 56, 56)]


def test_an_unknown_name_gets_a_suggestion() -> None:
    with pytest.raises(FileNotFoundError, match="no `resent50`; did you mean `resnet50`"):
        source("resent50")
    with pytest.raises(FileNotFoundError, match="`cnndsl zoo` lists"):
        cnndsl.check("zoo:")


def test_a_comment_stays_in_its_column() -> None:
    lines = source("wide_resnet101_2").text.splitlines()
    assert "param depths = [3, 4, 23, 3]    # blocks of each stage" in lines
    assert "param width = 128               # channels of a group in the first stage" in lines


def test_resnet50_fits_in_30_lines() -> None:
    assert len(source("resnet50").text.splitlines()) <= 30


@pytest.mark.parametrize("command", ["check", "show", "draw", "build"])
def test_every_command_takes_a_network(
    command: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    picture = tmp_path / "net.dot"
    out = ["-o", str(picture)] if command == "draw" else []
    assert main([command, "zoo:lenet5", "--set", "classes=7", *out]) == 0
    if command == "draw":
        assert "digraph LeNet5" in picture.read_text()
    else:
        assert "61,451" in capsys.readouterr().out


@pytest.mark.parametrize("command", ["check", "show", "build", "fmt"])
def test_every_command_says_that_a_network_is_unknown(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([command, "zoo:lenet"]) == 2
    assert "cannot read zoo:lenet: the zoo has no `lenet`; did you mean `lenet5`?" in capsys.readouterr().err


def test_the_list_has_every_network(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["zoo"]) == 0
    printed = capsys.readouterr().out
    assert set(NAMES) <= set(printed.split())
    assert all(family.title in printed for family in families())


def test_the_text_that_is_printed_is_the_spec(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["zoo", "mobilenet_v3_small"]) == 0
    (tmp_path / "net.cnn").write_text(capsys.readouterr().out)
    assert cnndsl.check(tmp_path / "net.cnn").parameters == 2_542_856
    assert main(["zoo", "mobilenet_v3"]) == 2
    assert "did you mean `mobilenet_v" in capsys.readouterr().err
