"""A practice page on the bundled demo exam, with an analyser that knows the truth."""

from __future__ import annotations

import functools
import shutil
from pathlib import Path

import numpy as np
from filelock import FileLock
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QLabel, QWidget
from pytestqt.qtbot import QtBot

from made_analyses import analysis_of, shares_of
from plain_screens import PlainScreens
from real_models import card_of
from review.review_made import BrightEngine
from sonoassist.analysis.analyser import Analyser, AnalyserOptions
from sonoassist.analysis.preparing import Ready
from sonoassist.core import paths
from sonoassist.core.packets import Analysis, Box
from sonoassist.core.planes import BY_KEY
from sonoassist.gui.actions import BY_ACT, PLANE_ACTS
from sonoassist.gui.practice.page import PracticePage
from sonoassist.gui.practice.services import PracticeServices, Stage
from sonoassist.gui.theme import Look
from sonoassist.practice.answers import PlaneView, answers_from_truth
from sonoassist.practice.exercise import Exercise
from sonoassist.practice.history import PracticeHistory
from sonoassist.practice.set_store import SetStore
from sonoassist.practice.truth import truth_beside
from sonoassist.preprocess.crop import parse_crop
from sonoassist.preprocess.screen_reader import ScreenReader
from sonoassist.recordings.correction_store import CorrectionStore

FRAME_S = 1 / 12
DEMO = Path(str(paths.demo_exam()))


class Clock:
    """Goes on only while the tests let it."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@functools.cache
def _views_of_demo() -> tuple[PlaneView, ...]:
    truth = truth_beside(str(DEMO), 1080)
    assert truth is not None
    return answers_from_truth(truth.labels, np.arange(1080) / 12, {}).views


class Knower(Analyser):
    """Surest ten frames into each view of the demo exam."""

    def __init__(self) -> None:
        options = AnalyserOptions(parse_crop("full"))
        super().__init__(BrightEngine(), card_of("sononet16"), options, ScreenReader(PlainScreens))
        self._views = _views_of_demo()

    def judge(self, ready: Ready) -> Analysis:
        frame = ready.frame
        view = next((one for one in self._views if one.first <= frame.index <= one.last), None)
        if view is None:
            return analysis_of(frame, shares_of("background", 0.95))
        share = 0.95 - 0.01 * abs(frame.index - view.first - 10)
        return analysis_of(frame, shares_of(view.plane, share), box=Box(100, 100, 300, 250))


def make_page(
    qtbot: QtBot,
    look: Look,
    folder: Path,
    clock: Clock,
    make_analyser: object = None,
    shared: Path | None = None,
) -> PracticePage:
    """A page that has examined the demo exam.

    Where `shared` is given, the exam is analysed for the first page of a run only.
    """
    if shared is None:
        return _page(qtbot, look, folder, clock, make_analyser)
    kept = CorrectionStore(folder / "reviews").cache.folder
    shared.parent.mkdir(exist_ok=True)
    with FileLock(shared.with_suffix(".lock")):
        if shared.exists():
            shutil.copytree(shared, kept)
        page = _page(qtbot, look, folder, clock, make_analyser)
        if not shared.exists():
            shutil.copytree(kept, shared)
    return page


def _page(
    qtbot: QtBot, look: Look, folder: Path, clock: Clock, make_analyser: object
) -> PracticePage:
    reviews = CorrectionStore(folder / "reviews")
    services = PracticeServices(
        make_analyser=make_analyser or (lambda _synthetic, _tell: Knower()),  # type: ignore[arg-type]
        history=PracticeHistory(folder / "history.sqlite"),
        demo=DEMO,
        clock_s=clock,
        reviews=reviews,
        sets=SetStore(folder / "sets"),
    )
    page = PracticePage(services, look)
    qtbot.addWidget(page)
    page.setMinimumSize(960, 600)  # as in the window, which does not follow its contents
    page.resize(1280, 800)
    page.show()
    page.enter()
    qtbot.waitUntil(lambda: page.desk.knowledge.share == 1.0)
    return page


class Trainee:
    """Presses keys on the page, and looks at what is written there."""

    def __init__(self, qtbot: QtBot, page: PracticePage, clock: Clock) -> None:
        self._qtbot = qtbot
        self.page = page
        self._clock = clock
        self._came = False  # a frame on whose time the clock has not been turned yet
        page.desk.framed.connect(self._on_frame)

    def _on_frame(self) -> None:
        self._came = True

    @property
    def exercise(self) -> Exercise:
        exercise = self.page.desk.exercise
        assert exercise is not None
        return exercise

    @property
    def right(self) -> str:
        return self.exercise.question.view.plane

    def start(self, questions: int, nickname: str = "trainee 1") -> None:
        start = self.page.start
        start.questions.setValue(questions)
        start.nickname.setEditText(nickname)
        start.setFocus()
        self.press(Qt.Key.Key_Return)
        assert self.page.desk.stage is Stage.EXERCISE

    def press(self, key: Qt.Key, *, shift: bool = False) -> None:
        panel = self.page.currentWidget()
        assert panel is not None
        panel.activateWindow()
        self._qtbot.waitUntil(panel.hasFocus)
        held = Qt.KeyboardModifier
        self._qtbot.keyClick(panel, key, held.ShiftModifier if shift else held.NoModifier)

    def name(self, plane: str) -> None:
        key = BY_ACT[PLANE_ACTS[plane]].keys[0]
        self.press(getattr(Qt.Key, f"Key_{key[-1]}"), shift=True)

    def watch_until(self, index: int) -> None:
        """Let the exam play, frame by frame, until frame `index` is on screen or it ends."""

        def reached() -> bool:
            if not self.exercise.playing or self.exercise.index >= index:
                return True
            if self._came:
                self._came = False
                self._clock.now_s += FRAME_S + 1e-6
            return False

        self._qtbot.waitUntil(reached)

    def freeze_at(self, index: int) -> None:
        """Freeze, and step to a frame."""
        self.press(Qt.Key.Key_Space)
        while self.exercise.index != index:
            ahead = index > self.exercise.index
            before = self.exercise.index
            self.press(Qt.Key.Key_Right if ahead else Qt.Key.Key_Left)
            self._qtbot.waitUntil(lambda before=before: self.exercise.index != before)

    def answer(self) -> None:
        self.press(Qt.Key.Key_Return)

    def see_reveal(self) -> None:
        frames = self.page.desk.reveal_frames
        self._qtbot.waitUntil(
            lambda: all(self.page.desk.exam.looked_at(one) is not None for one in frames),
        )

    def check_hidden(self) -> None:
        """Nothing on the page tells the answer."""
        plane = BY_KEY[self.right]
        for text in texts(self.page.exercise):
            assert plane.label not in text
            assert plane.full_name not in text
        buttons = self.page.exercise.answers.buttons
        assert all(not button.marked for button in buttons.values())
        for picture in (self.page.exercise.yours, self.page.exercise.best):
            view = picture.viewport.view
            assert view is None or view.analysis is None


def texts(widget: QWidget) -> list[str]:
    return [label.text() for label in widget.findChildren(QLabel)]
