"""A real record of an exam, filled from a video."""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from sonoassist.core import paths
from sonoassist.core.packets import Box, Pixels
from sonoassist.exam.exam import Exam
from sonoassist.exam.records import Capture, ExamStart, How, Item, Judgement, Shot
from sonoassist.exam.store import ExamStore
from sonoassist.render.encoder import VideoEncoder
from sonoassist.sources.opening import open_source

FIELD = Box(40, 30, 600, 440)
BOX = Box(120.25, 80.5, 301.75, 244.125)
MODEL: dict[str, object] = {
    "name": "sononet16",
    "title": "SonoNet-16",
    "domain": "synthetic",
    "weights_sha256": "ab" * 32,
}


def pictures_of(source: str, count: int, every: int = 1) -> list[Pixels]:
    """Some frames of a source."""
    opened = open_source(source)
    try:
        found: list[Pixels] = []
        index = 0
        while len(found) < count and (frame := opened.read()) is not None:
            if index % every == 0:
                found.append(frame.pixels)
            index += 1
        return found
    finally:
        opened.close()


def demo_pictures(count: int, every: int = 1) -> list[Pixels]:
    """Some frames of the bundled synthetic exam."""
    return list(_demo_pictures(count, every))


@functools.cache
def _demo_pictures(count: int, every: int) -> tuple[Pixels, ...]:
    path = paths.demo_exam()
    assert path is not None
    return tuple(pictures_of(str(path), count, every))


def start_of(*, synthetic: bool = True, study_id: str = "T-17", source: str = "demo") -> ExamStart:
    return ExamStart(
        study_id=study_id,
        source=source,
        source_label="Demo",
        synthetic=synthetic,
        preset="anomaly",
        items=(Item("4ch", "Four chambers", "4ch"), Item("placenta", "Placenta")),
        model=MODEL,
        settings={},
    )


def shot_of(
    plane: str,
    confidence: float = 0.97,
    box: Box | None = BOX,
    *,
    at_s: float = 1.0,
    field: Box = FIELD,
    item: str | None = None,
    how: How = How.AUTO,
) -> Shot:
    return Shot(
        item=plane if item is None else item,
        how=how,
        at_s=at_s,
        index=round(at_s * 25),
        time_s=at_s,
        plane=plane,
        confidence=confidence,
        quality=0.625,
        why="highest confidence so far",
        box=box,
        field=field,
    )


def add_clip(
    exam: Exam, capture: Capture, pictures: Sequence[Pixels], times_s: Sequence[float]
) -> None:
    """Write the clip of a capture."""
    name = f"clip-{capture.capture_id}.mp4"
    _encode(exam.media / name, pictures, times_s)
    exam.add_clip(capture.capture_id, name)


def _encode(path: Path, pictures: Sequence[Pixels], times_s: Sequence[float]) -> None:
    height, width = pictures[0].shape[:2]
    with VideoEncoder(path, width, height, 25.0) as encoder:
        for picture, time_s in zip(pictures, times_s, strict=True):
            encoder.add(coloured(picture), time_s)


@functools.cache
def _demo_clips() -> tuple[bytes, bytes]:
    """The clips of `made_exam`, encoded once for all tests of this process."""
    pictures = demo_pictures(12, every=7)
    with tempfile.TemporaryDirectory() as folder:
        even, odd = Path(folder) / "even.mp4", Path(folder) / "odd.mp4"
        _encode(even, pictures[3:8], [number * 0.04 for number in range(5)])
        _encode(odd, pictures[8:12], [0.0, 0.04, 0.125, 0.16])
        return even.read_bytes(), odd.read_bytes()


def coloured(picture: Pixels) -> Pixels:
    """As (H, W, 3)."""
    return picture if picture.ndim == 3 else np.repeat(picture[..., None], 3, axis=2)


def made_exam(store: ExamStore, start: ExamStart | None = None) -> Exam:
    """An exam with three captures: two kept with clips and one that nobody judged.

    The clip of the first has even frame times, that of the second has not.
    """
    exam = store.create(start or start_of())
    pictures = demo_pictures(12, every=7)
    first = exam.add_capture(shot_of("4ch"), pictures[0], judgement=Judgement.KEPT)
    second = exam.add_capture(
        shot_of("rvot", 0.8125, Box(10, 20, 30, 40), at_s=2.5),
        pictures[1],
        judgement=Judgement.KEPT,
    )
    exam.add_capture(shot_of("", 0.0, None, at_s=4.0, item="placenta", how=How.HAND), pictures[2])
    for capture, clip in zip((first, second), _demo_clips(), strict=True):
        name = f"clip-{capture.capture_id}.mp4"
        (exam.media / name).write_bytes(clip)
        exam.add_clip(capture.capture_id, name)
    return exam


def black_outside(picture: Pixels, field: Box) -> Pixels:
    """The picture with all outside a rectangle black."""
    masked = np.zeros_like(picture)
    rows, columns = (
        slice(int(field.top), int(field.bottom)),
        slice(int(field.left), int(field.right)),
    )
    masked[rows, columns] = picture[rows, columns]
    return masked


def store_in(folder: Path) -> ExamStore:
    return ExamStore(folder / "exams")
