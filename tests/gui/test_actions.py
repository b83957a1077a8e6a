from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from gui_fakes import FakeSession, make_view
from PyQt6.QtCore import Qt
from PyQt6.QtGui import QKeySequence
from PyQt6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from sonoassist.core.settings import Settings
from sonoassist.gui.action_set import tip
from sonoassist.gui.actions import ACTIONS
from sonoassist.gui.acts import Act, Needs, Place
from sonoassist.gui.controls import KeyButton
from sonoassist.gui.main_window import MainWindow
from sonoassist.gui.page import Page
from sonoassist.gui.sheets import HelpSheet
from sonoassist.live.status import PlayState


def test_each_action_is_in_the_table_once() -> None:
    assert Counter(row.act for row in ACTIONS) == Counter(Act)


def test_each_action_has_a_key_of_its_own() -> None:
    keys = [QKeySequence(key).toString() for row in ACTIONS for key in row.keys]
    assert all(row.keys for row in ACTIONS)
    assert all(keys)
    assert len(keys) == len(set(keys))


def test_settings_of_actions_are_switches_of_the_settings() -> None:
    settings = Settings()
    for row in ACTIONS:
        if row.setting:
            assert isinstance(getattr(settings, row.setting), bool)


def test_each_action_works_in_qt_with_its_keys(window: MainWindow) -> None:
    for row in (row for row in ACTIONS if row.of_window):
        action = window.actions_set[row.act]
        assert [key.toString() for key in action.shortcuts()] == [
            QKeySequence(key).toString() for key in row.keys
        ]


def test_buttons_show_their_key(window: MainWindow) -> None:
    buttons = window.findChildren(KeyButton)
    assert len(buttons) > 15
    for button in buttons:
        assert window.look.keys.text(button.act) in button.toolTip() or button.toolTip().startswith(
            "Speed"
        )
        if not button.toolTip().startswith("Speed"):
            assert button.toolTip() == tip(button.act, window.look.keys)


def test_the_help_sheet_shows_every_key(window: MainWindow) -> None:
    for page, place in (
        (Page.REVIEW, Place.REVIEW),
        (Page.PRACTICE, Place.PRACTICE),
        (Page.LIVE, Place.LIVE),
    ):
        window.show_page(page)
        window.actions_set[Act.HELP].trigger()
        sheet = window.questions.sheet
        assert isinstance(sheet, HelpSheet)
        texts = {label.text() for label in sheet.findChildren(QLabel)}
        shown = [row for row in ACTIONS if row.is_on(place)]
        assert len(shown) > 40
        for row in shown:
            assert window.look.keys.text(row.act) in texts
            assert row.text_on(place) in texts
    window.actions_set[Act.LEAVE].trigger()
    assert window.questions.sheet is None


def test_actions_wait_for_what_they_need(window: MainWindow, session: object) -> None:
    def enabled(needs: Needs) -> set[bool]:
        return {
            window.actions_set[row.act].isEnabled()
            for row in ACTIONS
            if row.of_window and row.needs is needs
        }

    assert enabled(Needs.NOTHING) == {True}
    assert enabled(Needs.PICTURE) == enabled(Needs.RECORDING) == enabled(Needs.LIVE) == {False}
    session.show(make_view())  # type: ignore[attr-defined]
    window.display.refresh()
    assert enabled(Needs.PICTURE) == enabled(Needs.RECORDING) == {True}
    assert enabled(Needs.LIVE) == {False}


@pytest.mark.parametrize("play", [PlayState.OPENING, PlayState.FAILED, PlayState.LOST])
def test_what_is_opened_or_was_not_can_be_closed(
    window: MainWindow, session: FakeSession, play: PlayState
) -> None:
    window.display.refresh()
    close = window.actions_set[Act.CLOSE]
    assert not close.isEnabled()
    session.now = replace(session.now, play_state=play)
    window.display.refresh()
    assert close.isEnabled()
    card = window.live.viewport.screen_shown.card
    assert card is not None
    assert Act.CLOSE in card.acts
    close.trigger()
    assert ("close_source",) in session.calls


@pytest.mark.parametrize(
    ("key", "field"),
    [
        (Qt.Key.Key_B, "show_box"),
        (Qt.Key.Key_H, "show_heat"),
        (Qt.Key.Key_G, "guided_heat"),
        (Qt.Key.Key_C, "show_crop"),
    ],
)
def test_keys_switch_the_display(
    qtbot: QtBot, window: MainWindow, settings: Settings, key: Qt.Key, field: str
) -> None:
    before = getattr(settings, field)
    window.activateWindow()
    qtbot.keyClick(window, key)
    assert getattr(settings, field) is not before
    row = next(row for row in ACTIONS if row.setting == field)
    assert window.actions_set[row.act].isChecked() is not before
