"""--plugin and load_plugins: modules, entry points, and everything that can be wrong with them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import cnndsl
from cnndsl.layers import find, layers, load_plugins
from cnndsl.layers.plugins import installed
from tests.cli.conftest import Run
from tests.cli.conftest import run as run  # the fixture

MODULE = """
from dataclasses import replace
from cnndsl.layers import register
from tests.plugins.layer import LAYER
register(LAYER)
"""

Write = Callable[[str, str], Path]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Write]:
    """A function that puts a module into the folder where the commands run."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def call(name: str, text: str) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    yield call
    for name, module in sys.modules.copy().items():
        if str(getattr(module, "__file__", None)).startswith(str(tmp_path)):
            del sys.modules[name]


COMMANDS = [
    ["check", "-e", "input 4x8x8 -> triple 2"],
    ["show", "-e", "input 4x8x8 -> triple 2"],
    ["draw", "-e", "input 4x8x8 -> triple 2", "-o", "net.dot"],
    ["build", "-e", "input 4x8x8 -> triple 2", "-o", "net.py"],
    ["layers", "triple"],
    ["layers", "triple", "--markdown"],
]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda words: words[0])
def test_every_command_takes_a_plugin(command: list[str], run: Run, write: Write) -> None:
    write("my_layers.py", MODULE)
    result = run(*command, "--plugin", "my_layers")
    assert result.status == 0, result.err
    again = run(*command, "--plugin", "my_layers")
    assert again.status == 0, again.err


def test_train_takes_a_plugin(run: Run, write: Write) -> None:
    write("my_layers.py", MODULE)
    rows = "".join(f"{label},{label},{label},1,2\n" for label in (0, 1) * 20)
    write("data.csv", f"label,a,b,c,d\n{rows}")
    spec = "input 4 -> triple 2 -> linear 2"
    result = run(
        "train", "-e", spec, "--data", "data.csv", "--epochs", "1", "--out", "run", "--plugin", "my_layers"
    )
    assert result.status == 0, result.err
    assert json.loads(Path("run/metrics.json").read_text())["epochs"]


def test_a_package_may_register_in_a_part_of_it(run: Run, write: Write) -> None:
    write("mine/__init__.py", "from . import part\n")
    write("mine/part.py", MODULE)
    assert load_plugins("mine") == ("triple",)
    assert load_plugins("mine") == ("triple",)
    found = find("triple")
    assert found is not None
    assert found.layer.plugin == "mine.part"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the module registers no layer; cnndsl.layers.register does"),
        ("def f(:\n", "importing it stopped with SyntaxError: .* \\(broken.py:1\\)"),
        ("\n1/0\n", r"importing it stopped with ZeroDivisionError: division by zero \(broken.py:2\)"),
        (
            "import no_such_thing\n",
            r"stopped with ModuleNotFoundError: No module named 'no_such_thing' \(broken.py:1\)",
        ),
        ("import sys\nsys.exit(0)\n", r"importing it stopped with SystemExit: 0 \(broken.py:2\)"),
        (
            MODULE + "register(LAYER)\n",
            "ValueError: layer triple: `triple` already means the layer triple of the plugin",
        ),
        (MODULE + "register(replace(LAYER, name='conv'))", "ValueError: layer conv: the example"),
        (MODULE + "register(LAYER, replaced=True)", "TypeError: .*replaced"),
        (MODULE + "register('conv')", "TypeError: expected a Layer, got 'conv'"),
    ],
)
def test_a_module_at_fault(run: Run, write: Write, text: str, said: str) -> None:
    write("broken.py", text)
    for _ in range(2):
        with pytest.raises(cnndsl.PluginError, match=f"^plugin broken: .*{said}"):
            load_plugins("broken")
        assert find("triple") is None, "a plugin is loaded whole or not at all"
    result = run("check", "-e", "input 4 -> triple", "--plugin", "broken")
    assert result.status == 2
    assert result.err.startswith("cnndsl: plugin broken: ")
    assert "Traceback" not in result.err


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("no_such", "plugin no_such: there is no such module and no such installed plugin"),
        (
            "my_layer",
            "my_layer: there is no such module and no such installed plugin; did you mean `my_layers`?",
        ),
        ("my_layers.py", "plugin my_layers.py: give the name of the module, not of its file: `my_layers`"),
        ("./my_layers.py", "give the name of the module, not of its file: `my_layers`"),
        ("a/b.py", "give the name of the module, not of its file: `a.b`"),
        ("my_layers.part", "plugin my_layers.part: there is no such module"),
        ("", "plugin : there is no such module"),
    ],
)
def test_a_module_that_is_not_there(run: Run, write: Write, name: str, said: str) -> None:
    write("my_layers.py", MODULE)
    result = run("check", "-e", "input 4 -> triple", "--plugin", name)
    assert result.status == 2
    assert said in result.err


