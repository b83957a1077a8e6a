"""The practice page: start, exercise, result, progress and all trainees in one place."""

from __future__ import annotations

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QStackedWidget

from sonoassist.gui.acts import Place
from sonoassist.gui.practice.desk import PracticeDesk
from sonoassist.gui.practice.exercise_panel import ExercisePanel
from sonoassist.gui.practice.progress_panel import ProgressPanel
from sonoassist.gui.practice.result_panel import ResultPanel
from sonoassist.gui.practice.services import PracticeServices, Stage
from sonoassist.gui.practice.start_panel import StartPanel
from sonoassist.gui.practice.status import status_items
from sonoassist.gui.practice.trainees_panel import TraineesPanel
from sonoassist.gui.status_line import StatusItem
from sonoassist.gui.theme import Look
from sonoassist.practice.wish import PracticeWish


class PracticePage(QStackedWidget):
    """A page of the window; see `gui.page.PageWidget`.

    Signals:
        file_asked: A recording is to be chosen.
        questions_asked: The questions on the exam are to be chosen; see `QuestionsSheet`.
    """

    file_asked = pyqtSignal()
    questions_asked = pyqtSignal()

    def __init__(self, services: PracticeServices, look: Look) -> None:
        super().__init__()
        self.setObjectName("page")
        self.desk = PracticeDesk(services)
        self.start = StartPanel(self.desk, look)
        self.exercise = ExercisePanel(self.desk, look)
        self.result = ResultPanel(self.desk, look)
        self.progress = ProgressPanel(self.desk, look)
        self.trainees = TraineesPanel(self.desk, look)
        self._shown = self._before = Stage.START
        self._entered = False
        for panel in self._panels:
            self.addWidget(panel)
        self.desk.changed.connect(self._follow)
        self.desk.learned.connect(self._on_learned)
        self.start.start_asked.connect(self.desk.start)
        self.start.file_asked.connect(self.file_asked)
        self.start.questions_asked.connect(self.questions_asked)
        self.result.again.connect(lambda: self.desk.start(self.desk.wish))
        self.trainees.back.connect(self.close_over)

    @property
    def _panels(
        self,
    ) -> tuple[StartPanel | ExercisePanel | ResultPanel | ProgressPanel | TraineesPanel, ...]:
        return self.start, self.exercise, self.result, self.progress, self.trainees

    def prepare(self, wish: PracticeWish) -> None:
        """Fill in what was wished for on the command line; Enter starts it."""
        self.desk.prepare(wish)
        self.start.show_wish(self.desk.wish)

    # -- the page --------------------------------------------------------------------------

    def set_look(self, look: Look) -> None:
        """Change theme or size."""
        for panel in self._panels:
            panel.set_look(look)
        self._follow()

    def open(self, spec: str) -> None:
        """The user chose a recording."""
        self.desk.open(spec)

    def enter(self) -> None:
        """It is shown from now on."""
        self._entered = True
        self.desk.enter_page()
        if not self.desk.spec and self.desk.services.demo is not None:
            self.desk.open(str(self.desk.services.demo))
        self._show(self.desk.stage)

    @property
    def help_name(self) -> str:
        """Name of its text in `resources/help`."""
        return "practice"

    @property
    def place(self) -> Place:
        """Whose keys it has."""
        return Place.PRACTICE

    def leave(self) -> None:
        """Another page is shown from now on."""
        self._entered = False
        self.desk.leave_page()

    def cover(self) -> None:
        """A sheet lies over it: a running question freezes."""
        self.desk.cover()

    def close_over(self) -> bool:
        """Go back from all trainees to where they were asked for; returns whether it did."""
        if self._shown is not Stage.TRAINEES:
            return False
        self.desk.show(self._before)
        return True

    def let_go(self, exam_id: str) -> None:
        """An exam is to be deleted."""
        self.desk.let_go(exam_id)

    def status_items(self) -> list[StatusItem]:
        """The exam, whose word counts, and the network whose results that is."""
        return status_items(self.desk)

    def model_warning(self) -> str:
        """The page says itself where the model's word counts."""
        return ""

    def stop(self) -> None:
        """The window closes."""
        self.desk.stop()
        self.exercise.end()

    # -- following the desk ----------------------------------------------------------------

    def _follow(self) -> None:
        if self.desk.stage is not self._shown:
            self._show(self.desk.stage)
        elif self._shown is Stage.EXERCISE:
            self.exercise.refresh()
        elif self._shown is Stage.START:
            self.start.refresh()

    def _on_learned(self) -> None:
        if self._shown is Stage.START:
            self.start.refresh()

    def _show(self, stage: Stage) -> None:
        if self._shown is Stage.EXERCISE and stage is not Stage.EXERCISE:
            self.exercise.end()
        if stage is Stage.TRAINEES and self._shown is not stage:
            self._before = self._shown
        self._shown = stage
        panels = {
            Stage.START: (self.start, self.start.enter),
            Stage.EXERCISE: (self.exercise, self.exercise.begin),
            Stage.RESULT: (self.result, self.result.refresh),
            Stage.PROGRESS: (self.progress, self.progress.refresh),
            Stage.TRAINEES: (self.trainees, self.trainees.refresh),
        }
        panel, fill = panels[stage]
        self.setCurrentWidget(panel)
        self.setFocusProxy(panel)
        fill()
        if self._entered:
            panel.setFocus()
