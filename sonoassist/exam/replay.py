"""A recording together with the results of its frames, as they were found during the exam."""

from __future__ import annotations

import itertools
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from sonoassist.core.errors import SourceError
from sonoassist.exam.exam import Exam
from sonoassist.exam.records import FrameRow, RecordedVideo
from sonoassist.sources.libav import av
from sonoassist.sources.video import unreadable
from sonoassist.sources.video_opening import build_index

EXACT_S = 0.001
"""Times that differ by less are the same: a video file rounds to some millionths of a second.

Half a frame would do where every frame is in the video. A frame that the recorder had to drop
may have a result, though, and could be so near to another that this one got it.
"""


class Clock(Enum):
    """What the times of a recording are."""

    EXAM = "exam"
    """Seconds since the exam began (`FrameRow.at_s`)."""
    SOURCE = "source"
    """The source's own time (`FrameRow.time_s`): a recording that was reviewed."""


@dataclass(frozen=True, slots=True)
class Replay:
    """The frames of a recording, each with its own result.

    Attributes:
        path: The video; frame `i` of it (as `sources` counts them) is entry `i` of the others.
        times_s: When each frame was captured, on the clock of the recording.
        rows: The result of each frame; None where it was not analysed.
    """

    path: Path
    times_s: tuple[float, ...]
    rows: tuple[FrameRow | None, ...]


def replay(exam: Exam, recording: RecordedVideo, clock: Clock = Clock.EXAM) -> Replay:
    """Bring the frames of a recording and the results in the record together.

    Also of a recording that was cut off, as far as it goes.

    Args:
        exam: Open.
        recording: One of its recordings.
        clock: The one by which the recorder was given the times.

    Raises:
        SourceError: The video is gone or holds no picture.
        RecordError: The record cannot be read.
    """
    path = exam.media / recording.file
    times_s = tuple(recording.began_s + time_s for time_s in _times(path))
    return Replay(path, times_s, match(times_s, exam.frames(), clock))


def match(
    times_s: Sequence[float], rows: Iterable[FrameRow], clock: Clock = Clock.EXAM
) -> tuple[FrameRow | None, ...]:
    """The result of each frame of a video; None where there is none of its very time.

    Args:
        times_s: Of the frames, rising.
        rows: Results in the order in which they were found; of several of one time the last
            counts.
        clock: What `times_s` are.
    """
    found: list[FrameRow | None] = [None] * len(times_s)
    for row in rows:
        time_s = row.at_s if clock is Clock.EXAM else row.time_s
        place = _nearest(times_s, time_s)
        if place is not None and abs(times_s[place] - time_s) <= _tolerance_s(times_s, place):
            found[place] = row
    return tuple(found)


def _nearest(times_s: Sequence[float], time_s: float) -> int | None:
    after = bisect_left(times_s, time_s)
    places = [place for place in (after - 1, after) if 0 <= place < len(times_s)]
    return min(places, key=lambda place: abs(times_s[place] - time_s), default=None)


def _tolerance_s(times_s: Sequence[float], place: int) -> float:
    """At most half the way to the next frame on either side."""
    near = times_s[max(place - 1, 0) : place + 2]
    gaps = [later - earlier for earlier, later in itertools.pairwise(near)]
    return min([EXACT_S, *(gap / 2 for gap in gaps)])


def _times(path: Path) -> tuple[float, ...]:
    if not path.is_file():
        raise SourceError(f"{path.name} is gone", "It was moved or deleted")
    try:
        return build_index(path).times_s
    except av.error.FFmpegError as error:
        raise unreadable(path, error) from error
