"""All pages and sheets as they are seen, at the sizes of screens that there are, in both themes.

960 x 540 is a screen of 1920 x 1080 at 200 %.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from gui_fakes import GRABBER, RECORDING, FakeModels, FakeSession, make_frame, make_services
from gui_fakes import make_view as fake_view
from PyQt6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from seen.checks import Finding, look_at

from review.review_made import made_analyser, write_analysed
from sonoassist.core import paths
from sonoassist.core.settings import Settings
from sonoassist.exam.store import ExamStore
from sonoassist.gui.actions import Act
from sonoassist.gui.compose import build
from sonoassist.gui.main_window import MainWindow
from sonoassist.gui.page import Page
from sonoassist.gui.practice.page import PracticePage
from sonoassist.gui.practice.services import Stage
from sonoassist.gui.review.page import ReviewPage
from sonoassist.live.status import Level, Notice, View
from sonoassist.practice.wish import PracticeWish
from sonoassist.recordings.records import RunState

SIZES_PX = ((960, 540), (1024, 768), (1920, 1080))
THEMES = ("dark", "light")


def make_view(key: str, index: int) -> View:
    """A view whose frame is captured while the exams run."""
    frame = replace(make_frame(index), captured_at_s=time.monotonic() + 1e6 + index / 25)
    return fake_view(key, frame=frame)


class Walk:
    """A window that is brought from page to page; what is seen to be wrong is collected."""

    def __init__(self, qtbot: QtBot, window: MainWindow, session: FakeSession, exam: Path) -> None:
        self.qtbot, self.window, self.session, self.exam = qtbot, window, session, exam
        self.found: list[tuple[str, Finding]] = []

    def see(self, name: str) -> None:
        """Look at what is shown now."""
        self.until(lambda: not self.window.controller.jobs.busy)
        self.window.display.refresh()
        self.window.display.tick()
        for _ in range(3):  # one arrangement may ask for another
            QApplication.sendPostedEvents()
            QApplication.processEvents()
        self.found += [(name, finding) for finding in look_at(self.window)]

    def act(self, act: Act) -> None:
        self.window.actions_set[act].trigger()

    def until(self, condition: Callable[[], object]) -> None:
        def turn() -> bool:
            self.window.display.tick()
            return bool(condition())

        self.qtbot.waitUntil(turn)

    def sheet(self, name: str, act: Act) -> None:
        """Look at a sheet that an action opens, and close it."""
        self.act(act)
        assert self.window.questions.sheet is not None, name
        self.see(name)
        self.window.questions.close()

    # -- pages -----------------------------------------------------------------------------

    def live(self) -> None:
        window, session = self.window, self.session
        self.see("start page")
        for name, act in (
            ("settings", Act.SETTINGS), ("change keys", Act.KEYS), ("key sheet", Act.HELP),
            ("stream", Act.STREAM),
        ):  # fmt: skip
            self.sheet(name, act)
        session.show(make_view("femur", 0))
        window.display.refresh()
        self.until(lambda: window.controller.desk.view is not None)
        self.see("exam begins")
        self.act(Act.CAPTURE)
        desk = window.controller.desk
        self.until(lambda: (line := desk.line("femur")) is not None and line.shown is not None)
        self.see("exam with a capture")
        for name, act in (
            ("capture", Act.LOOK), ("note", Act.NOTE), ("study number", Act.STUDY),
            ("exams", Act.EXAMS), ("report", Act.REPORT),
        ):  # fmt: skip
            self.sheet(name, act)
        window.actions_set[Act.TIMING].trigger()
        self.see("times of frames")
        window.actions_set[Act.TIMING].trigger()
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
        session.show(fake_view("4ch", frame=frame), GRABBER)
        self.see("live source")
        session.show(make_view("background", 5), RECORDING)
        self.see("background")

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
        desk.pick("femur")
        self.until(lambda: desk.view is not None and desk.view.analysis is not None)
        page.keys._actions[Act.CAPTURE].trigger()
        desk.words.note("A note on the whole recording that has rather many words in it")
        self.see("review")
        self.sheet("key sheet of review", Act.HELP)
        page.over.ask_label()
        self.see("menu of names")
        page.over.close()
        page.over.begin_compare()
        self.see("side by side")
        page.over.close()

    def practice(self) -> None:
        window = self.window
        self.act(Act.PAGE_PRACTICE)
        page = window.other(Page.PRACTICE)
        assert isinstance(page, PracticePage)
        page.open(str(self.exam))
        desk = page.desk
        self.until(lambda: desk.knowledge.answers is not None)
        self.see("practice, start")
        self.sheet("key sheet of practice", Act.HELP)
        for class_mode in (False, True):
            name = "class" if class_mode else "practice"
            desk.start(PracticeWish(str(self.exam), "trainee 1", 2, class_mode))
            self.until(lambda: desk.frame is not None)
            self.see(f"{name}, exercise")
            desk.freeze()
            if desk.exercise is not None:
                desk.name(desk.exercise.question.view.plane)
            self.see(f"{name}, frozen")
            desk.enter()
            self.until(
                lambda: all(desk.exam.looked_at(one) is not None for one in desk.reveal_frames)
            )
            self.see(f"{name}, answer")
            desk.end()
            self.see(f"{name}, result")
        desk.show(Stage.PROGRESS)
        self.see("progress")
        desk.show(Stage.TRAINEES)
        self.see("all trainees")


@pytest.fixture(scope="module")
def exam(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_analysed(tmp_path_factory.mktemp("seen") / "An exam with a long name.mp4")


@pytest.fixture
def walk(
    request: pytest.FixtureRequest, qtbot: QtBot, exam: Path, tmp_path: Path
) -> Iterator[Walk]:
    (wide, high), theme = request.param
    shutil.copytree(exam.parent / "reviews", paths.reviews())
    shutil.copytree(exam.parent / "analyses", paths.analyses())
    session = FakeSession()
    services = replace(
        make_services(FakeModels(), []),
        make_analyser=lambda settings, synthetic, tell: made_analyser(),
        exams=ExamStore(tmp_path / "exams"),
    )
    recent = [str(exam), "rtsp://192.168.1.20:554/live/a-rather-long-name-of-a-stream"]
    settings = Settings(theme=theme, crop="full", recent=recent)
    window = build(session, services, settings, [])  # type: ignore[arg-type]
    qtbot.addWidget(window)
    window.resize(wide, high)
    window.show()
    assert (window.width(), window.height()) == (wide, high)
    window.begin()
    qtbot.waitUntil(lambda: not window.controller.jobs.busy)
    window.display.stop()  # the walk ticks by itself
    yield Walk(qtbot, window, session, exam)
    window.close()


CASES = [
    pytest.param((size, theme), id=f"{size[0]}x{size[1]}-{theme}")
    for size in SIZES_PX
    for theme in THEMES
]


@pytest.mark.parametrize("walk", CASES, indirect=True)
def test_nothing_is_cut_hidden_or_unreadable(walk: Walk, request: pytest.FixtureRequest) -> None:
    walk.live()
    walk.review()
    walk.practice()
    lines = [f"{name}: {finding}" for name, finding in walk.found]
    assert not lines, "\n".join(dict.fromkeys(lines))
