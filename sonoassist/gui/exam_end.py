"""The end of an exam on screen: counts, what nobody has reviewed one after the other, what next."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from PyQt6.QtCore import QObject, Qt, pyqtSignal
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from sonoassist.core.errors import window_text
from sonoassist.core.planes import BY_KEY
from sonoassist.core.wording import sentence
from sonoassist.exam.capture_words import box_is_sure, capture_words, own_box
from sonoassist.exam.checklist import Line
from sonoassist.exam.ending import ExamEnd, exam_end, missing_words
from sonoassist.exam.looking_over import Change, LookedOver, judging, look_over, turning
from sonoassist.exam.records import Judgement
from sonoassist.exam.store import ExamStore
from sonoassist.exam.undo import Steps
from sonoassist.gui.action_set import PlaceKeys
from sonoassist.gui.acts import Act, Place
from sonoassist.gui.capture_sheet import StillView
from sonoassist.gui.exams_sheet import started
from sonoassist.gui.jobs import Jobs
from sonoassist.gui.scrolling import ColumnArea
from sonoassist.gui.sheets import Sheet
from sonoassist.gui.theme import Look

_WIDE_PX = 1860
_SIDE_PX = 380
_LOW_PX = 1000
"""Below this height, as for a window 1080 px high, all texts are smaller: the buttons are whole."""
_SMALLEST = 0.68
_SMALLEST_TEXT_PX = 14


class ExamEndDesk(QObject):
    """An ended exam and the changes that are being written; every method returns at once.

    Args:
        store: Where the exam is.
        exam_id: Its name.
        jobs: Read and write the record.
        steps: What was done to the exam; undo and redo go through them.

    Signals:
        changed: It was read, something of it was judged, or that could not be done.
        told: Something is to be said, e.g. what was undone; arg: the words.
    """

    changed = pyqtSignal()
    told = pyqtSignal(str)

    def __init__(self, store: ExamStore, exam_id: str, jobs: Jobs, steps: Steps) -> None:
        super().__init__()
        self.exam_id = exam_id
        self.end: ExamEnd | None = None
        self.trouble = ""
        """Why it could not be read or written the last time."""
        self.steps = steps
        self._store = store
        self._jobs = jobs
        self._at = ""
        self._pending: list[Change] = []
        self._writing = False
        self._read()

    def _read(self) -> None:
        self._jobs.start(
            "exam end", partial(exam_end, self._store, self.exam_id), self._take, self._not_read
        )

    def _take(self, end: ExamEnd) -> None:
        self.end = end
        self.changed.emit()

    def _not_read(self, error: Exception) -> None:
        self.trouble = sentence(window_text(error))
        self.changed.emit()

    @property
    def waiting(self) -> tuple[Line, ...]:
        """What nobody has reviewed."""
        return self.end.open if self.end is not None else ()

    @property
    def shown(self) -> Line | None:
        """The one that is looked at: it stays until it is judged or another is chosen."""
        waiting = self.waiting
        found = next((line for line in waiting if line.item.key == self._at), None)
        return found or (waiting[0] if waiting else None)

    @property
    def saved(self) -> bool:
        """Whether all that was said here is on the disk."""
        return not self._writing and not self._pending

    def step(self, by: int) -> None:
        """Look at another one without saying anything of this one."""
        shown, waiting = self.shown, self.waiting
        if shown is not None:
            at = (waiting.index(shown) + by) % len(waiting)
            self._at = waiting[at].item.key
            self.changed.emit()

    def judge(self, judgement: Judgement) -> None:
        """Say what the capture on screen is; the next one comes."""
        shown, waiting = self.shown, self.waiting
        if self.end is None or shown is None or shown.shown is None:
            return
        after = waiting[waiting.index(shown) + 1 :]
        self._at = after[0].item.key if after else ""
        number = shown.shown.capture_id
        self.end = self.end.judged(number, judgement)
        self._change(judging(number, judgement))
        self.told.emit("")  # what was undone before is not what was done last
        self.changed.emit()

    def undo(self) -> None:
        """Take back what a person did last to the exam; its capture is on screen again."""
        self._change(turning(back=True))

    def redo(self) -> None:
        """Do again what was undone last."""
        self._change(turning(back=False))

    def _change(self, change: Change) -> None:
        if self.end is not None:
            self._pending.append(change)
            self._write()

    def _write(self) -> None:
        if self._writing or not self._pending:
            return
        self._writing, batch, self._pending = True, self._pending, []
        writing = partial(look_over, self._store, self.exam_id, self.steps, batch)
        self._jobs.start("judge", writing, self._written, self._not_written)

    def _written(self, found: LookedOver) -> None:
        self._writing, self.trouble = False, ""
        for said in found.said:
            self.told.emit(said)
        if self._pending:  # the screen is ahead of the disk
            self._write()
            return
        assert self.end is not None
        before = self.end
        self.end = replace(before, captures=found.captures, ticks=found.ticks)
        known = set(before.captures)
        changed = next((one for one in found.captures if one not in known), None)
        if changed is not None:
            self._at = changed.shot.item
        self.changed.emit()

    def _not_written(self, error: Exception) -> None:
        """What is on screen must be what is on the disk."""
        self._writing, self._pending = False, []
        self.trouble = sentence(window_text(error))
        self.changed.emit()
        self._read()


class ExamEndSheet(Sheet):
    """The page at the end of an exam; all of it works by keys.

    Args:
        over: The window it lies on.
        look: Theme and size.
        desk: Has the exam.
        live: An exam's source is still open, so that a next exam can begin.

    Signals:
        report_asked: The user wants the report, or to send the exam.
        next_asked: The user wants the next exam.
    """

    report_asked = pyqtSignal()
    next_asked = pyqtSignal()

    def __init__(self, over: QWidget, look: Look, desk: ExamEndDesk, *, live: bool) -> None:
        super().__init__(over, look, "Exam ended", _WIDE_PX)
        self.desk = desk
        self._factor = min(max(over.height() / look.px(_LOW_PX), _SMALLEST), 1.0)
        self._counts: list[tuple[QLabel, QLabel]] = []
        self.state = self._label(16, "muted")
        self.name = self._label(40, "text", bold=True)
        self.said = self._label(22, "muted")
        self.place = self._label(22, "muted")
        self.told = self._label(20, "text", bold=True)
        self.still = StillView()
        # It has what the others leave: it gives way first.
        self.still.high_px = self.still.least_px = look.px(60)
        self.still.empty = "Reading …"
        self.missing = self._label(24, "warning", bold=True)
        self.trouble = self._label(18, "error", bold=True)
        self.keep = self._button("Keep", Act.KEEP, lambda: desk.judge(Judgement.KEPT))
        self.reject = self._button("Reject", Act.REJECT, lambda: desk.judge(Judgement.REJECTED))
        self.back = self._button("Undo", Act.UNDO, desk.undo)
        self.again = self._button("Redo", Act.REDO, desk.redo)
        self.report = self._button("Report, export, send", Act.REPORT, self.report_asked.emit)
        self.next = self._button("Next exam", Act.EXAM, self.next_asked.emit)
        self.next.setVisible(live)
        self.body.addLayout(self._count_row())
        middle = QHBoxLayout()
        middle.setSpacing(look.px(24))
        middle.addLayout(self._large(), 1)
        middle.addWidget(self._side())
        self.body.addLayout(middle, 1)
        handlers = {
            Act.KEEP: self.keep.click,
            Act.REJECT: self.reject.click,
            Act.UNDO: desk.undo,
            Act.REDO: desk.redo,
            Act.ITEM_UP: lambda: desk.step(-1),
            Act.ITEM_DOWN: lambda: desk.step(1),
        }
        self.keys = PlaceKeys(self, Place.EXAM_END, handlers, look.keys)
        desk.changed.connect(self.refresh)
        desk.told.connect(self.told.setText)
        self.refresh()

    def _high_px(self, wide: int) -> int:
        """As high as the window: the picture has the room that is left."""
        return self.height()

    def _size_px(self, size_px: float) -> int:
        return max(round(self._look.px(size_px) * self._factor), self._look.px(_SMALLEST_TEXT_PX))

    def _label(self, size_px: float, tone: str, *, bold: bool = False) -> QLabel:
        label = QLabel()
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setWordWrap(True)
        self._paint(label, size_px, tone, bold=bold)
        return label

    def _paint(self, label: QLabel, size_px: float, tone: str, *, bold: bool) -> None:
        colour, weight = getattr(self._look.palette, tone), 600 if bold else 400
        label.setStyleSheet(
            f"font-size: {self._size_px(size_px)}px; font-weight: {weight}; color: {colour}"
        )

    def _button(self, text: str, act: Act, do: object) -> QPushButton:
        button = QPushButton(f"{text}   {self._look.keys.text(act)}")
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        high, wide = (round(self._look.px(one) * self._factor) for one in (10, 14))
        button.setStyleSheet(f"font-size: {self._size_px(20)}px; padding: {high}px {wide}px")
        button.clicked.connect(lambda _checked=False: do())  # type: ignore[operator]
        return button

    def _count_row(self) -> QHBoxLayout:
        row = QHBoxLayout()
        for _ in range(3):
            number, what = self._label(44, "text", bold=True), self._label(20, "muted")
            for label in (number, what):
                label.setWordWrap(False)
                row.addWidget(label, 0, Qt.AlignmentFlag.AlignBottom)
            row.addSpacing(self._look.px(32))
            self._counts.append((number, what))
        self.state.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignBottom)
        row.addWidget(self.state, 1, Qt.AlignmentFlag.AlignBottom)
        return row

    def _large(self) -> QVBoxLayout:
        column, head, words, keys = QVBoxLayout(), QHBoxLayout(), QHBoxLayout(), QHBoxLayout()
        head.addWidget(self.name, 1)
        head.addWidget(self.place)
        words.addWidget(self.said, 1)
        words.addWidget(self.told)
        for label in (self.place, self.told):
            label.setWordWrap(False)
        for button in (self.keep, self.reject, self.back, self.again):
            keys.addWidget(button)
        keys.addStretch(1)
        column.addLayout(head)
        column.addWidget(self.still, 1)
        column.addLayout(words)
        column.addLayout(keys)
        return column

    def _side(self) -> QWidget:
        side = QWidget()
        side.setFixedWidth(min(self._size_px(_SIDE_PX), self._over.width() // 3))
        column = QVBoxLayout(side)
        column.setContentsMargins(0, 0, 0, 0)
        title = self._label(20, "muted", bold=True)
        title.setText("Missing")
        column.addWidget(title)
        self.missing.setAlignment(Qt.AlignmentFlag.AlignTop)
        area = ColumnArea(self.missing)
        area.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Ignored)
        column.addWidget(area, 1)
        for part in (self.trouble, self.report, self.next):
            column.addWidget(part)
        return side

    def refresh(self) -> None:
        """Show the exam as it is now."""
        end = self.desk.end
        for button in (self.keep, self.reject):
            button.setVisible(self.desk.shown is not None)
        self.back.setVisible(bool(self.desk.steps.next_undo))
        self.again.setVisible(bool(self.desk.steps.next_redo))
        self.trouble.setText(self.desk.trouble)
        if end is None:
            return
        cut = "" if end.info.ended else "   ·   The program was stopped: all of it is here"
        self.state.setText(f"{started(end.info)}{cut}")
        self._show_counts(end)
        rows = [self._missing_text(end, line) for line in end.missing]
        self.missing.setText("\n".join(rows) or "Nothing is missing")
        self._paint(self.missing, 22, "warning" if rows else "muted", bold=bool(rows))
        self._show_still(end)

    def _show_counts(self, end: ExamEnd) -> None:
        counts = (
            (len(end.kept), "kept by a person", "good"),
            (len(end.open), "found, not reviewed", "warning"),
            (len(end.missing), "missing", "warning"),
        )
        for (number, what), (count, words, tone) in zip(self._counts, counts, strict=True):
            number.setText(str(count))
            what.setText(words)
            self._paint(number, 44, tone if count else "muted", bold=True)

    def _missing_text(self, end: ExamEnd, line: Line) -> str:
        known = missing_words(end, line)
        return f"{line.item.label}\n   {known}" if known else line.item.label

    def _show_still(self, end: ExamEnd) -> None:
        line = self.desk.shown
        if line is None or line.shown is None:
            self.still.empty = _nothing_left(end)
            self.still.show_still(None, None, "#ffffff")
            for label in (self.name, self.said, self.place):
                label.clear()
            return
        waiting, plane = self.desk.waiting, BY_KEY.get(line.item.plane)
        self.name.setText(line.item.label)
        self.place.setText(f"{waiting.index(line) + 1} of {len(waiting)}")
        self.said.setText(capture_words(line.shown.shot, line.item))
        colour = plane.colour if plane is not None else "#ffffff"
        box = own_box(line.shown.shot, line.item)
        sure = box_is_sure(line.shown.shot)
        self.still.show_still(end.media / line.shown.still, box, colour, sure=sure)


def _nothing_left(end: ExamEnd) -> str:
    """What stands in the place of a picture."""
    if not end.captures and not end.kept:
        return "Nothing was captured"
    return "Everything that was found has been reviewed"
