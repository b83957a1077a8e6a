"""The program is killed while it analyses: what it said was done is there, and goes on."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from review_made import EXAM, home_environment, made_analyser, write_recording

from sonoassist.recordings.correction_store import CorrectionStore
from sonoassist.recordings.identity import fingerprint
from sonoassist.recordings.records import RunState
from sonoassist.review.session import ReviewSession
from waiting import wait_until

PROGRAM = Path(__file__).parent / "reviewing_program.py"
COUNT = sum(count for _, count in EXAM)


def finished(recording: Path, store: CorrectionStore) -> np.ndarray:
    session = ReviewSession.open(str(recording), store, lambda: None)
    session.begin(made_analyser())
    wait_until(lambda: session.progress().state is not RunState.RUNNING)
    assert session.progress().state is RunState.DONE
    found = session.table.snapshot().probabilities
    session.close()
    return found


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> np.ndarray:
    """What an analysis comes to that nobody disturbs."""
    folder = tmp_path_factory.mktemp("whole")
    return finished(write_recording(folder / "exam.mp4"), CorrectionStore(folder / "reviews"))


@pytest.mark.parametrize("lines", [0, 1, 2, 3])
def test_killed_while_it_analyses(tmp_path: Path, whole: np.ndarray, lines: int) -> None:
    recording = write_recording(tmp_path / "exam.mp4")
    folder = tmp_path / "reviews"
    program = subprocess.Popen(
        [sys.executable, str(PROGRAM), str(folder), str(recording)],
        stdout=subprocess.PIPE,
        text=True,
        env=home_environment(tmp_path / "home"),
    )
    assert program.stdout is not None
    said = 0
    for _ in range(lines):
        said = int(program.stdout.readline())
    program.kill()
    program.wait()
    program.stdout.close()
    database = CorrectionStore(folder).cache.path_of(fingerprint(recording))
    if database.exists():
        with sqlite3.connect(database) as found:
            assert found.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert said <= found.execute("SELECT count(*) FROM frames").fetchone()[0] <= COUNT
        found.close()
    else:
        assert said == 0
    assert np.array_equal(finished(recording, CorrectionStore(folder)), whole)
