"""The results of all frames in memory, as arrays; one thread writes, any may read."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from sonoassist.core.packets import Box, Floats, State, frozen
from sonoassist.core.planes import PLANES
from sonoassist.review.pyramid import Levels, Pyramid
from sonoassist.review.records import STRIDE, FrameResult
from sonoassist.temporal.quality import Quality

_STATES: tuple[State | None, ...] = (None, *State)
_DAMAGED = _STATES.index(None)


class Table:
    """What is known of each frame of a recording.

    Args:
        times_s: Of the frames, rising.
    """

    def __init__(self, times_s: Sequence[float]) -> None:
        self.times_s = np.asarray(times_s, np.float64)
        count = len(self.times_s)
        self._known = np.zeros(count, bool)
        self._states = np.zeros(count, np.uint8)
        self._probabilities = np.zeros((count, len(PLANES)), np.float32)
        self._boxes = np.full((count, 4), np.nan, np.float32)
        self._quality = np.full(count, np.nan, np.float32)
        self._stillness = np.full(count, np.nan, np.float32)
        self._pyramid = Pyramid(count)
        self._lock = threading.Lock()
        self.version = 0
        """Changes whenever something is added."""

    def __len__(self) -> int:
        return len(self.times_s)

    @property
    def done(self) -> int:
        """Number of frames with a result."""
        with self._lock:
            return int(np.count_nonzero(self._known))

    @property
    def surveyed(self) -> bool:
        """Whether at least every 16th frame has a result: what is not seen then is missing."""
        with self._lock:
            return bool(self._known[::STRIDE].all())

    @property
    def known(self) -> NDArray[np.bool_]:
        """Which frames have a result, (n,); a copy."""
        with self._lock:
            return np.array(self._known, bool)

    @property
    def finished(self) -> NDArray[np.bool_]:
        """Which frames have a result and were measured, or are damaged, (n,)."""
        with self._lock:
            damaged = self._states == _DAMAGED
            return np.asarray(self._known & (damaged | ~np.isnan(self._stillness)))

    def add(self, results: Sequence[FrameResult]) -> None:
        """Take the results of some frames of the recording."""
        if not results:
            return
        indexes = np.array([one.index for one in results], np.int64)
        shares = np.stack([one.probabilities for one in results])
        corners = [_corners(one.box) for one in results]
        with self._lock:
            self._known[indexes] = True
            self._states[indexes] = [_STATES.index(one.state) for one in results]
            self._probabilities[indexes] = shares
            self._boxes[indexes] = corners
            self._quality[indexes] = [one.quality for one in results]
            self._stillness[indexes] = [one.stillness for one in results]
            self._pyramid.update(indexes, shares)
            self.version += 1

    def measure(self, measured: Mapping[int, Quality]) -> None:
        """Take the quality of the pictures of some frames whose results are here."""
        if not measured:
            return
        indexes = np.array(list(measured), np.int64)
        with self._lock:
            self._quality[indexes] = [one.sharpness for one in measured.values()]
            self._stillness[indexes] = [one.stillness for one in measured.values()]
            self.version += 1

    def result(self, index: int) -> FrameResult | None:
        """The result of a frame, or None."""
        with self._lock:
            if not 0 <= index < len(self) or not self._known[index]:
                return None
            box = self._boxes[index]
            shares: Floats = self._probabilities[index].copy()
            return FrameResult(
                index=index,
                state=_STATES[int(self._states[index])],
                probabilities=frozen(shares),
                box=None if np.isnan(box[0]) else Box(*(float(edge) for edge in box)),
                quality=float(self._quality[index]),
                stillness=float(self._stillness[index]),
            )

    def columns(self, first: float, last: float, width: int) -> tuple[Levels, NDArray[np.bool_]]:
        """For drawing, see `Pyramid.columns`."""
        with self._lock:
            return self._pyramid.columns(first, last, width)

    def arrays(self) -> Arrays:
        """A copy of everything, to look for candidates in."""
        with self._lock:
            sure = self._states == _STATES.index(State.PLANE)
            shares = self._probabilities.copy()
            readable = self._known & (self._states != _DAMAGED)
            # Doppler pictures and menus, say, are not judged; damaged frames show nothing.
            judged = readable.copy()
            for number, state in enumerate(_STATES):
                if state is not None and not state.judged:
                    judged &= self._states != number
            return Arrays(
                self.times_s, self._known.copy(), readable, judged, sure & judged, shares,
                self._quality.copy(), self._stillness.copy(),
            )  # fmt: skip


class Arrays:
    """The results of all frames at one moment.

    Args:
        times_s: float64 (n,).
        known: bool (n,), whether the frame has a result, be it that it is damaged.
        readable: bool (n,), whether it has a result and is not damaged.
        judged: bool (n,), whether the frame has a result that names a class.
        sure: bool (n,), whether its plane may be named.
        probabilities: float32 (n, 14).
        quality: float32 (n,), sharpness, nan where not measured.
        stillness: float32 (n,), nan where not measured.
    """

    def __init__(
        self,
        times_s: NDArray[np.float64],
        known: NDArray[np.bool_],
        readable: NDArray[np.bool_],
        judged: NDArray[np.bool_],
        sure: NDArray[np.bool_],
        probabilities: Floats,
        quality: Floats,
        stillness: Floats,
    ) -> None:
        self.times_s, self.known, self.readable = times_s, known, readable
        self.judged, self.sure, self.probabilities = judged, sure, probabilities
        self.quality, self.stillness = quality, stillness


def _corners(box: Box | None) -> tuple[float, float, float, float]:
    if box is None:
        return (np.nan,) * 4
    return box.left, box.top, box.right, box.bottom
