"""What live sources share: waiting for pictures, telling a stall, being closed meanwhile."""

from __future__ import annotations

import threading
import time
from abc import abstractmethod
from dataclasses import dataclass

from typing_extensions import override

from sonoassist.core.errors import DamagedFrameError, SourceError, StalledError
from sonoassist.core.packets import Frame, Pixels
from sonoassist.sources.base import Opening, Source, SourceInfo, new_source_id
from sonoassist.sources.pixels import check_size

POLL_S = 0.05


@dataclass(frozen=True, slots=True)
class LivePicture:
    """A picture of a live source.

    Attributes:
        pixels: uint8, (H, W, 3) RGB or (H, W).
        at_s: When it was made, by a clock of the source's own.
    """

    pixels: Pixels
    at_s: float


class LiveSource(Source):
    """A live source that is asked for pictures; none of those it gives is left out.

    A subclass gives `poll`, and calls `begin` at the end of its `__init__`, which waits for the
    first picture. `time_s` counts from it. After `stall_s` without a picture `read` raises
    `StalledError`.

    `close` may be called from another thread; a `read` that waits then returns None.

    Args:
        label: For people, see `SourceInfo`.
    """

    open_limit_s = 20.0
    stall_s = 1.0

    def __init__(self, label: str) -> None:
        super().__init__()
        self._label = label
        self._closed = threading.Event()
        self._first: LivePicture | None = None
        self._count = 0
        self._time_s = self._at_s = self._last_came_s = 0.0

    @abstractmethod
    def poll(self) -> LivePicture | None:
        """The next picture; None where there is none yet. Does not wait.

        Raises:
            DamagedFrameError: It is damaged; the next `poll` goes on behind it.
            SourceLostError: The source is gone.
        """

    def begin(self, kind: str, spec: str, detail: str, stop: threading.Event | None) -> None:
        """Wait for the first picture; damaged ones before it are named in the warnings.

        Args:
            kind: Name of the row in `kinds.KINDS`.
            spec: What opens the source again.
            detail: Format, without the size of the pictures.
            stop: When set, opening is given up.

        Raises:
            SourceError: No picture came within `open_limit_s`, or it is too large.
            SourceLostError: The source is gone.
        """
        warnings: list[str] = []
        first = self._wait_for_first(stop or threading.Event(), warnings)
        height, width = first.pixels.shape[:2]
        check_size(self._label, width, height)
        self._first, self._at_s, self._last_came_s = first, first.at_s, time.monotonic()
        self._info = SourceInfo(
            new_source_id(),
            spec,
            self._label,
            f"{detail} · {width}×{height}",
            kind,
            width,
            height,
            fps=None,
            frame_count=None,
            duration_s=None,
            warnings=tuple(warnings),
        )

    def _wait_for_first(self, stop: threading.Event, warnings: list[str]) -> LivePicture:
        if isinstance(stop, Opening):
            stop.waits_for = "Waiting for the first picture"
        end_s = time.monotonic() + self.open_limit_s
        while not stop.is_set():
            try:
                first = self.poll()
            except DamagedFrameError as error:
                warnings.append(f"{error.message} and is left out")
                continue
            if first is not None:
                return first
            if time.monotonic() >= end_s:
                raise SourceError(f"no picture came from {self._label}", "Start what makes them")
            stop.wait(POLL_S)
        raise SourceError(f"opening {self._label} was stopped")

    @property
    @override
    def info(self) -> SourceInfo:
        return self._info

    @override
    def read(self) -> Frame | None:
        end_s = time.monotonic() + self.stall_s
        while not self._closed.is_set():
            picture, self._first = self._first or self.poll(), None
            now_s = time.monotonic()
            if picture is not None:
                self._last_came_s = now_s
                return self._frame(picture)
            if now_s >= end_s:
                silent_s = now_s - self._last_came_s
                raise StalledError(f"no picture from {self._label} since {silent_s:.0f} s")
            self._closed.wait(min(POLL_S, end_s - now_s))
        return None

    def _frame(self, picture: LivePicture) -> Frame:
        # A clock that is set back costs one step only.
        self._time_s += max(picture.at_s - self._at_s, 0.0)
        self._at_s = picture.at_s
        self._count += 1
        return self.make_frame(picture.pixels, index=self._count - 1, time_s=self._time_s)

    @override
    def close(self) -> None:
        self._closed.set()
