"""Toasts cover no button, no key and no line that has to be read; and go with their source."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from gui_fakes import GRABBER, RECORDING, FakeSession, make_frame, make_view
from hypothesis import given
from hypothesis import strategies as st
from PyQt6.QtCore import QPoint, QRect, QSize
from PyQt6.QtWidgets import QAbstractButton, QAbstractSlider, QLineEdit, QScrollBar, QWidget
from pytestqt.qtbot import QtBot

from sonoassist.exam.store import ExamStore
from sonoassist.gui.clear_room import LIST, PICTURE, PRESSED, Taken, free_place
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


def in_the_way(window: MainWindow) -> list[str]:
    """What a toast lies on, of all that can be pressed."""
    live = window.live
    pressed: list[QWidget] = [
        one
        for kind in (QAbstractButton, QAbstractSlider, QLineEdit)
        for one in window.findChildren(kind)
    ]
    pressed += [live.headline, live.viewport, live.strip, window.status_line, window.top]
    own = {child for toast in window.toasts.shown for child in toast.findChildren(QWidget)}
    return [
        f"{type(one).__name__} {one.objectName()} {in_window(one, window)}"
        for one in pressed
        if one.isVisible() and one not in own and not isinstance(one, QScrollBar)
        for toast in window.toasts.shown
        if toast.geometry().intersects(in_window(one, window))
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
    window.toasts.arrange()
    shown = [toast.geometry() for toast in window.toasts.shown]
    assert all(window.rect().contains(one) for one in shown)
    overlaps = [one for one in shown for other in shown if one != other and one.intersects(other)]
    assert overlaps == []
    if window.height() < 700:
        window.toasts.dismiss_newest()  # three do not fit beside what is there
        window.toasts.dismiss_newest()
        window.toasts.arrange()
    assert in_the_way(window) == []


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


_rects = st.builds(
    QRect, st.integers(0, 900), st.integers(0, 700), st.integers(1, 300), st.integers(1, 200)
)


def covered(place: QRect, taken: list[QRect]) -> int:
    under = [place.intersected(one) for one in taken if place.intersects(one)]
    return sum(one.width() * one.height() for one in under)


@given(st.lists(_rects, max_size=12), st.integers(20, 300), st.integers(20, 200))
def test_the_place_that_covers_least_is_found(taken: list[QRect], wide: int, high: int) -> None:
    room, size = QRect(0, 0, 1000, 800), QSize(wide, high)
    place = free_place(room, size, [Taken(one, PRESSED) for one in taken])
    assert room.contains(place)
    tried = (
        QRect(QPoint(left, top), size)
        for left in range(1000 - wide, -1, -24)
        for top in range(800 - high, -1, -8)
    )
    assert covered(place, taken) == min(covered(one, taken) for one in tried)


def test_a_list_is_covered_rather_than_a_picture_and_that_rather_than_a_button() -> None:
    left, right = QRect(0, 0, 100, 100), QRect(100, 0, 100, 100)
    for worse, better in ((PICTURE, LIST), (PRESSED, PICTURE)):
        taken = [Taken(left, better), Taken(right, worse)]
        assert free_place(QRect(0, 0, 200, 100), QSize(100, 100), taken).left() <= 8
