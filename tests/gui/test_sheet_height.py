"""A sheet's card is as high as what it holds, from its opening on and when that changes."""

from __future__ import annotations

import pytest
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from sonoassist.gui.scrolling import ColumnArea
from sonoassist.gui.sheets import Sheet
from sonoassist.gui.theme import DARK, LIGHT, Look, stylesheet

WORDS = "Many words that are wrapped in a card of this width. " * 8


def left_out_px(sheet: Sheet) -> int:
    """How much of it must be scrolled to."""
    area = sheet.card.findChild(ColumnArea)
    assert area is not None
    bar = area.verticalScrollBar()
    assert bar is not None
    return bar.maximum()


class Asks(Sheet):
    """Wrapped words and a row of buttons."""

    def __init__(self, over: QWidget, look: Look) -> None:
        super().__init__(over, look, "A title", 620)
        self.words = QLabel("Few words")
        self.words.setWordWrap(True)
        self.row = QHBoxLayout()
        main = QPushButton("Go on")
        main.setObjectName("main")
        for button in (QPushButton("Cancel"), main):
            self.row.addWidget(button)
        self.body.addWidget(self.words)
        self.body.addLayout(self.row)


@pytest.fixture(params=[(DARK, 0.8), (DARK, 1.0), (LIGHT, 1.3)])
def sheet(request: pytest.FixtureRequest, qtbot: QtBot) -> Asks:
    palette, scale = request.param
    look = Look(palette, scale)
    window = QWidget()
    window.setStyleSheet(stylesheet(look))
    qtbot.addWidget(window)
    window.resize(1024, 768)
    window.show()
    made = Asks(window, look)
    made.open()
    return made


def test_nothing_is_scrolled_where_the_window_has_room(sheet: Asks) -> None:
    assert left_out_px(sheet) == 0


def test_the_card_grows_with_its_words_and_shrinks_again(qtbot: QtBot, sheet: Asks) -> None:
    words = sheet.words
    before = sheet.card.height()
    words.setText(WORDS)
    qtbot.waitUntil(lambda: sheet.card.height() > before)
    assert left_out_px(sheet) == 0
    words.setText("Few words")
    qtbot.waitUntil(lambda: sheet.card.height() == before)


def test_the_card_grows_with_a_row_in_a_row(qtbot: QtBot, sheet: Asks) -> None:
    before = sheet.card.height()
    tall = QLabel("Higher than the others")
    tall.setFixedHeight(150)
    sheet.row.addWidget(tall)
    qtbot.waitUntil(lambda: sheet.card.height() > before + 60)
    assert left_out_px(sheet) == 0


@pytest.mark.parametrize("forward", [True, False])
def test_tab_stays_in_the_card(sheet: Asks, forward: bool) -> None:
    over = sheet.parentWidget()
    assert over is not None
    below = QPushButton("Below", over)  # as a control of the page that the sheet covers
    below.show()
    come_to = []
    for _ in range(4):
        assert sheet.focusNextPrevChild(forward)
        now = sheet.window().focusWidget()
        assert isinstance(now, QPushButton)
        come_to.append(now.text())
    assert set(come_to) == {"Cancel", "Go on"}
    assert come_to[:2] == come_to[2:]
