"""Corrections as labels for `sonoassist train`: a folder in the layout `datasets.exams` reads.

Only what a person said is a label: chosen frames, corrected stretches and frames with a drawn box.
Where the model names a plane and nobody said whether that is right, the frame is named and left
out, so that it is not taken for background; so are the frames round those that a person named,
which the model may have missed as well. Of boxes those are written that a person drew, in the
columns that `evaluate localisation` and `models fit-boxes` read; the model's own are not. All but
the ultrasound is black on what is written, and the crop goes along: it cannot be found anew without
the rest of the screen.
"""

from __future__ import annotations

import csv
import io
import re
import shutil
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sonoassist.core.errors import DamagedFrameError, SourceError, UsageError
from sonoassist.core.files import ensure_folder, output_error, replacing, write_bytes
from sonoassist.core.packets import Box, Frame, Pixels
from sonoassist.core.planes import INDEX, KEYS
from sonoassist.core.progress import CancelledError, Meter
from sonoassist.datasets.exams import BACKGROUND, CROP_COLUMNS, TABLE
from sonoassist.datasets.tables import BOX_COLUMNS
from sonoassist.exam.stills import png_bytes
from sonoassist.preprocess.masking import SequenceMask, masked, with_mask
from sonoassist.preprocess.screen_reader import ScreenReader
from sonoassist.recordings.corrections import Corrections
from sonoassist.recordings.identity import fingerprint
from sonoassist.recordings.reader import frame_at
from sonoassist.recordings.recording import Recording
from sonoassist.recordings.table import FrameTable
from sonoassist.render.encoder import VideoEncoder
from sonoassist.sources.base import Source

