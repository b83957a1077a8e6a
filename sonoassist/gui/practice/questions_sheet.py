"""A teacher chooses and orders the questions on an exam, and marks planes as absent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtGui import QMouseEvent
from PyQt6.QtWidgets import (
    QCheckBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from sonoassist.core.errors import SonoAssistError, window_text
from sonoassist.core.planes import BY_KEY
from sonoassist.core.wording import counted
from sonoassist.gui.action_set import PlaceKeys
from sonoassist.gui.acts import Act, Place
from sonoassist.gui.elided import wrappable
from sonoassist.gui.file_dialogs import QUESTIONS_IN, QUESTIONS_OUT, Purpose
from sonoassist.gui.practice.desk import PracticeDesk
from sonoassist.gui.sheets import Sheet
from sonoassist.gui.theme import Look
from sonoassist.practice.question_draft import QuestionDraft
from sonoassist.practice.question_set import QuestionOrder
from sonoassist.practice.set_store import read_set, write_set

AskPath = Callable[[Purpose, Callable[[str], None]], object]
"""Asks for a file for a purpose, and calls what it is given with the path."""
_WIDE_PX = 780


class QuestionRow(QFrame):
    """One plane: asked or not, its place, absent or not.

    Args:
        look: Theme and size.
        plane: Key of the plane.
        views: How many views of it the exam has; None while that is not known.

    Signals:
        pressed: It was clicked.
    """

    pressed = pyqtSignal()

    def __init__(self, look: Look, plane: str, views: int | None) -> None:
        super().__init__()
        self.plane = plane
        self._look = look
        self.setObjectName("questionRow")
        self.asked = QCheckBox(BY_KEY[plane].full_name)
        self.number = QLabel()
        self.number.setObjectName("muted")
        self.number.setMinimumWidth(look.px(28))
        self.number.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        known = "" if views is None else counted(views, "view") if views else "no view"
        self.views = QLabel(known)
        self.views.setObjectName("muted")
        self.up, self.down = self._arrow("▲", "Ask it earlier"), self._arrow("▼", "Ask it later")
        self.absent = QCheckBox("absent")
        self.absent.setToolTip("This exam does not have it: naming it is a false alarm")
        row = QHBoxLayout(self)
        row.setContentsMargins(look.px(8), look.px(2), look.px(8), look.px(2))
        row.setSpacing(look.px(12))
        row.addWidget(self.number)
        row.addWidget(self.asked, 1)
        for part in (self.views, self.up, self.down, self.absent):
            row.addWidget(part)
        for box in (self.asked, self.absent):
            box.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.asked.setAccessibleName(f"Ask {BY_KEY[plane].full_name}")
        self.absent.setAccessibleName(f"{BY_KEY[plane].full_name} is absent")

    def _arrow(self, text: str, tip: str) -> QPushButton:
        button = QPushButton(text)
        button.setObjectName("flat")
        button.setToolTip(tip)
        button.setAccessibleName(tip)
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        return button

    def show_state(self, number: int | None, *, absent: bool, current: bool) -> None:
        """Show how it stands.

        Args:
            number: Of its question, from 1 on; None where it is not asked.
            absent: It is marked as absent.
            current: The keys work on it.
        """
        self.number.setText("" if number is None else str(number))
        for box, on in ((self.asked, number is not None), (self.absent, absent)):
            box.blockSignals(True)
            box.setChecked(on)
            box.blockSignals(False)
        edge = self._look.palette.accent if current else "transparent"
        self.setStyleSheet(
            f"QFrame#questionRow {{ border: {self._look.px(2)}px solid {edge};"
            f" border-radius: {self._look.px(6)}px; }}"
        )

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        """Choose it."""
        self.pressed.emit()


class QuestionsSheet(Sheet):
    """All planes with tick, place and mark; saved for the exam, or taken to and from a file.

    Args:
        over: The window it lies on.
        look: Theme and size.
        desk: Of the page; its exam has been opened.
        ask_path: Asks for files.
    """

    def __init__(self, over: QWidget, look: Look, desk: PracticeDesk, ask_path: AskPath) -> None:
        super().__init__(over, look, f"Questions on {desk.exam.name}", _WIDE_PX)
        self._desk, self._ask_path = desk, ask_path
        self._content = desk.knowledge.content
        self.draft = QuestionDraft(desk.asked)
        self.current = self.draft.planes[0]
        self.said = QLabel()
        self.said.setWordWrap(True)
        self.in_order = QCheckBox("Ask in this order, each plane once (else weak planes first)")
        self.in_order.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.in_order.toggled.connect(self._set_order)
        self.rows = self._made_rows()
        self._list = QVBoxLayout()
        self._list.setSpacing(0)
        self._build()
        handlers = {
            Act.ITEM_UP: lambda: self._step(-1),
            Act.ITEM_DOWN: lambda: self._step(1),
            Act.KEEP: lambda: self._ask(self.current, self.current not in self.draft.asked),
            Act.REJECT: lambda: self._mark(self.current, self.current not in self.draft.absent),
            Act.FINE_UP: lambda: self._move(self.current, -1),
            Act.FINE_DOWN: lambda: self._move(self.current, 1),
            Act.CAPTURE: self.save,
        }
        self.keys = PlaceKeys(self, Place.QUESTIONS, handlers, look.keys)
        if desk.sets.trouble is not None:
            self._say(window_text(desk.sets.trouble))
        self._refresh()

    # -- building --------------------------------------------------------------------------

    def _made_rows(self) -> dict[str, QuestionRow]:
        answers = self._desk.knowledge.answers
        counts = None if answers is None else Counter(view.plane for view in answers.views)
        rows = {}
        for plane in self.draft.planes:
            row = QuestionRow(self._look, plane, None if counts is None else counts[plane])
            row.asked.toggled.connect(lambda on, plane=plane: self._ask(plane, on))
            row.absent.toggled.connect(lambda on, plane=plane: self._mark(plane, on))
            row.up.clicked.connect(lambda _on=False, plane=plane: self._move(plane, -1))
            row.down.clicked.connect(lambda _on=False, plane=plane: self._move(plane, 1))
            row.pressed.connect(lambda plane=plane: self._choose(plane))
            rows[plane] = row
        return rows

    def _build(self) -> None:
        keys = self._look.keys
        about = QLabel(
            f"{keys.text(Act.ITEM_UP)} {keys.text(Act.ITEM_DOWN)} choose a plane, "
            f"{keys.text(Act.KEEP)} asks it or not, {keys.text(Act.REJECT)} marks it as absent, "
            f"{keys.text(Act.FINE_UP)} {keys.text(Act.FINE_DOWN)} move it. "
            "A plane that is absent is never asked, and naming it is a false alarm."
        )
        about.setObjectName("muted")
        about.setWordWrap(True)
        self.said.setObjectName("warning")
        self.save_button = self._button(f"Save   {keys.text(Act.CAPTURE)}", self.save, main=True)
        self.export_button = self._button("Export to file…", self._export)
        self.use_button = self._button("Use a file…", self._use)
        self.all_button = self._button("Ask everything again", self.forget)
        self.all_button.setToolTip("This exam has no question set any more")
        buttons = QHBoxLayout()
        for button in (self.all_button, self.use_button, self.export_button):
            buttons.addWidget(button)
        buttons.addStretch(1)
        buttons.addWidget(self.save_button)
        self.body.addWidget(about)
        self.body.addLayout(self._list)
        self.body.addWidget(self.in_order)
        self.body.addWidget(self.said)
        self.body.addLayout(buttons)

    def _button(self, text: str, do: Callable[[], None], *, main: bool = False) -> QPushButton:
        button = QPushButton(text)
        button.setObjectName("main" if main else "")
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        button.clicked.connect(lambda _on=False: do())
        return button

    # -- showing ---------------------------------------------------------------------------

    def _refresh(self) -> None:
        draft = self.draft
        numbers = {plane: at for at, plane in enumerate(draft.asked, 1)}
        for plane in draft.planes:
            row = self.rows[plane]
            self._list.removeWidget(row)
            self._list.addWidget(row)
            row.show_state(
                numbers.get(plane), absent=plane in draft.absent, current=plane == self.current
            )
        self.in_order.setChecked(draft.order is QuestionOrder.AS_SET)
        self.save_button.setEnabled(bool(draft.asked))
        self.export_button.setEnabled(bool(draft.asked))

    def _say(self, text: str) -> None:
        self.said.setText(wrappable(text))
        if self.isVisible():
            self._place()  # there may be a line more now

    # -- what the teacher does -------------------------------------------------------------

    def _choose(self, plane: str) -> None:
        self.current = plane
        self._refresh()

    def _step(self, rows: int) -> None:
        planes = self.draft.planes
        at = min(max(planes.index(self.current) + rows, 0), len(planes) - 1)
        self._choose(planes[at])

    def _ask(self, plane: str, on: bool) -> None:
        self.draft.ask(plane, on)
        self._choose(plane)

    def _mark(self, plane: str, on: bool) -> None:
        self.draft.mark_absent(plane, on)
        self._choose(plane)

    def _move(self, plane: str, rows: int) -> None:
        self.draft.move(plane, rows)
        self._choose(plane)

    def _set_order(self, on: bool) -> None:
        self.draft.order = QuestionOrder.AS_SET if on else QuestionOrder.WEAK_FIRST

    def save(self) -> None:
        """Keep it for this exam."""
        self._try(lambda: self._desk.keep_questions(self.draft.made(self._content)), leave=True)

    def forget(self) -> None:
        """Have no set for this exam any more."""
        self._try(lambda: self._desk.forget_questions(self._content), leave=True)

    def _try(self, do: Callable[[], None], *, leave: bool = False) -> None:
        try:
            do()
        except SonoAssistError as error:
            self._say(window_text(error))
            return
        if leave:
            self.closed.emit()

    def _export(self) -> None:
        self._ask_path(QUESTIONS_OUT, self.export_to)

    def _use(self) -> None:
        self._ask_path(QUESTIONS_IN, self.use)

    def export_to(self, path: str) -> None:
        """Write it into a file."""
        if not self.gone:
            self._try(lambda: self._write(Path(path)))

    def _write(self, path: Path) -> None:
        write_set(path, self.draft.made(self._content))
        self._say(f"Written to {path}")

    def use(self, path: str) -> None:
        """Take what a file says; it counts once it is saved."""
        if not self.gone:
            self._try(lambda: self._read(Path(path)))

    def _read(self, path: Path) -> None:
        self.draft = QuestionDraft(read_set(path, self._content))
        self.current = self.draft.planes[0]
        self._say(f"Read from {path}; save it to have it asked")
        self._refresh()
