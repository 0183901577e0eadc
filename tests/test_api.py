"""The Python interface: what callers may rely on."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
from pathlib import Path

import graphviz
import pytest
import torch
from torch import nn

import cnndsl
from cnndsl.text import Source
from tests.cli.conftest import LENET, TWO_MISTAKES

SPEC = "param classes = 10\nconv 16 k3 p1 -> relu -> maxpool 2 -> flatten -> linear classes"


def test_the_public_names() -> None:
    assert set(cnndsl.__all__) <= set(dir(cnndsl))
    for name in cnndsl.__all__:
        assert getattr(cnndsl, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'chekc'"):
        cnndsl.chekc  # noqa: B018


def test_check_of_a_right_spec() -> None:
    report = cnndsl.check(SPEC, input=(1, 28, 28))
    assert report.ok
    assert report.diagnostics == ()
    assert report.parameters == 16 * 9 + 16 + 16 * 14 * 14 * 10 + 10
    assert report.macs == 16 * 9 * 28 * 28 + 16 * 14 * 14 * 10
    assert report.buffers == 0
    assert [node.output_shape for node in report.graph.nodes][-1] == (10,)
    assert str(report) == "<text>: ok, 31,530 parameters, 144,256 multiply-adds"


def test_check_of_a_bad_spec_gives_all_mistakes_and_raises_nothing() -> None:
    report = cnndsl.check(TWO_MISTAKES)
    assert not report.ok
    assert [one.rule for one in report.diagnostics] == ["unknown-layer"]
    assert str(report).startswith("<text>:2:1: error[unknown-layer]")
    assert not cnndsl.check("add {").ok
    assert not cnndsl.check("").ok


def test_params_and_input_of_the_caller() -> None:
    report = cnndsl.check(SPEC, input=[3, 8, 8], params={"classes": 5})
    assert report.graph.nodes[-1].output_shape == (5,)
    assert cnndsl.check("input 1x9x9 -> conv 4 k3", input=(2, 5, 5)).graph.nodes[-1].output_shape == (4, 3, 3)
    (found,) = cnndsl.check(SPEC, (1, 28, 28), {"clases": 5}).diagnostics
    assert found.rule == "unknown-parameter"
    assert found.help[0] == "did you mean `classes`?"


def test_several_inputs_go_by_name() -> None:
    spec = "input a: 1x8x8\ninput b: 1x8x8\nadd @a"
    report = cnndsl.check(spec, input={"a": (1, 4, 4), "b": (1, 4, 4)})
    assert report.graph.nodes[-1].output_shape == (1, 4, 4)


@pytest.mark.parametrize("shape", [(1, 28.0, 28), ("1", 28, 28), (True, 28, 28), (None,)])
def test_a_shape_of_something_else_is_a_type_error(shape: tuple[object, ...]) -> None:
    with pytest.raises(TypeError, match="input is a shape of whole numbers"):
        cnndsl.check(SPEC, input=shape)  # type: ignore[arg-type]


@pytest.mark.parametrize("shape", [(), (0, 28, 28), (1, 2, 3, 4, 5), (-1,), (2**31, 1, 1)])
def test_a_shape_that_no_value_has_is_a_value_error(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="input="):
        cnndsl.check(SPEC, input=shape)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lenet.cnn").write_text(LENET)
    (tmp_path / "no ending").write_text(LENET)
    return tmp_path


def test_what_is_a_path_and_what_is_text(folder: Path) -> None:
    assert cnndsl.check("lenet.cnn").parameters == 61_706
    assert cnndsl.check(folder / "lenet.cnn").source.name == str(folder / "lenet.cnn")
    assert cnndsl.check(Path("no ending")).parameters == 61_706
    # one word that does not end in .cnn, and several words that do, are texts
    assert cnndsl.check("relu", input=(3,)).ok
    assert cnndsl.check("no ending.cnn").source.name == "<text>"
    assert cnndsl.check(Source(LENET, "given.cnn")).source.name == "given.cnn"


@pytest.mark.parametrize("spec", ["nowhere.cnn", Path("nowhere"), Path(".")])
def test_a_file_that_cannot_be_read_is_an_os_error(folder: Path, spec: str | Path) -> None:
    assert folder.exists()
    for function in (cnndsl.check, cnndsl.show, cnndsl.compile, cnndsl.to_python, cnndsl.draw):
        with pytest.raises(OSError, match=r"nowhere|directory"):
            function(spec)


def test_a_byte_order_mark_is_no_mistake(folder: Path) -> None:
    (folder / "bom.cnn").write_bytes(b"\xef\xbb\xbf" + LENET.encode())
    assert cnndsl.check("bom.cnn").ok
    assert cnndsl.check("\ufeff" + LENET).ok


@pytest.mark.parametrize("spec", [None, 3, b"relu", ["relu"]])
def test_a_spec_of_another_type_is_refused(spec: object) -> None:
    with pytest.raises(TypeError, match=f"not {type(spec).__name__}"):
        cnndsl.check(spec)  # type: ignore[arg-type]


def test_compile_of_a_chain_is_a_sequential() -> None:
    model = cnndsl.compile(SPEC, input=(1, 28, 28), classes=7)
    assert type(model) is nn.Sequential
    assert [type(layer) for layer in model] == [nn.Conv2d, nn.ReLU, nn.MaxPool2d, nn.Flatten, nn.Linear]
    assert model(torch.zeros(2, 1, 28, 28)).shape == (2, 7)
    assert model.spec == SPEC


def test_compile_of_anything_else_is_a_class_of_its_own() -> None:
    spec = "model Net\ninput 3x8x8\nstem: [conv 4 k3 p1 -> relu]\nresidual { conv 4 k1 }\n"
    model = cnndsl.compile(spec)
    assert type(model).__name__ == "Net"
    assert list(model.state_dict()) == ["stem.0.weight", "stem.0.bias", "0.weight", "0.bias"]
    x = torch.randn(2, 3, 8, 8)
    twin = pickle.loads(pickle.dumps(copy.deepcopy(model)))
    assert torch.equal(model(x), twin(x))
    assert twin.spec == spec


def test_compile_of_a_bad_spec_raises_what_check_prints() -> None:
    with pytest.raises(cnndsl.SpecError) as caught:
        cnndsl.compile(TWO_MISTAKES)
    report = cnndsl.check(TWO_MISTAKES)
    assert str(caught.value).strip() == str(report)
    assert [one.message for one in caught.value.diagnostics] == [one.message for one in report.diagnostics]
    for function in (cnndsl.to_python, cnndsl.compile):
        with pytest.raises(cnndsl.SpecError):
            function("input 8 -> relu", classes=10)


def test_to_python_is_the_source_that_compile_ran() -> None:
    code = cnndsl.to_python(SPEC, input=(1, 28, 28), classes=7)
    names: dict[str, object] = {}
    exec(code, names)
    model = names["model"]
    assert isinstance(model, nn.Sequential)
    assert str(model) == str(cnndsl.compile(SPEC, input=(1, 28, 28), classes=7))


def test_show_and_draw_of_right_and_wrong_specs() -> None:
    table = cnndsl.show(SPEC, input=(1, 28, 28))
    assert "31,530" in table
    assert "16x28x28" in table
    drawn = cnndsl.draw(SPEC, input=(1, 28, 28))
    assert isinstance(drawn, graphviz.Digraph)
    assert "conv" in drawn.source
    # of a spec with mistakes, what is known
    assert "1x28x28" in cnndsl.show(TWO_MISTAKES)
    assert isinstance(cnndsl.draw(TWO_MISTAKES), graphviz.Digraph)


def test_format() -> None:
    assert cnndsl.format("conv  16 k3->relu") == "conv 16 k3 -> relu\n"
    with pytest.raises(cnndsl.SpecError):
        cnndsl.format("add {")


def test_format_of_a_file_gives_text_and_writes_nothing(folder: Path) -> None:
    (folder / "ugly.cnn").write_text("relu->tanh")
    assert cnndsl.format("ugly.cnn") == "relu -> tanh\n"
    assert (folder / "ugly.cnn").read_text() == "relu->tanh"


def test_only_compile_and_train_import_torch() -> None:
    code = (
        "import sys, cnndsl\n"
        f"spec = {SPEC!r}\n"
        "cnndsl.check(spec, (1, 28, 28)); cnndsl.show(spec, (1, 28, 28)); cnndsl.draw(spec, (1, 28, 28))\n"
        "cnndsl.format(spec); cnndsl.to_python(spec, (1, 28, 28))\n"
        "assert 'torch' not in sys.modules\n"
        "cnndsl.compile(spec, (1, 28, 28))\n"
        "assert 'torch' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
