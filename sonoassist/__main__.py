"""Entry point: `sonoassist` and `python -m sonoassist`."""

from __future__ import annotations

import multiprocessing
import sys


def main() -> None:
    """Run the program and leave with its exit status."""
    multiprocessing.freeze_support()  # a capture device lives in a process of its own
    from sonoassist.core.allocator import keep_arenas_few

    keep_arenas_few()
    from sonoassist.cli import run  # late, so that a bad start is still reported in one line

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
