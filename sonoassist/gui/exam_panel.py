"""Shows the running exam on the live page, and hands the user's clicks on it to the desk."""

from __future__ import annotations

import time

from PyQt6.QtCore import QObject, pyqtSignal

from sonoassist.exam.ending import NOT_REVIEWED
from sonoassist.gui.exam_desk import ExamDesk
from sonoassist.gui.live_page import LivePage


class ExamPanel(QObject):
    """Between the desk and the widgets of the live page.

    Args:
        desk: Has the exam.
        page: Shows it.

    Signals:
        look_asked: The user wants to see the selected item's capture.
    """

    look_asked = pyqtSignal()

    def __init__(self, desk: ExamDesk, page: LivePage) -> None:
        super().__init__(page)
        self._desk = desk
        self._page = page
        desk.changed.connect(self.refresh)
        page.planes.picked.connect(desk.select)
        page.planes.opened.connect(lambda _item: self.look_asked.emit())
        # A tick leaves the keys with the plane in view.
        page.manual.toggled.connect(desk.toggle_item)
        self.refresh()

    def refresh(self) -> None:
        """Show the checklist as it is now."""
        desk, page = self._desk, self._page
        exam = desk.view
        page.planes.show_exam(exam, desk.selected)
        page.manual.show_exam(exam, desk.selected)
        page.exam_bar.show_exam(
            desk.line(desk.selected),
            picked=desk.picked,
            recording=desk.recording,
            running=exam is not None,
        )
        page.show_exam(desk.completeness)
        self.tick()

    def tick(self) -> None:
        """Show the clocks."""
        desk, exam = self._desk, self._desk.view
        done = desk.completeness
        if exam is None or done is None:
            self._page.head.show_exam("", "", complete=False)
            self._page.headline.show_recording("")
            return
        self._page.head.show_exam(
            f"{done.done} of {done.total}",
            f"Exam {minutes(desk.length_s)} · {done.done} kept"
            f" · {done.found - done.done} {NOT_REVIEWED}",
            complete=done.done == done.total,
            trouble=exam.trouble,
        )
        since_s = exam.recording_s
        running = minutes(time.monotonic() - since_s) if since_s is not None else ""
        self._page.headline.show_recording(running)


def minutes(seconds: float) -> str:
    """A time as "07:41", or "1:07:41" from an hour on."""
    whole = int(max(seconds, 0))
    hours, rest = divmod(whole, 3600)
    text = f"{rest // 60:02d}:{rest % 60:02d}"
    return f"{hours}:{text}" if hours else text
