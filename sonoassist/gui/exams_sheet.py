"""The exams kept so far: what they hold, their reports, and deleting them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial

from PyQt6.QtCore import Qt, QUrl, pyqtSignal
from PyQt6.QtGui import QDesktopServices
from PyQt6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from sonoassist.core.errors import window_text
from sonoassist.core.wording import sentence
from sonoassist.exam.ending import counts_words
from sonoassist.exam.overview import ENDED, RUNNING, Overview, overview
from sonoassist.exam.records import ExamInfo
from sonoassist.exam.source_words import sources_words
from sonoassist.exam.store import ExamStore
from sonoassist.gui.elided import ElidedLabel, wrappable
from sonoassist.gui.exam_panel import minutes
from sonoassist.gui.jobs import Jobs
from sonoassist.gui.scrolling import ListArea
from sonoassist.gui.sheets import Sheet
from sonoassist.gui.theme import Look

_SHOWN = 60
_WIDE_ENOUGH_PX = 1540
"""In narrower windows the buttons have a row of their own, and the names their room."""
_NAMES, _COUNTS = 1, 3
"""Columns of a row."""


def newest(store: ExamStore) -> list[Overview]:
    """The newest exams, newest first."""
    return [overview(store, exam_id) for exam_id in reversed(store.ids()[-_SHOWN:])]


class ExamsSheet(Sheet):
    """A list with buttons; deleting asks once more on the same button.

    Signals:
        report_asked: The user wants the report of an exam; arg: its id.
        end_asked: The user wants to see what an exam has; arg: its id.
        review_asked: The user wants to review an exam's recording; arg: its id.
        deleting: An exam is about to be deleted; arg: its id.
        practice_asked: The user wants to practise on an exam's recording; arg: its id.
    """

    report_asked = pyqtSignal(str)
    end_asked = pyqtSignal(str)
    review_asked = pyqtSignal(str)
    practice_asked = pyqtSignal(str)
    deleting = pyqtSignal(str)

    def __init__(
        self, over: QWidget, look: Look, store: ExamStore, jobs: Jobs, delete: Callable[[str], None]
    ) -> None:
        super().__init__(over, look, "Exams", 1500)
        self._store = store
        self._delete_exam = delete
        self._jobs = jobs
        self._asked = ""
        self._said = QLabel("Reading …")
        self._said.setObjectName("muted")
        self._said.setWordWrap(True)
        self.body.addWidget(self._said)
        self._area = ListArea(QWidget(), min(look.px(620), over.height() - look.px(190)))
        self.body.addWidget(self._area, 1)
        self.buttons: dict[tuple[str, str], QPushButton] = {}
        self._read()

    def _read(self) -> None:
        self._jobs.start("exams", partial(newest, self._store), self._show, self._failed)

    def _failed(self, error: Exception) -> None:
        if not self.gone:
            self._say(window_text(error))

    def _say(self, text: str) -> None:
        self._said.setText(wrappable(sentence(text)))
        self._said.setToolTip(text)

    def _show(self, found: list[Overview]) -> None:
        if self.gone:
            return
        self.buttons.clear()
        inside = QWidget()
        grid = QGridLayout(inside)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(self._look.px(22))
        grid.setVerticalSpacing(self._look.px(4))
        grid.setColumnStretch(1, 1)
        for row, one in enumerate(found):
            self._row(grid, row, one)
        holder = QWidget()
        column = QVBoxLayout(holder)
        column.setContentsMargins(0, 0, self._look.px(10), 0)
        column.addWidget(inside)
        column.addStretch(1)
        self._area.setWidget(holder)
        self._area.updateGeometry()
        where = f"Kept in {self._store.folder}; only your account can read them."
        self._say(where if found else f"No exams yet. {where}")

    def _row(self, grid: QGridLayout, row: int, one: Overview) -> None:
        info = one.info
        if info is None:
            words = [one.exam_id, f"cannot be read: {one.reason}", "", ""]
        else:
            words = [
                started(info),
                _what(info),
                minutes(info.length_s),
                _found(one),
            ]
        for column, text in enumerate(words):
            grid.addWidget(_label(column, text), 2 * row, column)
        keys = QHBoxLayout()
        keys.setSpacing(self._look.px(6))
        if info is not None and one.state != RUNNING:
            keys.addWidget(self._button(one.exam_id, "Look over", self.end_asked.emit))
        if info is not None:
            keys.addWidget(self._button(one.exam_id, "Report", self._report))
            keys.addWidget(self._button(one.exam_id, "Review", self.review_asked.emit))
            keys.addWidget(self._button(one.exam_id, "Practise", self.practice_asked.emit))
        keys.addWidget(self._button(one.exam_id, "Folder", self._open_folder))
        if one.state != RUNNING:
            keys.addWidget(self._button(one.exam_id, "Delete", self._delete))
        keys.addStretch(1)
        if self._over.width() < self._look.px(_WIDE_ENOUGH_PX):
            keys.setContentsMargins(0, 0, 0, self._look.px(10))
            grid.addLayout(keys, 2 * row + 1, 0, 1, len(words))
        else:
            grid.addLayout(keys, 2 * row, len(words))

    def _button(self, exam_id: str, text: str, do: Callable[[str], None]) -> QPushButton:
        button = QPushButton(text)
        button.clicked.connect(lambda _checked=False: do(exam_id))
        self.buttons[exam_id, text] = button
        return button

    def _report(self, exam_id: str) -> None:
        self.report_asked.emit(exam_id)

    def _open_folder(self, exam_id: str) -> None:
        folder = self._store.folder / exam_id
        if not QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder))):
            self._say(f"The folder is {folder}")

    def _delete(self, exam_id: str) -> None:
        button = self.buttons[exam_id, "Delete"]
        if self._asked != exam_id:
            self._asked = exam_id
            button.setText("Really delete?")
            return
        self._asked = ""
        button.setEnabled(False)
        self.deleting.emit(exam_id)
        self._jobs.start(
            "delete exam",
            lambda: self._delete_exam(exam_id),
            self._deleted,
            partial(self._not_deleted, exam_id),
        )

    def _not_deleted(self, exam_id: str, error: Exception) -> None:
        if not self.gone:
            self._say(window_text(error))
            self.buttons[exam_id, "Delete"].setText("Delete")
            self.buttons[exam_id, "Delete"].setEnabled(True)

    def _deleted(self, _nothing: object) -> None:
        if not self.gone:
            self._read()


def _label(column: int, text: str) -> QLabel:
    """Names and counts give way to the buttons where the window is narrow."""
    if column == _NAMES:
        return ElidedLabel(text, "muted")
    if column == _COUNTS:
        return ElidedLabel(text, "", Qt.TextElideMode.ElideRight)
    return QLabel(text)


def started(info: ExamInfo) -> str:
    """When an exam began, in the user's own time."""
    return datetime.fromisoformat(info.started_at).astimezone().strftime("%Y-%m-%d  %H:%M")


def _what(info: ExamInfo) -> str:
    parts = [info.start.study_id, sources_words(info.history), info.note]
    return " · ".join(part for part in parts if part)


def _found(one: Overview) -> str:
    whole = one.whole
    assert whole is not None
    state = "" if one.state == ENDED else f"{one.state}, "
    return f"{state}{counts_words(whole)}"
