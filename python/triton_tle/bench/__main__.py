"""`python -m triton_tle.bench OP`: the same as `python -m triton_tle bench OP`."""

import sys

from triton_tle.cli import main

sys.exit(main(["bench", *sys.argv[1:]]))
