"""Reviews of recordings and analyses for practice, in the kept home.

Each function works through the program's own code and returns what it put in.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from kept_home.plain import columns, plain
from sonoassist.analysis.analyser import Analyser
from sonoassist.practice.analysing import ExamScan, analysis_file, save_analysis
from sonoassist.practice.opening import open_exam
from sonoassist.recordings.correction_store import CorrectionStore
from sonoassist.recordings.edits import Edit, SetBest, SetLabel, SetMark, SetNote, folded
from sonoassist.recordings.records import FrameResult, Progress, RunState
from sonoassist.recordings.table import Table
from sonoassist.review.session import ReviewSession

MakeAnalyser = Callable[[str], Analyser]
"""Builds the analyser for a crop."""

OF_EXAM: tuple[Edit, ...] = (
    SetLabel(0, 9, "4ch"),
    SetLabel(24, 29, "background"),
    SetBest("4ch", 7),
    SetBest("kidneys", 45),
    SetMark(12, True, "calipers: Größe?"),
    SetMark(30, True),
    SetNote("Second look at 4ch.\nHöhe 3."),
    SetLabel(40, 47, "kidneys"),
    SetMark(30, False),
)
OF_VIDEO: tuple[Edit, ...] = (
    SetLabel(5, 14, "femur"),
    SetBest("femur", 9),
    SetMark(70, True, "blurred"),
    SetNote("Plain video"),
    SetLabel(12, 14, ""),
    SetBest("lips", 80),
)
WITHOUT_ANALYSIS: tuple[Edit, ...] = (SetLabel(3, 8, "4ch"), SetMark(20, True, "begin here"))


def results(table: Table) -> list[FrameResult]:
    """All that a table has."""
    found = [table.result(index) for index in range(len(table))]
    return [one for one in found if one is not None]


def analysed(spec: str, analyser: Analyser, crop: str, until: Callable[[Progress], bool]) -> Any:
    """Have a recording analysed in Review, as far as wanted; gives the results so far."""
    session = ReviewSession.open(spec, CorrectionStore.default(), lambda: None)
    session.begin(analyser)
    pause = threading.Event()
    while not until(session.progress()):
        assert session.progress().state is not RunState.FAILED, session.progress().message
        pause.wait(0.005)
    session.close()
    return columns(results(session.table))


def finished(progress: Progress) -> bool:
    """Whether all is done."""
    return progress.state is RunState.DONE


def reviewed(spec: str, edits: Sequence[Edit], undone: int, place: int) -> dict[str, Any]:
    """Correct a recording in Review, and take the last steps back.

    Returns:
        What a person said, and with each step that is done again; label and place.
    """
    session = ReviewSession.open(spec, CorrectionStore.default(), lambda: None)
    for edit in edits:
        session.review.apply(edit)
    for _ in range(undone):
        session.review.undo()
    told = {
        "label": session.recording.label,
        "frames": len(session.table),
        "place": place,
        "said": plain(folded(edits[: len(edits) - undone])),
        "again": [
            plain(folded(edits[:count])) for count in range(len(edits) - undone + 1, len(edits) + 1)
        ],
        "back": [plain(folded(edits[:count])) for count in reversed(range(len(edits) - undone))],
    }
    session.close(place)
    return told


def practised(recording: Path, analyser: Analyser, most: int | None = None) -> dict[str, Any]:
    """Have a recording analysed for practice, whole or its first frames only."""
    path = analysis_file(str(recording), analyser)
    assert path is not None
    analyser.forget()
    with open_exam(str(recording)) as source:
        begun = ExamScan(source, analyser).run(lambda done: most is None or done < most)
    save_analysis(path, begun)
    return {
        "done": begun.done,
        "frames": len(begun.analysis.steady),
        "probabilities": plain(begun.analysis.probabilities),
        "steady": begun.analysis.steady.tolist(),
        "model": begun.analysis.model,
    }
