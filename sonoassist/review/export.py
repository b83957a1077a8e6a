"""Corrections as labels for `sonoassist train`: a folder in the layout `datasets.exams` reads.

Only what a person said is a label: chosen frames and corrected stretches. Where the model names a
plane and nobody said whether that is right, the frame is named and left out, so that it is not
taken for background; so are the frames round those that a person named, which the model may have
missed as well. Boxes are not written: they are the model's own.
"""

from __future__ import annotations

import csv
import io
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

from sonoassist.datasets.exams import BACKGROUND, TABLE
from sonoassist.errors import SourceError, UsageError
from sonoassist.exam.stills import png_bytes
from sonoassist.files import ensure_folder, output_error, replacing, write_bytes
from sonoassist.planes import INDEX
from sonoassist.review.recording import Recording
from sonoassist.review.records import Corrections
from sonoassist.review.run import frame_at
from sonoassist.review.table import Table
from sonoassist.sources.fingerprint import fingerprint

UNJUDGED = "leave out"
"""What a frame is called that nobody judged."""
UNJUDGED_FROM = 0.2
"""A frame is no certain background where the model gives all planes together more than that."""
AROUND_S = 3.0
"""So near to a frame that a person says shows a plane nothing unjudged is certain background."""
COLUMNS = ("file", "frame", "plane")
PICTURES_A_STRETCH = 24
"""Without the video, so many frames of each stretch are written as pictures at most."""


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written.

    Attributes:
        folder: Of the exam.
        labels: Frames with a label.
        planes: How many of each, by key.
        video: The recording is in it.
        alone: There is no other exam in the folder.
    """

    folder: Path
    labels: int
    planes: Mapping[str, int]
    video: bool
    alone: bool


def export(
    recording: Recording,
    corrections: Corrections,
    table: Table,
    folder: Path,
    *,
    video: bool = True,
) -> Exported:
    """Write the corrections of a review.

    Args:
        recording: Under review.
        corrections: What the person said.
        table: What the model said.
        folder: Gets a folder for this exam, in which an earlier export of it is replaced.
        video: With the recording itself, linked where the disk allows it; else chosen frames and
            some of each stretch are written as pictures.

    Raises:
        UsageError: Nothing was corrected or chosen yet.
        OutputError: The operating system refuses.
        SourceError: The recording cannot be read any more, or is another file than was reviewed.
    """
    labels = labelled(corrections)
    if not labels:
        raise UsageError(
            "there is nothing to export yet", "Choose best frames (Enter) or correct labels (L)"
        )
    recording.check_same()
    made = ensure_folder(folder / f"exam-{recording.fingerprint[:8]}")
    if video:
        rows = _with_video(recording, labels, table, made)
    else:
        labels = _thinned(corrections, labels)
        rows = _with_pictures(recording, labels, made)
        recording.check_same()
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([COLUMNS, *rows])
    write_bytes(made / TABLE, text.getvalue().encode())
    counts = {plane: list(labels.values()).count(plane) for plane in sorted(set(labels.values()))}
    others = [table for table in folder.glob(f"*/{TABLE}") if table.parent != made]
    return Exported(made, len(labels), counts, video, not others)


def labelled(corrections: Corrections) -> dict[int, str]:
    """Frame -> key of the plane that a person says it shows, in the order of the frames.

    A stretch that was corrected outweighs a best frame that was chosen before.
    """
    found = {frame: plane for plane, frame in corrections.best.items()}
    for label in corrections.labels:
        found.update(dict.fromkeys(range(label.first, label.last + 1), label.plane))
    return dict(sorted(found.items()))


def _thinned(corrections: Corrections, labels: Mapping[int, str]) -> dict[int, str]:
    kept = {frame for frame in corrections.best.values() if frame in labels}
    for label in corrections.labels:
        count = label.last - label.first + 1
        step = max(count // PICTURES_A_STRETCH, 1)
        kept.update(range(label.first, label.last + 1, step))
    return {frame: labels[frame] for frame in sorted(kept)}


def _with_pictures(
    recording: Recording, labels: Mapping[int, str], folder: Path
) -> list[tuple[str, str, str]]:
    rows = []
    with recording.open() as source:
        for index, plane in labels.items():
            frame = frame_at(source, index)
            if frame is None:
                continue
            name = f"{plane}-{index:06d}.png"
            write_bytes(folder / name, png_bytes(frame.pixels))
            rows.append((name, "", plane))
    return rows


def _with_video(
    recording: Recording, labels: Mapping[int, str], table: Table, folder: Path
) -> list[tuple[str, str, str]]:
    name = f"recording{recording.path.suffix.lower()}"
    _bring(recording, folder / name)
    arrays = table.arrays()
    planes = 1.0 - arrays.probabilities[:, INDEX[BACKGROUND]]
    doubtful = ~arrays.judged | (planes > UNJUDGED_FROM) | _around(labels, arrays.times_s)
    rows = []
    for index in range(len(table)):
        if index in labels:
            rows.append((name, str(index), labels[index]))
        elif doubtful[index]:
            rows.append((name, str(index), UNJUDGED))
    return rows


def _around(labels: Mapping[int, str], times_s: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which frames are near to one that shows a plane, (n,)."""
    shown = [frame for frame, plane in labels.items() if plane != BACKGROUND]
    at_s = times_s[[frame for frame in shown if frame < len(times_s)]]
    if not len(at_s):
        return np.zeros(len(times_s), bool)
    behind = np.searchsorted(at_s, times_s)
    before_s = np.abs(times_s - at_s[np.maximum(behind - 1, 0)])
    after_s = np.abs(times_s - at_s[np.minimum(behind, len(at_s) - 1)])
    return np.asarray(np.minimum(before_s, after_s) <= AROUND_S)


def _bring(recording: Recording, to: Path) -> None:
    """Link the file that was reviewed, or copy it where the disk cannot link.

    The labels are those of its content: a file that was put in its place is refused.
    """
    try:
        path = recording.path.resolve(strict=True)  # a link to a link may lead nowhere from there
        if to.exists() and to.samefile(path):
            _check_content(recording, to)
        elif not _linked(recording, path, to):
            with replacing(to, private=True) as temporary:
                shutil.copyfile(path, temporary)
                _check_content(recording, temporary)
    except OSError as error:
        raise output_error(to, error) from error


def _linked(recording: Recording, path: Path, to: Path) -> bool:
    """Link a file; returns whether the disk can."""
    linked = to.with_name(f".{uuid4().hex}{to.suffix}")
    try:
        try:
            os.link(path, linked)
        except OSError:
            return False
        _check_content(recording, linked)
        linked.replace(to)
    finally:
        linked.unlink(missing_ok=True)
    return True


def _check_content(recording: Recording, brought: Path) -> None:
    recording.check_same()
    if fingerprint(brought) != recording.fingerprint:
        raise SourceError("the recording has changed since it was opened", "Open it again")
