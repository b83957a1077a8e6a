"""Between the values of an exam and the rows of its database."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from sonoassist.core import flaws
from sonoassist.core.names import readable
from sonoassist.core.packets import Box, Floats, Provenance, State, frozen
from sonoassist.core.planes import INDEX
from sonoassist.core.wording import counted
from sonoassist.exam.records import (
    Capture,
    Event,
    ExamStart,
    FrameRow,
    How,
    Item,
    Judgement,
    RecordedVideo,
    Seen,
    Shot,
    Tick,
)
from sonoassist.localise import LOCALISER

FRAME_COLUMNS = (
    "at_s, frame, time_s, state, plane, confidence, steady_plane, "
    "left_px, top_px, right_px, bottom_px, probabilities, "
    "crop_left_px, crop_top_px, crop_right_px, crop_bottom_px, frozen, localiser, provenance"
)
LATELY = 5000
"""So many frames back a result is looked for that is to be replaced."""
_FRAME_MARKS = ", ".join("?" * (FRAME_COLUMNS.count(",") + 1))
ADD_FRAME = f"INSERT INTO frames ({FRAME_COLUMNS}) VALUES ({_FRAME_MARKS})"
PUT_FRAME = (
    f"INSERT OR REPLACE INTO frames (id, {FRAME_COLUMNS}) VALUES ((SELECT max(id) FROM frames WHERE"
    f" id > (SELECT max(id) FROM frames) - {LATELY} AND at_s = ? AND frame = ?), {_FRAME_MARKS})"
)
PROVENANCE_COLUMNS = "weights_sha256, network_input, crop, precision"
SHOT_COLUMNS = (
    "item, how, at_s, frame, time_s, plane, confidence, quality, why, "
    "left_px, top_px, right_px, bottom_px, "
    "field_left_px, field_top_px, field_right_px, field_bottom_px, saw, hints"
)
CAPTURE_COLUMNS = f"id, {SHOT_COLUMNS}, judgement, still, clip"
PUT_BOX = (
    "UPDATE captures SET left_px = ?, top_px = ?, right_px = ?, bottom_px = ?,"
    " hints = coalesce(?, hints) WHERE id = ?"
)
_SINGLE, _HALF = np.dtype("<f4"), np.dtype("<f2")
"""How probabilities are kept; in half precision by earlier programs."""
_LONGEST_NAME = 255
"""Bytes; no file system takes more."""
_FAR_PX = 1e9
"""No picture reaches so far."""

Row = tuple[Any, ...]


def corners(box: Box | None) -> tuple[float | None, float | None, float | None, float | None]:
    """A box as four columns."""
    if box is None:
        return (None,) * 4
    # numpy's numbers are no numbers to SQLite.
    return float(box.left), float(box.top), float(box.right), float(box.bottom)


def box_of(row: Row) -> Box | None:
    """Four columns as a box."""
    if row[0] is None:
        return None
    edges = [number_of(value) for value in row]
    if not all(abs(edge) < _FAR_PX for edge in edges):
        raise ValueError("a box lies nowhere")
    return Box(*edges)


def sayable(text: str) -> str:
    """A text that the database can hold: names of files may have parts that are no characters."""
    return readable(text)


def text_of(value: object) -> str:
    """A column of text.

    Raises:
        TypeError: It is something else.
    """
    if not isinstance(value, str):
        raise TypeError(f"a text is {type(value).__name__}")
    return value


def number_of(value: Any) -> float:
    """A column of numbers.

    Raises:
        ValueError, TypeError: It is something else, or no number that can be shown.
    """
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"a number is {number}")
    return number


def _plane(value: object, *, none: bool) -> str:
    key = text_of(value)
    if key not in INDEX and not (none and key == ""):
        raise ValueError(f"there is no plane {key!r}")
    return key


def _file(value: object) -> str:
    name = text_of(value)
    size = len(name.encode("utf-8", "surrogatepass"))
    if name and (Path(name).name != name or "\0" in name or size > _LONGEST_NAME):
        raise ValueError(f"{name!r} is no name of a file")
    return name


def frame_values(row: FrameRow, provenance: int | None) -> Row:
    """In the order of `FRAME_COLUMNS`.

    Args:
        row: To be kept.
        provenance: Number of what made it.
    """
    shares = row.probabilities.astype(_SINGLE).tobytes()
    return (
        float(row.at_s),
        int(row.index),
        float(row.time_s),
        row.state.value,
        row.plane,
        float(row.confidence),
        row.steady_plane,
        *corners(row.box),
        shares,
        *corners(row.crop),
        None if row.frozen is None else int(row.frozen),
        _localiser(row) if row.boxed else 0,
        provenance,
    )


def frame_row(row: Row, provenances: Mapping[int, Provenance]) -> FrameRow:
    """From columns in the order of `FRAME_COLUMNS`.

    Args:
        row: As it was kept.
        provenances: What makes results, by number.

    Raises:
        ValueError, TypeError: It is not what `frame_values` made.
    """
    kept = _HALF if len(row[11]) == _HALF.itemsize * len(INDEX) else _SINGLE
    shares: Floats = np.frombuffer(row[11], kept).astype(np.float32)
    if len(shares) != len(INDEX):
        raise ValueError(f"there are {counted(len(shares), 'probability', 'probabilities')}")
    return FrameRow(
        at_s=number_of(row[0]),
        index=int(row[1]),
        time_s=number_of(row[2]),
        state=State(row[3]),
        plane=_plane(row[4], none=False),
        confidence=number_of(row[5]),
        steady_plane=_plane(row[6], none=True),
        box=box_of(row[7:11]),
        probabilities=frozen(shares),
        crop=box_of(row[12:16]),
        frozen=None if row[16] is None else bool(row[16]),
        provenance=_boxed_by(provenances.get(row[18]), row[17]),
        boxed=bool(row[17]),
    )


def _localiser(row: FrameRow) -> int:
    return LOCALISER if row.provenance is None else row.provenance.localiser


def _boxed_by(made: Provenance | None, localiser: int) -> Provenance | None:
    """With the number of what made the box, which is kept with each frame."""
    return replace(made, localiser=int(localiser)) if made is not None and localiser else made


def provenance_of(row: Row) -> Provenance:
    """From columns in the order of `PROVENANCE_COLUMNS`.

    Raises:
        TypeError: They are no texts.
    """
    weights_sha256, network_input, crop, precision = (text_of(value) for value in row)
    return Provenance(weights_sha256, network_input, crop, precision)


def shot_values(shot: Shot) -> Row:
    """In the order of `SHOT_COLUMNS`."""
    return (
        shot.item,
        shot.how.value,
        float(shot.at_s),
        int(shot.index),
        float(shot.time_s),
        shot.plane,
        float(shot.confidence),
        float(shot.quality),
        shot.why,
        *corners(shot.box),
        *corners(shot.field),
        shot.saw.value,
        flaws.to_json(shot.hints),
    )


def capture(row: Row) -> Capture:
    """From columns in the order of `CAPTURE_COLUMNS`.

    Raises:
        ValueError, TypeError: It is no capture.
    """
    field = box_of(row[14:18])
    if field is None:
        raise TypeError("a capture has no field of view")
    shot = Shot(
        item=text_of(row[1]),
        how=How(row[2]),
        at_s=number_of(row[3]),
        index=int(row[4]),
        time_s=number_of(row[5]),
        plane=_plane(row[6], none=True),
        confidence=number_of(row[7]),
        quality=number_of(row[8]),
        why=text_of(row[9]),
        box=box_of(row[10:14]),
        field=field,
        saw=Seen(row[18]),
        hints=flaws.from_json(row[19]),
    )
    return Capture(int(row[0]), shot, Judgement(row[20]), _file(row[21]), _file(row[22]))


def recording(row: Row) -> RecordedVideo:
    """From (id, file, began_s, frames, ended, trouble).

    Raises:
        ValueError, TypeError: It is no recording.
    """
    began_s, frames, ended = number_of(row[2]), int(row[3]), bool(row[4])
    return RecordedVideo(int(row[0]), _file(row[1]), began_s, frames, ended, text_of(row[5]))


def event(row: Row) -> Event:
    """From (at_s, kind, text).

    Raises:
        ValueError, TypeError: It is no event.
    """
    return Event(number_of(row[0]), text_of(row[1]), text_of(row[2]))


def tick(row: Row) -> Tick:
    """From (item, done, note).

    Raises:
        TypeError: It is no tick.
    """
    return Tick(text_of(row[0]), bool(row[1]), text_of(row[2]))


def start_text(start: ExamStart) -> str:
    """What is known at the beginning, as JSON."""
    return json.dumps(asdict(start), sort_keys=True)


def start_of(text: str) -> ExamStart:
    """The inverse of `start_text`.

    Raises:
        ValueError, TypeError, KeyError, AttributeError: It is not what `start_text` wrote.
    """
    values = json.loads(text)
    items = tuple(_item(item) for item in values.pop("items"))
    start = ExamStart(items=items, **values)
    for word in (start.study_id, start.source, start.source_label, start.preset):
        text_of(word)
    for table in (start.model, start.settings):
        if not isinstance(table, dict):
            raise TypeError(f"a table is {type(table).__name__}")
    _yes_or_no(start.synthetic)
    return start


def _item(values: dict[str, Any]) -> Item:
    item = Item(**values)
    for word in (item.key, item.label):
        text_of(word)
    _plane(item.plane, none=True)
    _yes_or_no(item.required)
    return item


def _yes_or_no(value: object) -> None:
    if not isinstance(value, bool):
        raise TypeError(f"yes or no is {type(value).__name__}")
