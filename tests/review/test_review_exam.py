"""The recording of a kept exam: its own results count where they were made the same way."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from review_made import EXAM, BrightEngine, made_analyser, write_recording

from sonoassist.errors import UsageError
from sonoassist.exam.exam import Exam
from sonoassist.exam.records import FrameRow
from sonoassist.exam.store import ExamStore
from sonoassist.packets import Box, State, frozen
from sonoassist.planes import INDEX
from sonoassist.review.records import RunState
from sonoassist.review.session import ReviewSession
from sonoassist.review.store import ReviewStore
from waiting import wait_until

sys.path.insert(0, str(Path(__file__).parents[1] / "exam"))

from exam_made import start

COUNT = sum(count for _, count in EXAM)
MADE = {"model": {"weights_sha256": "0" * 64}, "settings": {"crop": "full", "threshold": 0.7}}


def row(index: int) -> FrameRow:
    """What the exam found: kidneys, whatever the picture shows."""
    shares = np.zeros(14, np.float32)
    shares[INDEX["kidneys"]] = 1.0
    at_s = 3.0 + index / 25
    return FrameRow(
        at_s, index, index / 25, State.PLANE, "kidneys", 1.0, "", Box(1, 2, 30, 40), frozen(shares)
    )


def kept(folder: Path, recording: Path | None, **known: Any) -> Exam:
    exam = ExamStore(folder).create(start(**known))
    if recording is not None:
        shutil.copyfile(recording, exam.media / "recording.mp4")
        number = exam.begin_recording("recording.mp4", 3.0)
        exam.note_recording(number, COUNT, ended=True)
    exam.add_frames([row(index) for index in range(0, COUNT, 2)])
    exam.end(20.0)
    exam.close()
    return exam


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_recording(tmp_path_factory.mktemp("kept") / "exam.mp4")


@pytest.mark.parametrize(
    ("known", "taken"),
    [
        (MADE, True),
        ({**MADE, "model": {"weights_sha256": "1" * 64}}, False),
        ({**MADE, "settings": {"crop": "auto", "threshold": 0.7}}, False),
        ({**MADE, "settings": {"crop": "full", "threshold": 0.5}}, False),
        ({**MADE, "settings": {}}, False),
    ],
)
def test_results_of_the_exam(
    tmp_path: Path, recording: Path, known: dict[str, Any], taken: bool
) -> None:
    exams = ExamStore(tmp_path / "exams")
    exam = kept(exams.folder, recording, **known)
    session = ReviewSession.open(
        f"exam:{exam.exam_id}", ReviewStore(tmp_path / "reviews"), lambda: None, exams
    )
    assert session.recording.label == "S-17"
    analyser = made_analyser()
    session.begin(analyser, "full")
    wait_until(lambda: session.progress().state is not RunState.RUNNING)
    assert session.progress().state is RunState.DONE
    found = [session.table.result(index) for index in range(COUNT)]
    names = [one.plane.key for one in found if one is not None]
    assert (names[::2] == ["kidneys"] * (COUNT // 2)) == taken
    assert "kidneys" not in names[1::2]
    assert isinstance(analyser.engine, BrightEngine)
    session.close()


def test_an_exam_without_a_recording(tmp_path: Path) -> None:
    exams = ExamStore(tmp_path / "exams")
    exam = kept(exams.folder, None)
    with pytest.raises(UsageError, match="has no recording"):
        ReviewSession.open(
            f"exam:{exam.exam_id}", ReviewStore(tmp_path / "reviews"), lambda: None, exams
        )
    with pytest.raises(UsageError, match="is not an exam"):
        ReviewSession.open("exam:nothing", ReviewStore(tmp_path / "r"), lambda: None, exams)
