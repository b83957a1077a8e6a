"""Hints at the frames of a recording, by the outline that they show."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from review_made import made_analyser, write_recording

from made_analyses import analysis_of, shares_of
from real_models import frame_of
from sonoassist.core.flaws import Flaw
from sonoassist.core.packets import Analysis, Box, Geometry
from sonoassist.preprocess.field_of_view import FieldOfView
from sonoassist.preprocess.screen_network import MASK_HEIGHT, MASK_WIDTH
from sonoassist.preprocess.screen_reader import SURE
from sonoassist.preprocess.screen_tracker import SettledField
from sonoassist.recordings.correction_store import CorrectionStore
from sonoassist.recordings.crops import Settled
from sonoassist.recordings.judge import Judge
from sonoassist.review.session import ReviewSession

WIDTH, HEIGHT = 400, 300
PIXELS = np.random.default_rng(2).integers(60, 140, (HEIGHT, WIDTH), np.uint8)
CROP = Box(40.25, 30.0, 360.25, 270.0)
SEEN = Box(80, 60, 200, 240)
"""The settled field of view: a part of its crop."""
ANATOMY = Box(120, 90, 280, 210)
"""In the middle of the crop, and half of it beside the field."""


def settled(sureness: float) -> Settled:
    mask = np.zeros((MASK_HEIGHT, MASK_WIDTH), np.float32)
    rows = slice(round(SEEN.top / HEIGHT * MASK_HEIGHT), round(SEEN.bottom / HEIGHT * MASK_HEIGHT))
    columns = slice(round(SEEN.left / WIDTH * MASK_WIDTH), round(SEEN.right / WIDTH * MASK_WIDTH))
    mask[rows, columns] = 1
    field = FieldOfView(SEEN, sureness, mask, WIDTH, HEIGHT)
    return Settled(CROP, WIDTH, HEIGHT, SettledField(field, WIDTH, HEIGHT, CROP))


def seen(crop: Box, box: Box = ANATOMY) -> Analysis:
    made = analysis_of(frame_of(PIXELS), shares_of("abdominal"), box=box)
    return replace(made, geometry=Geometry(crop, 288, 224))


def rounded(crop: Box) -> Box:
    """As it is kept."""
    edges = np.array([crop.left, crop.top, crop.right, crop.bottom], np.float32)
    return Box(*(float(edge) for edge in edges))


@pytest.fixture
def session(tmp_path: Path):
    path = write_recording(tmp_path / "short.mp4", [("femur", 3)])
    made = ReviewSession.open(str(path), CorrectionStore(tmp_path / "reviews"), lambda: None)
    yield made
    made._judge = None
    made.close()


@pytest.mark.parametrize(
    ("crop", "sureness", "cut"),
    [
        (rounded(CROP), 0.95, True),
        (rounded(CROP), SURE - 0.1, False),
        (Box(60, 45, 340, 255), 0.95, False),
        (Box(60.25, 30, 380.25, 270), 0.95, False),
    ],
    ids=["settled", "not sure", "another depth", "another place"],
)
def test_the_settled_outline_is_that_of_frames_that_show_its_field_alone(
    session: ReviewSession, crop: Box, sureness: float, cut: bool
) -> None:
    session._judge = Judge(made_analyser(), settled(sureness))
    assert (Flaw.CUT_OFF in {one.flaw for one in session._hints(seen(crop))}) == cut


def test_where_no_outline_holds_the_crop_takes_its_place(session: ReviewSession) -> None:
    session._judge = Judge(made_analyser(), settled(0.95))
    crop = Box(100, 75, 300, 225)
    at_edge = seen(crop, Box(100, 90, 260, 210))
    assert Flaw.CUT_OFF in {one.flaw for one in session._hints(at_edge)}
