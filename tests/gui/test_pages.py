"""Pages besides the live one: which is shown, whose keys work, what is left behind."""

from __future__ import annotations

import pytest
from gui_fakes import GRABBER, FakeSession, make_frame, make_view
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from sonoassist.gui.acts import Act
from sonoassist.gui.main_window import MainWindow
from sonoassist.gui.page import Page
from sonoassist.gui.theme import LIGHT, Look
from sonoassist.live.status import PlayState


class NotingPage(QWidget):
    """Notes what it is asked."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[str] = []
        self.look: Look | None = None

    def set_look(self, look: Look) -> None:
        self.look = look

    def open(self, spec: str) -> None:
        self.calls.append(f"open {spec}")

    def enter(self) -> None:
        self.calls.append("enter")

    def leave(self) -> None:
        self.calls.append("leave")

    def stop(self) -> None:
        self.calls.append("stop")


@pytest.fixture
def other(window: MainWindow) -> NotingPage:
    page = NotingPage()
    window.add_page(Page.REVIEW, page)
    return page


def test_a_page_is_entered_and_left(
    qtbot: QtBot, window: MainWindow, session: FakeSession, other: NotingPage
) -> None:
    session.show(make_view())
    window.display.refresh()
    qtbot.mouseClick(window.top.tab(Page.REVIEW), Qt.MouseButton.LeftButton)
    assert window.pages.currentWidget() is other
    assert other.calls == ["enter"]
    assert ("pause",) in session.calls
    window.display.refresh()  # the live picture must not come back by itself
    assert window.pages.currentWidget() is other
    window.actions_set[Act.PAGE_LIVE].trigger()
    assert window.pages.currentWidget() is window.live
    assert other.calls == ["enter", "leave"]


def test_what_is_watched_live_goes_on(
    window: MainWindow, session: FakeSession, other: NotingPage
) -> None:
    session.show(make_view(frame=make_frame(info=GRABBER)), GRABBER)
    window.display.refresh()
    window.show_page(Page.REVIEW)
    assert session.now.play_state is PlayState.PLAYING
    assert ("pause",) not in session.calls


def test_the_keys_of_the_live_page_rest_meanwhile(
    window: MainWindow, session: FakeSession, other: NotingPage
) -> None:
    session.show(make_view())
    window.display.refresh()
    acts = (Act.FREEZE, Act.BOX, Act.CAPTURE, Act.LABEL, Act.THRESHOLD_UP, Act.TIMING)
    assert all(window.actions_set[act].isEnabled() for act in acts)
    window.show_page(Page.REVIEW)
    window.display.refresh()
    assert not any(window.actions_set[act].isEnabled() for act in acts)
    assert window.actions_set[Act.HELP].isEnabled()
    window.show_page(Page.LIVE)
    assert all(window.actions_set[act].isEnabled() for act in acts)


def test_what_is_opened_goes_to_the_page_that_is_shown(
    window: MainWindow, session: FakeSession, other: NotingPage
) -> None:
    window.show_page(Page.REVIEW)
    window.open_here("a.mp4")
    assert other.calls == ["enter", "open a.mp4"]
    window.show_page(Page.LIVE)
    window.open_here("b.mp4")
    assert ("open", "b.mp4") in session.calls


def test_a_page_has_the_theme_and_is_stopped_with_the_window(
    window: MainWindow, other: NotingPage
) -> None:
    window.controller.change(theme="light")
    assert other.look is not None
    assert other.look.palette is LIGHT
    window.close()
    assert other.calls[-1] == "stop"
