"""The results of all frames of an exam in columns: small enough to be kept beside its pictures.

Frames themselves are never kept: 20,000 of them are 40 GB, their results 2 MB.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonoassist.core.files import ARCHIVE_ERRORS
from sonoassist.core.packets import Analysis, Box, Content, Floats, State, frozen
from sonoassist.core.planes import KEYS
from sonoassist.temporal.quality import Quality

CONTENTS = tuple(Content)
_CONTENT = {State.of(one): one for one in CONTENTS if one is not Content.B_MODE}
_CONTENT[State.NOISE] = Content.NO_SIGNAL
_ABOUT = "about"

Ints = NDArray[np.int32]
Reals = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class FrameTable:
    """What was found in each frame, in the order of the frames; n rows, not writeable.

    Attributes:
        part: int32, (n,): which recording of the exam the frame is in.
        frame: int32, (n,): index in that recording.
        time_s: float64, (n,): in the exam.
        content: uint8, (n,): index in `CONTENTS`, what kind of picture it is.
        still: bool, (n,): the frame is a picture by itself, not one of a sequence.
        probabilities: float32, (n, 14), the softmax.
        sharpness: float32, (n,), 0 to 1.
        stillness: float32, (n,), 0 to 1, against the frame before.
        box: float32, (n, 4): left, top, right, bottom in frame pixels; not a number without one.
        crop: float32, (n, 4): of the network input, in frame pixels.
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
        edges = [float(value) for value in self.box[row]]
        return None if np.isnan(edges[0]) else Box(*edges)

    def crop_of(self, row: int) -> Box:
        """What the network saw of a frame, in frame pixels."""
        return Box(*(float(value) for value in self.crop[row]))


COLUMNS = tuple(column.name for column in fields(FrameTable))
_TYPES: dict[str, Any] = {
    "part": np.int32, "frame": np.int32, "time_s": np.float64, "content": np.uint8,
    "still": np.bool_,
}  # fmt: skip
_WIDTHS = {"probabilities": len(KEYS), "box": 4, "crop": 4}


class TableBuilder:
    """Takes the frames one by one."""

    def __init__(self) -> None:
        self._rows: list[tuple[Any, ...]] = []

    def __len__(self) -> int:
        """Number of frames so far."""
        return len(self._rows)

    def add(self, part: int, time_s: float, analysis: Analysis, quality: Quality) -> None:
        """Take the next frame.

        Args:
            part: Which recording of the exam it is in.
            time_s: In the exam.
            analysis: Of the frame.
            quality: Of its picture.
        """
        frame = analysis.frame
        self._rows.append(
            (
                part, frame.index, time_s, _content(analysis.state), frame.still,
                analysis.prediction.probabilities, quality.sharpness, quality.stillness,
                _edges(analysis.localisation.box), _edges(analysis.geometry.crop),
            )
        )  # fmt: skip

    def finish(self) -> FrameTable:
        """The table."""
        columns = zip(*self._rows, strict=True) if self._rows else ([] for _ in COLUMNS)
        arrays = (
            np.array(list(values), _TYPES.get(name, np.float32))
            for name, values in zip(COLUMNS, columns, strict=True)
        )
        return FrameTable(
            *(_shaped(name, array) for name, array in zip(COLUMNS, arrays, strict=True))
        )


def _content(state: State) -> int:
    return CONTENTS.index(_CONTENT.get(state, Content.B_MODE))


def _edges(box: Box | None) -> tuple[float, float, float, float]:
    if box is None:
        return (np.nan,) * 4
    return box.left, box.top, box.right, box.bottom


def _shaped(name: str, array: NDArray[Any]) -> NDArray[Any]:
    wide = _WIDTHS.get(name)
    return frozen(array if wide is None else array.reshape(-1, wide))


def packed(table: FrameTable, about: Mapping[str, Any]) -> bytes:
    """A table and plain values about it as the bytes of an `.npz` file.

    The same values give the same bytes.
    """
    arrays: dict[str, Any] = {_ABOUT: np.array(json.dumps(about, sort_keys=True))}
    arrays |= {name: getattr(table, name) for name in COLUMNS}
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()


def unpacked(data: bytes) -> tuple[FrameTable, dict[str, Any]] | None:
    """The inverse of `packed`; None where the bytes are not what it made."""
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as kept:
            about = json.loads(str(kept[_ABOUT]))
            table = FrameTable(*(_checked(name, kept[name]) for name in COLUMNS))
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