ENTRY_POINTS = """
[cnndsl.layers]
one-layer = plug:ONE
several = plug:SEVERAL
function = plug:function
registering = plug:registering
module = plug_module
nothing = plug:nothing
number = plug:NUMBER
absent = plug:absent
taken = plug:TAKEN
"""

PLUG = """
from dataclasses import replace
from cnndsl.layers import register, Example
from tests.plugins.layer import LAYER

def named(name):
    return replace(LAYER, name=name, examples=(Example(name, "4", "12"),))

ONE = named("one")
SEVERAL = [named("two"), named("three")]
TAKEN = [named("four"), named("conv")]
NUMBER = 3
nothing = lambda: None
function = lambda: iter([named("five")])

def registering():
    register(named("six"))
"""


@pytest.fixture
def package(write: Write) -> None:
    """An installed package with entry points."""
    write("plug.py", PLUG)
    write("plug_module.py", "from plug import *\nregister(named('seven'))\n")
    write("plug-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: plug\nVersion: 1.0\n")
    write("plug-1.0.dist-info/entry_points.txt", ENTRY_POINTS)


@pytest.mark.usefixtures("package")
def test_entry_points(run: Run) -> None:
    assert {"one-layer", "several"} <= set(installed())
    for name, brought in (
        ("one-layer", ("one",)),
        ("several", ("two", "three")),
        ("function", ("five",)),
        ("registering", ("six",)),
        ("module", ("seven",)),
    ):
        assert load_plugins(name) == brought
        assert load_plugins(name) == brought, "a second time is no mistake"
    assert run("check", "-e", "input 4 -> three -> seven", "--plugin", "several").status == 0


@pytest.mark.usefixtures("package")
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("nothing", "plugin nothing: it brings no layer"),
        ("number", "plugin number: loading it stopped with TypeError: 'int' object is not iterable"),
        ("absent", "plugin absent: loading it stopped with AttributeError: .*absent"),
        ("taken", "plugin taken: loading it stopped with ValueError: .*`conv` already means"),
    ],
)
def test_an_entry_point_at_fault(name: str, said: str) -> None:
    before = layers()
    with pytest.raises(cnndsl.PluginError, match=said):
        load_plugins(name)
    assert layers() == before


@pytest.mark.usefixtures("package")
def test_an_installed_plugin_stays_asleep_until_it_is_named(write: Write, run: Run) -> None:
    write("plug-1.0.dist-info/entry_points.txt", "[cnndsl.layers]\nsleeper = plug_module\n")
    result = run("check", "-e", "input 4 -> sleeper 2")
    assert result.status == 1
    assert "an installed plugin has this name: `--plugin sleeper`" in result.out
    assert "an installed plugin has this name: `--plugin sleeper`" in run("layers", "sleeper").err
    assert "plug_module" not in sys.modules


def test_a_right_spec_does_not_look_for_plugins() -> None:
    code = (
        "import cnndsl, sys\n"
        "assert cnndsl.check('input 4x8x8 -> conv 2 k3').ok\n"
        "assert 'importlib.metadata' not in sys.modules\n"
        "assert 'cnndsl.layers.plugins' not in sys.modules\n"
        "cnndsl.check('input 4x8x8 -> convv 2 k3')\n"
        "assert 'importlib.metadata' in sys.modules, 'the probe can fail'\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
