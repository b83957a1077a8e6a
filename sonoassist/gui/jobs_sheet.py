"""Long works on the screen: one row a job, the sheet with all of them, and a bar in the window."""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtCore import Qt, QTimer, QUrl, pyqtSignal
from PyQt6.QtGui import QDesktopServices
from PyQt6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from sonoassist.core.jobs import Job, JobState, Work
from sonoassist.core.progress import HowFar
from sonoassist.gui.elided import ElidedLabel, wrappable
from sonoassist.gui.job_desk import JobDesk
from sonoassist.gui.scrolling import ListArea
from sonoassist.gui.sheets import Sheet
from sonoassist.gui.theme import Look

REFRESH_MS = 250
_BAR_STEPS = 1000


def show_share(bar: QProgressBar, how_far: HowFar) -> None:
    """Set a bar to how far a work is; it runs to and fro while nobody knows."""
    share = how_far.share
    bar.setRange(0, 0 if share is None else _BAR_STEPS)
    if share is not None:
        bar.setValue(round(share * _BAR_STEPS))


def _button(text: str, do: Callable[[], object]) -> QPushButton:
    button = QPushButton(text)
    button.setAutoDefault(False)
    button.clicked.connect(lambda _checked=False: do())
    return button


class JobRow(QFrame):
    """One job: its name, how far it is, and what can be done with it."""

    def __init__(self, job: Job, desk: JobDesk, look: Look) -> None:
        super().__init__()
        self.job = job
        self._desk = desk
        self._error = look.palette.error
        self.title = ElidedLabel(job.work.title)
        self.said = QLabel()
        self.said.setObjectName("muted")
        self.said.setTextFormat(Qt.TextFormat.PlainText)
        self.said.setWordWrap(True)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.cancel = _button("Cancel", lambda: desk.cancel(job))
        self.again = _button("Try again", lambda: desk.retry(job))
        self.folder = _button("Open folder", self._open_folder)
        self.take_off = _button("Take off the list", lambda: desk.forget(job))
        words = QVBoxLayout()
        words.setSpacing(look.px(4))
        for part in (self.title, self.bar, self.said):
            words.addWidget(part)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, look.px(6), 0, look.px(6))
        row.setSpacing(look.px(10))
        row.addLayout(words, 1)
        for button in (self.cancel, self.again, self.folder, self.take_off):
            row.addWidget(button)
        self.refresh()

    def refresh(self) -> None:
        """Show how it is now."""
        job = self.job
        state, over = job.state, job.state.over
        notes = job.result.notes if job.result is not None else ()
        said = "\n".join([job.text, *notes])
        self.said.setText(wrappable(said))
        self.said.setToolTip(said)
        failed = state is JobState.FAILED
        self.said.setStyleSheet(f"color: {self._error}" if failed else "")
        self.bar.setVisible(not over)
        if state is not JobState.WAITING:
            show_share(self.bar, job.how_far)
        self.cancel.setVisible(not over)
        self.cancel.setEnabled(state is not JobState.STOPPING)
        self.again.setVisible(state in (JobState.FAILED, JobState.CANCELLED))
        self.folder.setVisible(job.result is not None and job.result.folder is not None)
        self.take_off.setVisible(over)

    def _open_folder(self) -> None:
        folder = self.job.result.folder if self.job.result is not None else None
        if folder is not None and not QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder))):
            self.said.setText(f"The folder is {folder}")


class JobsSheet(Sheet):
    """All jobs, the newest on top."""

    def __init__(
        self, over: QWidget, look: Look, desk: JobDesk, waiting: Callable[[], Work | None]
    ) -> None:
        super().__init__(over, look, "Jobs", 920)
        self._desk = desk
        self._waiting = waiting
        self.rows: dict[Job, JobRow] = {}
        self._none = QLabel(
            "Nothing was started yet. Exports, reports, sending to a PACS and installing models "
            "appear here and go on while you work."
        )
        self._none.setObjectName("muted")
        self._none.setWordWrap(True)
        self.body.addWidget(self._none)
        self.outbox = _button("Files wait to be sent to the PACS: send them now", self._send)
        self.body.addWidget(self.outbox)
        inside = QWidget()
        self._column = QVBoxLayout(inside)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.addStretch(1)
        most_px = min(look.px(420), over.height() - look.px(220))
        self.body.addWidget(ListArea(inside, most_px), 1)
        self.clear = _button("Take all that are over off the list", desk.forget_done)
        self.body.addWidget(self.clear, 0, Qt.AlignmentFlag.AlignRight)
        self._timer = QTimer(self)
        self._timer.setInterval(REFRESH_MS)
        self._timer.timeout.connect(self._refresh_rows)
        self._timer.start()
        desk.changed.connect(self._refresh)
        self._refresh()

    def _refresh(self) -> None:
        if self.gone:
            return
        jobs = self._desk.jobs
        for job in [one for one in self.rows if one not in jobs]:
            row = self.rows.pop(job)
            row.hide()
            row.deleteLater()
        for job in jobs:
            if job not in self.rows:
                self.rows[job] = JobRow(job, self._desk, self._look)
                self._column.insertWidget(0, self.rows[job])
        self._none.setVisible(not jobs)
        self.clear.setVisible(any(job.state.over for job in jobs))
        self.outbox.setVisible(self._waiting() is not None and not self._desk.going_on)
        self._refresh_rows()

    def _refresh_rows(self) -> None:
        for row in self.rows.values():
            row.refresh()

    def _send(self) -> None:
        work = self._waiting()
        if work is not None:
            self._desk.start(work)


