"""The column beside the picture: what is asked, what can be done, how it goes."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QFontMetricsF, QResizeEvent
from PyQt6.QtWidgets import QFrame, QGridLayout, QLabel, QVBoxLayout, QWidget

from sonoassist.core.planes import BY_KEY
from sonoassist.core.wording import counted
from sonoassist.gui.elided import wrappable
from sonoassist.gui.practice.desk import PracticeDesk
from sonoassist.gui.practice.why_words import numbers_text, why_text
from sonoassist.gui.practice.words import (
    QUESTION,
    SIGNS,
    TONES,
    hint_text,
    past_line,
    reveal_of,
    seconds,
    word_sentence,
)
from sonoassist.gui.theme import Look
from sonoassist.practice.exercise import Exercise, Phase
from sonoassist.practice.scores import (
    Attempt,
    QuestionOutcome,
    by_plane,
    median_time_s,
    streak,
    total,
)
from sonoassist.practice.why import PictureNumbers, reasons

PAST_SHOWN = 8
LEAST_LARGE = 0.75
"""Large words are broken rather than written smaller than this share of their size."""
LOW_PX = 640
"""A lower column explains an answer without the numbers of the whole exercise."""


class NumberTile(QFrame):
    """A number with its name above it."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setObjectName("card")
        self._name = QLabel(name)
        self._name.setObjectName("muted")
        self.value = QLabel("–")
        self._column = QVBoxLayout(self)
        self._column.addWidget(self._name)
        self._column.addWidget(self.value)

    def set_look(self, look: Look) -> None:
        """Change theme or size."""
        self._column.setContentsMargins(look.px(14), look.px(8), look.px(10), look.px(8))
        self._column.setSpacing(0)
        self.value.setStyleSheet(f"font-size: {look.px(26)}px; font-weight: 600")


