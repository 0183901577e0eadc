"""Settings for the whole suite."""

from __future__ import annotations

import os

# Several workers share the cores: PyTorch's own threads would only wait for one another. Set before
# anything imports PyTorch, and inherited by the processes that tests start.
os.environ.setdefault("OMP_NUM_THREADS", "1")
