"""What is kept of a picture: only a box that was found on that very picture."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from made_analyses import analysis_of, shares_of
from real_models import frame_of
from sonoassist.core.packets import Box, State
from sonoassist.core.planes import BY_KEY
from sonoassist.exam.records import Item
from sonoassist.exam.shots import best_shot, frame_row, hand_shot, said_of
from sonoassist.live.status import View
from sonoassist.temporal.best_frames import Candidate
from sonoassist.temporal.quality import Quality
from sonoassist.temporal.steady import SteadyLabel

BOX = Box(20, 20, 60, 60)


def view_of(age_s: float) -> View:
    frame = frame_of(np.zeros((96, 128, 3), np.uint8))
    made = analysis_of(frame, shares_of("femur", 0.95), State.PLANE, BOX)
    made = replace(made, localisation=replace(made.localisation, age_s=age_s, sought=not age_s))
    label = SteadyLabel(0.7)
    steady = [label.update(made) for _ in range(30)][-1]
    return View(frame, made, steady)


@pytest.mark.parametrize(("age_s", "box"), [(0.0, BOX), (0.04, None), (0.3, None)])
def test_a_carried_box_is_not_kept_as_if_it_were_found_there(age_s: float, box: Box | None) -> None:
    view = view_of(age_s)
    said = said_of(view)
    assert (said.plane, said.box) == ("femur", box)
    assert hand_shot(view, "femur", 1.0, said).box == box
    row = frame_row(view, 1.0)
    assert (row.box, row.boxed) == (box, box is not None)
    assert view.analysis is not None
    best = Candidate(view.analysis, BY_KEY["femur"], 0.9, Quality(0.5, 0.5), 1.0, 1)
    assert best_shot(best, Item("femur", "Femur", "femur"), 1.0).box == box
