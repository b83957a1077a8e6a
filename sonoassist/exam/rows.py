"""Between the values of an exam and the rows of its database."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import numpy as np

from sonoassist.exam.records import (
    Capture,
    ExamStart,
    FrameRow,
    How,
    Item,
    Judgement,
    Recording,
    Shot,
)
from sonoassist.packets import Box, Floats, State, frozen

FRAME_COLUMNS = (
    "at_s, frame, time_s, state, plane, confidence, steady_plane, "
    "left_px, top_px, right_px, bottom_px, probabilities"
)
SHOT_COLUMNS = (
    "item, how, at_s, frame, time_s, plane, confidence, quality, why, "
    "left_px, top_px, right_px, bottom_px, "
    "field_left_px, field_top_px, field_right_px, field_bottom_px"
)
CAPTURE_COLUMNS = f"id, {SHOT_COLUMNS}, judgement, still, clip"
_HALF = np.dtype("<f2")

Row = tuple[Any, ...]


def corners(box: Box | None) -> tuple[float | None, float | None, float | None, float | None]:
    """A box as four columns."""
    return (None,) * 4 if box is None else (box.left, box.top, box.right, box.bottom)


def box_of(row: Row) -> Box | None:
    """Four columns as a box."""
    return None if row[0] is None else Box(*(float(value) for value in row))


def frame_values(row: FrameRow) -> Row:
    """In the order of `FRAME_COLUMNS`."""
    shares = row.probabilities.astype(_HALF).tobytes()
    return (
        row.at_s, row.index, row.time_s, row.state.value, row.plane, row.confidence,
        row.steady_plane, *corners(row.box), shares,
    )  # fmt: skip


def frame_row(row: Row) -> FrameRow:
    """From columns in the order of `FRAME_COLUMNS`."""
    shares: Floats = np.frombuffer(row[11], _HALF).astype(np.float32)
    return FrameRow(
        at_s=row[0], index=row[1], time_s=row[2], state=State(row[3]), plane=row[4],
        confidence=row[5], steady_plane=row[6], box=box_of(row[7:11]), probabilities=frozen(shares),
    )  # fmt: skip


def shot_values(shot: Shot) -> Row:
    """In the order of `SHOT_COLUMNS`."""
    return (
        shot.item, shot.how.value, shot.at_s, shot.index, shot.time_s, shot.plane,
        shot.confidence, shot.quality, shot.why, *corners(shot.box), *corners(shot.field),
    )  # fmt: skip


def capture(row: Row) -> Capture:
    """From columns in the order of `CAPTURE_COLUMNS`."""
    field = box_of(row[14:18])
    assert field is not None
    shot = Shot(
        item=row[1], how=How(row[2]), at_s=row[3], index=row[4], time_s=row[5], plane=row[6],
        confidence=row[7], quality=row[8], why=row[9], box=box_of(row[10:14]), field=field,
    )  # fmt: skip
    return Capture(row[0], shot, Judgement(row[18]), row[19], row[20])


def recording(row: Row) -> Recording:
    """From (id, file, began_s, frames, ended, trouble)."""
    return Recording(row[0], row[1], row[2], row[3], bool(row[4]), row[5])


def start_text(start: ExamStart) -> str:
    """What is known at the beginning, as JSON."""
    return json.dumps(asdict(start), ensure_ascii=False, sort_keys=True)


def start_of(text: str) -> ExamStart:
    """The inverse of `start_text`.

    Raises:
        ValueError, TypeError, KeyError: It is not what `start_text` wrote.
    """
    values = json.loads(text)
    items = tuple(Item(**item) for item in values.pop("items"))
    return ExamStart(items=items, **values)
