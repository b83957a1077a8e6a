"""The results of all frames of a recording, in columns; one thread writes, any may read."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from sonoassist.core.packets import Box, Floats, State, frozen
from sonoassist.core.planes import PLANES
from sonoassist.recordings.records import STRIDE, FrameResult
from sonoassist.temporal.quality import Quality

_Scalar = TypeVar("_Scalar", bound=np.generic)

Reals = NDArray[np.float64]
Flags = NDArray[np.bool_]

STATES: tuple[State | None, ...] = (None, *State)
"""What the numbers of `FrameColumns.states` stand for; None is a damaged frame."""
DAMAGED_STATE = STATES.index(None)
_PLANE = STATES.index(State.PLANE)
_UNSURE = STATES.index(State.UNSURE)
_JUDGED = np.array([state is not None and state.judged for state in STATES])
NOT_LOOKED = -1


@dataclass(frozen=True, slots=True, eq=False)
class FrameColumns:
    """The results of all n frames at one moment; none of the arrays is written to again.

    Attributes:
        times_s: float64 (n,), of the frames, rising.
        known: bool (n,), whether the frame has a result, be it that it is damaged.
        states: uint8 (n,), index in `STATES`; says nothing where the frame is not known.
        probabilities: float32 (n, 14).
        quality: float32 (n,), sharpness, nan where not measured.
        stillness: float32 (n,), nan where not measured.
        boxes: float32 (n, 4): left, top, right, bottom in frame pixels; nan without a box.
        crops: float32 (n, 4), what the network saw, in frame pixels; nan where not known.
        frozen: bool (n,), repeats a picture that the scanner had frozen.
    """

    times_s: Reals
    known: Flags
    states: NDArray[np.uint8]
    probabilities: Floats
    quality: Floats
    stillness: Floats
    boxes: Floats
    crops: Floats
    frozen: Flags

    def __len__(self) -> int:
        """Number of frames."""
        return len(self.times_s)

    @property
    def surveyed(self) -> bool:
        """Whether at least every 16th frame has a result: what is not seen then is missing."""
        return bool(self.known[::STRIDE].all())

    @property
    def readable(self) -> Flags:
        """Which frames have a result and are not damaged, bool (n,)."""
        return np.asarray(self.known & (self.states != DAMAGED_STATE))

    @property
    def judged(self) -> Flags:
        """Which have a result that names a class: no Doppler pictures, say, and no menus."""
        return np.asarray(self.known & _JUDGED[self.states])

    @property
    def sure(self) -> Flags:
        """Whose plane may be named, bool (n,)."""
        return np.asarray(self.known & (self.states == _PLANE))


@dataclass(frozen=True, slots=True, eq=False)
class ResultBlock:
    """Results of some frames, in columns; n rows in any order.

    Attributes:
        indexes: int64 (n,), of the frames.
        states: uint8 (n,), index in `STATES`.
        probabilities: float32 (n, 14).
        boxes: float32 (n, 4), in frame pixels; nan without a box.
        boxed: bool (n,), see `FrameResult.boxed`.
        crops: float32 (n, 4), in frame pixels; nan where not known.
        quality: float32 (n,), nan where not measured.
        stillness: float32 (n,), nan where not measured.
        frozen: int8 (n,), 0 or 1; -1 where nobody has looked.
    """

    indexes: NDArray[np.int64]
    states: NDArray[np.uint8]
    probabilities: Floats
    boxes: Floats
    boxed: Flags
    crops: Floats
    quality: Floats
    stillness: Floats
    frozen: NDArray[np.int8]

    @classmethod
    def of(cls, results: Sequence[FrameResult]) -> ResultBlock:
        """Of results one by one, of which there is at least one."""
        return cls(
            indexes=np.array([one.index for one in results], np.int64),
            states=np.array([STATES.index(one.state) for one in results], np.uint8),
            probabilities=np.stack([one.probabilities for one in results]),
            boxes=np.array([_edges(one.box) for one in results], np.float32),
            boxed=np.array([one.boxed for one in results], bool),
            crops=np.array([_edges(one.crop) for one in results], np.float32),
            quality=np.array([one.quality for one in results], np.float32),
            stillness=np.array([one.stillness for one in results], np.float32),
            frozen=np.array(
                [NOT_LOOKED if one.frozen is None else int(one.frozen) for one in results], np.int8
            ),
        )

    def before(self, count: int) -> ResultBlock:
        """Only the results of frames whose number is lower."""
        rows = self.indexes < count
        columns = (getattr(self, one.name) for one in fields(self))
        return self if rows.all() else ResultBlock(*(column[rows] for column in columns))

    def restated(self, threshold: float) -> ResultBlock:
        """The results as they are by another threshold, see `records.restated`."""
        named = np.isin(self.states, (_PLANE, _UNSURE))
        sure = self.probabilities.max(axis=1) >= threshold
        states = np.where(named, np.where(sure, _PLANE, _UNSURE), self.states)
        return replace(self, states=states.astype(np.uint8))


class FrameTable:
    """What is known of each frame of a recording.

    Args:
        times_s: Of the frames, rising; of a source without an end those that came so far.
    """

    def __init__(self, times_s: Sequence[float] = ()) -> None:
        self.times_s = np.asarray(times_s, np.float64)
        self._room = 0
        self._known = np.zeros(0, bool)
        self._states = np.zeros(0, np.uint8)
        self._probabilities = np.zeros((0, len(PLANES)), np.float32)
        self._boxes = np.zeros((0, 4), np.float32)
        self._boxed = np.zeros(0, bool)
        self._crops = np.zeros((0, 4), np.float32)
        self._quality = np.zeros(0, np.float32)
        self._stillness = np.zeros(0, np.float32)
        self._frozen = np.zeros(0, np.int8)
        self._lock = threading.Lock()
        self._make_room(len(self.times_s))
        self.version = 0
        """Changes whenever something is added."""

    def _make_room(self, room: int) -> None:
        """Columns for so many frames; what is in them stays."""
        more = room - self._room
        self._known = _longer(self._known, more, fill=0)
        self._states = _longer(self._states, more, fill=0)
        self._probabilities = _longer(self._probabilities, more, fill=0)
        self._boxes = _longer(self._boxes, more, fill=np.nan)
        self._boxed = _longer(self._boxed, more, fill=0)
        self._crops = _longer(self._crops, more, fill=np.nan)
        self._quality = _longer(self._quality, more, fill=np.nan)
        self._stillness = _longer(self._stillness, more, fill=np.nan)
        self._frozen = _longer(self._frozen, more, fill=NOT_LOOKED)
        self._room = room

    def __len__(self) -> int:
        """Number of frames."""
        return len(self.times_s)

    # --- what is there ----------------------------------------------------------------------

    @property
    def done(self) -> int:
        """Number of frames with a result."""
        with self._lock:
            return int(np.count_nonzero(self._known[: len(self)]))

    @property
    def known(self) -> Flags:
        """Which frames have a result, (n,); a copy."""
        with self._lock:
            return np.array(self._known[: len(self)], bool)

    @property
    def damaged(self) -> Flags:
        """Which frames are known to be damaged, (n,)."""
        with self._lock:
            part = slice(0, len(self))
            return np.asarray(self._known[part] & (self._states[part] == DAMAGED_STATE))

    @property
    def finished(self) -> Flags:
        """Which frames have a result and were measured, or are damaged, (n,)."""
        with self._lock:
            part = slice(0, len(self))
            measured = ~np.isnan(self._stillness[part]) & (self._frozen[part] != NOT_LOOKED)
            return np.asarray(
                self._known[part] & ((self._states[part] == DAMAGED_STATE) | measured)
            )

    def lacks_box(self, *, unsure: bool = False) -> Flags:
        """Which frames name a plane for which a box was never looked for, (n,).

        Args:
            unsure: Also those whose plane is too unsure to be named.
        """
        with self._lock:
            part = slice(0, len(self))
            states = self._states[part]
            named = self._known[part] & ((states == _PLANE) | (unsure & (states == _UNSURE)))
            return np.asarray(named & ~self._boxed[part])

    def result(self, index: int) -> FrameResult | None:
        """The result of a frame, or None."""
        with self._lock:
            if not 0 <= index < len(self) or not self._known[index]:
                return None
            shares: Floats = self._probabilities[index].copy()
            looked = int(self._frozen[index])
            return FrameResult(
                index=index,
                state=STATES[int(self._states[index])],
                probabilities=frozen(shares),
                box=_box(self._boxes[index]),
                quality=float(self._quality[index]),
                stillness=float(self._stillness[index]),
                crop=_box(self._crops[index]),
                boxed=bool(self._boxed[index]),
                frozen=None if looked == NOT_LOOKED else bool(looked),
            )

    def results(self) -> Iterator[FrameResult]:
        """All results in the order of the frames."""
        for index in np.flatnonzero(self.known):
            found = self.result(int(index))
            if found is not None:
                yield found

    def snapshot(self) -> FrameColumns:
        """A copy of everything, as it is now."""
        with self._lock:
            part = slice(0, len(self))
            return FrameColumns(
                times_s=self.times_s,
                known=self._known[part].copy(),
                states=self._states[part].copy(),
                probabilities=self._probabilities[part].copy(),
                quality=self._quality[part].copy(),
                stillness=self._stillness[part].copy(),
                boxes=self._boxes[part].copy(),
                crops=self._crops[part].copy(),
                frozen=np.asarray(self._frozen[part] == 1),
            )

    # --- what comes -------------------------------------------------------------------------

    def extend(self, times_s: Sequence[float]) -> None:
        """More frames have come, behind those that are here.

        Args:
            times_s: Of the new frames.
        """
        with self._lock:
            self.times_s = np.concatenate([self.times_s, np.asarray(times_s, np.float64)])
            if len(self.times_s) > self._room:
                self._make_room(max(len(self.times_s), 2 * self._room))
            self.version += 1

    def add(self, results: Sequence[FrameResult]) -> None:
        """Take the results of some frames of the recording."""
        if not results:
            return
        self.add_block(ResultBlock.of(results))

    def add_block(self, block: ResultBlock) -> None:
        """Take the results of some frames of the recording, in columns."""
        indexes = block.indexes
        with self._lock:
            self._known[indexes] = True
            self._states[indexes] = block.states
            self._probabilities[indexes] = block.probabilities
            self._boxes[indexes] = block.boxes
            self._boxed[indexes] = block.boxed
            self._crops[indexes] = block.crops
            self._quality[indexes] = block.quality
            self._stillness[indexes] = block.stillness
            self._frozen[indexes] = block.frozen
            self.version += 1

    def measure(
        self, measured: Mapping[int, Quality], frozen: Mapping[int, bool] | None = None
    ) -> None:
        """Take what was measured of the pictures of some frames whose results are here.

        Args:
            measured: By frame.
            frozen: By frame: whether it repeats a picture that the scanner had frozen.
        """
        if not measured:
            return
        indexes = np.array(list(measured), np.int64)
        with self._lock:
            self._quality[indexes] = [one.sharpness for one in measured.values()]
            self._stillness[indexes] = [one.stillness for one in measured.values()]
            for index, repeats in (frozen or {}).items():
                self._frozen[index] = int(repeats)
            self.version += 1


def _longer(column: NDArray[_Scalar], more: int, *, fill: float) -> NDArray[_Scalar]:
    """A column with room for more frames."""
    added = np.full((more, *column.shape[1:]), fill, column.dtype)
    return np.concatenate([column, added])


def _box(edges: Floats) -> Box | None:
    return None if np.isnan(edges[0]) else Box(*(float(edge) for edge in edges))


def _edges(box: Box | None) -> tuple[float, float, float, float]:
    if box is None:
        return (np.nan,) * 4
    return box.left, box.top, box.right, box.bottom
