"""A program of its own that is killed while it records an exam into the home.

    python cut_off_program.py PLACE

Prints what it put in, as one line of JSON, and kills itself at once.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from kept_home.make_home import bundled_analyser, made_settings
from kept_home.making_exams import being_recorded


def main() -> None:
    """Record, tell, die."""
    settings = made_settings(Path(sys.argv[1]))
    _exam, told = being_recorded(settings, bundled_analyser(settings))
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main()
