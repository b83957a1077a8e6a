"""The checks of what is seen find what is wrong, and nothing where all is right."""

from __future__ import annotations

import pytest
from PyQt6.QtCore import QPointF, QRect, QRectF, Qt
from PyQt6.QtGui import QColor, QPainter, QPaintEvent
from PyQt6.QtWidgets import (
    QComboBox,
    QLabel,
    QLayout,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)
from pytestqt.qtbot import QtBot
from screen_checks.checks import changed_by_wheel, look_at

from sonoassist.gui.elided import ElidedButton, ElidedLabel
from sonoassist.gui.scrolling import ColumnArea, leave_wheel_to_scrolling

LONG = "Many more words than there is room for in so narrow a place"
STYLE = "QWidget { background: #101010; color: #f0f0f0; font-size: 14px; }"


class Words(QWidget):
    """Paints a text itself."""

    def __init__(self, text: str, room: QRectF | None, colour: str = "#f0f0f0") -> None:
        super().__init__()
        self.text, self.room, self.colour = text, room, colour
        self.again: QRectF | None = None

    def paintEvent(self, event: QPaintEvent | None) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor("#101010"))
        painter.setPen(QColor(self.colour))
        if self.room is None:
            painter.drawText(QPointF(4, 20), self.text)
        else:
            painter.drawText(self.room, Qt.AlignmentFlag.AlignVCenter, self.text)
        if self.again is not None:
            painter.drawText(self.again, Qt.AlignmentFlag.AlignVCenter, "again")
        painter.end()


@pytest.fixture
def window(qtbot: QtBot) -> QWidget:
    made = QWidget()
    made.setStyleSheet(STYLE)
    qtbot.addWidget(made)
    made.resize(400, 300)
    made.show()
    return made


def put(window: QWidget, widget: QWidget, *rect: int) -> QWidget:
    widget.setParent(window)
    widget.setGeometry(QRect(*rect))
    widget.show()
    return widget


def kinds(window: QWidget) -> set[str]:
    return {finding.kind for finding in look_at(window)}


def test_nothing_is_wrong_where_all_fits(window: QWidget) -> None:
    put(window, QLabel("A few words"), 10, 10, 200, 30)
    put(window, QPushButton("Go"), 10, 50, 100, 30)
    put(window, QLineEdit(), 10, 90, 100, 30)
    put(window, Words("Painted", QRectF(0, 0, 100, 30)), 10, 130, 120, 30)
    wrapped = QLabel(LONG)
    wrapped.setWordWrap(True)
    put(window, wrapped, 10, 170, 200, 80)
    assert look_at(window) == []


@pytest.mark.parametrize("kind", ["label", "wrapped", "button", "choice", "field"])
def test_a_text_that_is_cut_is_found(window: QWidget, kind: str) -> None:
    made: QLabel | QPushButton | QComboBox | QLineEdit
    if kind in ("label", "wrapped"):
        made = QLabel(LONG)
        made.setWordWrap(kind == "wrapped")
    elif kind == "button":
        made = QPushButton(LONG)
    elif kind == "choice":
        made = QComboBox()
        made.addItem(LONG)
    else:
        made = QLineEdit()
        made.setPlaceholderText(LONG)
    put(window, made, 10, 10, 120, 24)
    assert kinds(window) == {"cut"}


@pytest.mark.parametrize(
    "room", [QRectF(0, 0, 60, 30), QRectF(80, 0, 200, 30), QRectF(0, 0, 200, 6), None]
)
def test_a_painted_text_without_room_is_found(window: QWidget, room: QRectF | None) -> None:
    text = LONG if room is None else "Painted words"
    put(window, Words(text, room), 10, 10, 120, 30)
    assert kinds(window) == {"cut"}


def test_an_elided_text_is_not_cut(window: QWidget) -> None:
    label = QLabel(LONG)
    short = label.fontMetrics().elidedText(LONG, Qt.TextElideMode.ElideRight, 100)
    put(window, Words(short, QRectF(0, 0, 110, 30)), 10, 10, 120, 30)
    assert look_at(window) == []


def test_a_painted_text_below_a_notice_is_not_judged(window: QWidget) -> None:
    put(window, Words("Painted words", QRectF(0, 100, 100, 30)), 10, 10, 300, 200)
    notice = put(window, QWidget(), 0, 100, 200, 60)
    notice.setAutoFillBackground(True)
    notice.setStyleSheet("background: #f0f0f0")
    notice.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
    notice.raise_()
    assert look_at(window) == []
    notice.lower()
    assert look_at(window) == []


@pytest.mark.parametrize("kind", [ElidedLabel, ElidedButton])
def test_a_name_may_be_shortened_where_the_tooltip_has_all(
    window: QWidget, kind: type[ElidedLabel | ElidedButton]
) -> None:
    name = put(window, kind(LONG), 10, 10, 160, 30)
    assert look_at(window) == []
    name.setToolTip("")
    assert kinds(window) == {"cut"}
    name.setToolTip(LONG)
    name.resize(24, 30)
    assert kinds(window) == {"cut"}


