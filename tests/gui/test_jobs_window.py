"""Jobs in the window: the bar, the list, what is asked when it is closed, texts that are cut."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from gui_fakes import FakeSession
from PyQt6.QtGui import QCloseEvent
from PyQt6.QtWidgets import QLabel, QWidget
from pytestqt.qtbot import QtBot

from sonoassist.core.errors import OutputError
from sonoassist.core.jobs import Job, JobResult, JobState, Work
from sonoassist.core.progress import Meter
from sonoassist.exam.works import waiting_work
from sonoassist.gui.acts import Act
from sonoassist.gui.elided import ElidedLabel
from sonoassist.gui.jobs_sheet import JobsSheet, LeaveSheet
from sonoassist.gui.main_window import MainWindow
from waiting import LIMIT_S


class Held:
    """A work that waits in its middle until the test lets it go."""

    def __init__(self, folder: Path | None = None) -> None:
        self.go = threading.Event()
        self._folder = folder

    def run(self, meter: Meter) -> JobResult:
        meter.expect(4)
        meter.step(2)
        self.go.wait(LIMIT_S)
        meter.step(2)
        return JobResult("4 files written", self._folder, ("One is left out",))

    @property
    def work(self) -> Work:
        return Work("Export of exam 2031", self.run)


@pytest.fixture
def held() -> Iterator[Held]:
    made = Held()
    yield made
    made.go.set()


def jobs_sheet(window: MainWindow) -> JobsSheet:
    window.actions_set[Act.JOBS].trigger()
    sheet = window.questions.sheet
    assert isinstance(sheet, JobsSheet)
    return sheet


def test_a_job_is_shown_while_the_window_is_used(
    qtbot: QtBot, window: MainWindow, session: FakeSession, held: Held
) -> None:
    desk, bar = window.controller.long_jobs, window.jobs_bar
    assert bar.isHidden()
    job = desk.start(held.work)
    qtbot.waitUntil(lambda: "50 %" in job.text)
    bar.refresh()
    assert not bar.isHidden()
    assert bar.title.text() == "Export of exam 2031"
    assert bar.bar.value() == bar.bar.maximum() // 2
    row = jobs_sheet(window).rows[job]
    row.refresh()
    assert "50 %" in row.said.text()
    assert (row.cancel.isHidden(), row.again.isHidden(), row.folder.isHidden()) == (
        False,
        True,
        True,
    )
    window.questions.close()
    held.go.set()
    qtbot.waitUntil(lambda: bar.isHidden())
    (said,) = session.notices.take()
    assert (said.title, said.hint) == ("Export of exam 2031: 4 files written", "One is left out")


def test_a_job_is_cancelled_and_done_again_on_the_list(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    held = Held(tmp_path)
    job = window.controller.long_jobs.start(held.work)
    sheet = jobs_sheet(window)
    qtbot.waitUntil(lambda: job.state is JobState.RUNNING)
    sheet.rows[job].cancel.click()
    held.go.set()
    qtbot.waitUntil(lambda: job.state is JobState.CANCELLED)
    qtbot.waitUntil(lambda: not sheet.rows[job].again.isHidden())
    assert "nothing was left behind" in sheet.rows[job].said.text()
    sheet.rows[job].again.click()
    qtbot.waitUntil(lambda: not sheet.rows[job].folder.isHidden())
    assert "One is left out" in sheet.rows[job].said.text()
    sheet.clear.click()
    assert sheet.rows == {}


def failing(_meter: Meter) -> JobResult:
    raise OutputError("the disk is full", "Run: rm -r", click="Free some space")


def test_a_failure_stays_in_sight_until_it_was_seen(qtbot: QtBot, window: MainWindow) -> None:
    desk, bar = window.controller.long_jobs, window.jobs_bar
    told: list[Job] = []

    def over(job: Job) -> bool:
        told.append(job)
        return True

    job = desk.start(Work("Export", failing), over)
    qtbot.waitUntil(lambda: bool(told))
    assert bar.said.text() == "The disk is full. Free some space"
    assert (bar.again.isHidden(), bar.cancel.isHidden(), bar.bar.isHidden()) == (
        False,
        True,
        True,
    )
    bar.again.click()
    qtbot.waitUntil(lambda: told == [job, job])
    jobs_sheet(window)
    assert bar.isHidden()


def test_a_window_with_jobs_asks_before_it_closes(
    qtbot: QtBot, window: MainWindow, held: Held
) -> None:
    job = window.controller.long_jobs.start(held.work)
    assert not window.close()
    sheet = window.questions.sheet
    assert isinstance(sheet, LeaveSheet)
    assert "Export of exam 2031" in [one.text() for one in sheet.findChildren(ElidedLabel)]
    sheet.stay.click()
    assert window.questions.sheet is None
    assert not window.close()
    sheet = window.questions.sheet
    assert isinstance(sheet, LeaveSheet)
    sheet.wait.click()
    held.go.set()
    qtbot.waitUntil(lambda: window.isHidden())
    assert job.state is JobState.DONE


def test_a_window_that_is_closed_all_the_same_cancels_its_jobs(
    qtbot: QtBot, window: MainWindow, held: Held
) -> None:
    job = window.controller.long_jobs.start(held.work)
    qtbot.waitUntil(lambda: job.state is JobState.RUNNING)
    window.closeEvent(QCloseEvent())
    sheet = window.questions.sheet
    assert isinstance(sheet, LeaveSheet)
    job.work.run.__self__.go.set()  # type: ignore[attr-defined]
    sheet.cancel.click()
    qtbot.waitUntil(lambda: window.isHidden())
    assert job.state.over


def test_files_that_wait_for_the_pacs_are_offered(window: MainWindow) -> None:
    assert waiting_work() is None
    assert jobs_sheet(window).outbox.isHidden()


@pytest.mark.parametrize("text", ["a" * 400 + ".mp4", "short.mp4", "two\nlines.mp4", ""])
def test_a_name_takes_no_more_than_its_space(qtbot: QtBot, text: str) -> None:
    box = QWidget()
    qtbot.addWidget(box)
    label = ElidedLabel(text, parent=box)
    label.resize(120, 20)
    whole = " ".join(text.split())
    assert (label.text(), label.toolTip()) == (whole, whole)
    metrics = label.fontMetrics()
    assert metrics.horizontalAdvance(label.shown_text()) <= 120
    assert label.minimumSizeHint().width() <= metrics.horizontalAdvance("m" * 6)
    assert label.shown_text()[-4:] == whole[-4:]  # the ending of a name can be read
    assert label.sizeHint().height() >= QLabel("x").fontMetrics().height()
