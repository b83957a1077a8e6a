"""The net by hand: `python -m tests.fuzz --format dicom --count 1000 --seed 5`."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from fuzz.by_hand import main

sys.exit(main(sys.argv[1:]))
