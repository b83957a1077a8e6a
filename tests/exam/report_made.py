"""A record filled from the bundled demo exam, as a user would leave it."""

from __future__ import annotations

import csv
import functools
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from exam.exam_made import start
from sonoassist.core import paths
from sonoassist.core.packets import Box, Pixels, State, frozen
from sonoassist.core.planes import BY_KEY, DISPLAY_ORDER, INDEX
from sonoassist.exam.exam import Exam
from sonoassist.exam.records import Capture, FrameRow, How, Item, Judgement, Shot, Tick
from sonoassist.exam.store import ExamStore
from sonoassist.preprocess.masking import ultrasound_field
from sonoassist.sources import open_source

NOTE = 'Breech; <script>alert("x")</script> & a long cord.\nCome back in 2 weeks – Łódź.'
MANUAL = (
    Item("bladder", "Bladder"),
    Item("placenta", "Placenta", required=False),
)
ITEMS = (*(Item(p.key, p.label, p.key) for p in DISPLAY_ORDER[:-1]), *MANUAL)
MODEL = {
    "title": "SonoNet-32 (synthetic)",
    "name": "sononet32-synthetic",
    "domain": "synthetic",
    "architecture": "sononet32",
    "engine": "OpenVINO, bf16",
    "device": "CPU",
    "weights_sha256": "0123456789abcdef" * 4,
}
SETTINGS = {"threshold": 0.7, "crop": "auto", "engine": "auto", "carry_boxes": True, "clip_s": 2.0}
KEPT = ("femur", "lips", "4ch", "brain_tv", "profile", "lvot", "rvot", "spine_cor")
OPEN = ("brain_cb", "abdominal", "3vv")
REJECTED = ("kidneys",)
"""Of spine_sag there is nothing."""


@functools.cache
def truth() -> list[dict[str, str]]:
    demo = paths.demo_exam()
    assert demo is not None
    return list(csv.DictReader((demo.parent / "truth.csv").read_text().splitlines()))


def _rows() -> Iterator[FrameRow]:
    rng = np.random.default_rng(1)
    for row in truth():
        shares = rng.dirichlet(np.full(14, 0.05)) * (0.1 + 0.3 * np.sin(int(row["frame"]) / 9) ** 8)
        shares[INDEX[row["plane"]]] += 1 - shares.sum()
        at_s = float(row["time_s"])
        confidence = float(shares.max())
        yield FrameRow(
            at_s,
            int(row["frame"]),
            at_s,
            State.PLANE if confidence > 0.7 else State.UNSURE,
            row["plane"],
            confidence,
            "",
            None,
            frozen(shares.astype(np.float32)),
        )


@functools.cache
def frame_of(key: str) -> tuple[int, float, Box, Pixels]:
    """The middle frame of a plane in the demo exam: index, time, box, pixels."""
    shown = [row for row in truth() if row["plane"] == key]
    row = shown[len(shown) // 2]
    demo = paths.demo_exam()
    with open_source(str(demo)) as source:
        source.seek(int(row["frame"]))
        frame = source.read()
    assert frame is not None
    edges = (float(row[f"{edge}_px"]) for edge in ("left", "top", "right", "bottom"))
    return int(row["frame"]), float(row["time_s"]), Box(*edges), frame.pixels


def add(exam: Exam, key: str, judgement: Judgement, item: str | None = None) -> Capture:
    """Capture a plane of the demo exam."""
    index, time_s, box, pixels = frame_of(key)
    field = ultrasound_field([pixels])
    assert field is not None
    shot = Shot(
        item=key if item is None else item,
        how=How.AUTO if item is None else How.HAND,
        at_s=time_s,
        index=index,
        time_s=time_s,
        plane=key,
        confidence=0.72 + 0.02 * INDEX[key],
        quality=0.61,
        why="highest steady confidence 97 %, steady for 2.1 s; the sharpest and stillest of "
        "14 frames about as sure (sharpness 71 %, stillness 88 %)"
        if item is None
        else "chosen by the user",
        box=box,
        field=field,
    )
    return exam.add_capture(shot, pixels, judgement=judgement)


def fill(exam: Exam) -> None:
    """What happens in a scan."""
    exam.add_event(0.0, "started", "Exam started")
    exam.add_frames(list(_rows()))
    for key in KEPT:
        add(exam, key, Judgement.KEPT)
    for key in OPEN:
        add(exam, key, Judgement.OPEN)
    for key in REJECTED:
        add(exam, key, Judgement.REJECTED)
    add(exam, "femur", Judgement.KEPT, item="")
    exam.tick(Tick("bladder", True, "filled, 3 x 2 cm"))
    exam.tick(Tick("kidneys", False, "again next time <b>"))
    exam.set_note(NOTE)
    number = exam.begin_recording("recording-1.mp4", 3.0)
    exam.note_recording(number, 950, ended=True)
    exam.note_recording(exam.begin_recording("recording-2.mp4", 60.0), 12, trouble="disk full")


@contextmanager
def demo_record(folder: Path, *, ended: bool = True, **fields: Any) -> Iterator[Exam]:
    """A record of the whole demo exam."""
    with made(folder, **fields) as exam:
        fill(exam)
        if ended:
            exam.end(float(truth()[-1]["time_s"]))
        yield exam


@contextmanager
def made(folder: Path, **fields: Any) -> Iterator[Exam]:
    """An empty record."""
    known = {"items": ITEMS, "model": MODEL, "settings": SETTINGS, "source_label": "exam.mp4"}
    with ExamStore(folder).create(start(**{**known, **fields})) as exam:
        yield exam


def full_name(key: str) -> str:
    return BY_KEY[key].full_name