class PracticeSide(QWidget):
    """Asks, and explains when the answer is shown."""

    def __init__(self, desk: PracticeDesk, look: Look) -> None:
        super().__init__()
        self._desk = desk
        self._look = look
        self.head, self.word = QLabel(), QLabel()
        self.question = QLabel(QUESTION)
        self.name = QLabel()
        self.full_name = QLabel()
        self.hint = QLabel()
        self.message = QLabel()
        self.before = QLabel()
        self.details = QLabel()
        self.why, self.numbers = QLabel(), QLabel()
        self.points = QLabel()
        self.tiles = {
            name: NumberTile(name) for name in ("Found", "Median time", "Streak", "Score")
        }
        self.past = QLabel()
        self.past.setTextFormat(Qt.TextFormat.RichText)
        self._column = QVBoxLayout(self)
        self._grid = QGridLayout()
        self._build()
        self.set_look(look)

    def _build(self) -> None:
        for label in (
            self.head,
            self.word,
            self.question,
            self.name,
            self.full_name,
            self.hint,
            self.message,
            self.before,
            self.details,
            self.why,
            self.numbers,
            self.points,
            self.past,
        ):
            label.setWordWrap(True)
        for label in (self.head, self.word, self.full_name, self.hint, self.before, self.numbers):
            label.setObjectName("muted")
        for label in (
            self.head,
            self.word,
            self.question,
            self.name,
            self.full_name,
            self.details,
            self.why,
            self.numbers,
            self.points,
            self.message,
            self.before,
            self.hint,
        ):
            self._column.addWidget(label)
        for place, tile in enumerate(self.tiles.values()):
            self._grid.addWidget(tile, place // 2, place % 2)
        self._column.addLayout(self._grid)
        self._column.addWidget(self.past)
        self._column.addStretch(1)

    def set_look(self, look: Look) -> None:
        """Change theme or size."""
        self._look = look
        px = look.px
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(px(10))
        self._grid.setSpacing(px(10))
        for label in (self.head, self.word):
            label.setStyleSheet(f"font-size: {px(16)}px")
        self.full_name.setStyleSheet(f"font-size: {px(18)}px")
        self.hint.setStyleSheet(f"font-size: {px(18)}px")
        self.message.setStyleSheet(
            f"font-size: {px(22)}px; font-weight: 600; color: {look.palette.accent}"
        )
        for label in (self.before, self.why, self.numbers):
            label.setStyleSheet(f"font-size: {px(17)}px")
        self.details.setStyleSheet(f"font-size: {px(18)}px")
        self.points.setStyleSheet(f"font-size: {px(26)}px; font-weight: 600")
        self.past.setStyleSheet(f"font-size: {px(18)}px")
        for tile in self.tiles.values():
            tile.set_look(look)
        self.refresh()

    def refresh(self) -> None:
        """Show how the exercise stands."""
        exercise = self._desk.exercise
        if exercise is None:
            return
        revealed = exercise.phase is Phase.REVEALED
        head = f"Question {exercise.number + 1} of {len(exercise.questions)}"
        speed = self._desk.speed
        speed_text = f" · speed {speed:g}×" if speed != 1.0 else ""
        exam = self._desk.told_name
        self.head.setText(f"{head}{f' · {wrappable(exam)}' if exam else ''}{speed_text}")
        self.head.setToolTip(exam)
        self.word.setText(word_sentence(exercise))
        for label in (self.name, self.full_name, self.details, self.points):
            label.setVisible(revealed)
        self.show_hint(exercise)
        self.show_message(exercise)
        if revealed:
            self._reveal(exercise)
        else:
            self._head(QUESTION, "text", 40)
            for label in (self.name, self.full_name, self.details, self.points):
                label.setText("")
            for label in (self.why, self.numbers):
                label.hide()
        self._make_room(exercise)
        self._count(exercise.attempts)
        self._list(exercise.attempts[:-1] if revealed else exercise.attempts)

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """The explanation goes first where there is little room."""
        narrower = event is not None and event.size().width() != event.oldSize().width()
        if narrower:
            self.refresh()
        elif self._desk.exercise is not None:
            self._make_room(self._desk.exercise)

    def _make_room(self, exercise: Exercise) -> None:
        low = self.height() / self._look.scale < LOW_PX
        shown = not (low and exercise.phase is Phase.REVEALED)
        for part in (self.full_name, self.past, *self.tiles.values()):
            part.setVisible(shown and (part is not self.full_name or bool(self.full_name.text())))

    def show_hint(self, exercise: Exercise) -> None:
        """Say what can be done now."""
        self.hint.setText(hint_text(exercise, self._look.keys))

    def _head(self, text: str, tone: str, size: int) -> None:
        self._show_large(self.question, text, self._look.colour(tone).name(), size)

    def _show_large(self, label: QLabel, text: str, colour: str, size: int) -> None:
        """In one line where that is not too small, however narrow the column is."""
        look = self._look
        wide = QFontMetricsF(look.font(size, bold=True)).horizontalAdvance(text)
        fitting = min(size * self.width() / max(wide, 1.0), size)
        shown = max(int(fitting), round(size * LEAST_LARGE))
        label.setText(text)
        label.setStyleSheet(f"font-size: {look.px(shown)}px; font-weight: 600; color: {colour}")

    def show_message(self, exercise: Exercise) -> None:
        """Say what is answered on the picture on screen, and what was on one before."""
        text, before = self._desk.messages
        if exercise.class_mode and exercise.phase is not Phase.REVEALED:
            votes = exercise.ballot.total
            text = counted(votes, "vote") if votes else "No votes yet"
        self.message.setText(text)
        self.before.setText(before)
        for label in (self.message, self.before):
            label.setVisible(bool(label.text()))

    def _reveal(self, exercise: Exercise) -> None:
        said = reveal_of(exercise.attempts[-1], exercise.verdict)
        self._head(f"{said.sign} {said.word}", said.tone, 26)
        ink = self._look.ink(BY_KEY[said.plane].colour).name()
        self._show_large(self.name, said.name, ink, 52)
        self.full_name.setText(said.full_name)
        self.details.setText("\n".join(said.lines))
        self.details.setVisible(bool(said.lines))
        self.points.setText(said.points)
        why = reasons(exercise.answers, exercise.question.view, exercise.attempts[-1].frame)
        self.why.setText("" if why is None else why_text(why))
        self.why.setVisible(why is not None)
        self.show_numbers(exercise)

    def show_numbers(self, exercise: Exercise) -> None:
        """Say what is measured of the best frame and the trainee's, once they were looked at."""
        attempt, text = exercise.attempts[-1], ""
        best = self._numbers(attempt.best_frame)
        other = attempt.frame not in (None, attempt.best_frame)
        own = self._numbers(attempt.frame) if other else None
        if best is not None and (own is not None or not other):
            text = numbers_text(best, own)
        self.numbers.setText(text.replace(" %", "\u00a0%"))  # no line begins with the sign
        self.numbers.setVisible(bool(text))

    def _numbers(self, index: int | None) -> PictureNumbers | None:
        looked = None if index is None else self._desk.exam.looked_at(index)
        return None if looked is None else looked.numbers

    def _count(self, attempts: Sequence[Attempt]) -> None:
        found = sum(one.outcome is QuestionOutcome.FOUND for one in attempts)
        values = {
            "Found": f"{found} of {len(attempts)}" if attempts else "–",
            "Median time": seconds(median_time_s(attempts)),
            "Streak": str(streak(attempts)),
            "Score": f"{round(total(attempts))}" if attempts else "–",
        }
        for name, value in values.items():
            self.tiles[name].value.setText(value)

    def _list(self, attempts: Sequence[Attempt]) -> None:
        lines = [self._line(attempt) for attempt in reversed(attempts)]
        left = len(lines) - PAST_SHOWN
        lines = lines[:PAST_SHOWN] + ([f"… and {left} before"] if left > 0 else [])
        self.past.setText("".join(f'<p style="margin: 4px 0">{line}</p>' for line in lines))

    def _line(self, attempt: Attempt) -> str:
        colour = self._look.colour(TONES[attempt.outcome]).name()
        sign = f'<span style="color:{colour}">{SIGNS[attempt.outcome]}</span>'
        return f"{sign} {past_line(attempt)}"


def weak_planes_text(attempts: Sequence[Attempt]) -> str:
    """The planes that went worst, in one sentence; "" when all went well."""
    weak = [one for one in by_plane(attempts) if one.points < 70]
    names = [BY_KEY[one.plane].label for one in sorted(weak, key=lambda one: one.points)[:3]]
    return f"Weakest this time: {', '.join(names)}." if names else ""
