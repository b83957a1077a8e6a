"""What the practice page is given, and its parts."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from sonoassist.exam.store import ExamStore
from sonoassist.practice.covering import MakeCover, text_cover
from sonoassist.practice.examiner import MakeAnalyser
from sonoassist.practice.history import PracticeHistory
from sonoassist.practice.set_store import SetStore
from sonoassist.recordings.correction_store import CorrectionStore, Known


@dataclass(frozen=True, slots=True)
class PracticeServices:
    """What the composition root hands to the page.

    Attributes:
        make_analyser: Builds the analyser the settings ask for; runs on a thread of its own.
        history: Of the trainees.
        demo: The bundled demo exam, or None.
        recent: What was opened last, newest first.
        clock_s: Paces the player.
        reviewed: The recordings reviewed last, newest first.
        exams: Where exams are kept; None for the user's own.
        reviews: Where reviews are kept; None for the user's own.
        make_cover: Makes what covers the text on pictures; runs on threads of its own.
        sets: The question sets of recordings.
        cover_text: Whether text on pictures is covered, as the user wanted it last.
        keep_cover: Keeps that.
    """

    make_analyser: MakeAnalyser
    history: PracticeHistory
    demo: Path | None = None
    recent: Callable[[], list[str]] = list
    clock_s: Callable[[], float] = time.monotonic
    reviewed: Callable[[], list[Known]] = list
    exams: ExamStore | None = None
    reviews: CorrectionStore | None = None
    make_cover: MakeCover = text_cover
    sets: SetStore = field(default_factory=SetStore)
    cover_text: Callable[[], bool] = lambda: True
    keep_cover: Callable[[bool], None] = lambda _on: None


class Stage(Enum):
    """What the page shows."""

    START = "start"
    EXERCISE = "exercise"
    RESULT = "result"
    PROGRESS = "progress"
    TRAINEES = "trainees"