UNJUDGED = "leave out"
"""What a frame is called that nobody judged."""
UNJUDGED_FROM = 0.2
"""A frame is no certain background where the model gives all planes together more than that."""
AROUND_S = 3.0
"""So near to a frame that a person says shows a plane nothing unjudged is certain background."""
COLUMNS = ("file", "frame", "plane", *BOX_COLUMNS, *CROP_COLUMNS)
VIDEO = "recording.mp4"
_WRITTEN = re.compile(rf"{re.escape(VIDEO)}|(?:{'|'.join(KEYS)})-[0-9]{{6,}}\.png")
"""Names of the files of an export, but for its table."""
USUAL_FPS = 25.0
PICTURES_A_STRETCH = 24
"""Without the video, so many frames of each stretch are written as pictures at most."""


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written.

    Attributes:
        folder: Of the exam.
        labels: Frames with a label.
        planes: How many of each, by key.
        boxes: Drawn boxes among them.
        boxes_left_out: Drawn boxes whose frame is labelled, or was chosen, as another plane.
        left_out: Frames with a label on which no ultrasound picture was surely found.
        video: The recording is in it.
        alone: There is no other exam in the folder.
    """

    folder: Path
    labels: int
    planes: Mapping[str, int]
    boxes: int
    boxes_left_out: int
    left_out: int
    video: bool
    alone: bool


def export(
    recording: Recording,
    corrections: Corrections,
    table: FrameTable,
    folder: Path,
    *,
    crop: Box | None = None,
    video: bool = True,
    mask: bool = True,
    meter: Meter | None = None,
) -> Exported:
    """Write the corrections of a review.

    Args:
        recording: Under review.
        corrections: What the person said.
        table: What the model said.
        folder: Gets a folder for this exam, in which an earlier export of it is replaced.
        crop: Of its frames, in frame pixels; None where none is known yet.
        video: With the recording itself; else chosen frames, those with a box and some of each
            stretch are written as pictures.
        mask: All but the ultrasound is black. Else the pictures are those that the network saw,
            and what stands on the screen may name the patient.
        meter: Counts the frames that were gone over.

    Raises:
        CancelledError: A person has ended it; nothing new is there.
        UsageError: Nothing was corrected or chosen yet, or nothing of it may be shown.
        OutputError: The operating system refuses.
        SourceError: The recording cannot be read any more, or is another file than was reviewed.
    """
    labels = labelled(corrections)
    if not labels:
        raise UsageError(
            "there is nothing to export yet",
            "Choose best frames, correct labels or draw boxes",
        )
    recording.check_same()
    made = folder / f"exam-{recording.identity.content[:8]}"
    fresh = not made.exists()
    ensure_folder(made)
    if not video:
        labels = _thinned(corrections, labels)
    write = _with_video if video else _with_pictures
    try:
        rows = write(recording, labels, table, made, mask, meter or Meter())
    except CancelledError:
        if fresh:
            shutil.rmtree(made, ignore_errors=True)
        raise
    recording.check_same()
    shown = [row.plane for row in rows if row.plane != UNJUDGED]
    _check_shown(shown)
    _remove_earlier(made, rows)
    boxes = boxes_of(corrections, labels)
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([COLUMNS, *_lines(rows, boxes, crop)])
    write_bytes(made / TABLE, text.getvalue().encode())
    counts = {plane: shown.count(plane) for plane in sorted(set(shown))}
    others = [table for table in folder.glob(f"*/{TABLE}") if table.parent != made]
    lost = len(labels) - len(shown)
    written = sum(row.index in boxes for row in rows if row.plane != UNJUDGED)
    overruled = len(corrections.boxes) - len(boxes)
    return Exported(made, len(shown), counts, written, overruled, lost, video, not others)


def _check_shown(shown: Collection[object]) -> None:
    """Something of what is labelled may be shown."""
    if not shown:
        raise UsageError(
            "no ultrasound picture was surely found on any frame with a label",
            "Label frames that show the scanner's picture",
        )


def _remove_earlier(folder: Path, rows: Sequence[_Row]) -> None:
    """Remove what only an earlier export of the exam named.

    A video without a row would be taken for background, and may show more than this one.
    """
    named = {row.file for row in rows}
    for path in sorted(folder.iterdir()):
        if path.name in named or not _WRITTEN.fullmatch(path.name):
            continue
        try:
            path.unlink()
        except OSError as error:
            raise output_error(path, error) from error


def labelled(corrections: Corrections) -> dict[int, str]:
    """Frame -> key of the plane that a person says it shows, in the order of the frames.

    A box says that its plane is there; a chosen frame outweighs it, and a stretch that was
    corrected outweighs both.
    """
    found = {at[0]: at[1] for at in corrections.boxes}
    found.update({frame: plane for plane, frame in corrections.best.items()})
    for label in corrections.labels:
        found.update(dict.fromkeys(range(label.first, label.last + 1), label.plane))
    return dict(sorted(found.items()))


def boxes_of(corrections: Corrections, labels: Mapping[int, str]) -> dict[int, Box]:
    """Frame -> the box that was drawn on it for the plane that it is labelled as."""
    return {
        frame: box
        for (frame, plane), box in corrections.boxes.items()
        if labels.get(frame) == plane
    }


@dataclass(frozen=True, slots=True)
class _Row:
    """A row of the table: its frame in the recording, its file, its frame there, its plane."""

    index: int
    file: str
    frame: str
    plane: str


def _lines(
    rows: Sequence[_Row], boxes: Mapping[int, Box], crop: Box | None
) -> Iterator[tuple[str, ...]]:
    """The cells of each row."""
    where = _edges(crop)
    for row in rows:
        box = None if row.plane == UNJUDGED else boxes.get(row.index)
        yield (row.file, row.frame, row.plane, *_edges(box), *where)


def _edges(box: Box | None) -> tuple[str, ...]:
    """Left, top, right and bottom, as exactly as they are known."""
    if box is None:
        return ("",) * len(BOX_COLUMNS)
    return tuple(f"{edge:.9g}" for edge in (box.left, box.top, box.right, box.bottom))


def _thinned(corrections: Corrections, labels: Mapping[int, str]) -> dict[int, str]:
    kept = {frame for frame in corrections.best.values() if frame in labels}
    kept.update(boxes_of(corrections, labels))
    for label in corrections.labels:
        count = label.last - label.first + 1
        step = max(count // PICTURES_A_STRETCH, 1)
        kept.update(range(label.first, label.last + 1, step))
    return {frame: labels[frame] for frame in sorted(kept)}


def _with_pictures(
    recording: Recording,
    labels: Mapping[int, str],
    _table: FrameTable,
    folder: Path,
    mask: bool,
    meter: Meter,
) -> list[_Row]:
    rows, reader = [], ScreenReader()
    meter.expect(len(labels))

    def shown(pixels: Pixels) -> Pixels:
        return masked(pixels, reader=reader) if mask else pixels

    with recording.open() as source:
        for index, plane in labels.items():
            meter.step()
            frame = frame_at(source, index)
            picture = None if frame is None else shown(frame.pixels)
            if picture is None or not picture.any():
                continue
            name = f"{plane}-{index:06d}.png"
            write_bytes(folder / name, png_bytes(picture))
            rows.append(_Row(index, name, "", plane))
    return rows


def _with_video(
    recording: Recording,
    labels: Mapping[int, str],
    table: FrameTable,
    folder: Path,
    mask: bool,
    meter: Meter,
) -> list[_Row]:
    shown = _write_video(recording, labels, folder / VIDEO, mask, meter)
    arrays = table.snapshot()
    planes = 1.0 - arrays.probabilities[:, INDEX[BACKGROUND]]
    doubtful = ~arrays.judged | (planes > UNJUDGED_FROM) | _around(labels, arrays.times_s)
    rows = []
    for index in range(len(table)):
        if index in labels and index in shown:
            rows.append(_Row(index, VIDEO, str(index), labels[index]))
        elif doubtful[index] or index not in shown:
            rows.append(_Row(index, VIDEO, str(index), UNJUDGED))
    return rows


def _write_video(
    recording: Recording, labels: Mapping[int, str], path: Path, mask: bool, meter: Meter
) -> frozenset[int]:
    """Write the recording, black but for the ultrasound; returns the frames that show any.

    A frame that cannot be read, or has another size, is black: the numbers of the others stay.
    Where none with a label shows any, an earlier file stays as its table describes it.
    """
    info, screens, shown = recording.info, SequenceMask(keeps=False), set[int]()
    size = (info.height_px, info.width_px)
    with recording.open() as source, replacing(path, private=True) as temporary, ExitStack() as end:
        encoder = end.enter_context(
            VideoEncoder(temporary, info.width_px, info.height_px, info.fps or USUAL_FPS)
        )
        black = np.zeros((*size, 3), np.uint8)
        meter.expect(len(recording.times_s))
        for index, frame in _each(source, recording):
            picture: Pixels = black
            if frame is not None and frame.pixels.shape[:2] == size:
                picture = frame.pixels
                if mask:
                    picture = with_mask(picture, screens.add(picture))
                if picture.any():
                    shown.add(index)
            encoder.add(picture, recording.times_s[index])
            meter.step()
        _check_content(recording)
        _check_shown(shown & labels.keys())
    return frozenset(shown)


def _each(source: Source, recording: Recording) -> Iterator[tuple[int, Frame | None]]:
    """Every frame by its number; None for one that cannot be read."""
    expected, count = 0, len(recording.times_s)
    while expected < count:
        try:
            frame = source.read()
        except DamagedFrameError:
            continue
        until = count if frame is None else min(frame.index, count)
        for index in range(expected, until):
            yield index, None
        if frame is None or frame.index >= count:
            return
        yield frame.index, frame
        expected = frame.index + 1


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


def _check_content(recording: Recording) -> None:
    """The labels are those of its content: a file that was put in its place is refused."""
    recording.check_same()
    if fingerprint(recording.path) != recording.identity.content:
        raise SourceError("the recording has changed since it was opened", "Open it again")
