"""Asks what becomes of the running exam before another source is opened."""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QWidget

from sonoassist.gui.elided import shortened
from sonoassist.gui.sheets import Sheet
from sonoassist.gui.theme import Look

WIDE_PX = 620
NAME_CHARS = 36


class ExamQuestion(Sheet):
    """Three answers; nothing is opened before one is given, and Esc is "Cancel".

    Args:
        over: The window it lies on.
        look: Theme and size.
        name: Of what is to be opened, for people.

    Signals:
        answered: Open it; arg: whether this exam goes on with it.
    """

    answered = pyqtSignal(bool)

    def __init__(self, over: QWidget, look: Look, name: str) -> None:
        super().__init__(over, look, "An exam is running", WIDE_PX)
        for words, style in (
            (f"What becomes of it when {shortened(name, NAME_CHARS)} is opened?", ""),
            ("Where that cannot be opened, all stays as it is.", "muted"),
        ):
            label = QLabel(words)
            label.setObjectName(style)
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setToolTip(name)
            self.body.addWidget(label)
        self.goes_on = self._button("Go on with this exam", lambda: self._answer(True))
        self.goes_on.setObjectName("main")
        self.ends = self._button("End this exam", lambda: self._answer(False))
        self.cancel = self._button("Cancel", lambda: self.closed.emit())
        row = QHBoxLayout()
        row.setSpacing(look.px(10))
        row.addStretch(1)
        for button in (self.cancel, self.ends, self.goes_on):
            row.addWidget(button)
        self.body.addLayout(row)

    def _button(self, text: str, act: Callable[[], None]) -> QPushButton:
        button = QPushButton(text)
        button.setAutoDefault(True)
        button.clicked.connect(act)
        return button

    def open(self) -> None:
        """Show it; Return goes on with the exam, Tab leads to the others."""
        super().open()
        self.goes_on.setFocus()

    def _answer(self, goes_on: bool) -> None:
        self.closed.emit()
        self.answered.emit(goes_on)
