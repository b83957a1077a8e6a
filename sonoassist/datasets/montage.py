"""A recording with a JSON of segments beside it: which plane it holds from frame to frame.

    {"video": "montage.mp4", "retrieval_tolerance_frames": 18,
     "segments": [{"plane": "Kidneys", "first_frame": 0, "last_frame": 74}]}

Frames between the segments have no label. A retrieved frame counts when it lies within the
tolerance of its segment.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sonoassist.datasets.collecting import Collector, Openings, beside, known
from sonoassist.datasets.label_map import LabelMap, load_label_map
from sonoassist.datasets.labels import Dataset, LabelledFrame
from sonoassist.datasets.tables import RowError, read_json

LAYOUT = "montage"


def read(file: Path, mapping: Path | None) -> Dataset:
    """Read the segments.

    Raises:
        SourceError: The file or its recording cannot be read, or no segment can be used.
        UsageError: The mapping cannot be used.
    """
    classes = load_label_map(LAYOUT, mapping)
    data = read_json(file)
    collected = Collector(file.stem, LAYOUT)
    try:
        reader = _Reader(collected, classes, file, data)
    except RowError as error:
        collected.problem(file.name, error)
        return collected.finish()
    segments = data.get("segments")
    for number, segment in enumerate(segments if isinstance(segments, list) else [], 1):
        where = f"{file.name}, segment {number}"
        try:
            reader.take(segment, where)
        except RowError as error:
            collected.problem(where, error)
    return collected.finish()


class _Reader:
    def __init__(
        self, collected: Collector, classes: LabelMap, file: Path, data: dict[str, Any]
    ) -> None:
        self._collected, self._classes = collected, classes
        self._case = file.stem
        name = data.get("video")
        if not isinstance(name, str) or not name:
            raise RowError('"video" names no file')
        self._path = beside(file.parent, name)
        self._count = Openings().info(self._path).frame_count
        self._tolerance = _count(data.get("retrieval_tolerance_frames", 0), "the tolerance")

    def take(self, segment: object, where: str) -> None:
        if not isinstance(segment, dict):
            raise RowError("it is not an object")
        name = str(segment.get("plane", ""))
        accepted = known(self._classes.accepted(name), name)
        first = _count(segment.get("first_frame"), "first_frame")
        last = _count(segment.get("last_frame"), "last_frame")
        if last < first or (self._count is not None and last >= self._count):
            raise RowError(f"frames {first} to {last} do not lie in the recording")
        if not accepted:
            self._collected.leave_out(name)
            return
        for index in range(first, last + 1):
            self._collected.add(LabelledFrame(self._case, self._path, index, accepted), where)
        start = LabelledFrame(self._case, self._path, first, accepted)
        self._collected.show_around(start, last, self._tolerance, self._count)


def _count(value: object, name: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise RowError(f"{name} is not a whole number from 0 on: {value!r}")
    return value
