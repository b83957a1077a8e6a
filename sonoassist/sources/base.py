"""What every source of frames can do."""

from __future__ import annotations

import errno
import itertools
import threading
import time
import uuid
from abc import ABC, abstractmethod
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import TypeGuard

import numpy as np
from typing_extensions import Self

from sonoassist.core.errors import DamagedFrameError, SourceError
from sonoassist.core.names import readable
from sonoassist.core.packets import Frame, Pixels, frozen
from sonoassist.sources.kinds import is_live

SYNTHETIC_MARK = "SonoAssist synthetic exam: no patient"
"""The comment in a video file whose pictures the program has made up itself."""


READER = 3
"""Counts up when a file may give other frames, or other numbers of them, than before. Whatever
keeps numbers of frames, or what was found in them, keeps this with them."""
FIRST_READER = 1
"""What was kept without naming a reader was numbered by this one."""


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """What is known of an opened source.

    Attributes:
        source_id: Unique for each opening.
        spec: What opens it again (path, `device:NAME`, URL).
        label: Short name for the status line, e.g. "montage.mp4" or "USB Capture HDMI"; what
            names of files are on disk is made readable.
        detail: Format for the status line, e.g. "H.264 · 974×734 @ 25".
        kind: "video", "image", "folder" or "dicom"; for a live source the name of its row in
            `kinds.KINDS`.
        width_px: Width of the first picture.
        height_px: Height of the first picture.
        fps: Nominal frames a second; None for stills or when unknown.
        frame_count: Number of frames; None for live sources.
        duration_s: Length; None for live sources.
        synthetic: The frames are made by the program, not by a scanner.
        warnings: What a user must know before any of it is shown: what is left out, or is not as
            the file says of itself. Sentences without the recording's name, which may be private,
            and without a full stop.
        also: Other specs that name it, such as a device's number.
    """

    source_id: str
    spec: str
    label: str
    detail: str
    kind: str
    width_px: int
    height_px: int
    fps: float | None
    frame_count: int | None
    duration_s: float | None
    synthetic: bool = False
    warnings: tuple[str, ...] = ()
    also: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Labels go into tables, databases and texts, which take characters only."""
        object.__setattr__(self, "label", readable(self.label))

    @property
    def live(self) -> bool:
        """Whether the frames come as they happen (no seeking, no end)."""
        return is_live(self.kind)

    def is_called(self, spec: str) -> bool:
        """Whether a spec, as a user may write it, names this very source."""
        return _as_compared(spec) in {_as_compared(one) for one in (self.spec, *self.also)}

    def named_warnings(self) -> list[str]:
        """The warnings, each with the source's name before it."""
        return [f"{self.label}: {sentence}" for sentence in self.warnings]

    @property
    def stills(self) -> bool:
        """Whether each frame is a picture of its own."""
        return self.kind in ("image", "folder")


def _as_compared(spec: str) -> str:
    """The same for all ways in which a spec may be written: a device's name has no case."""
    spec = spec.strip()
    kind, _, name = spec.partition(":")
    if kind.lower() != "device":
        return spec
    name = name.strip().casefold()
    return f"device:{int(name) if name.isdecimal() else name}"


class Opening(threading.Event):
    """An opening that takes a while: it is given up when this is set.

    Attributes:
        waits_for: What it waits for, for the screen; "" where that is not known.
    """

    def __init__(self) -> None:
        super().__init__()
        self.waits_for = ""


def new_source_id() -> str:
    """A fresh identifier for one opening of a source."""
    return uuid.uuid4().hex


def system_failed(error: BaseException) -> TypeGuard[OSError]:
    """Whether the system could not read a file, rather than that the file is damaged.

    Offsets of a damaged file may lie nowhere, and a container that cannot be sought is no failure.
    """
    return isinstance(error, OSError) and error.errno not in (None, errno.EINVAL, errno.EPERM)


def unreadable_now(label: str, error: OSError) -> SourceError:
    """What is said where the system fails: another time all of the recording may be read."""
    made = SourceError(
        f"{label} cannot be read: {error.strerror or error}",
        "Check the disk or the network, then try again",
    )
    made.__cause__ = error
    return made


class Source(ABC):
    """A source of frames; used by one thread at a time.

    `read` gives the frames in order and None at the end. A damaged frame raises
    `DamagedFrameError` once and the next `read` goes on behind it. A live source raises
    `StalledError` when nothing new came within its limit (call `read` again) and
    `SourceLostError` when it is gone (close it and open it again).
    """

    def __init__(self) -> None:
        self._ids = itertools.count()
        self.file_at_opening: tuple[int, int, int] | None = None
        """Size in bytes, time of the last change in ns and number of the file that was opened;
        None where it is no file, or nobody has looked."""

    @property
    @abstractmethod
    def info(self) -> SourceInfo:
        """What is known of this source."""

    @abstractmethod
    def read(self) -> Frame | None:
        """Return the next frame, or None at the end.

        Raises:
            DamagedFrameError: This frame is damaged; the next `read` goes on.
            StalledError: Live source, nothing new yet.
            SourceLostError: Live source, gone.
            SourceError: The source cannot go on.
        """

    def seek(self, index: int) -> None:
        """Make the next `read` return frame `index` (clamped to the recording).

        Raises:
            SourceError: A live source cannot seek.
        """
        raise SourceError(f"{self.info.label} is live and cannot go to frame {index}")

    @property
    def times_s(self) -> Sequence[float]:
        """When each frame of a recording is shown, in seconds from the first, rising."""
        fps = self.info.fps or 1.0
        return [index / fps for index in range(self.info.frame_count or 0)]

    def index_at(self, time_s: float) -> int:
        """Index of the frame shown at `time_s` of a recording, clamped to it."""
        times_s = self.times_s
        # A microsecond of grace: times come back rounded from text files.
        found = bisect_right(times_s, time_s + 1e-6) - 1
        return min(max(found, 0), max(len(times_s) - 1, 0))

    @abstractmethod
    def close(self) -> None:
        """Let go of files, devices and processes. May be called twice."""

    def make_frame(
        self,
        pixels: Pixels,
        *,
        index: int,
        time_s: float,
        name: str = "",
        still: bool = False,
        captured_at_s: float | None = None,
    ) -> Frame:
        """Wrap `pixels` (uint8, (H, W, 3) RGB or (H, W)) as the next frame of this source.

        `captured_at_s` (by default now) is when the picture came, by `time.monotonic()`.
        """
        return Frame(
            frame_id=next(self._ids),
            pixels=frozen(np.ascontiguousarray(pixels)),
            captured_at_s=time.monotonic() if captured_at_s is None else captured_at_s,
            index=index,
            time_s=time_s,
            source_id=self.info.source_id,
            name=readable(name),
            still=still,
        )

    def __iter__(self) -> Iterator[Frame]:
        """Give the frames to the end; damaged ones raise as `read` does."""
        while (frame := self.read()) is not None:
            yield frame

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


__all__ = ["DamagedFrameError", "Source", "SourceInfo", "new_source_id"]