def test_a_widget_that_reaches_out_of_its_parent_is_found(window: QWidget) -> None:
    put(window, QLabel("Out"), 380, 10, 60, 30)
    assert kinds(window) == {"outside"}


def test_what_must_be_scrolled_sideways_is_found_what_is_scrolled_down_is_not(
    window: QWidget,
) -> None:
    area, inside = QScrollArea(), QWidget()
    inside.resize(100, 2000)
    area.setWidget(inside)
    put(window, area, 10, 10, 200, 100)
    assert look_at(window) == []
    inside.resize(600, 50)
    assert kinds(window) == {"outside"}


def test_widgets_of_a_layout_over_each_other_are_found(window: QWidget) -> None:
    column = QVBoxLayout(window)
    column.setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)
    one, other = QLabel("One"), QLabel("Other")
    column.addWidget(one)
    column.addWidget(other)
    one.show()
    other.show()
    column.activate()
    assert look_at(window) == []
    for label in (one, other):
        label.setMinimumHeight(200)
    window.resize(400, 250)  # the window is lower than what it holds
    column.activate()
    assert "overlap" in kinds(window)


def test_painted_texts_over_each_other_are_found(window: QWidget) -> None:
    words = Words("Painted", QRectF(0, 0, 100, 30))
    put(window, words, 10, 10, 200, 30)
    words.again = QRectF(100, 0, 100, 30)
    assert look_at(window) == []
    words.again = QRectF(20, 0, 100, 30)
    assert kinds(window) == {"overlap"}


@pytest.mark.parametrize("colour", ["#606060", "#181818"])
def test_faint_texts_are_found(window: QWidget, colour: str) -> None:
    label = QLabel("Words")
    label.setStyleSheet(f"color: {colour}")
    put(window, label, 10, 10, 200, 30)
    assert kinds(window) == {"contrast"}
    label.setEnabled(False)  # WCAG exempts what is disabled
    assert look_at(window) == []
    put(window, Words("Painted", QRectF(0, 0, 100, 30), colour), 10, 50, 120, 30)
    assert kinds(window) == {"contrast"}


def test_the_ground_is_what_was_painted_not_what_the_style_says(window: QWidget) -> None:
    """White on black by the style, but a white picture lies between them."""

    class White(QWidget):
        def paintEvent(self, event: QPaintEvent | None) -> None:
            painter = QPainter(self)
            painter.fillRect(self.rect(), QColor("#ffffff"))
            painter.end()

    put(window, White(), 0, 0, 400, 300)
    label = QLabel("Words")
    label.setStyleSheet("background: transparent")
    put(window, label, 10, 10, 200, 30)
    assert kinds(window) == {"contrast"}


def test_what_a_sheet_lies_over_is_not_looked_at(window: QWidget) -> None:
    put(window, QLabel(LONG), 10, 10, 60, 30)
    assert kinds(window) == {"cut"}
    put(window, QWidget(), 0, 0, 400, 300)
    assert look_at(window) == []


@pytest.mark.parametrize(("words", "wrong"), [("N…", True), ("…", True), ("Note…", False)])
def test_words_shortened_to_nothing(window: QWidget, words: str, wrong: bool) -> None:
    put(window, Words(words, QRectF(0, 0, 100, 30)), 10, 10, 120, 30)
    assert ("cut" in kinds(window)) is wrong


@pytest.mark.parametrize("left_alone", [False, True])
def test_fields_that_the_wheel_changes(qtbot: QtBot, window: QWidget, left_alone: bool) -> None:
    inside = QWidget()
    column = QVBoxLayout(inside)
    number, choice, tall = QSpinBox(), QComboBox(), QLabel("Tall")
    number.setRange(0, 100)
    choice.addItems(["one", "two", "three"])
    tall.setFixedHeight(900)
    for field in (number, choice, tall):
        column.addWidget(field)
    if left_alone:
        for field in (number, choice):
            leave_wheel_to_scrolling(field)
    put(window, ColumnArea(inside), 0, 0, 300, 200)
    qtbot.waitUntil(lambda: number.isVisible() and number.height() > 0)
    found = {finding.kind for finding in changed_by_wheel(window)}
    assert found == (set() if left_alone else {"wheel"})


@pytest.mark.parametrize(("text", "wrong"), [("missing", True), ("none", False)])
def test_letters_whose_lower_ends_are_cut(window: QWidget, text: str, wrong: bool) -> None:
    """A room that ends at the line on which the letters stand."""
    words = put(window, Words(text, None), 10, 10, 120, 40)
    assert isinstance(words, Words)
    high = words.fontMetrics().height()
    words.room = QRectF(0, 0, 100, high - 2 * words.fontMetrics().descent())
    assert ("cut" in kinds(window)) is wrong
