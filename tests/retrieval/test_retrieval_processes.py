from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.context import SpawnProcess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_retrieval_worker import order, task

from commands.retrieve_help import film
from sonoassist.analysis.analyser import Analyser
from sonoassist.recordings.cache import AnalysisCache
from sonoassist.retrieval import processes
from sonoassist.retrieval.crew import Died, Done, Event, Failed, WorkerProgress
from sonoassist.retrieval.order import Task
from sonoassist.retrieval.processes import ProcessCrew, shares, usual_jobs
from sonoassist.retrieval.worker import Searcher


@given(st.integers(1, 64), st.integers(1, 70))
def test_cores_are_shared_evenly_and_none_is_left(count: int, workers: int) -> None:
    found = shares(list(range(count)), workers)
    assert len(found) == workers
    if workers <= count:
        assert [core for share in found for core in share] == list(range(count))
        assert max(map(len, found)) - min(map(len, found)) <= 1
    else:
        assert all(share == list(range(count)) for share in found)


def test_the_usual_number_of_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "cores", lambda: list(range(8)))
    monkeypatch.setattr(processes, "usable_cores", lambda: 8)
    monkeypatch.setattr(processes, "_memory_bytes", lambda: 100e9)
    monkeypatch.setattr(os, "sched_setaffinity", lambda *words: None, raising=False)
    assert [usual_jobs(exams) for exams in (1, 3, 4, 10, 1000)] == [1, 1, 2, 5, 8]
    monkeypatch.setattr(processes, "_memory_bytes", lambda: 4e9)
    assert usual_jobs(1000) == 2
    monkeypatch.delattr(os, "sched_setaffinity")
    assert usual_jobs(1000) == 1


def endless(folder: Path) -> Task:
    """An exam that no test sees the end of: one recording, many times over.

    Each has a content of its own; else results of the first would serve for all.
    """
    data = film(folder / "long.mp4", frames=100).read_bytes()
    paths = [folder / f"long {number}.mp4" for number in range(200)]
    for number, path in enumerate(paths):
        box = b"free" + number.to_bytes(4, "big")
        path.write_bytes(data + (len(box) + 4).to_bytes(4, "big") + box)
    return task(*paths)


def until_idle(crew: ProcessCrew, worker: int) -> Event:
    while True:
        for event in crew.wait():
            if event.worker == worker and not isinstance(event, WorkerProgress):
                return event


def test_workers_do_what_one_process_does_and_go_on_after_a_bad_exam(tmp_path: Path) -> None:
    exams = [film(tmp_path / f"{seed}.mp4", seed) for seed in range(2)]
    bad = tmp_path / "bad.mp4"
    bad.write_text("no video")
    crew = ProcessCrew(order(), 2)
    try:
        assert list(crew.workers) == [0, 1]
        crew.give(0, task(bad))
        crew.give(1, task(exams[1]))
        failed = until_idle(crew, 0)
        assert isinstance(failed, Failed)
        assert "bad.mp4" in failed.reason
        crew.give(0, task(exams[0]))
        found = until_idle(crew, 0)
        assert isinstance(found, Done)
        alone = Searcher(order(), AnalysisCache(tmp_path / "alone"))
        assert found.bundle.files == alone.search(task(exams[0])).files
    finally:
        crew.close()
    assert list(crew.workers) == []


def test_two_workers_may_use_the_results_of_one_recording_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    exam = film(tmp_path / "a.mp4", frames=70)  # more than a stretch, which is kept as a whole
    copy = tmp_path / "copy" / "a.mp4"
    copy.parent.mkdir()
    copy.write_bytes(exam.read_bytes())
    crew = ProcessCrew(order(), 2)
    try:
        crew.give(0, task(exam))
        crew.give(1, task(copy))
        found: dict[int, Event] = {}
        while len(found) < 2:
            events = [one for one in crew.wait() if not isinstance(one, WorkerProgress)]
            found.update({one.worker: one for one in events})
    finally:
        crew.close()
    alone = Searcher(order(), AnalysisCache(tmp_path / "alone")).search(task(exam))
    for event in found.values():
        assert isinstance(event, Done)
        assert event.bundle.files == alone.files

    def never(analyser: Analyser, frame: object) -> None:
        raise AssertionError("the frames are analysed again")

    monkeypatch.setattr(Analyser, "judge", never)
    monkeypatch.setattr(Analyser, "warm_up", lambda analyser: None)
    assert Searcher(order()).search(task(exam)).files == alone.files
    assert len(AnalysisCache.default().contents()) == 1


@pytest.mark.skipif(sys.platform != "linux", reason="processes are looked up in /proc")
def test_a_worker_that_is_killed_is_replaced(tmp_path: Path) -> None:
    long, short = endless(tmp_path), film(tmp_path / "b.mp4")
    crew = ProcessCrew(order(), 1)
    try:
        children = Path(f"/proc/self/task/{os.getpid()}/children")
        before = {int(pid) for pid in children.read_text().split()}
        crew.give(0, long)
        while not any(isinstance(event, WorkerProgress) for event in crew.wait()):
            pass
        (victim,) = [pid for pid in before if b"spawn_main" in cmdline(pid)]
        os.kill(victim, signal.SIGKILL)
        died = until_idle(crew, 0)
        assert isinstance(died, Died)
        assert "SIGKILL" in died.how
        crew.give(0, task(short))
        assert isinstance(until_idle(crew, 0), Done)
    finally:
        crew.close()


def cmdline(pid: int) -> bytes:
    return Path(f"/proc/{pid}/cmdline").read_bytes()


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such signal")
@pytest.mark.parametrize("early", [True, False])
def test_ctrl_c_while_a_worker_starts_is_acted_upon_afterwards(
    monkeypatch: pytest.MonkeyPatch, early: bool
) -> None:
    real = SpawnProcess.start
    started: list[SpawnProcess] = []

    def interrupted(process: SpawnProcess) -> None:
        if early:
            os.kill(os.getpid(), signal.SIGINT)
        real(process)
        started.append(process)
        if not early:
            os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(SpawnProcess, "start", interrupted)
    with interruptible(), pytest.raises(KeyboardInterrupt):
        ProcessCrew(order(), 2)
    assert len(started) == 1
    assert multiprocessing.active_children() == []
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, ())


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such signal")
def test_a_worker_is_deaf_to_ctrl_c_from_its_beginning_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = SpawnProcess.start

    def shot_at(process: SpawnProcess) -> None:
        real(process)
        assert process.pid is not None
        os.kill(process.pid, signal.SIGINT)

    monkeypatch.setattr(SpawnProcess, "start", shot_at)
    crew = ProcessCrew(order(), 1)
    try:
        crew.give(0, task(film(tmp_path / "a.mp4")))
        assert isinstance(until_idle(crew, 0), Done)
    finally:
        crew.close()


@contextmanager
def interruptible() -> Iterator[None]:
    """A shell that runs the tests in the background has Ctrl-C ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def test_closing_ends_a_busy_worker(tmp_path: Path) -> None:
    crew = ProcessCrew(order(), 1)
    crew.give(0, endless(tmp_path))
    while not any(isinstance(event, WorkerProgress) for event in crew.wait()):
        pass
    crew.close()
    assert list(crew.workers) == []
