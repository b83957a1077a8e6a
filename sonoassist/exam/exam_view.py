"""A running exam as the screen sees it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sonoassist.core.packets import Pixels
from sonoassist.exam.checklist import Line


@dataclass(frozen=True, slots=True)
class ExamView:
    """A running exam at one moment, for the screen; replaced as a whole.

    Attributes:
        exam_id: Of the exam.
        began_s: `time.monotonic()` at its beginning.
        lines: Its checklist.
        recording_s: `time.monotonic()` when the recording began; None when none runs.
        trouble: Why nothing more can be kept, or "".
        thumbnails: Capture id -> uint8, (h, w, 3) RGB, of the captures that stand for an item.
        next_undo: What can be undone, e.g. "Femur rejected"; or "".
        next_redo: What can be done again, or "".
    """

    exam_id: str
    began_s: float
    lines: tuple[Line, ...]
    recording_s: float | None = None
    trouble: str = ""
    thumbnails: Mapping[int, Pixels] = field(default_factory=dict)
    next_undo: str = ""
    next_redo: str = ""
