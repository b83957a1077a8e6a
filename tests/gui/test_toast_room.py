"""Toasts have a line of their own and cover nothing; and go with their source."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from gui_fakes import GRABBER, RECORDING, FakeSession, make_frame, make_view
from PyQt6.QtCore import QPoint, QRect
from PyQt6.QtWidgets import QAbstractButton, QAbstractSlider, QLabel, QLineEdit, QScrollBar, QWidget
from pytestqt.qtbot import QtBot

from sonoassist.exam.store import ExamStore
from sonoassist.gui.acts import Act
from sonoassist.gui.main_window import MainWindow
from sonoassist.gui.page import Page
from sonoassist.live.status import Level, Notice

SIZES = ((960, 540), (1024, 768), (1920, 1080))
TOLD = (
    Notice(Level.INFO, "4-chamber view captured", "K keeps it"),
    Notice(Level.WARNING, "The picture on screen was not captured", "The disk is slow " * 4),
    Notice(Level.ERROR, "The recording stopped", "Free some space", "a\nb"),
)


@pytest.fixture
def store(tmp_path: Path) -> ExamStore:
    return ExamStore(tmp_path / "exams")


def _begun(window: MainWindow) -> bool:
    window.display.tick()
    return window.controller.desk.view is not None


def in_window(widget: QWidget, window: MainWindow) -> QRect:
    return widget.visibleRegion().boundingRect().translated(widget.mapTo(window, QPoint(0, 0)))


def on_line(window: MainWindow) -> list[QRect]:
    return [in_window(toast, window) for toast in window.toasts.shown if toast.isVisible()]


def in_the_way(window: MainWindow) -> list[str]:
    """What a toast lies on, of all that can be pressed or read."""
    live = window.live
    kinds = (QAbstractButton, QAbstractSlider, QLineEdit, QLabel)
    read: list[QWidget] = [one for kind in kinds for one in window.findChildren(kind)]
    read += [live.headline, live.viewport, live.strip, live.planes, window.status_line, window.top]
    own = set(window.toasts.line.findChildren(QWidget))
    return [
        f"{type(one).__name__} {one.objectName()} {in_window(one, window)}"
        for one in read
        if one.isVisible() and one not in own and not isinstance(one, QScrollBar)
        for place in on_line(window)
        if place.intersects(in_window(one, window))
    ]


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("page", ["start", "live", "exam", "review", "practice"])
def test_nothing_that_can_be_pressed_is_covered(
    qtbot: QtBot, window: MainWindow, session: FakeSession, size: tuple[int, int], page: str
) -> None:
    window.resize(*size)
    window.show()
    if page in ("live", "exam"):
        info = GRABBER
        window.controller.change(exam_with_source="always" if page == "exam" else "never")
        session.show(make_view(frame=make_frame(info=info)), info)
        window.display.refresh()
        if page == "exam":
            qtbot.waitUntil(lambda: _begun(window))
        side_px = window.live.side_px_of(window.width())
        view = window.live.viewport
        qtbot.waitUntil(lambda: in_window(view, window).right() <= window.width() - side_px)
    elif page in ("review", "practice"):
        if window.other(Page(page)) is None:
            pytest.skip("this window has the live page alone")
        window.show_page(Page(page))
    for notice in TOLD:
        window.toasts.show(notice)
    window.display.refresh()
    last = window.toasts.shown[-1]
    qtbot.waitUntil(lambda: last.width() > 0 and last.isVisible())
    shown = on_line(window)
    assert all(window.rect().contains(one) for one in shown)
    overlaps = [one for one in shown for other in shown if one != other and one.intersects(other)]
    assert overlaps == []
    assert in_the_way(window) == []
    window.actions_set[Act.SETTINGS].trigger()
    assert window.questions.sheet is not None
    assert in_the_way(window) == []


def text_px(window: MainWindow) -> list[str]:
    """Words of the toasts on the line for which there is no room."""
    return [
        label.text()
        for label in window.toasts.line.findChildren(QLabel)
        if label.isVisible() and label.text()
        if label.height() < (label.heightForWidth(label.width()) if label.wordWrap() else 1)
    ]


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_long_words_make_the_line_higher_and_are_whole(
    qtbot: QtBot, window: MainWindow, size: tuple[int, int]
) -> None:
    window.resize(*size)
    window.show()
    low = window.bottom.height()
    window.toasts.show(Notice(Level.ERROR, "a sentence of many words " * 12, "What to do " * 8))
    (toast,) = window.toasts.shown
    qtbot.waitUntil(lambda: toast.isVisible() and window.bottom.height() > low)
    qtbot.waitUntil(lambda: text_px(window) == [])
    assert window.bottom.height() == toast.height()
    assert window.toasts.dismiss_newest()
    qtbot.waitUntil(lambda: window.bottom.height() == low)


def test_a_short_note_moves_nothing_and_leaves_the_disclaimer(
    qtbot: QtBot, window: MainWindow
) -> None:
    window.resize(960, 540)
    window.show()
    before = window.pages.geometry()
    window.toasts.show(TOLD[0])
    qtbot.waitUntil(lambda: window.toasts.shown[0].isVisible())
    assert window.pages.geometry() == before
    assert window.status_line.width() >= window.status_line.minimumWidth()


def test_in_full_screen_a_note_stands_on_the_line_and_moves_nothing(
    qtbot: QtBot, window: MainWindow, session: FakeSession
) -> None:
    session.show(make_view(frame=make_frame(info=GRABBER)), GRABBER)
    window.show()
    window.display.refresh()
    window.toggle_full_screen()
    qtbot.waitUntil(lambda: window.top.isHidden() and window.bottom.width() == window.width())
    before = window.pages.geometry()
    window.toasts.show(TOLD[0])
    qtbot.waitUntil(lambda: window.toasts.shown[0].isVisible())
    assert window.pages.geometry() == before
    assert in_the_way(window) == []
    window.toggle_full_screen()


def test_what_has_no_room_waits_and_is_counted(qtbot: QtBot, window: MainWindow) -> None:
    window.resize(960, 540)
    window.show()
    for notice in TOLD:
        window.toasts.show(notice)
    oldest, middle, newest = window.toasts.shown
    qtbot.waitUntil(newest.isVisible)
    assert not oldest.isVisible()
    assert window.toasts.waiting_text == "+2 more"
    window.toasts.show_next()
    assert (middle.isVisible(), newest.isVisible()) == (True, False)
    assert window.toasts.waiting_text == "+1 error"
    for _ in TOLD:
        assert window.toasts.shown[-1].isVisible()
        assert window.toasts.dismiss_newest()
    assert window.toasts.waiting_text == ""


def test_what_is_said_of_a_source_goes_with_it(window: MainWindow, session: FakeSession) -> None:
    first = replace(RECORDING, source_id="first", spec="first.mp4")
    second = replace(RECORDING, source_id="second", spec="second.mp4")
    session.show(make_view(frame=make_frame(info=first)), first)
    session.notices.put(Notice(Level.ERROR, "12 pictures are left out", about="first.mp4"))
    session.notices.put(Notice(Level.ERROR, "The disk is nearly full"))
    window.display.refresh()
    assert len(window.toasts.shown) == 2
    session.show(make_view(frame=make_frame(info=second)), second)
    window.display.refresh()
    assert [toast.notice.title for toast in window.toasts.shown] == ["The disk is nearly full"]
