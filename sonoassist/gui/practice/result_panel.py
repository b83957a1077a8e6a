"""The end of an exercise: score, planes, confusions."""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import (
    QBoxLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from sonoassist.core.wording import counted
from sonoassist.gui.action_set import PlaceKeys
from sonoassist.gui.acts import Act, Place
from sonoassist.gui.elided import wrappable
from sonoassist.gui.practice.buttons import wide_button
from sonoassist.gui.practice.desk import PracticeDesk
from sonoassist.gui.practice.matrix import Matrix
from sonoassist.gui.practice.services import Stage
from sonoassist.gui.practice.side import weak_planes_text
from sonoassist.gui.practice.table import PlaneTable
from sonoassist.gui.practice.words import exercise_text, unscored_text, word_sentence
from sonoassist.gui.splash import DISCLAIMER
from sonoassist.gui.theme import Look
from sonoassist.practice.scores import QuestionOutcome, by_plane, confusions, total

WIDE_PX = 1400


class ResultPanel(QWidget):
    """Shows how an exercise went.

    Signals:
        again: The next exercise is wanted.
    """

    again = pyqtSignal()

    def __init__(self, desk: PracticeDesk, look: Look) -> None:
        super().__init__()
        self._desk = desk
        self._look = look
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.score = QLabel()
        self.about = QLabel()
        self.counts = QLabel()
        self.word = QLabel()
        self.weak = QLabel()
        self.trouble = QLabel()
        self.table = PlaneTable(look)
        self.matrix = Matrix(look)
        self._keyed: dict[Act, tuple[QPushButton, str]] = {}
        self._inside = QWidget()
        self._halves = QBoxLayout(QBoxLayout.Direction.LeftToRight, self._inside)
        self._left = QVBoxLayout()
        self._right = QVBoxLayout()
        self._column = QVBoxLayout(self)
        self._build()
        self.set_look(look)

    def _build(self) -> None:
        self.about.setObjectName("muted")
        self.trouble.setObjectName("warning")
        for label in (self.score, self.about, self.counts, self.word, self.weak, self.trouble):
            label.setWordWrap(True)
            self._left.addWidget(label)
        self._left.addSpacing(12)
        self._left.addWidget(self.table)
        self._left.addStretch(1)
        heading = QLabel("What was taken for what")
        heading.setObjectName("heading")
        self._right.addWidget(heading)
        self._right.addWidget(self.matrix)
        self._right.addStretch(1)
        self._halves.addLayout(self._left, 1)
        self._halves.addLayout(self._right)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidget(self._inside)
        self._column.addWidget(area, 1)
        self._column.addLayout(self._buttons())

    def _buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        disclaimer = QLabel(DISCLAIMER)
        disclaimer.setObjectName("warning")
        row.addWidget(disclaimer)
        row.addStretch(1)
        desk = self._desk
        choices: tuple[tuple[Act, str, Callable[[], None], bool], ...] = (
            (Act.START, "Start page", lambda: desk.show(Stage.START), False),
            (Act.PROGRESS, "Progress", lambda: desk.show(Stage.PROGRESS), False),
            (Act.CAPTURE, "Next exercise", self.again.emit, True),
        )
        for act, text, do, main in choices:
            button = wide_button(text, main=main)
            button.clicked.connect(lambda _on=False, do=do: do())
            self._keyed[act] = (button, text)
            row.addWidget(button)
        handlers = {act: do for act, _text, do, _main in choices}
        self.keys = PlaceKeys(self, Place.PRACTICE, handlers, self._look.keys)
        return row

    def set_look(self, look: Look) -> None:
        """Change theme or size."""
        self._look = look
        self.keys.set_keys(look.keys)
        for act, (button, text) in self._keyed.items():
            button.setText(f"{text}   {look.keys.text(act)}".rstrip())
        px = look.px
        self._column.setContentsMargins(px(28), px(20), px(28), px(12))
        self._halves.setContentsMargins(0, 0, px(8), 0)
        self._halves.setSpacing(px(48))
        self._left.setSpacing(px(10))
        self._right.setSpacing(px(14))
        self.score.setStyleSheet(f"font-size: {px(56)}px; font-weight: 600")
        for label, size in ((self.about, 18), (self.counts, 22), (self.word, 16), (self.weak, 18)):
            label.setStyleSheet(f"font-size: {px(size)}px")
        self.table.set_look(look)
        self.matrix.set_look(look)
        self._fit()

    def resizeEvent(self, event: object) -> None:
        """Side by side where there is room."""
        self._fit()

    def _fit(self) -> None:
        wide = self.width() / self._look.scale >= WIDE_PX
        ways = QBoxLayout.Direction
        self._halves.setDirection(ways.LeftToRight if wide else ways.TopToBottom)

    def refresh(self) -> None:
        """Show the exercise that has ended."""
        exercise, desk = self._desk.exercise, self._desk
        if exercise is None:
            return
        attempts = exercise.attempts
        found = sum(one.outcome is QuestionOutcome.FOUND for one in attempts)
        alarms = sum(len(one.false_alarms) for one in attempts)
        self.score.setText(f"{round(total(attempts))} of 100")
        left = len(exercise.questions) - len(attempts)
        ended = f" · ended {counted(left, 'question')} early" if left else ""
        whose = exercise_text(desk.number, desk.wish.nickname, class_mode=exercise.class_mode)
        self.about.setText(f"{whose} · {wrappable(desk.exam.name)}{ended}")
        self.about.setToolTip(desk.exam.name)
        planes = "plane" if len(attempts) == 1 else "planes"
        self.counts.setText(
            f"{found} of {len(attempts)} {planes} found · {counted(alarms, 'false alarm')}"
            f"{unscored_text(attempts)}"
        )
        self.word.setText(word_sentence(exercise))
        self.weak.setText(weak_planes_text(attempts))
        self.weak.setVisible(bool(self.weak.text()))
        lines = [str(desk.trouble)] if desk.trouble is not None else []
        if desk.keeper.trouble is not None:
            lines = [f"Not kept: {desk.keeper.trouble}"]
        self.trouble.setText("\n".join([*lines, *desk.warnings]))
        self.trouble.setVisible(bool(self.trouble.text()))
        self.table.show_scores(by_plane(attempts))
        self.matrix.show_counts(confusions(attempts))
