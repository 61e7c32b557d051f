"""``python -m triton_tle``."""

import sys

from .cli import main

sys.exit(main())
