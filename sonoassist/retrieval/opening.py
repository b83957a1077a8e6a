"""Opening the recordings of an exam more than once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sonoassist.recordings.identity import Stamp
from sonoassist.retrieval.exams import stamp_as_it_is
from sonoassist.sources import Source, open_source
from sonoassist.sources.video import VideoFile
from sonoassist.sources.video_index import VideoIndex

Opening = Callable[[Path], Source]
"""Opens a recording, or raises `SourceError`."""


def opened(path: Path) -> Source:
    """Open a recording.

    Raises:
        SourceError: It cannot be opened.
    """
    return open_source(str(path))


class Opener:
    """Opens recordings; one that is opened again, unchanged, is not read through again."""

    def __init__(self) -> None:
        self._known: dict[tuple[Path, Stamp], VideoIndex] = {}

    def __call__(self, path: Path) -> Source:
        """Open a recording.

        Raises:
            SourceError: It cannot be opened.
        """
        key = (path, stamp_as_it_is(path))
        if key in self._known:
            return VideoFile(path, self._known[key])
        source = opened(path)
        if isinstance(source, VideoFile):
            self._known[key] = source.index
        return source