class JobsBar(QWidget):
    """What works now, or what failed last, in one line of the window.

    Signals:
        list_asked: The user wants to see all jobs.
    """

    list_asked = pyqtSignal()

    def __init__(self, desk: JobDesk, look: Look) -> None:
        super().__init__()
        self.setObjectName("bar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._desk = desk
        self._job: Job | None = None
        self.title = ElidedLabel()
        self.said = QLabel()
        self.said.setObjectName("muted")
        self.said.setTextFormat(Qt.TextFormat.PlainText)
        self.said.setWordWrap(True)  # why a job failed is a sentence
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.cancel = _button("Cancel", self._cancel)
        self.again = _button("Try again", self._again)
        self.all = _button("All jobs", self.list_asked.emit)
        self._row = QHBoxLayout(self)
        for part, share in ((self.title, 3), (self.bar, 2), (self.said, 4)):
            self._row.addWidget(part, share)
        for button in (self.cancel, self.again, self.all):
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            self._row.addWidget(button)
        self._timer = QTimer(self)
        self._timer.setInterval(REFRESH_MS)
        self._timer.timeout.connect(self.refresh)
        desk.changed.connect(self.refresh)
        self.set_look(look)
        self.refresh()

    def _cancel(self) -> None:
        if self._job is not None:
            self._desk.cancel(self._job)

    def _again(self) -> None:
        if self._job is not None:
            self._desk.retry(self._job)

    def set_look(self, look: Look) -> None:
        """Change theme or size."""
        self._row.setContentsMargins(look.px(16), look.px(4), look.px(12), look.px(4))
        self._row.setSpacing(look.px(12))

    def refresh(self) -> None:
        """Show how it is now; the bar is there only while there is something to say."""
        going_on = self._desk.going_on
        failed = self._desk.failed
        self._job = going_on[0] if going_on else failed
        self.setVisible(self._job is not None)
        if bool(going_on) != self._timer.isActive():
            (self._timer.start if going_on else self._timer.stop)()
        if self._job is None:
            return
        more = f"  (and {len(going_on) - 1} more)" if len(going_on) > 1 else ""
        self.title.setText(f"{self._job.work.title}{more}")
        self.said.setText(wrappable(self._job.text))
        self.said.setToolTip(self._job.text)
        self.bar.setVisible(bool(going_on))
        show_share(self.bar, self._job.how_far)
        self.cancel.setVisible(bool(going_on))
        self.cancel.setEnabled(self._job.state is not JobState.STOPPING)
        self.again.setVisible(not going_on)


class LeaveSheet(Sheet):
    """Asks what shall become of the jobs when the window is closed.

    Signals:
        leave_asked: Close; what still works is cancelled.
    """

    leave_asked = pyqtSignal()

    def __init__(self, over: QWidget, look: Look, desk: JobDesk) -> None:
        super().__init__(over, look, "Jobs are still going on", 640)
        self._desk = desk
        self._when_done = False
        for job in desk.going_on:
            self.body.addWidget(ElidedLabel(job.work.title))
        self.said = QLabel("What is cancelled leaves nothing half-written.")
        self.said.setObjectName("muted")
        self.said.setWordWrap(True)
        self.body.addWidget(self.said)
        self.stay = _button("Go on working", self.closed.emit)
        self.stay.setObjectName("main")
        self.wait = _button("Quit when they are done", self._wait)
        self.cancel = _button("Cancel them and quit", self.leave_asked.emit)
        row = QHBoxLayout()
        row.addStretch(1)
        for button in (self.cancel, self.wait, self.stay):
            row.addWidget(button)
        self.body.addLayout(row)
        desk.changed.connect(self._follow)

    def open(self) -> None:
        """Show it; Enter goes on working."""
        super().open()
        self.stay.setFocus()

    def _wait(self) -> None:
        self._when_done = True
        self.wait.setEnabled(False)
        self.said.setText("The window closes when they are done; close this to keep it open.")
        self._follow()

    def _follow(self) -> None:
        if self._when_done and not self.gone and not self._desk.going_on:
            self.leave_asked.emit()
