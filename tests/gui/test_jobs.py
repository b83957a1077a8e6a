"""Work off the GUI thread, and how its results come back to it."""

from __future__ import annotations

import threading

from PyQt6.QtCore import QObject, pyqtSignal
from pytestqt.qtbot import QtBot

from sonoassist.gui.jobs import Jobs
from waiting import wait_until


class Collector(QObject):
    finished = pyqtSignal()

    def __init__(self) -> None:
        super().__init__()
        self.jobs = Jobs(self.finished.emit)
        self.finished.connect(self.jobs.collect)
        self.got: list[object] = []
        self.threads: set[threading.Thread] = set()

    def take(self, what: object) -> None:
        self.got.append(what)
        self.threads.add(threading.current_thread())


def test_results_and_errors_come_back_to_the_thread_that_collects(qtbot: QtBot) -> None:
    collector, error = Collector(), OSError("no disk")

    def fail() -> None:
        raise error

    collector.jobs.start("good", lambda: 3, collector.take, collector.take)
    qtbot.waitUntil(lambda: collector.got == [3])
    collector.jobs.start("bad", fail, collector.take, collector.take)
    qtbot.waitUntil(lambda: collector.got == [3, error])
    assert collector.threads == {threading.main_thread()}
    qtbot.waitUntil(lambda: not collector.jobs.busy)
    collector.jobs.stop()


def test_what_reports_by_itself_counts_as_work_until_it_has_ended() -> None:
    jobs, go = Jobs(), threading.Event()
    jobs.run("own", go.wait)
    assert jobs.busy
    go.set()
    wait_until(lambda: not jobs.busy)
    jobs.stop()


def test_what_ends_after_the_stop_calls_nobody() -> None:
    called: list[str] = []
    go, ended = threading.Event(), threading.Event()

    def work() -> None:
        go.wait()
        ended.set()

    jobs = Jobs(lambda: called.append("finished"))
    jobs.start("slow", work, called.append, called.append)  # type: ignore[arg-type]
    (thread,) = jobs._threads
    jobs.stop(timeout_s=0.0)
    go.set()
    thread.join()
    assert ended.is_set()
    assert called == []
