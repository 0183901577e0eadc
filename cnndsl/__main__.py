"""`python -m cnndsl` is the command `cnndsl`."""

import sys

from cnndsl.cli import run_process

sys.exit(run_process())
