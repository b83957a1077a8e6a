"""An exam as plain values, the way `--json` prints it; times are seconds since it began."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from sonoassist.core.packets import Box
from sonoassist.exam.capture_words import (
    capture_words,
    chosen_by_hand,
    hint_values,
    item_of,
    why_words,
)
from sonoassist.exam.checklist import Completeness, Line, checklist, completeness
from sonoassist.exam.exam import Exam
from sonoassist.exam.in_force_values import history_values, judged_values
from sonoassist.exam.overview import Overview, state_of
from sonoassist.exam.records import Capture, ExamInfo, Item
from sonoassist.exam.rows import sayable

Values = dict[str, Any]


def listed(one: Overview) -> Values:
    """A line of the list; what cannot be read is None."""
    known = _head(one.info) if one.info is not None else dict.fromkeys(_HEAD)
    whole = one.whole
    return {
        "exam_id": one.exam_id,
        "state": one.state,
        "reason": one.reason,
        **{name: known[name] for name in _HEAD},
        "done": whole.done if whole is not None else None,
        "found": whole.found if whole is not None else None,
        "missing": [item.key for item in whole.missing] if whole is not None else None,
        "total": whole.total if whole is not None else None,
        "captures": one.captures,
        "recordings": one.recordings,
    }


def whole_exam(exam: Exam, running: bool) -> Values:
    """All of an exam but the results of its frames.

    Args:
        exam: Open.
        running: It is being written now.

    Raises:
        RecordError: It is damaged.
    """
    info, captures = exam.info(), exam.captures()
    lines = checklist(info.start.items, captures, exam.ticks())
    return {
        "exam_id": info.exam_id,
        "state": state_of(info, running),
        **_head(info),
        "model": info.start.model,
        "settings": info.start.settings,
        "in_force": [
            {**one, "source": sayable(held.in_force.source_label)}
            for one, held in zip(history_values(info.history), info.history.moments, strict=True)
        ],
        "changes_kept": info.history.followed,
        "folder": str(exam.folder),
        "unlisted": [] if running else list(exam.unlisted()),
        "frames": exam.frame_count(),
        "completeness": _completeness(completeness(lines)),
        "checklist": [_line(line) for line in lines],
        "captures": [
            _capture(one, item_of(one.shot, info.start.items)) | judged_values(info.history, one)
            for one in captures
        ],
        "recordings": [asdict(one) for one in exam.recordings()],
        "events": [asdict(one) for one in exam.events()],
    }


_HEAD = (
    "started_at",
    "ended_at",
    "length_s",
    "study_id",
    "source",
    "source_path",
    "synthetic",
    "preset",
    "note",
)


def _head(info: ExamInfo) -> Values:
    start = info.start
    return {
        "started_at": info.started_at,
        "ended_at": info.ended_at,
        "length_s": info.length_s,
        "study_id": start.study_id,
        "source": sayable(start.source_label),
        "source_path": sayable(start.source),
        "synthetic": info.synthetic,
        "preset": start.preset,
        "note": info.note,
    }


def _completeness(whole: Completeness) -> Values:
    return {
        "done": whole.done,
        "found": whole.found,
        "total": whole.total,
        "missing": [item.key for item in whole.missing],
    }


def _line(line: Line) -> Values:
    return {
        "item": line.item.key,
        "label": line.item.label,
        "plane": line.item.plane,
        "required": line.item.required,
        "state": line.state.value,
        "capture": line.shown.capture_id if line.shown is not None else None,
        "captures": line.captures,
        "rejected": line.rejected,
        "ticked": line.ticked,
        "note": line.note,
    }


def _capture(one: Capture, item: Item | None) -> Values:
    shot = one.shot
    return {
        "capture": one.capture_id,
        "item": shot.item,
        "how": shot.how.value,
        "judgement": one.judgement.value,
        "at_s": shot.at_s,
        "frame": shot.index,
        "time_s": shot.time_s,
        "plane": shot.plane,
        "confidence": shot.confidence,
        "chosen_by_hand": chosen_by_hand(shot, item),
        "saw": shot.saw.value,
        "said": capture_words(shot, item),
        "quality": shot.quality,
        "why": why_words(shot),
        "hints": hint_values(shot, item),
        "box_px": _edges(shot.box),
        "field_px": _edges(shot.field),
        "still": one.still,
        "clip": one.clip,
    }


def _edges(box: Box | None) -> list[float] | None:
    return [box.left, box.top, box.right, box.bottom] if box is not None else None
