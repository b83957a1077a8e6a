"""All pages and sheets as they are seen, at the sizes of screens that there are, in both themes.

960 x 540 is a screen of 1920 x 1080 at 200 %.
"""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import lru_cache
from itertools import count
from pathlib import Path

import pytest
from gui_fakes import GRABBER, RECORDING, FakeModels, FakeSession, make_frame, make_services
from gui_fakes import make_view as fake_view
from PyQt6.QtGui import QKeySequence
from PyQt6.QtWidgets import (
    QAbstractScrollArea,
    QApplication,
    QMenu,
    QScrollArea,
    QSizePolicy,
    QWidget,
)
from pytestqt.qtbot import QtBot
from screen_checks.checks import (
    Finding,
    changed_by_wheel,
    look_at,
    name_of,
    seen_rect,
    shown_in,
    sight_of,
)
from screen_checks.notes import look_at_notes
from test_crop_sheet import found_on

from preprocess.test_screen_layout import screen_of
from review.review_made import made_analyser, write_analysed
from sonoassist.core import paths
from sonoassist.core.errors import OutputError
from sonoassist.core.jobs import JobResult, Work
from sonoassist.core.packets import Frame
from sonoassist.core.planes import DISPLAY_ORDER
from sonoassist.core.progress import Meter
from sonoassist.core.settings import Settings
from sonoassist.exam.store import ExamStore
from sonoassist.gui.acts import Act
from sonoassist.gui.compose import build
from sonoassist.gui.crop_sheet import CropSheet
from sonoassist.gui.exam_end import ExamEndSheet
from sonoassist.gui.exam_question import ExamQuestion
from sonoassist.gui.jobs_sheet import LeaveSheet
from sonoassist.gui.keys_sheet import KeysSheet
from sonoassist.gui.main_window import MainWindow
from sonoassist.gui.page import Page
from sonoassist.gui.practice.desk import PracticeDesk
from sonoassist.gui.practice.page import PracticePage
from sonoassist.gui.practice.questions_sheet import QuestionsSheet
from sonoassist.gui.practice.services import Stage
from sonoassist.gui.report_sheet import ReportSheet
from sonoassist.gui.review.page import ReviewPage
from sonoassist.gui.review.sheets import ConflictSheet, ExportSheet
from sonoassist.gui.screen_watch import ScreenState
from sonoassist.gui.scrolling import ColumnArea
from sonoassist.gui.sheets import Sheet
from sonoassist.live.status import Level, Notice, View
from sonoassist.practice.wish import PracticeWish
from sonoassist.recordings.records import RunState
from waiting import LIMIT_S

pytestmark = pytest.mark.usefixtures("screens_once")  # every walk goes through the same frames

FEMUR, LIPS = 50, 130
"""Frames that the engine surely calls so."""
LONG_NAME = "A_name" * 32 + "12345678"
"""200 characters and nowhere a space."""
SIZES_PX = ((960, 540), (1024, 768), (1920, 1080))
NEARLY_PX = 40
"""A card that is so near to its greatest height is as high as it can be."""
ROOMY_PX = 1920
"""A window as wide as this shows whole columns."""
THEMES = ("dark", "light")


def make_view(key: str, index: int) -> View:
    """A view whose frame is captured while the exams run."""
    frame = replace(make_frame(index), captured_at_s=time.monotonic() + 1e6 + index / 25)
    return fake_view(key, frame=frame)


def screen_frame() -> Frame:
    """A scanner's whole screen."""
    return make_frame(pixels=screen_of(1, "")[0])


def scrolled_for_nothing(sheet: Sheet) -> Iterator[Finding]:
    """A sheet that is scrolled though the window has room for it, or a picture on it too much."""
    area = sheet.card.findChild(ColumnArea)
    assert area is not None
    bar = area.verticalScrollBar()
    assert bar is not None
    if bar.maximum() > 0 and sheet.card.height() < sheet.card.maximumHeight():
        yield Finding("scroll", type(sheet).__name__, f"{bar.maximum()} px lie outside of its card")
    for inner in sheet.card.findChildren(QScrollArea):  # what a sheet scrolls within itself
        own, spare = inner.verticalScrollBar(), sheet.card.maximumHeight() - sheet.card.height()
        assert own is not None
        if inner is not area and own.maximum() > 0 and spare > NEARLY_PX:
            yield Finding(
                "scroll", type(sheet).__name__, f"{own.maximum()} px, {spare} px are free"
            )
    for part in shown_in(sheet):
        if isinstance(part, QAbstractScrollArea):
            continue
        least = max(part.minimumSizeHint().height(), part.minimumHeight())
        spare = part.height() - least
        grows = part.sizePolicy().verticalPolicy() is QSizePolicy.Policy.Expanding
        if grows and area.isAncestorOf(part) and min(spare, bar.maximum()) > 1:
            yield Finding("scroll", type(part).__name__, f"it could be {spare} px lower")


