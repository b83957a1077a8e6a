"""What was seen when: the data behind the strip. No Qt."""

from __future__ import annotations

import math
from dataclasses import dataclass

from sonoassist.gui.verdict import CODE_NONE, FORGET_AFTER_S
from sonoassist.live.status import View
from sonoassist.sources.base import SourceInfo

WINDOW_S = 60.0
AHEAD_S = 15.0
BRIDGE_S = FORGET_AFTER_S
"""A result stands for the pictures behind it for so long."""
STILL_S = 1.0


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of time with one result.

    Attributes:
        start_s: Source time at which it begins.
        end_s: Source time at which it ends.
        code: As in `verdict.strip_code`.
    """

    start_s: float
    end_s: float
    code: int


class Timeline:
    """Results over source time; forgets a source when another one comes."""

    def __init__(self) -> None:
        self._source_id = ""
        # One bucket a second, so that an hour of results costs the strip no more than a minute.
        self._buckets: dict[int, dict[int, tuple[float, int]]] = {}
        self._now_s = 0.0
        self._live = True
        self._length_s: float | None = None
        self._version = 0

    @property
    def version(self) -> int:
        """Changes whenever something is added."""
        return self._version

    @property
    def now_s(self) -> float:
        """Source time of the newest picture."""
        return self._now_s

    def add(self, view: View, code: int, info: SourceInfo | None) -> None:
        """Note the result of a picture.

        Args:
            view: The picture.
            code: As in `verdict.strip_code`.
            info: Of its source, or None when it is not known.
        """
        frame = view.frame
        if frame.source_id != self._source_id:
            self._buckets.clear()
            self._source_id = frame.source_id
        self._live = info is None or info.live
        stills = frame.still and info is not None
        self._length_s = _length_s(info)
        at_s = frame.index * STILL_S if stills else frame.time_s
        self._buckets.setdefault(math.floor(at_s), {})[frame.index] = (at_s, code)
        self._now_s = at_s
        self._version += 1
        if self._live:
            self._forget(at_s - 2 * WINDOW_S)

    def reach(self, view: View) -> None:
        """Time goes on to a picture whose result is not known yet."""
        frame = view.frame
        if frame.source_id == self._source_id and not frame.still:
            self._now_s = frame.time_s
            self._version += 1

    def _forget(self, before_s: float) -> None:
        for second in [second for second in self._buckets if second < before_s - 1]:
            del self._buckets[second]

    def _between(self, start_s: float, end_s: float) -> list[tuple[float, int]]:
        seconds = range(math.floor(start_s), math.floor(end_s) + 1)
        buckets = (self._buckets[second] for second in seconds if second in self._buckets)
        found = (one for bucket in buckets for one in bucket.values())
        return sorted(one for one in found if start_s <= one[0] <= end_s)

    def window(self) -> tuple[float, float]:
        """Source times at the two ends of the strip, in seconds."""
        if self._live or self._length_s is None:
            return self._now_s - WINDOW_S, self._now_s
        if self._length_s <= WINDOW_S:
            return 0.0, max(self._length_s, STILL_S)
        end = min(max(self._now_s + AHEAD_S, WINDOW_S), self._length_s)
        return end - WINDOW_S, end

    def segments(self) -> list[Segment]:
        """What the strip shows: stretches of equal results inside the window."""
        start_s, end_s = self.window()
        inside = self._between(start_s - BRIDGE_S, end_s)
        segments: list[Segment] = []
        for number, (at_s, code) in enumerate(inside):
            following = inside[number + 1][0] if number + 1 < len(inside) else None
            stop_s = self._end_of(at_s, following)
            last = segments[-1] if segments else None
            if last is not None and last.code == code and at_s <= last.end_s + 1e-6:
                segments[-1] = Segment(last.start_s, stop_s, code)
            elif stop_s > at_s:
                segments.append(Segment(at_s, stop_s, code))
        return [one for one in segments if one.code != CODE_NONE and one.end_s > start_s]

    @staticmethod
    def _end_of(at_s: float, following_s: float | None) -> float:
        if following_s is None or following_s - at_s > BRIDGE_S:
            return at_s + 0.04
        return following_s


def _length_s(info: SourceInfo | None) -> float | None:
    if info is None or info.live:
        return None
    if info.stills:
        return (info.frame_count or 1) * STILL_S
    return info.duration_s


def clock(seconds: float) -> str:
    """A time as m:ss.t, or h:mm:ss.t from one hour on."""
    tenths = max(round(seconds * 10), 0)
    minutes, rest = divmod(tenths, 600)
    hours, minutes = divmod(minutes, 60)
    tail = f"{rest // 10:02d}.{rest % 10}"
    return f"{hours}:{minutes:02d}:{tail}" if hours else f"{minutes}:{tail}"
