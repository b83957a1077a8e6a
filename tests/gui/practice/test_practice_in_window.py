"""The practice page within the window."""

from __future__ import annotations

from gui_fakes import FakeSession, make_view
from PyQt6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from sonoassist.core.settings import Settings
from sonoassist.gui.acts import Act
from sonoassist.gui.main_window import MainWindow
from sonoassist.gui.page import Page
from sonoassist.gui.practice.page import PracticePage
from sonoassist.gui.sheets import HelpSheet
from sonoassist.practice.wish import PracticeWish


def test_practice_hides_everything_of_the_live_page(
    window: MainWindow, session: FakeSession
) -> None:
    session.show(make_view("lips"))
    window.display.refresh()
    assert window.live.headline.isVisible()
    window.actions_set[Act.PAGE_PRACTICE].trigger()
    assert window.page is Page.PRACTICE
    page = window.other(Page.PRACTICE)
    assert isinstance(page, PracticePage)
    assert window.pages.currentWidget() is page
    window.display.refresh()
    live = window.live
    for part in (live.headline, live.planes, live.strip, live.viewport):
        assert not part.isVisible()
    shown = [label.text() for label in window.findChildren(QLabel) if label.isVisible()]
    assert shown
    assert not [text for text in shown if "Lips" in text]
    window.actions_set[Act.PAGE_LIVE].trigger()
    window.display.refresh()
    assert window.live.headline.isVisible()


def test_a_file_opened_on_the_page_goes_to_the_page(
    window: MainWindow, session: FakeSession
) -> None:
    window.actions_set[Act.PAGE_PRACTICE].trigger()
    window.open_here("nowhere.mp4")
    page = window.other(Page.PRACTICE)
    assert isinstance(page, PracticePage)
    assert page.desk.spec == "nowhere.mp4"
    assert ("open", "nowhere.mp4") not in session.calls


def test_the_keys_of_the_page_work_again_after_a_sheet(qtbot: QtBot, window: MainWindow) -> None:
    window.activateWindow()
    window.actions_set[Act.PAGE_PRACTICE].trigger()
    page = window.other(Page.PRACTICE)
    assert isinstance(page, PracticePage)
    qtbot.waitUntil(page.start.hasFocus)
    window.actions_set[Act.HELP].trigger()
    assert not page.start.hasFocus()
    window.actions_set[Act.LEAVE].trigger()
    assert page.start.hasFocus()
    window.actions_set[Act.PAGE_LIVE].trigger()
    assert window.focusProxy() is None


def test_an_exam_of_the_list_is_practised_on(window: MainWindow) -> None:
    window.questions._open_here("exam:20260101-000000-zzzz", Page.PRACTICE)
    page = window.other(Page.PRACTICE)
    assert window.page is Page.PRACTICE
    assert isinstance(page, PracticePage)
    assert page.desk.spec == "exam:20260101-000000-zzzz"


def test_the_help_tells_of_practice(window: MainWindow) -> None:
    window.actions_set[Act.HELP].trigger()
    sheet = window.questions.sheet
    assert isinstance(sheet, HelpSheet)
    assert any("Practice" in label.text() for label in sheet.findChildren(QLabel))


def test_whether_text_is_covered_stays_until_it_is_changed(
    window: MainWindow, settings: Settings
) -> None:
    window.actions_set[Act.PAGE_PRACTICE].trigger()
    page = window.other(Page.PRACTICE)
    assert isinstance(page, PracticePage)
    assert page.start.cover_text.isChecked()
    page.start.cover_text.click()
    assert not settings.cover_text
    page.desk.toggle_cover()  # as the key does in an exercise
    assert settings.cover_text is page.desk.covers_text
    settings.cover_text = False
    page.prepare(PracticeWish())
    assert not page.start.cover_text.isChecked()
    settings.cover_text = True
    page.prepare(PracticeWish(cover_text=False))  # for this run only
    assert not page.start.cover_text.isChecked()
    assert settings.cover_text
