"""What the window asks or shows over itself: sheets and file dialogs, never modal to a worker."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Protocol

from PyQt6.QtWidgets import QWidget

from sonoassist.core.errors import SonoAssistError
from sonoassist.core.packets import Box
from sonoassist.exam.deleting import delete_exam
from sonoassist.exam.works import waiting_work
from sonoassist.gui.action_set import ActionSet
from sonoassist.gui.acts import Act, Needs
from sonoassist.gui.capture_sheet import CaptureSheet
from sonoassist.gui.controller import Controller
from sonoassist.gui.crop_sheet import CropSheet
from sonoassist.gui.exam_end import ExamEndDesk, ExamEndSheet
from sonoassist.gui.exam_question import ExamQuestion
from sonoassist.gui.exams_sheet import ExamsSheet
from sonoassist.gui.file_dialogs import OPEN_FILE, OPEN_FOLDER, WEIGHTS, Purpose, ask_path
from sonoassist.gui.jobs_sheet import JobsSheet, LeaveSheet
from sonoassist.gui.keys_sheet import KeysSheet
from sonoassist.gui.page import HasHelp, Page
from sonoassist.gui.report_sheet import ReportSheet
from sonoassist.gui.settings_sheet import SettingsSheet
from sonoassist.gui.sheets import AskSheet, HelpSheet, Sheet
from sonoassist.gui.theme import DARK, Look
from sonoassist.live.status import Notice
from sonoassist.practice.set_store import SetStore
from sonoassist.sources import kind_of


class OpenHere(Protocol):
    """Opens something on the page that is shown, or on the one named."""

    def __call__(self, spec: str, page: Page | None = None) -> None:
        """Open it."""
        ...


class AskWords(Protocol):
    """Asks for a line of words, which may be empty."""

    def __call__(
        self, *, title: str, text: str, example: str, now: str, answered: Callable[[str], None]
    ) -> None:
        """Ask.

        Args:
            title: Of the sheet.
            text: What the words are for.
            example: Shown where nothing is written.
            now: The words so far.
            answered: Gets the new ones.
        """
        ...


class ShowSheet(Protocol):
    """Opens a sheet over the window, in the place of one that is open."""

    def __call__(self, make: Callable[[QWidget, Look], Sheet]) -> None:
        """Open it.

        Args:
            make: Makes it, on the window and in its look.
        """
        ...


class Questions:
    """Opens one sheet at a time.

    Args:
        window: Whose they are.
        stage: The part of it that sheets lie on: notices can be read beside them.
        controller: Gets the answers.
        open_here: Opens what the user chose, on the page that is shown or on the one named.
        changed: Called when a sheet has opened or closed: other keys work then.
        let_go: Has the pages close an exam that is to be deleted.
    """

    def __init__(
        self,
        window: QWidget,
        stage: QWidget,
        controller: Controller,
        open_here: OpenHere,
        changed: Callable[[], None],
        let_go: Callable[[str], None],
    ) -> None:
        self._window, self._stage = window, stage
        self._open_here = open_here
        self._changed = changed
        self._let_go = let_go
        self._controller = controller
        self._look = Look(DARK)
        self.sheet: Sheet | None = None
        self._end_under = ""  # the exam whose end lies under its report
        controller.desk.ended.connect(self.show_end)
        controller.desk.began.connect(self._leave_end)

    def set_look(self, look: Look) -> None:
        """Change theme or size; the settings, which may have asked for it, open again."""
        self._look = look
        # What was typed into another sheet must not be lost; it keeps its look until it closes.
        if isinstance(self.sheet, SettingsSheet):
            self.close()
            self.show_settings()
        elif isinstance(self.sheet, KeysSheet):
            self.sheet.set_look(look)

    def _open(self, sheet: Sheet) -> None:
        self._end_under = ""
        self.close()
        self.sheet = sheet
        sheet.closed.connect(self.close)
        sheet.open()
        self._changed()

    def close(self) -> bool:
        """Take the sheet away; returns whether there was one."""
        sheet, self.sheet = self.sheet, None
        if sheet is None:
            return False
        sheet.gone = True
        if isinstance(sheet, CaptureSheet):
            self._controller.desk.hold(False)
        sheet.hide()
        sheet.deleteLater()
        self._window.setFocus()
        self._changed()
        if isinstance(sheet, ReportSheet) and self._end_under:
            under, self._end_under = self._end_under, ""
            self.show_end(under)
        return True

    @property
    def allowed(self) -> set[Needs]:
        """Which actions the sheet leaves to the picture and the exam.

        Space and the arrows belong to its boxes; at a capture the keys of the checklist work.
        """
        if self.sheet is None:
            return set(Needs)
        return {Needs.EXAM, Needs.VIEW} if isinstance(self.sheet, CaptureSheet) else {Needs.VIEW}

    # -- sheets ----------------------------------------------------------------------------

    def show(self, make: Callable[[QWidget, Look], Sheet]) -> None:
        """Open a sheet of a page's own; see `ShowSheet`."""
        self._open(make(self._stage, self._look))

    def show_help(self, page: QWidget | None = None) -> None:
        """Open the help, or close it.

        Args:
            page: The page that is shown; None for the live one.
        """
        if isinstance(self.sheet, HelpSheet):
            self.close()
        else:
            helped = page if isinstance(page, HasHelp) else None
            sheet = HelpSheet(self._stage, self._look, helped)
            sheet.keys_asked.connect(self.show_keys)
            self._open(sheet)

    def show_keys(self) -> None:
        """Open the sheet on which the keys are changed."""
        self._open(KeysSheet(self._stage, self._look, self._controller))

    def show_settings(self) -> None:
        """Open the settings, or close them."""
        if isinstance(self.sheet, SettingsSheet):
            self.close()
        else:
            sheet = SettingsSheet(self._stage, self._look, self._controller)
            sheet.keys_asked.connect(self.show_keys)
            self._open(sheet)

    def show_capture(self, actions: ActionSet) -> None:
        """Show the selected item's capture, or close it."""
        if isinstance(self.sheet, CaptureSheet):
            self.close()
        elif self._controller.desk.view is not None:
            desk = self._controller.desk
            self._open(CaptureSheet(self._stage, self._look, desk, actions))
            desk.hold(True)

    def show_exams(self) -> None:
        """List the exams kept so far, or close the list."""
        store = self._controller.desk.store
        if isinstance(self.sheet, ExamsSheet):
            self.close()
        elif store is not None:
            reviews = self._controller.services.reviews
            delete = partial(delete_exam, exams=store, reviews=reviews, forget=SetStore().forget)
            sheet = ExamsSheet(self._stage, self._look, store, self._controller.jobs, delete)
            sheet.report_asked.connect(self.show_report)
            sheet.review_asked.connect(
                lambda exam_id: self._open_here(f"exam:{exam_id}", Page.REVIEW)
            )
            sheet.practice_asked.connect(
                lambda exam_id: self._open_here(f"exam:{exam_id}", Page.PRACTICE)
            )
            sheet.end_asked.connect(self.show_end)
            sheet.deleting.connect(self._let_go)
            self._open(sheet)

    def show_end(self, exam_id: str = "") -> None:
        """Show how an exam has ended: the one named, or the newest that does not run."""
        if isinstance(self.sheet, ExamEndSheet) and not exam_id:
            self.close()
            return
        controller = self._controller
        desk, store = controller.desk, controller.desk.store
        known = [] if store is None else [one for one in store.ids() if one != desk.exam_id]
        exam_id = exam_id or next(reversed(known), "")
        if store is None or not exam_id:
            controller.note("No exam has ended yet")
            return
        ended = ExamEndDesk(store, exam_id, controller.jobs, desk.steps_of(exam_id))
        sheet = ExamEndSheet(self._stage, self._look, ended, live=desk.view is None)
        sheet.report_asked.connect(lambda: self.show_report(exam_id))
        sheet.next_asked.connect(desk.toggle)
        self._open(sheet)

    def _leave_end(self) -> None:
        """The next exam has begun: its picture must not be covered."""
        if isinstance(self.sheet, ExamEndSheet):
            self.close()

    def show_jobs(self) -> None:
        """List the jobs, or close the list."""
        if isinstance(self.sheet, JobsSheet):
            self.close()
            return
        desk = self._controller.long_jobs
        desk.look()
        self._open(JobsSheet(self._stage, self._look, desk, waiting_work))

    def ask_leave(self, leave: Callable[[], None]) -> None:
        """Ask what shall become of the jobs that go on.

        Args:
            leave: Closes the window.
        """
        sheet = LeaveSheet(self._stage, self._look, self._controller.long_jobs)
        sheet.leave_asked.connect(leave)
        self._open(sheet)

    def show_report(self, exam_id: str = "") -> None:
        """Ask what a report shall have: of the exam named, the running one, or the last."""
        desk = self._controller.desk
        end = self.sheet.desk.exam_id if isinstance(self.sheet, ExamEndSheet) else ""
        exam_id = exam_id or end or desk.exam_id or desk.last_exam_id
        if desk.store is None or not exam_id:
            earlier = desk.store is not None and bool(desk.store.ids())
            self._controller.note(
                "No exam since the start" if earlier else "No exam was kept yet",
                f"{self._controller.key(Act.EXAMS)} lists the earlier ones" if earlier else "",
            )
        else:
            self._open(ReportSheet(self._stage, self._look, self._controller, exam_id))
            self._end_under = end

    def ask_words(
        self, *, title: str, text: str, example: str, now: str, answered: Callable[[str], None]
    ) -> None:
        """Ask for a line of words; see `AskWords`."""
        sheet = AskSheet(
            self._stage,
            self._look,
            title=title,
            text=text,
            example=example,
            button="Keep",
            now=now,
            may_be_empty=True,
        )
        sheet.answered.connect(answered)
        self._open(sheet)

    def ask_note(self) -> None:
        """Ask for the user's words on the exam."""
        self.ask_words(
            title="Note on the exam",
            text="It is kept with the exam and printed in the report. No names of persons, please.",
            example="Difficult view, lying on its front",
            now=self._controller.desk.words()[0],
            answered=self._controller.desk.note,
        )

    def ask_study(self) -> None:
        """Ask for the user's own number of the study."""
        self.ask_words(
            title="Study number",
            text="Your own number for this exam, for the report. Not the name of a person.",
            example="S-0417",
            now=self._controller.desk.words()[1],
            answered=self._controller.desk.set_study_id,
        )

    def ask_of_exam(self, spec: str) -> None:
        """Ask what becomes of the running exam before another source is opened."""
        sheet = ExamQuestion(self._stage, self._look, kind_of(spec).short_name(spec))
        sheet.answered.connect(lambda goes_on: self._controller.open_for(spec, goes_on=goes_on))
        self._open(sheet)

    def ask_stream(self) -> None:
        """Ask for the address of a stream."""
        sheet = AskSheet(
            self._stage,
            self._look,
            title="Open a stream",
            text="Address of a network stream, as the scanner or the encoder gives it.",
            example="rtsp://192.168.1.20:554/live",
            button="Open",
        )
        sheet.answered.connect(self._controller.open)
        self._open(sheet)

    def name_crop(self, box: Box) -> None:
        """Ask for the name of a rectangle drawn on the picture."""
        sheet = AskSheet(
            self._stage,
            self._look,
            title="Keep this rectangle",
            text=f"{box.width:.0f} × {box.height:.0f} pixels. Give it the name of the scanner; "
            "it is then in the crop menu.",
            example="Voluson, room 3",
            button="Keep and use",
        )
        sheet.answered.connect(lambda name: self._controller.keep_crop(name, box))
        self._open(sheet)

    def check_crop(self) -> None:
        """Show the crop of the scanner's screen, to be corrected and kept."""
        controller = self._controller
        view = controller.picture()
        if view is None:
            return
        try:
            found = controller.screens.look(view.frame.pixels)
        except SonoAssistError as error:
            controller.session.notices.put(Notice.of(error))
            return
        if found is None:
            controller.note(
                "No ultrasound picture was surely found here", "Try again while the probe is on"
            )
            return

        def kept(name: str) -> None:
            controller.note(f"The crop is kept for {name or 'this screen'}")

        self._open(
            CropSheet(
                self._stage, self._look, controller.screens, found, controller.picture, view, kept
            )
        )

    # -- files -----------------------------------------------------------------------------

    def _ask(self, purpose: Purpose, chosen: Callable[[str], None]) -> None:
        ask_path(self._window, self._look, self._controller, purpose, chosen)

    def ask_file(self) -> None:
        """Ask for a recording, a picture or a DICOM file."""
        self._ask(OPEN_FILE, self._open_here)

    def ask_folder(self) -> None:
        """Ask for a folder of pictures."""
        self._ask(OPEN_FOLDER, self._open_here)

    def ask_weights(self) -> None:
        """Ask for a weights file."""
        self._ask(WEIGHTS, lambda path: self._controller.add_weights(Path(path)))
