"""Kept exams with a recording whose results nobody could mistake for the engine's."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
from review_made import EXAM

from sonoassist.core.packets import Box, State, frozen
from sonoassist.core.planes import INDEX
from sonoassist.exam.exam import Exam
from sonoassist.exam.records import FrameRow
from sonoassist.exam.store import ExamStore

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
