"""Settings for the whole suite."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

import pytest

# Several workers share the cores: PyTorch's own threads would only wait for one another. Set before
# anything imports PyTorch, and inherited by the processes that tests start.
os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture(autouse=True)
def no_plugin_stays() -> Iterator[None]:
    """The vocabulary is one for the whole process: the layers that a test registers go with it."""
    yield
    from cnndsl.layers import layers, unregister

    for layer in layers():
        if layer.plugin:
            unregister(layer.name)
            if not layer.plugin.startswith("tests."):
                sys.modules.pop(layer.plugin, None)
