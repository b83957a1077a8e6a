"""Labels and boxes over time on real pictures: the montage with noise and lost frames."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from real_models import published_analyser
from sonoassist.analysis.box_wish import BoxWish
from sonoassist.core.packets import Analysis, Box
from sonoassist.datasets.reading import read_dataset
from sonoassist.engines.choose import EngineChoice
from sonoassist.evaluation.classes import Group, group_of
from sonoassist.evaluation.steadiness import UNSURE, LabelCourse, LabelledMoment, course_of
from sonoassist.sources import open_source
from sonoassist.temporal.steady import SteadyLabel

FIRST, END, STEP = 552, 868, 5
"""Views of three planes and the blends between them, five frames a second."""
F32 = EngineChoice("openvino", "f32", "cpu")
NOISE = 10.0
"""Grey levels, standard deviation."""
THRESHOLD = 0.7


@functools.cache
def analysed(data: Path) -> tuple[Analysis, ...]:
    """A part of the montage with noise on it, each frame with its box."""
    analyser = published_analyser(data, choice=F32)
    rng = np.random.default_rng(3)
    found = []
    with open_source(str(data / "exam" / "montage.mp4")) as source:
        for frame in itertools.islice(source, FIRST, END, STEP):
            noise = rng.normal(0, NOISE, (*frame.pixels.shape[:2], 1))
            pixels = np.clip(frame.pixels + noise, 0, 255).astype(np.uint8)
            pixels.flags.writeable = False
            found.append(analyser.analyse(replace(frame, pixels=pixels), BoxWish.OWN))
    analyser.close()
    return tuple(found)


@functools.cache
def truth(data: Path) -> dict[int, Group]:
    frames = read_dataset(data / "exam" / "montage.json", None).frames
    return {frame.index: group_of(frame.accepted) for frame in frames}


def courses(data: Path, kept: Sequence[Analysis]) -> tuple[LabelCourse, LabelCourse]:
    """Of each frame's own label and of the steadied one."""
    label = SteadyLabel(THRESHOLD)
    raw: list[LabelledMoment] = []
    steady: list[LabelledMoment] = []
    for one in kept:
        shown = truth(data).get(one.frame.index, ())
        named, prediction = label.update(one).plane, one.prediction
        own = prediction.plane.key if prediction.confidence >= THRESHOLD else UNSURE
        for moments, said in ((raw, own), (steady, named.key if named is not None else UNSURE)):
            moments.append(LabelledMoment(one.frame.time_s, shown, said))
    return course_of(raw), course_of(steady)


@pytest.mark.real
@pytest.mark.parametrize("seed", range(4))
def test_labels_stand_still_and_come_soon(test_data: Path, seed: int) -> None:
    """A fifth of the frames is lost."""
    lost = np.random.default_rng(seed).random(len(analysed(test_data))) < 1 / 5
    kept = [one for one, gone in zip(analysed(test_data), lost, strict=True) if not gone]
    raw, steady = courses(test_data, kept)
    assert steady.never == 0
    assert steady.changes <= 1.3 * steady.views
    assert steady.accuracy >= raw.accuracy
    assert steady.delay_s(0.95) <= raw.delay_s(0.95) + 0.33


@pytest.mark.real
def test_boxes_that_are_drawn_jump_by_far_less(test_data: Path) -> None:
    label = SteadyLabel(THRESHOLD)
    own: list[Box | None] = []
    drawn: list[Box | None] = []
    for one in analysed(test_data):
        steadied = label.update(one).box
        own.append(one.shown_box if steadied is not None else None)
        drawn.append(steadied.box if steadied is not None else None)
    assert jumps(own) >= 2
    assert jumps(drawn) <= jumps(own) / 2


def jumps(boxes: Sequence[Box | None]) -> int:
    pairs = itertools.pairwise(boxes)
    return sum(a is not None and b is not None and a.iou(b) < 0.5 for a, b in pairs)
