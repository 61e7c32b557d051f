"""`python -m triton_tle.bench OP`: the same as `python -m triton_tle bench OP`."""

import sys

from .cli import main

sys.exit(main())