def below_the_fold(window: MainWindow) -> Iterator[Finding]:
    """Columns of a page that must be scrolled although the screen is a large one."""
    for area in window.pages.findChildren(ColumnArea):
        bar, inside = area.verticalScrollBar(), area.widget()
        assert bar is not None
        if area.isVisible() and bar.maximum() > 0:
            yield Finding("fold", type(inside).__name__, f"{bar.maximum()} px cannot be seen")


class Walk:
    """A window that is brought from page to page; what is seen to be wrong is collected."""

    def __init__(
        self, qtbot: QtBot, window: MainWindow, session: FakeSession, exam: Path, name: str = ""
    ) -> None:
        self.qtbot, self.window, self.session, self.exam = qtbot, window, session, exam
        self.recording, self.grabber = (
            replace(one, label=name or one.label) for one in (RECORDING, GRABBER)
        )
        self.found: list[tuple[str, Finding]] = []

    def see(self, name: str) -> None:
        """Look at what is shown now."""
        self.until(lambda: not self.window.controller.jobs.busy)
        self.window.display.refresh()
        self.window.display.tick()
        for _ in range(3):  # one arrangement may ask for another
            QApplication.sendPostedEvents()
            QApplication.processEvents()
        sight = sight_of(self.window)
        self.found += [(name, finding) for finding in look_at(self.window, sight)]
        self.found += [(name, finding) for finding in look_at_notes(self.window, sight)]
        if self.window.width() >= ROOMY_PX:
            self.found += [(name, finding) for finding in below_the_fold(self.window)]
        self.found += [(name, finding) for finding in changed_by_wheel(self.window)]
        sheet = self.window.questions.sheet
        if sheet is not None:
            self.found += [(name, finding) for finding in scrolled_for_nothing(sheet)]

    def act(self, act: Act) -> None:
        self.window.actions_set[act].trigger()

    def until(self, condition: Callable[[], object]) -> None:
        def turn() -> bool:
            self.window.display.tick()
            return bool(condition())

        self.qtbot.waitUntil(turn)

    def wholly_seen(self, name: str, widget: QWidget) -> None:
        """A control that everybody needs must not be scrolled to."""
        seen = seen_rect(self.window, widget)
        if seen.size() != widget.size():
            part = f"{seen.width()} x {seen.height()} of {widget.width()} x {widget.height()} px"
            self.found.append((name, Finding("fold", name_of(widget), part)))

    def sheet(self, name: str, act: Act) -> None:
        """Look at a sheet that an action opens, and close it."""
        self.act(act)
        assert self.window.questions.sheet is not None, name
        self.see(name)
        self.window.questions.close()

    def seen_sheet(self, name: str, kind: type[Sheet]) -> None:
        """Look at the sheet that is open, and close it."""
        assert isinstance(self.window.questions.sheet, kind), name
        self.see(name)
        self.window.questions.close()

    def see_menu(self, name: str) -> None:
        """Look at the menu that is open, and close it."""
        menu = QApplication.activePopupWidget()
        assert isinstance(menu, QMenu), name
        screen = self.window.screen()
        assert screen is not None
        if not screen.geometry().contains(menu.geometry()):
            self.found.append((name, Finding("outside", "QMenu", f"{menu.geometry().getRect()}")))
        self.found += [(name, finding) for finding in look_at(menu)]
        menu.close()

    # -- pages -----------------------------------------------------------------------------

    def live(self) -> None:
        window, session = self.window, self.session
        self.see("start page")
        for name, act in (
            ("settings", Act.SETTINGS),
            ("change keys", Act.KEYS),
            ("key sheet", Act.HELP),
            ("stream", Act.STREAM),
        ):
            self.sheet(name, act)
        session.show(make_view("femur", 0), self.recording)
        window.display.refresh()
        self.until(lambda: window.controller.desk.view is not None)
        self.see("exam begins")
        self.act(Act.CAPTURE)
        desk = window.controller.desk
        self.until(lambda: (line := desk.line("femur")) is not None and line.shown is not None)
        self.see("exam with a capture")
        for name, act in (
            ("capture", Act.LOOK),
            ("note", Act.NOTE),
            ("study number", Act.STUDY),
            ("exams", Act.EXAMS),
            ("report", Act.REPORT),
        ):
            self.sheet(name, act)
        window.actions_set[Act.TIMING].trigger()
        self.see("times of frames")
        window.actions_set[Act.CONFIDENCES].trigger()
        self.see("confidences, none yet")
        for index in range(13 * 25):
            plane = DISPLAY_ORDER[index // 25]
            session.confidences.add(make_view(plane.key, index))
        self.until(lambda: len(window.live.confidences.planes) == 13)
        self.see("confidences")
        window.actions_set[Act.CONFIDENCES].trigger()
        session.past = tuple(make_view("lips", index) for index in range(20))
        self.act(Act.FREEZE)
        self.see("frozen")
        self.act(Act.FREEZE)
        notices = session.notices
        notices.put(Notice(Level.WARNING, "A warning that says something", "And what to do"))
        notices.put(Notice(Level.ERROR, "An error with rather many words in it", "Try again"))
        self.see("notices")
        while window.toasts.dismiss_newest():
            pass
        frame = replace(make_frame(1, info=GRABBER), captured_at_s=time.monotonic() + 1e6)
        session.show(fake_view("4ch", frame=frame), self.grabber)
        self.see("live source")
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(window.controller.screens, "state", ScreenState.NEW)
            self.see("a new screen")
        window.live.viewport.draw_crop(True)
        self.see("a rectangle is drawn")
        window.live.viewport.draw_crop(False)
        session.show(make_view("background", 5), self.recording)
        self.see("background")

    def over_the_exam(self) -> None:
        """What is asked while an exam runs, and what the scanner's screen is asked about."""
        window, controller = self.window, self.window.controller
        window.open_here(str(self.exam))
        self.seen_sheet("another source in mid-exam", ExamQuestion)
        self.act(Act.DEVICES)
        self.see_menu("device menu")
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(controller, "picture", lambda: View(screen_frame(), None))
            patched.setattr(controller.screens, "look", lambda _pixels: found_on(1))
            window.questions.check_crop()
            self.seen_sheet("crop of a screen", CropSheet)
        window.questions.show_keys()
        keys = window.questions.sheet
        assert isinstance(keys, KeysSheet)
        keys.choose(Act.FREEZE)
        self.see("a key is to be pressed")
        keys.key.setKeySequence(QKeySequence("H"))
        assert keys.give.isVisible()
        self.see("a key that is taken")
        window.questions.close()

    def end_of_exam(self) -> None:
        """The running exam ends; one capture of it has to be reviewed, and then none."""
        window, desk = self.window, self.window.controller.desk
        indices = count(200)

        def found() -> bool:
            view = make_view("lips", next(indices))
            for watcher in self.session.watchers:
                watcher(view)
            line = desk.line("lips")
            return line is not None and line.shown is not None

        self.until(found)
        self.see("a plane was found")
        self.act(Act.EXAM)
        self.until(lambda: window.questions.sheet is not None)
        sheet = window.questions.sheet
        assert isinstance(sheet, ExamEndSheet)
        self.until(lambda: sheet.desk.end is not None)
        assert sheet.desk.waiting
        self.see("end of the exam")
        for _ in sheet.desk.waiting:
            sheet.keep.click()
        self.until(lambda: sheet.desk.saved)
        self.seen_sheet("end of the exam, all reviewed", ExamEndSheet)

    def jobs(self) -> None:
        """A job that runs, one that failed and one that is done; closing while one runs."""
        window = self.window
        desk, go = window.controller.long_jobs, threading.Event()
        title = f"Export of {self.exam.name}"

        def hold(meter: Meter) -> JobResult:
            meter.expect(4)
            meter.step(2)
            go.wait(LIMIT_S)
            return JobResult("4 files written")

        def fail(_meter: Meter) -> JobResult:
            raise OutputError(f"{self.exam} cannot be written", "Choose another folder")

        note = f"{self.exam.name} is left out: it holds no picture"
        done = JobResult("4 files written", self.exam.parent, (note,))
        self.report_being_written(hold, go)
        started = [desk.start(Work(title, run)) for run in (lambda _meter: done, fail)]
        self.until(lambda: all(job.state.over for job in started))
        self.see("a job failed")
        held = desk.start(Work(title, hold))
        try:
            self.until(lambda: "50 %" in held.text)
            self.sheet("jobs", Act.JOBS)
            window.questions.ask_leave(lambda: None)
            self.see("closing while a job runs")
            leave = window.questions.sheet
            assert isinstance(leave, LeaveSheet)
            leave.wait.click()
            self.seen_sheet("waiting for a job", LeaveSheet)
        finally:
            go.set()
        self.until(lambda: held.state.over)
        while window.toasts.dismiss_newest():
            pass

    def report_being_written(self, hold: Callable[[Meter], JobResult], go: threading.Event) -> None:
        """A report sheet on which an export runs, and has ended."""
        self.act(Act.REPORT)
        sheet = self.window.questions.sheet
        assert isinstance(sheet, ReportSheet)
        sheet._begin(Work(f"Export of {self.exam.name}", hold))
        self.until(lambda: sheet._row is not None and "50 %" in sheet._row.job.text)
        sheet._refresh_row()
        try:
            self.see("report, being written")
        finally:
            go.set()
        self.until(lambda: sheet._row is None)
        go.clear()
        self.seen_sheet("report, written", ReportSheet)

    def review(self) -> None:
        window = self.window
        self.act(Act.PAGE_REVIEW)
        page = window.other(Page.REVIEW)
        assert isinstance(page, ReviewPage)
        self.see("review, empty")
        page.open(str(self.exam))
        desk = page.desk
        self.until(lambda: desk.progress is not None and desk.progress.state is RunState.DONE)
        self.until(lambda: len(desk.candidates) == 13)
        self.until(lambda: desk.candidates["femur"])
        desk.pick("femur")
        self.look_at_frame(page, desk.index)
        page.keys._actions[Act.CAPTURE].trigger()
        desk.words.note("A note on the whole recording that has rather many words in it")
        assert window.questions.sheet is None
        self.see("review")
        page.keys._actions[Act.CONFIDENCES].trigger()
        self.until(lambda: page.curve.picture is not None and page.curve.picture.marks)
        self.see("review, confidences")
        page.keys._actions[Act.CONFIDENCES].trigger()
        self.sheet("key sheet of review", Act.HELP)
        page.over.ask_label()
        self.see("menu of names")
        page.over.close()
        desk.words.correct("brain_cb", FEMUR, FEMUR)
        self.look_at_frame(page, FEMUR)
        self.see("a label that is not the model's")
        desk.words.undo()
        self.until(lambda: window.toasts.dismiss_newest())  # that it was undone
        page.over.begin_compare()
        self.see("side by side")
        page.over.close()
        self.boxes(page)
        self.choices(page)

    def look_at_frame(self, page: ReviewPage, frame: int) -> None:
        desk = page.desk
        desk.step_to(frame)
        self.until(lambda: desk.shown == frame and desk.view is not None and desk.view.analysis)

    def boxes(self, page: ReviewPage) -> None:
        """A box is drawn."""
        self.look_at_frame(page, FEMUR)
        draw = page.keys._actions[Act.DRAW_BOX]
        draw.trigger()
        self.see("drawing of a box, none yet")
        page.keys._actions[Act.NETWORK_BOX].trigger()
        assert page.desk.corrections.boxes
        self.see("drawing of a box")
        draw.trigger()

    def choices(self, page: ReviewPage) -> None:
        """Frames that are called something else are chosen, and are to be exported."""
        desk = page.desk
        desk.pick("brain_tv", jump=False)
        self.look_at_frame(page, LIPS)
        page.keys._actions[Act.CAPTURE].trigger()
        self.seen_sheet("a choice that is called something else", ConflictSheet)
        for plane, frame in (("brain_tv", LIPS), ("profile", 160), ("rvot", 170)):
            desk.words.choose(plane, frame)
        page.keys._actions[Act.EXPORT].trigger()
        sheet = self.window.questions.sheet
        assert isinstance(sheet, ExportSheet)
        self.until(lambda: not sheet.without_picture())
        sheet.rows[0].keep.click()
        self.seen_sheet("export list", ExportSheet)

    def practice(self) -> None:
        window = self.window
        self.act(Act.PAGE_PRACTICE)
        page = window.other(Page.PRACTICE)
        assert isinstance(page, PracticePage)
        page.open(str(self.exam))
        desk = page.desk
        self.until(lambda: desk.knowledge.answers is not None)
        self.see("practice, start")
        self.wholly_seen("practice, start", page.start.begin)
        self.sheet("key sheet of practice", Act.HELP)
        self.questions(page)
        for class_mode in (False, True):
            name = "class" if class_mode else "practice"
            desk.start(PracticeWish(str(self.exam), "trainee 1", 2, class_mode))
            self.until(lambda: desk.frame is not None)
            self.see(f"{name}, exercise")
            self.freeze_on_plane(desk)
            self.see(f"{name}, frozen")
            desk.enter()
            assert desk.attempt is not None
            self.until(
                lambda: all(desk.exam.looked_at(one) is not None for one in desk.reveal_frames)
            )
            self.see(f"{name}, answer")
            desk.end()
            assert desk.stage is Stage.RESULT
            self.see(f"{name}, result")
        desk.show(Stage.PROGRESS)
        self.see("progress")
        desk.show(Stage.TRAINEES)
        self.see("all trainees")

    def freeze_on_plane(self, desk: PracticeDesk) -> None:
        """Name the plane that is asked for, on a frame that shows it."""
        desk.freeze()
        exercise = desk.exercise
        assert exercise is not None
        view = exercise.question.view
        desk.step((view.first + view.last) // 2 - exercise.index)
        self.until(lambda: exercise.index in range(view.first, view.last + 1))
        desk.name(view.plane)

    def questions(self, page: PracticePage) -> None:
        """A teacher chooses, orders and marks; the set is kept, and asked for a moment."""
        page.start.choose.click()
        sheet = self.window.questions.sheet
        assert isinstance(sheet, QuestionsSheet)
        self.see("questions, all")
        sheet.rows["femur"].asked.click()
        sheet.rows["lvot"].absent.click()
        sheet.rows["lips"].down.click()
        sheet.export_to(str(self.exam / "questions.json"))  # in no folder: the sheet says so
        assert sheet.said.text()
        self.see("questions, chosen and ordered")
        sheet.save()
        self.see("practice, start with a set")
        page.desk.forget_questions(page.desk.knowledge.content)


@pytest.fixture(scope="module")
def exams(tmp_path_factory: pytest.TempPathFactory, recording: Path) -> Callable[[str], Path]:
    """Makes an analysed exam of a name; once for each, of what the run has analysed already."""

    @lru_cache
    def made(name: str) -> Path:
        folder = tmp_path_factory.mktemp("seen")
        shutil.copytree(recording.parent / "analyses", folder / "analyses")
        return write_analysed(folder / f"{name}.mp4")

    return made


@pytest.fixture
def walk(
    request: pytest.FixtureRequest, qtbot: QtBot, exams: Callable[[str], Path], tmp_path: Path
) -> Iterator[Walk]:
    (wide, high), theme, long = request.param
    name, longer = (LONG_NAME, LONG_NAME) if long else ("An exam with a long name", "")
    exam = exams(name)
    shutil.copytree(exam.parent / "reviews", paths.reviews())
    shutil.copytree(exam.parent / "analyses", paths.analyses())
    session = FakeSession()
    services = replace(
        make_services(FakeModels(), [], devices=[longer or "USB Capture HDMI"]),
        make_analyser=lambda settings, synthetic, tell: made_analyser(threshold=settings.threshold),
        exams=ExamStore(tmp_path / "exams"),
    )
    recent = [str(exam), "rtsp://192.168.1.20:554/live/a-rather-long-name-of-a-stream"]
    settings = Settings(theme=theme, crop="full", recent=recent)
    if long:
        settings.own_crops = {LONG_NAME: "0,0,100,100"}
    window = build(session, services, settings, [], high)  # type: ignore[arg-type]
    qtbot.addWidget(window)
    window.resize(wide, high)
    window.show()
    assert (window.width(), window.height()) == (wide, high)
    window.begin()
    qtbot.waitUntil(lambda: not window.controller.jobs.busy)
    window.display.stop()  # the walk ticks by itself
    yield Walk(qtbot, window, session, exam, longer)
    window.close()


CASES = [
    pytest.param((size, theme, False), id=f"{size[0]}x{size[1]}-{theme}")
    for size in SIZES_PX
    for theme in THEMES
]
CASES.append(pytest.param((SIZES_PX[1], "dark", True), id="names of 200 characters"))


@pytest.mark.qt_log_ignore("This plugin does not support")  # of menus, where there is no screen
@pytest.mark.parametrize("walk", CASES, indirect=True)
def test_nothing_is_cut_hidden_or_unreadable(walk: Walk, request: pytest.FixtureRequest) -> None:
    walk.live()
    walk.over_the_exam()
    walk.end_of_exam()
    walk.jobs()
    walk.review()
    walk.practice()
    lines = [f"{name}: {finding}" for name, finding in walk.found]
    assert not lines, "\n".join(dict.fromkeys(lines))
