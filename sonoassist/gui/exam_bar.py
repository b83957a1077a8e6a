"""Under the checklist: the keys of the exam as buttons, and which item they are for."""

from __future__ import annotations

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from sonoassist.exam.checklist import Line
from sonoassist.gui.action_set import ActionSet
from sonoassist.gui.acts import Act
from sonoassist.gui.controls import KeyButton
from sonoassist.gui.theme import Look

_FIRST = (Act.CAPTURE, Act.KEEP, Act.REJECT)
_SECOND = (Act.SWAP, Act.LOOK, Act.RECORD)
_NOTHING = "\u00a0"
"""A line with nothing on it is as high as one with words."""


class ExamBar(QWidget):
    """Two rows of buttons; it decides nothing."""

    def __init__(self, look: Look, actions: ActionSet) -> None:
        super().__init__()
        self._parts = ["", ""]
        self._for = QLabel()
        self._for.setObjectName("small")
        self._for.setTextFormat(Qt.TextFormat.PlainText)
        self._for.setWordWrap(True)
        self._grid = QGridLayout()
        self._column = QVBoxLayout(self)
        self._column.addWidget(self._for)
        self._column.addLayout(self._grid)
        self._buttons: list[KeyButton] = []
        for row, acts in enumerate((_FIRST, _SECOND)):
            for column, act in enumerate(acts):
                button = KeyButton(actions[act], act, look)
                self._buttons.append(button)
                self._grid.addWidget(button, row, column, Qt.AlignmentFlag.AlignLeft)
        self.set_look(look)

    def set_look(self, look: Look) -> None:
        """Change theme or size."""
        self._look = look
        self._column.setContentsMargins(look.px(10), 0, look.px(10), 0)
        self._column.setSpacing(look.px(4))
        beside = look.px(9)  # where the words of the buttons begin
        self._for.setContentsMargins(beside, 0, beside, 0)
        self._grid.setHorizontalSpacing(look.px(2))
        self._grid.setVerticalSpacing(look.px(2))
        for button in self._buttons:
            button.set_look(look)
        self._fit()

    def resizeEvent(self, event: object) -> None:
        """Icons and keys only where there is room; the keys are in the tooltips, too."""
        self._fit()

    def _fit(self) -> None:
        for button in self._buttons:
            button.show_icon(self.width() >= self._look.px(420))
            button.show_key(not self._narrow)
        self._say()

    @property
    def _narrow(self) -> bool:
        return self.width() < self._look.px(300)

    def _say(self) -> None:
        """Each part on a line of its own where they have no room beside each other.

        There are always as many lines, so that the list above stays where it is.
        """
        beside = "   ".join(part for part in self._parts if part)
        parts = [part or _NOTHING for part in self._parts] if self._narrow else [beside]
        self._for.setText("\n".join(parts))

    def show_exam(self, line: Line | None, *, picked: bool, recording: bool, running: bool) -> None:
        """Say what the keys are for.

        Args:
            line: The selected item, or None.
            picked: The user picked it: it does not follow the picture.
            recording: A video is being recorded.
            running: An exam runs.
        """
        key = self._look.keys.text
        if not running:
            self._parts = ["No exam: nothing is kept", f"{key(Act.EXAM)} begins one"]
        elif line is None:
            self._parts = [f"{key(Act.ITEM_UP)} {key(Act.ITEM_DOWN)} choose an item", ""]
        else:
            free = f"{key(Act.LEAVE)}: follow the picture" if picked else ""
            self._parts = [f"Keys are for: {line.item.label}", free]
        self._say()
        for button in self._buttons:
            if button.act is Act.RECORD:
                button.emphasise(recording)
                button.change(text="Stop" if recording else "Record")


class ExamHead(QWidget):
    """Above the checklist: how much of it is there, and how long the exam has run."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._shown: tuple[object, ...] = ()
        self._title = QLabel("Planes")
        self._count = QLabel()
        self._clock = QLabel()
        self._clock.setObjectName("small")
        self.rule = QLabel()
        self.rule.setObjectName("small")
        column = QVBoxLayout(self)
        column.setSpacing(0)
        self._column = column
        for left, right in ((self._title, self._count), (self._clock, self.rule)):
            row = QHBoxLayout()
            row.addWidget(left)
            row.addStretch(1)
            row.addWidget(right)
            column.addLayout(row)
        self.set_look(look)

    def set_look(self, look: Look) -> None:
        """Change theme or size."""
        self._look = look
        self._shown = ()
        self._column.setContentsMargins(look.px(18), 0, look.px(18), 0)
        self._title.setStyleSheet(f"font-weight: 600; font-size: {look.px(15)}px")
        self._tone(complete=False)

    def resizeEvent(self, event: object) -> None:
        """The rule only where there is room beside the clock."""
        self._make_room()

    def _make_room(self) -> None:
        words_px = self._clock.sizeHint().width() + self.rule.sizeHint().width()
        self.rule.setVisible(words_px + self._look.px(2 * 18 + 12) <= self.width())

    def _tone(self, *, complete: bool) -> None:
        colour = self._look.palette.good if complete else self._look.palette.text
        self._count.setStyleSheet(
            f"font-weight: 600; font-size: {self._look.px(22)}px; color: {colour}"
        )

    def show_exam(self, count: str, clock: str, *, complete: bool, trouble: str = "") -> None:
        """Say how far the exam is.

        Args:
            count: E.g. "9 of 13"; "" without an exam.
            clock: E.g. "Exam 07:41 · 5 kept".
            complete: Nothing is missing.
            trouble: Why nothing more can be kept; it takes the place of the clock.
        """
        shown = (count, clock, complete, trouble)
        if shown != self._shown:  # style sheets that are set again are read again
            self._shown = shown
            self._tone(complete=complete)
            self._count.setText(count)
            self._say(clock, trouble)
        self._make_room()

    def _say(self, clock: str, trouble: str) -> None:
        self._clock.setText(trouble or clock)
        tone = self._look.palette.error if trouble else self._look.palette.muted
        self._clock.setStyleSheet(f"color: {tone}")
        self._clock.setToolTip(trouble)
