"""A folder into which another program puts pictures, one after the other."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

from typing_extensions import override

from sonoassist.core.errors import DamagedFrameError, SourceError
from sonoassist.core.natural_order import natural_key
from sonoassist.sources.live_source import LivePicture, LiveSource
from sonoassist.sources.sniff import is_hidden
from sonoassist.sources.stills import decode_still

SUFFIXES = (".png", ".jpg", ".jpeg")
"""Of these it can be told whether they are whole."""


class GrowingFolder(LiveSource):
    """The PNG and JPEG pictures of a folder that grows, in natural order of their names.

    Those that are there already come first. A picture that cannot be read is waited for while it
    changes, and `unreadable_s` longer; then it raises `DamagedFrameError` once. A folder that is
    gone is one without new pictures. The pictures are frames of one sequence; `time_s` is told by
    when their files were written.

    Args:
        folder: The folder.
        stop: When set, opening is given up.

    Raises:
        SourceError: There is no such folder, or no picture came.
    """

    unreadable_s = 2.0
    rescan_s = 1.0

    def __init__(self, folder: Path, stop: threading.Event | None = None) -> None:
        if not folder.is_dir():
            raise SourceError(f"there is no folder {folder}", "Name the one that gets the pictures")
        self._folder = folder.resolve()
        super().__init__(self._folder.name or str(self._folder))
        self._seen: set[str] = set()
        self._scanned_ns, self._rescan_at_s = -1, 0.0
        self._waiting: list[str] = []
        self._tried, self._tried_at_s = ("", b""), 0.0
        self.begin("grows", f"grows:{self._folder}", "pictures", stop)

    @override
    def poll(self) -> LivePicture | None:
        self._waiting = self._waiting or self._new()
        if not self._waiting:
            return None
        name, data = self._waiting[0], b""
        path = self._folder / name
        try:
            data = path.read_bytes()
            picture = LivePicture(decode_still(name, data), path.stat().st_mtime)
        except (OSError, SourceError) as error:
            if self._may_change(name, data):
                return None
            self._seen.add(self._waiting.pop(0))
            raise DamagedFrameError(f"{name} cannot be read", "It is left out") from error
        self._seen.add(self._waiting.pop(0))
        return picture

    def _may_have_grown(self) -> bool:
        """Whether the folder was written to since it was gone through: it may hold thousands.

        Now and then that is taken for granted: clocks of file systems are coarse.
        """
        changed_ns, now_s = self._folder.stat().st_mtime_ns, time.monotonic()
        if changed_ns == self._scanned_ns and now_s < self._rescan_at_s:
            return False
        self._scanned_ns, self._rescan_at_s = changed_ns, now_s + self.rescan_s
        return True

    def _may_change(self, name: str, data: bytes) -> bool:
        """Whether it is not long ago that a picture was found to be like this."""
        if (name, data) != self._tried:
            self._tried, self._tried_at_s = (name, data), time.monotonic()
        return time.monotonic() - self._tried_at_s < self.unreadable_s

    def _new(self) -> list[str]:
        """Names of the pictures that have not been waited for, in order."""
        try:
            if not self._may_have_grown():
                return []
            names = {one.name for one in os.scandir(self._folder)} - self._seen
        except OSError:
            return []  # it may come back
        shown = (one for one in names if one.lower().endswith(SUFFIXES) and not is_hidden(one))
        return sorted(shown, key=natural_key)
