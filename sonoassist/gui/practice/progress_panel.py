"""How a trainee gets on: curves over the exercises, in all and plane by plane."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import (
    QComboBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from sonoassist.core.errors import SonoAssistError, window_text
from sonoassist.core.planes import BY_KEY, DISPLAY_ORDER
from sonoassist.core.wording import counted
from sonoassist.gui.action_set import PlaceKeys
from sonoassist.gui.acts import Act, Place
from sonoassist.gui.practice.buttons import wide_button
from sonoassist.gui.practice.curves import Curve
from sonoassist.gui.practice.desk import PracticeDesk
from sonoassist.gui.practice.services import Stage
from sonoassist.gui.practice.words import day_text
from sonoassist.gui.splash import DISCLAIMER
from sonoassist.gui.theme import Look
from sonoassist.practice.answers import Word
from sonoassist.practice.history import PastExercise
from sonoassist.practice.scores import QuestionOutcome, total

WIDE_PX = 1400
FORGET, SURE = "Forget this trainee …", "Really forget? Click again"
WEAK_SHOWN = 3


class ProgressPanel(QWidget):
    """Shows the history of one trainee."""

    def __init__(self, desk: PracticeDesk, look: Look) -> None:
        super().__init__()
        self._desk = desk
        self._look = look
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.trainee = QComboBox()
        self.about = QLabel()
        self.weak = QLabel()
        self.score = Curve("Score of each exercise", "", look, large=True)
        self.planes = {
            plane.key: Curve(plane.label, plane.colour, look)
            for plane in DISPLAY_ORDER
            if not plane.is_background
        }
        self.forget = wide_button(FORGET)
        self.trainees = wide_button("All trainees")
        self._back = wide_button("Back", main=True)
        self._inside = QWidget()
        self._body = QVBoxLayout(self._inside)
        self._grid = QGridLayout()
        self._column = QVBoxLayout(self)
        self._build()
        self.set_look(look)

    def _build(self) -> None:
        head = QHBoxLayout()
        title = QLabel("Progress of")
        title.setObjectName("heading")
        self.trainee.setMinimumWidth(200)
        self.trainee.activated.connect(lambda _at: self._fill())
        for part in (title, self.trainee, self.about):
            head.addWidget(part)
        head.addStretch(1)
        self.about.setObjectName("muted")
        self.weak.setWordWrap(True)
        self._body.addWidget(self.weak)
        self._body.addWidget(self.score, 2)
        self._body.addLayout(self._grid, 3)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidget(self._inside)
        self._column.addLayout(head)
        self._column.addWidget(area, 1)
        foot = QHBoxLayout()
        disclaimer = QLabel(DISCLAIMER)
        disclaimer.setObjectName("warning")
        self._back.clicked.connect(lambda _on=False: self._desk.show(Stage.START))
        self.trainees.clicked.connect(lambda _on=False: self._desk.show(Stage.TRAINEES))
        handlers = {
            Act.START: lambda: self._desk.show(Stage.START),
            Act.TRAINEES: lambda: self._desk.show(Stage.TRAINEES),
        }
        self.keys = PlaceKeys(self, Place.PRACTICE, handlers, self._look.keys)
        self.forget.clicked.connect(self._forget)
        foot.addWidget(disclaimer)
        foot.addStretch(1)
        foot.addWidget(self.forget)
        foot.addWidget(self.trainees)
        foot.addWidget(self._back)
        self._column.addLayout(foot)

    def set_look(self, look: Look) -> None:
        """Change theme or size."""
        self._look = look
        self.keys.set_keys(look.keys)
        self._back.setText(f"Back   {look.keys.text(Act.START)}".rstrip())
        self.trainees.setText(f"All trainees   {look.keys.text(Act.TRAINEES)}".rstrip())
        px = look.px
        self._column.setContentsMargins(px(28), px(18), px(28), px(12))
        self._column.setSpacing(px(12))
        self._body.setContentsMargins(0, 0, px(8), 0)
        self._body.setSpacing(px(12))
        self._grid.setSpacing(px(10))
        self.weak.setStyleSheet(f"font-size: {px(18)}px")
        for curve in (self.score, *self.planes.values()):
            curve.set_look(look)
        self._fit()

    def resizeEvent(self, event: object) -> None:
        """As many curves side by side as there is room for."""
        self._fit()

    def _fit(self) -> None:
        columns = 5 if self.width() / self._look.scale >= WIDE_PX else 3
        for place, curve in enumerate(self.planes.values()):
            self._grid.addWidget(curve, place // columns, place % columns)

    def refresh(self) -> None:
        """Read the history again."""
        try:
            names = self._desk.services.history.trainees()
        except SonoAssistError as error:
            self._say(window_text(error))
            return
        self.trainee.clear()
        self.trainee.addItems(names)
        place = self.trainee.findText(self._desk.wish.nickname, Qt.MatchFlag.MatchFixedString)
        self.trainee.setCurrentIndex(max(place, 0) if names else -1)
        self._fill()

    def _say(self, text: str) -> None:
        self.weak.setText(text)
        self.about.setText("")
        self.forget.hide()
        for curve in (self.score, *self.planes.values()):
            curve.show_values(())

    def _fill(self) -> None:
        name = self.trainee.currentText()
        if not name:
            self._say("No exercise has been done yet.")
            return
        try:
            history = self._desk.services.history
            past, weak = history.exercises(name), history.weaknesses(name)
        except SonoAssistError as error:
            self._say(window_text(error))
            return
        self.forget.setText(FORGET)
        self.forget.show()
        self.about.setText(about_text(past))
        worst = [key for key in sorted(weak, key=lambda key: -weak[key]) if weak[key] > 0.3]
        names = ", ".join(BY_KEY[key].label for key in worst[:WEAK_SHOWN])
        self.weak.setText(f"Weak at the moment, and asked first: {names}" if names else "")
        self.weak.setVisible(bool(names))
        scores = [one.score for one in past]
        rings = [one.word is not Word.TRUTH for one in past]
        note = "rings: without truth   " if any(rings) else ""
        last = f"last {round(scores[-1])} of 100" if scores else ""
        self.score.show_values(scores, note + last, rings)
        for key, curve in self.planes.items():
            curve.show_values(plane_values(past, key), plane_note(past, key), rings)

    def _forget(self) -> None:
        if self.forget.text() != SURE:
            self.forget.setText(SURE)
            return
        try:
            self._desk.services.history.forget(self.trainee.currentText())
        except SonoAssistError as error:
            self._say(window_text(error))
            return
        self.refresh()


def about_text(past: Sequence[PastExercise]) -> str:
    """How many exercises there were, and when."""
    count = counted(len(past), "exercise")
    classes = sum(one.class_mode for one in past)
    some = f"{classes} of them " if classes < len(past) else ""
    in_class = f", {some}in class" if classes else ""
    last = f", the last one {day_text(past[-1].began_at)}" if past else ""
    return f"{count}{in_class}{last}. Kept on this computer only."


def plane_values(past: Sequence[PastExercise], plane: str) -> list[float | None]:
    """The points of one plane in each exercise, None where it was not asked for."""
    values: list[float | None] = []
    for one in past:
        attempts = [attempt for attempt in one.attempts if attempt.plane == plane]
        values.append(total(attempts) if attempts else None)
    return values


def plane_note(past: Sequence[PastExercise], plane: str) -> str:
    """How often a plane was found, in words."""
    attempts = [one for exercise in past for one in exercise.attempts if one.plane == plane]
    found = sum(one.outcome is QuestionOutcome.FOUND for one in attempts)
    return f"found {found} of {len(attempts)}" if attempts else "not asked yet"
