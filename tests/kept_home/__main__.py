"""Make a kept home by hand: `python -m tests.kept_home tests/kept_home/home_0_1.zip`."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from kept_home.make_home import main

sys.exit(main(sys.argv[1:]))
