"""While a recording is reviewed the window speaks of it and its model, not of the live source."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from gui_fakes import GRABBER, FakeModels, FakeSession, make_frame, make_view
from pytestqt.qtbot import QtBot
from review_window import opened, page_of, review_window

from sonoassist.gui.main_window import MainWindow
from sonoassist.gui.page import Page

sys.path.insert(0, str(Path(__file__).parents[1] / "review"))

from review_made import write_analysed


@pytest.fixture
def window(
    qtbot: QtBot, session: FakeSession, models: FakeModels, recording: Path, tmp_path: Path
) -> Iterator[MainWindow]:
    shutil.copytree(recording.parent / "analyses", tmp_path / "analyses")
    with review_window(qtbot, session, models, []) as main:
        session.show(make_view(frame=make_frame(info=GRABBER)), GRABBER)
        opened(qtbot, page_of(main), write_analysed(tmp_path / "reviewed.mp4"))
        qtbot.waitUntil(lambda: page_of(main).desk.opener.card is not None)
        main.display.refresh()
        yield main


def test_the_status_line_names_the_recording_and_its_model(window: MainWindow) -> None:
    desk = page_of(window).desk
    said = window.status_line.toolTip()
    assert "reviewed.mp4" in said
    assert desk.opener.card is not None
    assert desk.opener.card.title in said
    assert "frames analysed" in said
    assert GRABBER.label not in said
    window.show_page(Page.LIVE)
    assert GRABBER.label in window.status_line.toolTip()


def test_the_window_warns_of_a_model_made_for_other_exams(window: MainWindow) -> None:
    desk = page_of(window).desk
    assert window.banner.isHidden()
    assert desk.opener.card is not None
    desk.opener.card = desk.opener.card.model_copy(update={"domain": "synthetic"})
    window.display.refresh()
    assert "synthetic exams only" in window.banner.text()
    assert not window.banner.isHidden()
    desk.close()
    window.display.refresh()
    assert window.banner.isHidden()
