"""Frames that carry their number, exams to record them into, and small disks."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from real_models import frame_of
from sonoassist.core.errors import DamagedFrameError
from sonoassist.core.packets import Box, Frame, Pixels
from sonoassist.exam.exam import Exam
from sonoassist.exam.recorder import Recorder
from sonoassist.exam.records import Capture, ExamStart, How, Shot
from sonoassist.exam.store import ExamStore
from sonoassist.sources import open_source
from waiting import wait_until

BITS = 10
TICK_S = 1 / 90_000


def make_exam(folder: Path, *, synthetic: bool = False) -> Exam:
    start = ExamStart("", "made", "made", synthetic, "", (), {}, {})
    return ExamStore(folder).create(start)


def numbered(number: int, width: int = 160, height: int = 96, *, grey: bool = False) -> Frame:
    """A frame with `number` in its upper half, as bars, and the bars inverted in its lower half."""
    bits = np.array([(number >> bit) & 1 for bit in range(BITS)], np.uint8)
    row = np.repeat(bits, -(-width // BITS))[:width] * 180 + 40
    pixels = np.empty((height, width), np.uint8)
    pixels[: height // 2], pixels[height // 2 :] = row, 255 - row
    return frame_of(pixels if grey else np.dstack([pixels] * 3), number)


def number_in(pixels: Pixels, width: int = 160) -> int:
    """The number in a picture; -1 where its two halves do not agree."""
    grey = pixels if pixels.ndim == 2 else pixels.mean(axis=2)
    bar = -(-width // BITS)
    middles = [min(bit * bar + bar // 2, width - 1) for bit in range(BITS)]
    above = grey[grey.shape[0] // 4, middles] > 128
    below = grey[grey.shape[0] * 3 // 4, middles] > 128
    if (above == below).any():
        return -1
    return sum(1 << bit for bit, on in enumerate(above) if on)


def noise(number: int, width: int = 640, height: int = 480) -> Frame:
    """A frame that no encoder makes small."""
    rng = np.random.default_rng(number)
    return frame_of(np.dstack([rng.integers(0, 256, (height, width), np.uint8)] * 3), number)


def record(
    recorder: Recorder, frames: list[tuple[Frame, float]], *, synthetic: bool = False
) -> None:
    """Record all of them: where the queue is full, wait."""
    for frame, time_s in frames:
        wait_until(
            lambda frame=frame, time_s=time_s: recorder.add(frame, time_s, synthetic=synthetic)
        )


def played(path: Path) -> list[Frame]:
    """All frames of a video, by the program's own way of reading."""
    frames = []
    with open_source(str(path)) as source:
        while True:
            try:
                if (frame := source.read()) is None:
                    return frames
                frames.append(frame)
            except DamagedFrameError:
                continue


def psnr_db(one: Pixels, other: Pixels) -> float:
    error = np.mean((one.astype(np.float64) - other) ** 2)
    return float(10 * np.log10(255**2 / error)) if error else np.inf


def capture_in(exam: Exam, at_s: float, frame: Frame, item: str = "femur") -> Capture:
    shot = Shot(
        item,
        How.HAND,
        at_s,
        frame.index,
        frame.time_s,
        "femur",
        0.9,
        1.0,
        "made",
        None,
        Box(0, 0, frame.width_px, frame.height_px),
    )
    return exam.add_capture(shot, frame.pixels)


@contextmanager
def small_disk(folder: Path, size: str = "2m") -> Iterator[None]:
    """Make `folder` (empty) a disk of that size."""
    words = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    try:
        mounted = subprocess.run(words, capture_output=True, check=False)
    except OSError as error:
        pytest.skip(f"no disk can be mounted here: {error}")
    if mounted.returncode != 0:
        pytest.skip(f"no disk can be mounted here: {mounted.stderr.decode().strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)
