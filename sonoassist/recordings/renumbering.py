"""Bringing what a person said to the frame numbers of now."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from sonoassist.core.errors import SourceError
from sonoassist.recordings.correction_log import CorrectionLog
from sonoassist.recordings.corrections import Corrections
from sonoassist.recordings.edits import Edit, SetBest, SetBox, SetLabel, SetMark, folded
from sonoassist.recordings.recording import Recording
from sonoassist.sources import FIRST_READER, READER
from sonoassist.sources.older_reading import moved_since
from sonoassist.sources.video import VideoFile

_READER = "reader"
"""Fact of a review: the reader whose numbers it uses."""
_OLDER = "older reading"
"""Fact of a review whose numbers could not be brought up: why."""


def bring_up(recording: Recording, review: CorrectionLog) -> str:
    """Bring a review to the numbers of the reader of now, and name that reader in it.

    Args:
        recording: What is reviewed.
        review: Of it; may be empty.

    Returns:
        What must be said of it, a sentence; "" where nothing has changed.

    Raises:
        OutputError: The disk refuses; nothing has changed.
        SourceError: The recording cannot be read.
    """
    known = review.fact(_READER) or str(FIRST_READER)
    if not known.isdecimal() or int(known) >= READER:
        return review.fact(_OLDER)
    if not review.begun:
        review.set_fact(_READER, str(READER))
        return ""
    return _moved(recording, review, int(known))


def _moved(recording: Recording, review: CorrectionLog, reader: int) -> str:
    facts = {_READER: str(READER)}
    with recording.open() as source:
        index = source.index if isinstance(source, VideoFile) else None
    try:
        moved = None if index is None else moved_since(recording.path, index, reader)
    except SourceError as error:
        said = f"this review was made by an older reading: {error.message}"
        review.renumber(lambda edit: [edit], {**facts, _OLDER: said})
        return said
    if moved is None:
        review.set_fact(_READER, str(READER))
        return review.fact(_OLDER)
    review.renumber(lambda edit: list(renumbered(edit, moved)), facts)
    return (
        "the frames of this recording are counted otherwise than when it was reviewed: labels and "
        "chosen frames were brought to the new numbers, and it is analysed anew"
    )


def corrections_now(recording: Recording, review: CorrectionLog) -> Corrections:
    """What a person says by the frame numbers of now; the review stays as it is.

    Args:
        recording: What is reviewed.
        review: Of it; may be open for reading only.

    Raises:
        SourceError: The recording cannot be read, or its frames of then were those of another
            video.
    """
    known = review.fact(_READER) or str(FIRST_READER)
    done = not known.isdecimal() or int(known) >= READER
    if done or not review.begun or recording.index is None:
        return review.corrections
    moved = moved_since(recording.path, recording.index, int(known))
    if moved is None:
        return review.corrections
    return folded(one for edit in review.steps() for one in renumbered(edit, moved))


def renumbered(edit: Edit, moved: Sequence[int]) -> Iterator[Edit]:
    """What a step becomes by other numbers; nothing where its frames are left out now.

    Args:
        edit: By the numbers of then.
        moved: Number now of each frame of then; -1 where it is left out.
    """

    def now(frame: int) -> int:
        return moved[frame] if 0 <= frame < len(moved) else -1

    if isinstance(edit, SetLabel):
        frames = sorted({now(frame) for frame in range(edit.first, edit.last + 1)} - {-1})
        for first, last in _runs(frames):
            yield replace(edit, first=first, last=last)
    elif isinstance(edit, SetBest):
        if edit.frame < 0 or now(edit.frame) >= 0:
            yield SetBest(edit.plane, now(edit.frame) if edit.frame >= 0 else edit.frame)
    elif isinstance(edit, SetMark | SetBox):
        if now(edit.frame) >= 0:
            yield replace(edit, frame=now(edit.frame))
    else:
        yield edit


def _runs(frames: Sequence[int]) -> Iterator[tuple[int, int]]:
    """First and last of each stretch without a gap."""
    begin = 0
    for place in range(1, len(frames) + 1):
        if place == len(frames) or frames[place] != frames[place - 1] + 1:
            yield frames[begin], frames[place - 1]
            begin = place
