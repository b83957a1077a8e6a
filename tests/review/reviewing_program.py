"""Analyses a recording until it is killed: FOLDER VIDEO; says how many frames are done."""

from __future__ import annotations

import sys
from pathlib import Path

from review_made import made_analyser

from sonoassist.review.records import RunState
from sonoassist.review.session import ReviewSession
from sonoassist.review.store import ReviewStore
from waiting import wait_until


def main() -> None:
    """Run."""
    session = ReviewSession.open(sys.argv[2], ReviewStore(Path(sys.argv[1])), lambda: None)
    session.begin(made_analyser(), "full")
    told = -1
    while session.progress().state is RunState.RUNNING:
        wait_until(
            lambda: session.table.done != told or session.progress().state is not RunState.RUNNING  # noqa: B023
        )
        told = session.table.done
        sys.stdout.write(f"{told}\n")
        sys.stdout.flush()
    session.close()


if __name__ == "__main__":
    main()
