"""What is known of a recording beforehand: the truth beside it, frame by frame."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sonoassist.core.errors import SourceError
from sonoassist.core.packets import Box
from sonoassist.core.planes import INDEX
from sonoassist.datasets import montage, phantom_exams
from sonoassist.datasets.folders import entries
from sonoassist.datasets.labels import LabelledFrame
from sonoassist.datasets.named import video_of

UNKNOWN = -1
"""Label of a frame of which nothing is known; nobody is right or wrong there."""

Labels = NDArray[np.int8]


@dataclass(frozen=True, slots=True)
class LabelTruth:
    """The labels that come with a recording.

    Attributes:
        labels: int8, (n,), index in `planes.PLANES` of each frame's plane, or `UNKNOWN`.
        boxes: Frame -> true box in frame pixels, where it is known.
        table: Name of the file that says so.
        problems: A line for each row that could not be used.
    """

    labels: Labels
    boxes: Mapping[int, Box] = field(default_factory=dict)
    table: str = ""
    problems: tuple[str, ...] = ()


def truth_beside(recording: str, frame_count: int) -> LabelTruth | None:
    """The truth that lies beside a recording, or None when there is none.

    Args:
        recording: Path of the video.
        frame_count: Its number of frames.

    Raises:
        SourceError: There is a table beside it, but it cannot be used.
    """
    path = Path(recording)
    if not path.is_file():
        return None
    if path.name == phantom_exams.VIDEO and phantom_exams.is_exam(path.parent):
        data = phantom_exams.read(path.parent, None)
        known = (*data.frames, *data.shown)  # a frozen picture shows its plane as well
        return _truth(known, frame_count, phantom_exams.TABLE, data.problems)
    table = _segments_beside(path)
    if table is None:
        return None
    data = montage.read(table, None)
    return _truth(data.frames, frame_count, table.name, data.problems)


def _segments_beside(path: Path) -> Path | None:
    """The JSON of segments that names this video."""
    for file in entries(path.parent):
        if file.suffix.lower() == ".json" and file.is_file():
            try:
                if video_of(file) == path.name:
                    return file
            except SourceError:
                continue  # some other JSON
    return None


def _truth(
    frames: Iterable[LabelledFrame], count: int, table: str, problems: tuple[str, ...]
) -> LabelTruth:
    labels = np.full(count, UNKNOWN, np.int8)
    boxes: dict[int, Box] = {}
    for frame in frames:
        if frame.plane is not None and frame.index < count:
            labels[frame.index] = INDEX[frame.plane]
            if frame.box is not None:
                boxes[frame.index] = frame.box
    labels.flags.writeable = False
    return LabelTruth(labels, boxes, table, problems)
