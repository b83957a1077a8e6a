"""Analyses a recording until it is killed: FOLDER VIDEO; says how many frames are done."""

from __future__ import annotations

import sys
from pathlib import Path

from review_made import made_analyser

from sonoassist.recordings.correction_store import CorrectionStore
from sonoassist.recordings.records import RunState
from sonoassist.recordings.table import FrameTable, ResultBlock
from sonoassist.review.session import ReviewSession
from waiting import wait_until


class TellingTable(FrameTable):
    """Says how many frames are done as soon as they are, on the analysis' own thread."""

    def add_block(self, block: ResultBlock) -> None:
        super().add_block(block)
        sys.stdout.write(f"{self.done}\n")
        sys.stdout.flush()


def main() -> None:
    """Run."""
    session = ReviewSession.open(sys.argv[2], CorrectionStore(Path(sys.argv[1])), lambda: None)
    session.table = TellingTable(session.recording.times_s)
    session.begin(made_analyser())
    wait_until(lambda: session.progress().state is not RunState.RUNNING)
    session.close()


if __name__ == "__main__":
    main()
