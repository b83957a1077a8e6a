"""Tiny frames of synthetic exams: no patient, and few bytes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sonoassist.core.opencv import cv2
from sonoassist.core.packets import Frame, Pixels, frozen
from sonoassist.phantom.exam import PhantomExam
from sonoassist.phantom.plan import ExamPlan, Leg, State
from sonoassist.render.encoder import VideoEncoder
from sonoassist.sources.base import SYNTHETIC_MARK

FPS = 10.0
WIDTH_PX, HEIGHT_PX = 96, 72
SCREEN_PX = (320, 240)
"""The smallest that the synthetic exams have; the frames are made smaller."""
OWN_CROP = "4,7,78,61"
"""The picture on such a small frame."""


@dataclass(frozen=True)
class Part:
    """A stretch of an exam."""

    kind: str
    state: State
    seconds: float


def phantom(
    seed: int, parts: tuple[Part, ...], size_px: tuple[int, int] = SCREEN_PX
) -> PhantomExam:
    """The synthetic exam of which the frames are made."""
    legs: list[Leg] = []
    at_s = 0.0
    for number, part in enumerate(parts):
        end_s = at_s + part.seconds
        legs.append(Leg(at_s, end_s, part.kind, part.state, 100 * seed + number))
        at_s = end_s
    return PhantomExam(seed, FPS, ExamPlan(seed, tuple(legs)), size_px)


def pictures(seed: int, parts: tuple[Part, ...]) -> list[Pixels]:
    """uint8 (72, 96, 3) each."""
    size = (WIDTH_PX, HEIGHT_PX)
    made = []
    for one in phantom(seed, parts).frames():
        small = cv2.resize(one.pixels, size, interpolation=cv2.INTER_AREA)
        made.append(frozen(small))
    return made


def frames_at(made: list[Pixels], began_s: float, source_id: str) -> list[Frame]:
    """The pictures as a source gives them.

    Args:
        made: The pictures.
        began_s: When the first one was captured, in seconds since the exam began.
        source_id: Of the source.
    """
    return [
        Frame(
            frame_id=number,
            pixels=pixels,
            captured_at_s=began_s + number / FPS,
            index=number,
            time_s=number / FPS,
            source_id=source_id,
        )
        for number, pixels in enumerate(made)
    ]


def write_video(path: Path, made: list[Pixels]) -> None:
    """A video of the pictures that says that it is synthetic."""
    with VideoEncoder(path, WIDTH_PX, HEIGHT_PX, FPS, comment=SYNTHETIC_MARK) as encoder:
        for number, pixels in enumerate(made):
            encoder.add(pixels, number / FPS)
