"""`python -m cnndsl` is the command `cnndsl`."""

import sys

from cnndsl.cli import main

sys.exit(main())
