"""The results of all frames of an exam in columns: small enough to be kept beside its pictures.

Frames themselves are never kept: 20,000 of them are 40 GB, their results 2 MB.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonoassist.core.files import ARCHIVE_ERRORS
from sonoassist.core.packets import Box, Content, Floats, State, frozen
from sonoassist.core.planes import KEYS
from sonoassist.recordings.table import STATES, FrameColumns

CONTENTS = tuple(Content)
_CONTENT = {State.of(one): one for one in CONTENTS if one is not Content.B_MODE}
# What no plane is looked for in counts as no picture.
_CONTENT |= {State.NOISE: Content.NO_SIGNAL, State.OUTSIDE: Content.NO_SIGNAL}
_CONTENT_OF_STATE = np.array(
    [
        CONTENTS.index(Content.B_MODE if state is None else _CONTENT.get(state, Content.B_MODE))
        for state in STATES
    ],
    np.uint8,
)
_ABOUT = "about"

Ints = NDArray[np.int32]
Reals = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class ExamTable:
    """What was found in each frame, in the order of the frames; n rows, not writeable.

    Attributes:
        part: int32, (n,): which recording of the exam the frame is in.
        frame: int32, (n,): index in that recording.
        time_s: float64, (n,): in the exam.
        content: uint8, (n,): index in `CONTENTS`, what kind of picture it is.
        still: bool, (n,): the frame is a picture by itself, not one of a sequence.
        probabilities: float32, (n, 14), the softmax.
        sharpness: float32, (n,), 0 to 1; not a number where it was not measured.
        stillness: float32, (n,), 0 to 1, against the frame before; not a number where that one
            cannot be read.
        box: float32, (n, 4): left, top, right, bottom in frame pixels; not a number without one.
        crop: float32, (n, 4): of the network input, in frame pixels; not a number where an exam
            record of an earlier program does not tell.
    """

    part: Ints
    frame: Ints
    time_s: Reals
    content: NDArray[np.uint8]
    still: Flags
    probabilities: Floats
    sharpness: Floats
    stillness: Floats
    box: Floats
    crop: Floats

    def __len__(self) -> int:
        """Number of frames."""
        return len(self.frame)

    @property
    def judged(self) -> Flags:
        """Which frames were taken for a B-mode picture at all, bool (n,)."""
        return np.asarray(self.content == CONTENTS.index(Content.B_MODE))

    def box_of(self, row: int) -> Box | None:
        """The box found in a frame, in frame pixels."""
        return _box(self.box[row])

    def crop_of(self, row: int) -> Box | None:
        """What the network saw of a frame, in frame pixels; None where that is not known."""
        return _box(self.crop[row])


COLUMNS = tuple(column.name for column in fields(ExamTable))
_TYPES: dict[str, Any] = {
    "part": np.int32,
    "frame": np.int32,
    "time_s": np.float64,
    "content": np.uint8,
    "still": np.bool_,
}
_WIDTHS = {"probabilities": len(KEYS), "box": 4, "crop": 4}


@dataclass(frozen=True, slots=True, eq=False)
class PartResults:
    """The results of one recording of an exam.

    Attributes:
        number: Of the recording in the exam.
        began_s: Of its first frame, in the exam.
        columns: The results.
        frames: int32, (n,): index of each frame in the recording.
        still: Its frames are pictures by themselves.
    """

    number: int
    began_s: float
    columns: FrameColumns
    frames: Ints
    still: bool


def joined(parts: Iterable[PartResults]) -> ExamTable:
    """The results of the recordings of an exam as one table; damaged frames have no row."""
    each = [_rows_of(part) for part in parts]
    arrays = (
        np.concatenate([_empty(name), *(rows[name] for rows in each)]).astype(
            _TYPES.get(name, np.float32)
        )
        for name in COLUMNS
    )
    return ExamTable(*(frozen(array) for array in arrays))


def _rows_of(part: PartResults) -> dict[str, NDArray[Any]]:
    """The columns of a table for the readable frames of one recording."""
    columns = part.columns
    rows = np.flatnonzero(columns.readable)
    return {
        "part": np.full(len(rows), part.number),
        "frame": part.frames[rows],
        "time_s": columns.times_s[rows] + part.began_s,
        "content": _CONTENT_OF_STATE[columns.states[rows]],
        "still": np.full(len(rows), part.still),
        "probabilities": columns.probabilities[rows],
        "sharpness": columns.quality[rows],
        "stillness": columns.stillness[rows],
        "box": columns.boxes[rows],
        "crop": columns.crops[rows],
    }


def _box(row: Floats) -> Box | None:
    edges = [float(value) for value in row]
    return None if np.isnan(edges[0]) else Box(*edges)


def _empty(name: str) -> NDArray[Any]:
    wide = _WIDTHS.get(name)
    return np.zeros((0,) if wide is None else (0, wide), _TYPES.get(name, np.float32))


def packed(table: ExamTable, about: Mapping[str, Any]) -> bytes:
    """A table and plain values about it as the bytes of an `.npz` file.

    The same values give the same bytes.
    """
    arrays: dict[str, Any] = {_ABOUT: np.array(json.dumps(about, sort_keys=True))}
    arrays |= {name: getattr(table, name) for name in COLUMNS}
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()


def unpacked(data: bytes) -> tuple[ExamTable, dict[str, Any]] | None:
    """The inverse of `packed`; None where the bytes are not what it made."""
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as kept:
            about = json.loads(str(kept[_ABOUT]))
            table = ExamTable(*(_checked(name, kept[name]) for name in COLUMNS))
    except ARCHIVE_ERRORS:
        return None
    whole = len({len(getattr(table, name)) for name in COLUMNS}) == 1
    return (table, about) if whole and isinstance(about, dict) else None


def _checked(name: str, array: NDArray[Any]) -> NDArray[Any]:
    wide = _WIDTHS.get(name)
    shape = array.shape[1:]
    if array.dtype != _TYPES.get(name, np.float32) or shape != (() if wide is None else (wide,)):
        raise ValueError(f"{name} is {array.dtype} {array.shape}")
    return frozen(array)
