"""Frames of a recording, decoded ahead on a thread: one policy for all that cannot be read.

* A damaged frame is named and left out, and reading goes on behind it.
* Where the recording ends before its frames do, the rest is left out, and why is said once.
* Where the system fails rather than the recording (a disk, a network), reading fails: another time
  all of it may be read, and results without the rest would be kept as if they were all there is.
"""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from sonoassist.core.errors import DamagedFrameError, SourceError, StalledError
from sonoassist.core.packets import Frame
from sonoassist.sources.base import Source, unreadable_now

Item = TypeVar("Item")

AHEAD = 6
"""So many decoded frames wait at most (37 MB of a 1080p video)."""
READ_PAST = 50
"""Frames that are rather read past than jumped over: a jump decodes from the last key frame."""
MOST_STALLS = 10
"""A live source may pause for so many of its time limits, each about a second."""
_POLL_S = 0.1


@dataclass(frozen=True, slots=True)
class ReadFrame:
    """One of the frames that were asked for.

    Attributes:
        index: Which.
        frame: It, or None where it cannot be read.
        message: Why not, one line; "" where that was said of an earlier frame already. With the
            last frame of a recording: what is wrong with its end.
        error: What the source raised; kept of what is no recording, see `read_on`.
    """

    index: int
    frame: Frame | None
    message: str = ""
    error: SourceError | None = None


def read_frames(source: Source, indexes: Iterable[int]) -> Iterator[ReadFrame]:
    """Frames of a recording, each exactly once, in order.

    Args:
        source: Used by nobody else meanwhile.
        indexes: Rising.

    Raises:
        SourceError: The system could not read it; another time it may be.
    """
    cursor = _Cursor(source)
    for index in indexes:
        yield cursor.at(index)


@contextmanager
def read_ahead(frames_of: Iterable[Item], most: int = AHEAD) -> Iterator[Iterator[Item]]:
    """What is read, decoded ahead on a thread that has ended with the block.

    Args:
        frames_of: Of `read_frames` or `read_on`, or what is made of that; gone through on the
            thread.
        most: So many wait at most.
    """
    waiting: queue.Queue[Item | BaseException | None] = queue.Queue(most)
    ended = threading.Event()

    def put(item: Item | BaseException | None) -> bool:
        while not ended.is_set():
            try:
                waiting.put(item, timeout=_POLL_S)
            except queue.Full:
                continue
            return True
        return False

    def read() -> None:
        try:
            for one in frames_of:
                if not put(one):
                    return
            put(None)
        except Exception as error:  # noqa: BLE001  (raised again on the reader's thread)
            put(error)

    def frames() -> Iterator[Item]:
        while (item := waiting.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item

    thread = threading.Thread(target=read, name="recording reader", daemon=True)
    thread.start()
    try:
        yield frames()
    finally:
        ended.set()
        thread.join()


def frame_at(source: Source, index: int) -> Frame | None:
    """A frame of a recording, or None where it is damaged.

    Raises:
        SourceError: The recording cannot be read any more.
    """
    source.seek(index)
    try:
        frame = source.read()
    except DamagedFrameError:
        return None
    return frame if frame is not None and frame.index == index else None


class _Cursor:
    """Where a source is read, and what it gave that nobody has asked for yet."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._place = -1  # of the next frame; not known before the first seek
        self._early: Frame | None = None
        self._messages: deque[str] = deque()
        self._ended = False
        self._last = (source.info.frame_count or 0) - 1

    def at(self, index: int) -> ReadFrame:
        """The frame with this index, which is behind all those asked for before."""
        self._go_to(index)
        while not self._ended:
            frame = self._early or self._read()
            if frame is None or frame.index > index:
                self._early = frame
                break
            self._early, self._place = None, frame.index + 1
            if frame.index == index:
                self._messages.clear()  # of frames that were only read past
                if index == self._last:
                    self._early = self._read()  # a source says at its end that it is cut off
                return ReadFrame(index, frame, self._message())
        return ReadFrame(index, None, self._message())

    def _message(self) -> str:
        return self._messages.popleft() if self._messages else ""

    def _go_to(self, index: int) -> None:
        near = self._place <= index <= self._place + READ_PAST
        if self._ended or self._early is not None or (self._place >= 0 and near):
            return
        self._source.seek(index)
        self._place = index

    def _read(self) -> Frame | None:
        """The next frame that can be read; None where there is none any more."""
        frame = None
        try:
            while frame is None and not self._ended:
                try:
                    frame = self._source.read()
                    self._ended = frame is None
                except DamagedFrameError as error:
                    self._messages.append(str(error))
        except SourceError as error:
            if may_be_whole(error):
                raise
            self._messages.append(str(error))
            self._ended = True
        except OSError as error:  # the file could not be opened anew behind a bad place
            raise unreadable_now(self._source.info.label, error) from error
        return frame


def read_on(source: Source) -> Iterator[ReadFrame]:
    """All frames of a source that is no recording, as they come, to its end.

    Args:
        source: Pictures, or a live source; that may pause for a while, but not for ever.

    Raises:
        SourceError: The system failed where the source says nothing of its own.
    """
    stalls = 0
    while True:
        try:
            frame = source.read()
        except StalledError as error:
            stalls += 1
            if stalls > MOST_STALLS:
                yield ReadFrame(-1, None, str(error), error)
                return
            continue
        except DamagedFrameError as error:
            yield ReadFrame(-1, None, str(error), error)
            continue
        except SourceError as error:
            yield ReadFrame(-1, None, str(error), error)
            return
        except OSError as error:
            raise unreadable_now(source.info.label, error) from error
        if frame is None:
            return
        stalls = 0
        yield ReadFrame(frame.index, frame)


@contextmanager
def frames_ahead(source: Source) -> Iterator[Iterator[Frame]]:
    """The frames of a source that can be read, decoded ahead on a thread.

    The thread has ended with the block; the source stays open.

    Args:
        source: A recording or pictures, used by nobody else meanwhile.

    Raises:
        SourceError: While they are gone through: the source cannot go on.
    """

    def frames(found: Iterator[ReadFrame]) -> Iterator[Frame]:
        for one in found:
            if one.frame is not None:
                yield one.frame
            elif one.error is not None and not isinstance(one.error, DamagedFrameError):
                raise one.error

    with read_ahead(read_on(source)) as found:
        yield frames(found)


def may_be_whole(error: SourceError) -> bool:
    """Whether the system failed rather than the recording: another time it may be read."""
    cause = error.__cause__
    # That it may not be read says nothing of what is in it.
    return isinstance(cause, OSError) and not isinstance(cause, FileNotFoundError)
