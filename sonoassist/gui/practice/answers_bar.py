"""The buttons under the picture: a plane each, or the choices of a vote."""

from __future__ import annotations

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QGridLayout, QSpinBox, QWidget

from sonoassist.gui.actions import CHOICE_ACTS, PLANE_ACTS
from sonoassist.gui.practice.buttons import AnswerButton
from sonoassist.gui.theme import Look
from sonoassist.practice.ballot import MOST_VOTES
from sonoassist.practice.exercise import Exercise, Phase

ONE_ROW_PX = 1500


class AnswersBar(QWidget):
    """A button a plane, in one row or two.

    Signals:
        named: A plane was chosen; arg: its key.
    """

    named = pyqtSignal(str)

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self.buttons = {plane: AnswerButton(plane, act, look) for plane, act in PLANE_ACTS.items()}
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._columns = 0
        for plane, button in self.buttons.items():
            button.clicked.connect(lambda _on=False, plane=plane: self.named.emit(plane))
        self.set_look(look)

    def set_look(self, look: Look) -> None:
        """Change theme or size."""
        self._look = look
        self._grid.setSpacing(look.px(6))
        for button in self.buttons.values():
            button.set_look(look)
        self._fit()

    def resizeEvent(self, event: object) -> None:
        """One row where there is room for it, else two."""
        self._fit()

    def _fit(self) -> None:
        one_row = self.width() / self._look.scale >= ONE_ROW_PX
        columns = len(self.buttons) if one_row else len(self.buttons) // 2
        if columns != self._columns:
            self._columns = columns
            for place, button in enumerate(self.buttons.values()):
                button.set_flat(not one_row)
                self._grid.addWidget(button, place // columns, place % columns)

    def refresh(self, exercise: Exercise) -> None:
        """Show what was said and, once it is revealed, what is right."""
        revealed = exercise.phase is Phase.REVEALED
        right = exercise.question.view.plane if revealed else None
        for plane, button in self.buttons.items():
            button.setEnabled(not revealed)
            mark = "✓" if plane == right else ""
            if revealed and plane == exercise.said and plane != right:
                mark = "✗"
            button.mark(mark)
        self.show_said(exercise)

    def show_said(self, exercise: Exercise) -> None:
        """Show what was said."""
        for plane, button in self.buttons.items():
            button.choose(plane == exercise.said)


class VotesBar(QWidget):
    """The nine choices of a class, with votes that stay hidden until the reveal.

    Signals:
        named: A vote was given; arg: key of the plane.
        entered: A number was entered; args: key of the plane, votes.
    """

    named = pyqtSignal(str)
    entered = pyqtSignal(str, int)

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._choices: tuple[str, ...] = ()
        self._by_hand = False
        self.buttons: dict[str, AnswerButton] = {}
        self.numbers: dict[str, QSpinBox] = {}
        self.set_look(look)

    def set_look(self, look: Look) -> None:
        """Change theme or size."""
        self._look = look
        self._grid.setSpacing(look.px(6))
        for button in self.buttons.values():
            button.set_look(look)

    @property
    def by_hand(self) -> bool:
        """Whether numbers are entered."""
        return self._by_hand

    def enter_by_hand(self, on: bool) -> None:
        """Show a number to fill in under each choice, or not."""
        self._by_hand = on
        for number in self.numbers.values():
            number.setVisible(on)

    def _offer(self, choices: tuple[str, ...]) -> None:
        self._choices = choices
        for old in (*self.buttons.values(), *self.numbers.values()):
            old.hide()
            self._grid.removeWidget(old)
            old.deleteLater()
        self.buttons, self.numbers = {}, {}
        for place, plane in enumerate(choices):
            button = AnswerButton(plane, CHOICE_ACTS[place], self._look)
            button.clicked.connect(lambda _on=False, plane=plane: self.named.emit(plane))
            number = QSpinBox()
            number.setRange(0, MOST_VOTES)
            number.setAccessibleName(f"Votes for {button.text()}")
            number.setVisible(self._by_hand)
            number.valueChanged.connect(lambda votes, plane=plane: self.entered.emit(plane, votes))
            self.buttons[plane], self.numbers[plane] = button, number
            self._grid.addWidget(button, 0, place)
            self._grid.addWidget(number, 1, place)

    def refresh(self, exercise: Exercise) -> None:
        """Show the choices; the votes only when they are revealed or entered by hand."""
        if exercise.ballot.choices != self._choices or not self.buttons:
            self._offer(exercise.ballot.choices)
        revealed = exercise.phase is Phase.REVEALED
        right = exercise.question.view.plane if revealed else None
        for plane, button in self.buttons.items():
            votes = exercise.ballot.count(plane)
            button.setEnabled(not revealed)
            button.choose(False)
            mark = f"{votes} ✓" if plane == right else str(votes)
            button.mark(mark if revealed else "")
            number = self.numbers[plane]
            number.setEnabled(not revealed)
            if number.value() != votes:
                number.blockSignals(True)
                number.setValue(votes)
                number.blockSignals(False)
