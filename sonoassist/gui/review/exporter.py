"""Exporting a review: first what contradicts itself, then the folder, then the work."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PyQt6.QtWidgets import QWidget

from sonoassist.gui.exam_marks import pixmap_of
from sonoassist.gui.questions import ShowSheet
from sonoassist.gui.review.chooser import Chooser
from sonoassist.gui.review.desk import ReviewDesk
from sonoassist.gui.review.sheets import Answer, ExportSheet, Listed
from sonoassist.gui.theme import Look
from sonoassist.review.contradictions import Contradiction


class Exporter:
    """Asks what has to be asked, and has it written.

    Args:
        ask: Asks for a folder, and calls what it is given with the answer.
        desk: Of the review.
        chooser: Knows what the person has confirmed already.
        show: Opens a sheet over the window.
    """

    def __init__(
        self,
        ask: Callable[[Callable[[str], None]], None],
        desk: ReviewDesk,
        chooser: Chooser,
        show: ShowSheet,
    ) -> None:
        self._ask, self._desk, self._chooser, self._show = ask, desk, chooser, show
        self._sheet: ExportSheet | None = None

    def ask(self) -> None:
        """Begin an export."""
        session = self._desk.session
        if session is None:
            return
        self._desk.stop_playing()
        found = self._desk.contradictions()
        if not found:
            self._ask_folder()
            return
        listed = [self._listed(one) for one in found]
        self._show(lambda window, look: self._made(window, look, listed))
        self._desk.pictures_came.emit()

    def _listed(self, found: Contradiction) -> Listed:
        assert self._desk.session is not None
        kept = self._chooser.agreed(found)
        time_s = float(self._desk.session.table.times_s[found.frame])
        return Listed(found, time_s, Answer.KEPT if kept else Answer.OPEN)

    def _made(self, window: QWidget, look: Look, listed: list[Listed]) -> ExportSheet:
        sheet = self._sheet = ExportSheet(window, look, listed)
        sheet.answered.connect(self._of_this_review(self._answer))
        sheet.wanted.connect(self._of_this_review(self._go_to))
        sheet.confirmed.connect(self._of_this_review(self._confirm))
        return sheet

    def _of_this_review(self, do: Callable[..., None]) -> Callable[..., None]:
        """What comes when another recording is under review is dropped."""
        session = self._desk.session

        def take(*values: object) -> None:
            if self._desk.session is session:
                do(*values)

        return take

    def _answer(self, found: Contradiction, answer: Answer) -> None:
        words = self._desk.words
        if answer is Answer.OUT:
            words.take_out(found.plane)
            return
        self._chooser.agree(found.plane, found.frame)
        if words.corrections.best.get(found.plane) != found.frame:
            words.choose(found.plane, found.frame)  # it was taken out just before
        words.keep(found.plane, found.frame)

    def _go_to(self, frame: int, plane: str) -> None:
        self._desk.pick(plane, jump=False)
        self._desk.step_to(frame)

    def _confirm(self) -> None:
        self._ask_folder()

    # -- small pictures --------------------------------------------------------------------

    def wishes(self) -> list[int]:
        """Frames whose small picture is wished for; what has come is shown."""
        sheet, session = self._sheet, self._desk.session
        if sheet is None or sheet.gone or session is None:
            return []
        wanted = []
        for frame in sheet.without_picture():
            pixels = session.smalls.got(frame)
            if pixels is None:
                wanted.append(frame)
            else:
                sheet.offer(frame, pixmap_of(pixels))
        return wanted

    # -- the folder ------------------------------------------------------------------------

    def _ask_folder(self) -> None:
        self._ask(lambda path: self._desk.words.export_to(Path(path)))
