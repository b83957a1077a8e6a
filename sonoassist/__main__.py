"""Entry point: `sonoassist` and `python -m sonoassist`."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the program and leave with its exit status."""
    from sonoassist.cli import run  # late, so that a bad start is still reported in one line

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
