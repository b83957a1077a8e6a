"""The rules for boxes that come with the published weights, on real pictures."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from real_models import EXACT, plane_frames, published_store, true_box, true_plane
from sonoassist.analysis.analyser import Analyser, AnalyserOptions, build_analyser
from sonoassist.core.packets import Box, Frame, Geometry
from sonoassist.localise.choice import Localiser
from sonoassist.preprocess.crop import PUBLISHED_CROP, CropChoice, CropKind, parse_crop

PUBLISHED = Geometry(PUBLISHED_CROP, 288, 224)
LARGE = ("profile", "kidneys")
SHIFTS_PX = ((0, 0), (32, 0), (-32, 0), (0, -24), (16, -16), (-20, 0))


def exact_analyser(data: Path, **options: Any) -> Analyser:
    """The published SonoNet-16 with the rules of its card."""
    chosen = AnalyserOptions(**options)
    return build_analyser(published_store(data), model="sononet16", engine=EXACT, options=chosen)


def true_in_frame(data: Path, frame: Frame) -> Box:
    return PUBLISHED.to_frame(true_box(data, frame.name, "box_input_px"))


@pytest.mark.real
@pytest.mark.parametrize(("crop", "right", "mean"), [("published", 13, 0.7), ("auto", 12, 0.65)])
def test_boxes_of_the_13_planes_by_whatever_crop(
    test_data: Path, crop: str, right: int, mean: float
) -> None:
    """Measured: 0.75 and 0.69. The box of the kidneys goes by a pixel of the crop: 0.67 or 0.24."""
    analyser = exact_analyser(test_data, crop=parse_crop(crop))
    overlaps = []
    for frame in plane_frames(test_data):
        box = analyser.analyse(frame).localisation.box
        analyser.forget()
        assert box is not None
        overlaps.append(box.iou(true_in_frame(test_data, frame)))
    assert np.mean(overlaps) >= mean
    assert sum(overlap >= 0.5 for overlap in overlaps) >= right - 1  # one may lie at the limit


def shifted(right_px: int, down_px: int) -> CropChoice:
    crop = PUBLISHED_CROP
    moved = Box(
        crop.left + right_px, crop.top + down_px, crop.right + right_px, crop.bottom + down_px
    )
    return CropChoice(CropKind.OWN, moved)


def right_boxes(data: Path, localiser: Localiser) -> int:
    """Of large anatomy, by crops that lie a little elsewhere."""
    analyser, right = exact_analyser(data, localiser=localiser), 0
    for frame in plane_frames(data):
        if true_plane(data, frame.name).key not in LARGE:
            continue
        for shift in SHIFTS_PX:
            analyser.configure(replace(analyser.options, crop=shifted(*shift)))
            analyser.forget()
            box = analyser.analyse(frame).localisation.box
            right += box is not None and box.iou(true_in_frame(data, frame)) >= 0.5
    return right


@pytest.mark.real
def test_boxes_of_large_anatomy_hardly_depend_on_the_crop(test_data: Path) -> None:
    """At Isodata's level evidence runs together with what lies beside, by some crops only."""
    tried = len(LARGE) * len(SHIFTS_PX)
    own, paper = (right_boxes(test_data, one) for one in (Localiser.PLANE, Localiser.PAPER))
    assert own >= 0.7 * tried
    assert own >= paper + 3
