"""What is known of a recording beforehand: the truth beside it, frame by frame."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sonoassist.datasets import montage, phantom_exams
from sonoassist.datasets.folders import entries
from sonoassist.datasets.labels import LabelledFrame
from sonoassist.datasets.tables import RowError, read_json
from sonoassist.errors import SourceError
from sonoassist.packets import Box
from sonoassist.planes import INDEX

UNKNOWN = -1
"""Label of a frame of which nothing is known; nobody is right or wrong there."""

Labels = NDArray[np.int8]


@dataclass(frozen=True, slots=True)
class Truth:
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


def recording_of(spec: str) -> str:
    """The recording that the user means: of a folder or a table, the video that belongs to it.

    Args:
        spec: A path or anything else `open_source` knows.

    Returns:
        What is to be opened; `spec` itself where it names no exam's folder or table.

    Raises:
        SourceError: The table cannot be read, or names no video.
    """
    try:
        path = Path(spec).expanduser()
        folder = path if path.is_dir() else path.parent
        wanted = path.is_dir() or path.name == phantom_exams.TABLE
        if wanted and phantom_exams.is_exam(folder):
            return str(folder / phantom_exams.VIDEO)
        if path.suffix.lower() == ".json" and path.is_file():
            return str(path.parent / _video_of(path))
    except (RuntimeError, OSError):
        return spec  # whoever opens it says what is wrong with it
    return spec


def truth_beside(recording: str, frame_count: int) -> Truth | None:
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
                if _video_of(file) == path.name:
                    return file
            except SourceError:
                continue  # some other JSON
    return None


def _video_of(table: Path) -> str:
    try:
        data = read_json(table)
    except RowError as error:
        raise SourceError(f"{table.name} cannot be used: {error}") from error
    name = data.get("video")
    if "segments" not in data or not isinstance(name, str) or not name:
        raise SourceError(
            f"{table.name} is no table of a recording", "Choose the video of the exam instead"
        )
    if Path(name).name != name:
        raise SourceError(
            f"{table.name} names a video in another folder: {name}", "Put both side by side"
        )
    return name


def _truth(
    frames: Iterable[LabelledFrame], count: int, table: str, problems: tuple[str, ...]
) -> Truth:
    labels = np.full(count, UNKNOWN, np.int8)
    boxes: dict[int, Box] = {}
    for frame in frames:
        if frame.plane is not None and frame.index < count:
            labels[frame.index] = INDEX[frame.plane]
            if frame.box is not None:
                boxes[frame.index] = frame.box
    labels.flags.writeable = False
    return Truth(labels, boxes, table, problems)
