"""Questions on chosen frames that are called something else: when chosen, and before an export."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum

from PyQt6.QtCore import QSize, Qt, pyqtSignal
from PyQt6.QtGui import QPixmap
from PyQt6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from sonoassist.core.planes import BY_KEY
from sonoassist.core.wording import counted
from sonoassist.gui.sheets import Sheet
from sonoassist.gui.theme import Look
from sonoassist.gui.timeline import clock
from sonoassist.review.contradictions import Contradiction

PICTURE_PX = (160, 120)
LARGE_PX = (320, 240)


class FramePicture(QLabel):
    """A small picture of a frame, in a place of a fixed size."""

    def __init__(self, look: Look, size_px: tuple[int, int]) -> None:
        super().__init__()
        self._size = QSize(*(look.px(side) for side in size_px))
        self.setFixedSize(self._size)
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setStyleSheet(f"background: {look.palette.well}")

    def take(self, picture: QPixmap) -> None:
        """Show it; one that could not be had leaves the place empty."""
        if picture.isNull():
            return
        self.setPixmap(
            picture.scaled(
                self._size,
                Qt.AspectRatioMode.KeepAspectRatio,
                Qt.TransformationMode.SmoothTransformation,
            )
        )


class ConflictSheet(Sheet):
    """Asks whether a frame that is called something else is meant; not choosing is the default.

    Args:
        over: The window it lies on.
        look: Theme and size.
        found: What speaks against the choice.
        time_s: Of the frame.
        picture: Of the frame.

    Signals:
        agreed: The frame is meant.
    """

    agreed = pyqtSignal()

    def __init__(
        self, over: QWidget, look: Look, found: Contradiction, time_s: float, picture: QPixmap
    ) -> None:
        name = BY_KEY[found.plane].label
        super().__init__(over, look, f"Choose as {name}?", 640)
        shown = FramePicture(look, LARGE_PX)
        shown.take(picture)
        self.words = QLabel(
            f"Frame {found.frame + 1:,} ({clock(time_s)}) is not called {name}: {found.words}."
        )
        self.words.setWordWrap(True)
        self.stay = QPushButton("Do not choose")
        self.stay.setObjectName("main")
        self.stay.clicked.connect(self.closed)
        self.go = QPushButton(f"Choose as {name} all the same")
        self.go.clicked.connect(self._agree)
        for button in (self.stay, self.go):
            button.setAutoDefault(True)  # Enter presses the one with the focus
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(self.go)
        row.addWidget(self.stay)
        self.body.addWidget(shown, 0, Qt.AlignmentFlag.AlignHCenter)
        self.body.addWidget(self.words)
        self.body.addLayout(row)

    def open(self) -> None:
        """Show it; what is not looked at does not choose."""
        super().open()
        self.stay.setFocus()

    def _agree(self) -> None:
        self.closed.emit()
        self.agreed.emit()


class Answer(Enum):
    """What becomes of a chosen frame that is called something else."""

    OPEN = ""
    OUT = "taken out"
    KEPT = "kept"


@dataclass(frozen=True, slots=True)
class Listed:
    """A chosen frame to be looked at before an export.

    Attributes:
        found: What speaks against it.
        time_s: Of the frame.
        answer: What was said of it before.
    """

    found: Contradiction
    time_s: float
    answer: Answer = Answer.OPEN


class ExportRow(QFrame):
    """One chosen frame with its picture and three buttons.

    Args:
        look: Theme and size.
        listed: What it shows.
        answered: Called with what becomes of it.
        go_to: Called to look at it.
    """

    def __init__(
        self,
        look: Look,
        listed: Listed,
        answered: Callable[[Answer], None],
        go_to: Callable[[], None],
    ) -> None:
        super().__init__()
        self.answer = listed.answer
        self._answered = answered
        self.found = listed.found
        self.picture = FramePicture(look, PICTURE_PX)
        name = BY_KEY[self.found.plane].label
        self.words = QLabel(
            f"<b>Best of {name}</b><br>Frame {self.found.frame + 1:,} ({clock(listed.time_s)})"
            f"<br>{self.found.words[0].upper()}{self.found.words[1:]}"
        )
        self.words.setWordWrap(True)
        self.state = QLabel()
        self.state.setObjectName("muted")
        self.out, self.keep = QPushButton("Take out"), QPushButton(f"Keep as {name}")
        self.look = QPushButton("Go to")
        self.out.clicked.connect(lambda: self._say(Answer.OUT))
        self.keep.clicked.connect(lambda: self._say(Answer.KEPT))
        self.look.clicked.connect(go_to)
        self._lay_out(look)
        self._show()

    def _lay_out(self, look: Look) -> None:
        buttons = QHBoxLayout()
        for button in (self.out, self.keep, self.look):
            buttons.addWidget(button)
        buttons.addWidget(self.state)
        buttons.addStretch(1)
        column = QVBoxLayout()
        column.addWidget(self.words, 1)
        column.addLayout(buttons)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, look.px(8))
        row.setSpacing(look.px(14))
        row.addWidget(self.picture)
        row.addLayout(column, 1)

    def _say(self, answer: Answer) -> None:
        self.answer = answer
        self._show()
        self._answered(answer)

    def _show(self) -> None:
        self.state.setText(self.answer.value)
        self.out.setEnabled(self.answer is not Answer.OUT)
        self.keep.setEnabled(self.answer is not Answer.KEPT)


class ExportSheet(Sheet):
    """Lists chosen frames that are called something else; each is decided before an export.

    Args:
        over: The window it lies on.
        look: Theme and size.
        listed: The frames.

    Signals:
        answered: Something was decided; args: `Contradiction` and `Answer`.
        wanted: A frame is to be looked at; args: its index and the key of the plane.
        confirmed: All is decided, and the export may begin.
    """

    answered = pyqtSignal(object, object)
    wanted = pyqtSignal(int, str)
    confirmed = pyqtSignal()

    def __init__(self, over: QWidget, look: Look, listed: Sequence[Listed]) -> None:
        count = len(listed)
        title = counted(count, "chosen frame is", "chosen frames are")
        super().__init__(over, look, f"{title} called something else", 760)
        about = QLabel(
            "What is exported is taught. Take out what was chosen by mistake; what you keep is "
            "exported as the plane it was chosen for."
        )
        about.setWordWrap(True)
        about.setObjectName("muted")
        self.body.addWidget(about)
        self.rows = [self._row(one) for one in listed]
        self.body.addWidget(self._scrolled(), 1)
        self.go = QPushButton("Export …")
        self.go.setObjectName("main")
        self.go.clicked.connect(self._confirm)
        foot = QHBoxLayout()
        foot.addStretch(1)
        foot.addWidget(self.go)
        self.body.addLayout(foot)
        self._check()

    def _row(self, one: Listed) -> ExportRow:
        found = one.found

        def answered(answer: Answer) -> None:
            self.answered.emit(found, answer)
            self._check()

        return ExportRow(self._look, one, answered, lambda: self._look_at(found.frame, found.plane))

    def _scrolled(self) -> QScrollArea:
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, self._look.px(8), 0)
        for row in self.rows:
            column.addWidget(row)
        column.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(inside)
        wanted = inside.sizeHint().height()
        area.setMinimumHeight(min(wanted, self._over.height() - self._look.px(300)))
        return area

    def without_picture(self) -> list[int]:
        """Frames whose picture has not come yet."""
        return [row.found.frame for row in self.rows if row.picture.pixmap().isNull()]

    def offer(self, frame: int, picture: QPixmap) -> None:
        """Take the small picture of a frame."""
        for row in self.rows:
            if row.found.frame == frame:
                row.picture.take(picture)

    def _look_at(self, frame: int, plane: str) -> None:
        self.closed.emit()
        self.wanted.emit(frame, plane)

    def _check(self) -> None:
        left = sum(row.answer is Answer.OPEN for row in self.rows)
        self.go.setEnabled(not left)
        self.go.setText("Export …" if not left else f"Export …  ({left} to decide)")

    def _confirm(self) -> None:
        self.closed.emit()
        self.confirmed.emit()
