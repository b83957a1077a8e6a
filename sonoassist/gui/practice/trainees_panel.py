"""All trainees of this computer side by side, for who teaches them."""

from __future__ import annotations

from pathlib import Path

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from sonoassist.core.errors import SonoAssistError, window_text
from sonoassist.core.wording import counted
from sonoassist.gui.action_set import PlaceKeys
from sonoassist.gui.actions import BY_ACT
from sonoassist.gui.acts import Act, Place
from sonoassist.gui.practice.buttons import wide_button
from sonoassist.gui.practice.desk import PracticeDesk
from sonoassist.gui.practice.services import Stage
from sonoassist.gui.practice.trainee_table import TraineeTable
from sonoassist.gui.splash import DISCLAIMER
from sonoassist.gui.theme import Look
from sonoassist.practice.overview import overview, write_csv

EMPTY = (
    "No exercise has been done yet.\n"
    "Who practises on this computer has a row here after the first answer."
)
ABOUT = (
    "Score and planes: mean points of 100; a dash: never asked for. Points count whatever they "
    "were scored against: the truth of the exam, a person's review or the model."
)


class TraineesPanel(QWidget):
    """Shows a row a trainee, and writes the table into a file.

    Signals:
        back: What was shown before is wanted again.
        save_asked: A file is to be chosen for `write`.
    """

    back = pyqtSignal()
    save_asked = pyqtSignal()

    def __init__(self, desk: PracticeDesk, look: Look) -> None:
        super().__init__()
        self._desk = desk
        self._look = look
        self.count, self.said, self.trouble = QLabel(), QLabel(), QLabel()
        self.about, self.empty = QLabel(ABOUT), QLabel(EMPTY)
        self.table = TraineeTable(look)
        self.save = wide_button("Save as CSV …")
        self._back = wide_button("Back", main=True)
        self._column = QVBoxLayout(self)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._build()
        self.set_look(look)

    def _build(self) -> None:
        title = QLabel(BY_ACT[Act.TRAINEES].short)
        title.setObjectName("heading")
        head = QHBoxLayout()
        for label in (title, self.count):
            head.addWidget(label)
        head.addStretch(1)
        for label in (self.count, self.empty):
            label.setObjectName("muted")
        self.about.setObjectName("small")
        self.trouble.setObjectName("warning")
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        for label in (self.about, self.said, self.trouble, self.empty):
            label.setWordWrap(True)
        self._column.addLayout(head)
        self._column.addWidget(self.trouble)
        self._column.addWidget(self.empty, 1)
        self._column.addWidget(self.table, 1)
        self._column.addWidget(self.about)
        self._column.addWidget(self.said)
        self._column.addStretch(0)
        self._column.addLayout(self._foot())

    def _foot(self) -> QHBoxLayout:
        foot = QHBoxLayout()
        disclaimer = QLabel(DISCLAIMER)
        disclaimer.setObjectName("warning")
        foot.addWidget(disclaimer)
        foot.addStretch(1)
        foot.addWidget(self.save)
        foot.addWidget(self._back)
        self.save.clicked.connect(self.save_asked)
        self._back.clicked.connect(self.back)
        handlers = {Act.START: lambda: self._desk.show(Stage.START)}
        self.keys = PlaceKeys(self, Place.PRACTICE, handlers, self._look.keys)
        return foot

    def set_look(self, look: Look) -> None:
        """Change theme or size."""
        self._look = look
        self.keys.set_keys(look.keys)
        self._back.setText(f"Back   {look.keys.text(Act.LEAVE)}".rstrip())
        px = look.px
        self._column.setContentsMargins(px(28), px(18), px(28), px(12))
        self._column.setSpacing(px(12))
        self.empty.setStyleSheet(f"font-size: {px(18)}px")
        self.table.set_look(look)

    def refresh(self) -> None:
        """Read the history again."""
        trouble = ""
        try:
            rows = overview(self._desk.services.history)
        except SonoAssistError as error:
            rows, trouble = (), window_text(error)
        self.table.show_rows(rows)
        self.count.setText(f"{counted(len(rows), 'trainee')}. Kept on this computer only.")
        self._say("", trouble)
        for part in (self.table, self.about, self.count):
            part.setVisible(bool(rows))
        self.empty.setVisible(not rows and not trouble)
        self.save.setEnabled(bool(rows))
        self.setFocusProxy(self.table if rows else None)

    def _say(self, said: str, trouble: str = "") -> None:
        for label, text in ((self.said, said), (self.trouble, trouble)):
            label.setText(text)
            label.setVisible(bool(text))

    # -- the file --------------------------------------------------------------------------

    def write(self, path: Path) -> None:
        """Write the table in the order in which it is shown."""
        rows = self.table.rows
        try:
            write_csv(path, rows)
        except SonoAssistError as error:
            self._say("", window_text(error))
        else:
            self._say(f"{counted(len(rows), 'trainee')} saved in {path.name}")
