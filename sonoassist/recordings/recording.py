"""A recording that was looked into: its frames' times, its identity, and how to open it again."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sonoassist.core.errors import SourceError, UsageError
from sonoassist.recordings.identity import Identity, Stamp, check_same, identity_of, stamp_of
from sonoassist.recordings.spec import LiveResults, Resolver, exam_spec_of, resolved
from sonoassist.sources import open_source
from sonoassist.sources.base import Source, SourceInfo
from sonoassist.sources.video import VideoFile
from sonoassist.sources.video_index import VideoIndex


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording.

    Attributes:
        path: Of the file.
        label: For people.
        info: Of the opened source.
        times_s: Of its frames, rising.
        identity: Of its content.
        stamp: Of the file, when it was looked into.
        spec: What opens it again, from anywhere: its whole path, or "exam:" and an exam's name
            with the number of one of its recordings.
        live_results: What was found in its frames while it was made; None without an exam.
        index: Of a video: it is not read through again.
    """

    path: Path
    label: str
    info: SourceInfo
    times_s: tuple[float, ...]
    identity: Identity
    stamp: Stamp
    spec: str = ""
    live_results: LiveResults | None = None
    index: VideoIndex | None = None

    def open(self) -> Source:
        """Open it once more.

        Raises:
            SourceError: It cannot be read, or is not the file that was looked into.
        """
        self.check_same()
        source: Source
        if self.index is None:
            source = open_source(str(self.path))
        else:
            source = VideoFile(self.path, self.index)
        try:
            self.check_same()
        except BaseException:
            source.close()
            raise
        return source

    @property
    def exam_id(self) -> str:
        """Name of the kept exam that it belongs to, or ""."""
        exam = exam_spec_of(self.spec)
        return "" if exam is None else exam.exam

    @property
    def replaced(self) -> bool:
        """Whether another file lies in its place, or it was written to."""
        with suppress(SourceError):  # it cannot be reached just now
            return stamp_of(self.path) != self.stamp
        return False

    def check_same(self) -> None:
        """Refuse to go on where the file was replaced or written to.

        Raises:
            SourceError: It was, or it cannot be reached.
        """
        check_same(self.path, self.stamp)


def look_into(spec: str, resolver: Resolver) -> Recording:
    """Find out what is in a recording; takes a while.

    Args:
        spec: Path of a video or a DICOM file, the folder of a synthetic exam, or "exam:" and the
            name of a kept exam, and "/2" for its second recording; without a number the longest.
        resolver: Knows the kept exams.

    Raises:
        UsageError: It is not one recording, or there is no such exam.
        SourceError: It cannot be read.
    """
    found = resolved(spec, resolver)
    return look_into_file(found.path, found.label, found.spec, found.live_results)


def look_into_file(
    path: Path, label: str = "", spec: str = "", live_results: LiveResults | None = None
) -> Recording:
    """The same for a file whose place is known; see `Recording` for the arguments.

    Raises:
        UsageError: It is not one recording.
        SourceError: It cannot be read.
    """
    before = stamp_of(path) if path.is_file() else None
    with open_source(str(path)) as source:
        found = recording_of_source(source, path, label, spec, live_results)
    if found.stamp != before:
        raise SourceError(f"{found.label} has changed while it was opened", "Open it again")
    return found


def recording_of_source(
    source: Source,
    path: Path,
    label: str = "",
    spec: str = "",
    live_results: LiveResults | None = None,
) -> Recording:
    """The same for a file that is open already; its reading position stays.

    Raises:
        UsageError: It is not one recording.
        SourceError: It cannot be read, or is written to meanwhile.
    """
    label = label or path.name
    info = source.info
    if info.live or info.stills or not path.is_file() or (info.frame_count or 0) < 2:
        raise UsageError(f"{label} is not a recording", "Choose a video or a DICOM clip")
    stamp = stamp_of(path)
    opened = source.file_at_opening
    if opened is not None and Stamp(*opened) != stamp:
        raise SourceError(f"{label} has changed while it was opened", "Open it again")
    identity = identity_of(path)
    check_same(path, stamp)
    return Recording(
        path=path,
        label=label,
        info=info,
        times_s=tuple(source.times_s),
        identity=identity,
        stamp=stamp,
        spec=spec or str(path.resolve()),
        live_results=live_results,
        index=source.index if isinstance(source, VideoFile) else None,
    )
