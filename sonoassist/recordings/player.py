"""Plays a stretch of a recording on a thread of its own: at its own pace, frame by frame, exact.

Each order (play, go to) gives what is shown a number, so that a frame of the question before
never appears in the next one.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from sonoassist.core.background import BackgroundWork
from sonoassist.core.errors import DamagedFrameError, SonoAssistError
from sonoassist.core.packets import Frame
from sonoassist.live.player import Pacer
from sonoassist.sources.base import Source, unreadable_now

_LOOK_S = 0.02
"""While a frame is not due yet, the clock is looked at so often."""


@dataclass(frozen=True, slots=True, eq=False)
class ShownFrame:
    """What is to be shown now.

    Attributes:
        frame: The newest frame, or None when there is none yet.
        order: Number of the order it belongs to.
        ended: The stretch has been played to its end.
        trouble: The recording cannot be read on; or None.
    """

    frame: Frame | None
    order: int
    ended: bool = False
    trouble: SonoAssistError | None = None


class Player(BackgroundWork):
    """Owns a recording while it runs.

    Args:
        open_recording: Opens it, on the player's thread; closed by `stop`.
        news: Called on the thread whenever `shown` has changed.
        clock_s: Gives the time; tests pass their own.
    """

    def __init__(
        self,
        open_recording: Callable[[], Source],
        news: Callable[[], None],
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__("practice player")
        self._open_recording = open_recording
        self._news = news
        self._pacer = Pacer(clock_s)
        self._order = 0
        self._at = 0
        self._last = -1
        self._playing = False
        self._single: int | None = None
        self._shown = ShownFrame(None, 0)
        self._place = 0  # of the source; used on the thread only
        self.start()

    # -- orders, from any thread -----------------------------------------------------------

    @property
    def shown(self) -> ShownFrame:
        """What is to be shown now."""
        with self._changed:
            return self._shown

    def play(self, first: int, last: int) -> int:
        """Play the frames from `first` to `last`; returns the number of the order."""
        with self._changed:
            self._order += 1
            self._at, self._last, self._playing = first, last, True
            self._single = None
            self._shown = ShownFrame(None, self._order)
            self._pacer.restart()
            self._changed.notify_all()
            return self._order

    def freeze(self) -> None:
        """Stop at the frame that is shown."""
        with self._changed:
            self._playing = False
            self._changed.notify_all()

    def go_on(self) -> None:
        """Play on behind the frame that is shown."""
        with self._changed:
            if self._shown.frame is not None:
                self._at = self._shown.frame.index + 1
            self._single, self._playing = None, True
            self._pacer.restart()
            self._changed.notify_all()

    def go_to(self, index: int) -> None:
        """Show one frame, standing still."""
        with self._changed:
            self._playing, self._single = False, index
            self._changed.notify_all()

    def set_speed(self, speed: float) -> None:
        """Play faster or slower from now on."""
        with self._changed:
            self._pacer.set_speed(speed)
            self._changed.notify_all()

    # -- the thread ------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            source = self._open_recording()
        except SonoAssistError as error:
            with self._changed:
                self._changed.wait_for(self._has_work)
                order = self._order
            self._tell(order, None, trouble=error)
            return
        with source:
            self._play(source)

    def _play(self, source: Source) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(self._has_work)
                if self._stopping:
                    return
                order, single = self._order, self._single
                index = self._at if single is None else single
                over = single is None and index > self._last
                if over:
                    self._playing = False
            if over:
                self._tell(order, None, ended=True)
            else:
                self._fetch(source, order, index, single is not None)

    def _has_work(self) -> bool:
        return self._stopping or self._single is not None or self._playing

    def _fetch(self, source: Source, order: int, index: int, single: bool) -> None:
        frame: Frame | None = None
        trouble: SonoAssistError | None = None
        following = self._last + 1
        try:
            frame = self._read(source, index)
        except DamagedFrameError:
            self._place, following = -1, index + 1  # left out; the next one is asked for
        except SonoAssistError as error:
            trouble = error
        except OSError as error:
            trouble = unreadable_now(source.info.label, error)
        with self._changed:
            if single and self._single == index:
                self._single = None
            if trouble is not None:
                self._playing = False
        if trouble is not None:
            self._tell(order, None, trouble=trouble)
        elif single:
            self._tell(order, frame)
        elif frame is None or frame.index > self._last:
            self._move(order, following)
        elif self._wait(order, frame.time_s):
            self._move(order, frame.index + 1)
            self._tell(order, frame)

    def _read(self, source: Source, index: int) -> Frame | None:
        if index != self._place:
            source.seek(index)
        frame = source.read()
        self._place = frame.index + 1 if frame is not None else -1
        return frame

    def _move(self, order: int, index: int) -> None:
        with self._changed:
            if order == self._order:
                self._at = index

    def _wait(self, order: int, time_s: float) -> bool:
        """Wait until a frame is due; False when meanwhile it is not wanted any more."""
        with self._changed:
            while self._playing and order == self._order and self._single is None:
                if self._stopping:
                    return False
                wait_s = self._pacer.wait_s(time_s)
                if wait_s <= 0:
                    return True
                self._changed.wait(min(wait_s, _LOOK_S))
            return False

    def _tell(
        self,
        order: int,
        frame: Frame | None,
        *,
        ended: bool = False,
        trouble: SonoAssistError | None = None,
    ) -> None:
        with self._changed:
            if order != self._order:
                return
            newest = frame if frame is not None else self._shown.frame
            self._shown = ShownFrame(newest, order, ended, trouble)
        self._news()
