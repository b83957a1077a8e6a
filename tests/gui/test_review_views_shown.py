"""The views of a recording on the review page: timeline, name, small picture, labels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from gui_fakes import FakeModels, FakeSession
from PyQt6.QtGui import QColor, QImage
from pytestqt.qtbot import QtBot
from review_window import KEYS, opened, page_of, review_window

from sonoassist.core.packets import State
from sonoassist.core.planes import BY_KEY, INDEX, PLANES
from sonoassist.core.settings import Settings
from sonoassist.gui.review.page import ReviewPage
from sonoassist.gui.review.texts import verdict_of
from sonoassist.gui.verdict import VerdictKind
from sonoassist.recordings.corrections import Corrections
from sonoassist.recordings.records import FrameResult
from sonoassist.recordings.table import FrameTable
from sonoassist.review.views import RecordingViews, find_views

FIRST, LAST = KEYS.index("femur"), len(KEYS) - 1 - KEYS[::-1].index("femur")


@pytest.fixture
def page(
    qtbot: QtBot, session: FakeSession, models: FakeModels, saved: list[Settings]
) -> Iterator[ReviewPage]:
    with review_window(qtbot, session, models, saved) as main:
        yield page_of(main)


def odd_one(views: RecordingViews, frame: int) -> RecordingViews:
    """The same recording in which the network is unsure of one frame."""
    shares = np.full((len(views.shares), len(PLANES)), 0.001, np.float32)
    for at, key in enumerate(KEYS):
        shares[at, INDEX[key]] = 0.987
    shares[frame] = 1 / len(PLANES)
    table = FrameTable(views.times_s)
    table.add(
        [
            FrameResult(at, State.UNSURE if at == frame else State.PLANE, shares[at], None, 0.5)
            for at in range(len(shares))
        ]
    )
    return find_views(table.snapshot(), Corrections())


def test_a_line_runs_under_each_view_from_its_first_frame_to_its_last(
    qtbot: QtBot, page: ReviewPage, recording: Path
) -> None:
    opened(qtbot, page, recording)
    page.desk.step_to(0)
    timeline, look = page.timeline, page._look
    picture: QImage = timeline.grab().toImage()

    def foot(frame: float) -> str:
        row = timeline.places.row_of("femur")
        return QColor(
            picture.pixel(round(timeline.places.x_of(frame)), int(row.bottom()) - 1)
        ).name()

    line = look.colour("text").name()
    assert foot((FIRST + LAST) / 2) == foot(FIRST + 1) == foot(LAST) == line
    assert line not in (foot(FIRST - 4), foot(LAST + 5))
    views = page.desk.views
    assert views is not None
    peak = views.candidates["femur"][0]
    assert (peak.first, peak.last) == (FIRST, LAST)


def test_this_view_is_the_one_on_the_timeline(
    qtbot: QtBot, page: ReviewPage, recording: Path
) -> None:
    opened(qtbot, page, recording)
    desk = page.desk
    assert desk.words.view_around(FIRST + 5, "femur", desk.views) == (FIRST, LAST)


def test_while_it_plays_the_name_of_the_view_stands_and_a_picture_speaks_for_itself(
    qtbot: QtBot, page: ReviewPage, recording: Path
) -> None:
    opened(qtbot, page, recording)
    desk, at = page.desk, FIRST + 15
    page.desk.step_to(at)
    qtbot.waitUntil(lambda: desk.view is not None and desk.view.frame.index == at)
    view, views = desk.view, desk.views
    assert view is not None
    assert view.analysis is not None
    assert views is not None
    shares = np.full(len(PLANES), 1 / len(PLANES), np.float32)
    prediction = replace(view.analysis.prediction, probabilities=shares)
    analysis = replace(view.analysis, prediction=prediction, state=State.UNSURE)
    odd, around = replace(view, analysis=analysis), odd_one(views, at)
    moving = verdict_of(odd, Corrections(), 0.5, around, moving=True)
    assert (moving.kind, moving.plane) == (VerdictKind.PLANE, BY_KEY["femur"])
    assert moving.box is None
    standing = verdict_of(odd, Corrections(), 0.5, around)
    assert standing.kind is VerdictKind.UNSURE
    assert "in a view of Femur" in standing.detail
    assert verdict_of(odd, Corrections(), 0.5).detail == standing.detail.split("; in a view")[0]
