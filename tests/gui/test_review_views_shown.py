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
from screen_checks.painted import listening

from sonoassist.core.packets import State
from sonoassist.core.planes import BY_KEY, INDEX, PLANES
from sonoassist.core.settings import Settings
from sonoassist.gui.review.page import ReviewPage
from sonoassist.gui.review.texts import verdict_of
from sonoassist.gui.verdict import VerdictKind
from sonoassist.recordings.corrections import Corrections
from sonoassist.recordings.records import FrameResult
from sonoassist.recordings.table import FrameTable
from sonoassist.review.candidates import MOST
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


def test_lines_run_under_more_views_than_are_offered(
    qtbot: QtBot, page: ReviewPage, recording: Path
) -> None:
    opened(qtbot, page, recording)
    timeline, line = page.timeline, page._look.colour("text").name()
    count = 100 * (MOST + 3)
    table = FrameTable([at / 25 for at in range(count)])
    shares = {key: np.eye(len(PLANES), dtype=np.float32)[INDEX[key]] for key in ("lips", "femur")}
    keys = ["femur" if at // 50 % 2 else "lips" for at in range(count)]
    table.add([FrameResult(at, State.PLANE, shares[key], None, 0.5) for at, key in enumerate(keys)])
    views = find_views(table.snapshot(), Corrections())
    assert len(views.candidates["femur"]) == MOST
    timeline.show_table(table)
    timeline.show_index(0)
    timeline.show_words(Corrections(), views)
    picture = timeline.grab().toImage()
    foot = int(timeline.places.row_of("femur").bottom()) - 1
    for at in range(0, count, 100):
        lies = [
            QColor(picture.pixel(round(timeline.places.x_of(at + frame)), foot)).name() == line
            for frame in (25, 75)
        ]
        assert lies == [False, True]


def test_nothing_is_said_to_be_missing_before_anything_was_looked_for(
    qtbot: QtBot, page: ReviewPage, recording: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened(qtbot, page, recording)
    desk, notes = page.desk, list[str]()
    monkeypatch.setattr(desk, "note", notes.append)

    def painted() -> list[str]:
        with listening() as said:
            page.grab()
        return [one.text for one in said]

    def missing() -> list[str]:
        return [one for one in painted() if "missing" in one or "None found" in one]

    desk.finder.show_session(desk.session)  # as just opened: results are known, no views yet
    page._show_words()
    assert desk.session is not None
    assert desk.session.table.known.all()
    assert "Femur" in painted()
    assert not missing()
    desk.next_missing()
    assert notes == ["Nothing was looked for yet"]
    desk.finder.look()
    qtbot.waitUntil(lambda: desk.views is not None)
    assert missing()


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
