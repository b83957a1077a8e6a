from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from orders_made import bundle_of, exam_at, order

from sonoassist.core.errors import EngineError, OutputError
from sonoassist.retrieval.crew import Died, Done, Event, Failed, Useless, WorkerProgress
from sonoassist.retrieval.exams import FailedExam, FoundExams, RecordedExam
from sonoassist.retrieval.order import Task
from sonoassist.retrieval.output import OutputFolder
from sonoassist.retrieval.running import RetrievalPlan, RunSummary, make_plan, run

ORDER = order()
Answer = Callable[[int, Task], Event | None]


def done(worker: int, task: Task) -> Event:
    return Done(worker, bundle_of(task, ORDER))


class FakeCrew:
    """Answers at once; `answer` may return None for a worker that is gone for good."""

    def __init__(self, count: int, answer: Answer = done) -> None:
        self.alive = list(range(count))
        self.given: list[str] = []
        self.closed = False
        self._answer = answer
        self._open: deque[tuple[int, Task]] = deque()

    @property
    def workers(self) -> Sequence[int]:
        return self.alive

    def give(self, worker: int, task: Task) -> None:
        assert worker not in [one for one, _ in self._open]
        self.given.append(task.name)
        self._open.append((worker, task))

    def wait(self) -> list[Event]:
        worker, task = self._open.popleft()
        event = self._answer(worker, task)
        if event is None:
            self.alive.remove(worker)
            event = Died(worker, "its machine is gone")
        return [WorkerProgress(worker, 3, 5), event]

    def close(self) -> None:
        self.closed = True


class Log:
    """A watcher that remembers."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def begun(self, name: str, size_bytes: int) -> None:
        self.lines.append(f"begun {name}")

    def progress(self, name: str, done: int, total: int) -> None:
        self.lines.append(f"{name} {done}/{total}")

    def finished(self, name: str, about: dict[str, Any]) -> None:
        self.lines.append(f"finished {name}")

    def failed(self, failure: FailedExam, name: str = "") -> None:
        self.lines.append(f"failed {name or Path(failure.exam).stem}")

    def again(self, name: str, how: str) -> None:
        self.lines.append(f"again {name}")


class Setting:
    def __init__(self, folder: Path, count: int = 4) -> None:
        self.output = OutputFolder(folder / "out")
        self.output.folder.mkdir()
        self.exams = [exam_at(folder / "in" / f"{letter}.mp4") for letter in "abcdefgh"[:count]]
        self.log = Log()

    def plan(self, *, again: bool = False, exams: Sequence[RecordedExam] = ()) -> RetrievalPlan:
        found = FoundExams(tuple(exams or self.exams), (FailedExam("x", "no such"),))
        return make_plan(found, self.output, ORDER, again=again)

    def run(self, crew: FakeCrew, *, again: bool = False) -> RunSummary:
        return run(self.plan(again=again), self.output, lambda count: crew, self.log)


@pytest.fixture
def setting(tmp_path: Path) -> Setting:
    return Setting(tmp_path)


def test_all_are_done_and_come_in_the_order_in_which_they_were_named(setting: Setting) -> None:
    crew = FakeCrew(3)
    summary = setting.run(crew)
    assert [one.name for one in summary.results] == ["a", "b", "c", "d"]
    assert all(one.fresh for one in summary.results)
    assert summary.failures == [FailedExam("x", "no such")]
    assert crew.closed
    assert setting.log.lines.count("a 3/5") == 1
    for name in "abcd":
        assert (setting.output.folder / name / "retrieval.json").is_file()


def test_what_is_finished_is_not_done_again_unless_asked(setting: Setting) -> None:
    setting.run(FakeCrew(2))
    crew = FakeCrew(2)
    summary = setting.run(crew)
    assert crew.given == []
    assert not any(one.fresh for one in summary.results)
    assert [one.name for one in summary.results] == ["a", "b", "c", "d"]
    crew = FakeCrew(2)
    assert all(one.fresh for one in setting.run(crew, again=True).results)
    assert crew.given == ["a", "b", "c", "d"]


def test_an_exam_that_fails_does_not_stop_the_others(setting: Setting) -> None:
    crew = FakeCrew(2, lambda w, task: Failed(w, "damaged") if task.name == "b" else done(w, task))
    summary = setting.run(crew)
    assert [one.name for one in summary.results] == ["a", "c", "d"]
    assert [one.reason for one in summary.failures] == ["no such", "damaged"]
    assert setting.plan().jobs[0].place.name == "b"  # tried once more in the next run


def test_an_exam_whose_worker_died_is_done_by_another(setting: Setting) -> None:
    died: list[str] = []

    def answer(worker: int, task: Task) -> Event:
        if task.name == "b" and not died:
            died.append(task.name)
            return Died(worker, "killed")
        return done(worker, task)

    summary = setting.run(FakeCrew(2, answer))
    assert [one.name for one in summary.results] == ["a", "b", "c", "d"]
    assert "again b" in setting.log.lines


def test_an_exam_that_kills_its_workers_is_left(setting: Setting) -> None:
    crew = FakeCrew(2, lambda w, task: Died(w, "SIGSEGV") if task.name == "b" else done(w, task))
    summary = setting.run(crew)
    assert [one.name for one in summary.results] == ["a", "c", "d"]
    assert crew.given.count("b") == 2
    assert "SIGSEGV" in summary.failures[-1].reason


def test_machines_may_go_one_by_one(setting: Setting) -> None:
    gone: list[int] = []

    def answer(worker: int, task: Task) -> Event | None:
        if worker != 2 and worker not in gone:
            gone.append(worker)
            return None
        return done(worker, task)

    summary = setting.run(FakeCrew(3, answer))
    assert [one.name for one in summary.results] == ["a", "b", "c", "d"]


def test_without_any_worker_it_says_so(setting: Setting) -> None:
    with pytest.raises(EngineError, match="no worker is left"):
        setting.run(FakeCrew(2, lambda worker, task: None))


def test_an_engine_that_cannot_be_made_ends_the_run(setting: Setting) -> None:
    crew = FakeCrew(2, lambda worker, task: Useless(worker, "there is no cuda device here"))
    with pytest.raises(EngineError, match="no cuda"):
        setting.run(crew)
    assert crew.closed
    assert len(crew.given) == 2


def test_a_full_disk_ends_the_run(setting: Setting, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(bundle: object, exam: object) -> None:
        raise OutputError("No space left on device")

    monkeypatch.setattr(setting.output, "write", full)
    crew = FakeCrew(2)
    with pytest.raises(OutputError, match="No space"):
        setting.run(crew)
    assert crew.closed


def test_stopped_by_the_user_what_is_finished_is_kept(setting: Setting) -> None:
    def answer(worker: int, task: Task) -> Event:
        if task.name == "c":
            raise KeyboardInterrupt
        return done(worker, task)

    crew = FakeCrew(1, answer)
    summary = setting.run(crew)
    assert summary.stopped
    assert crew.closed
    assert [one.name for one in summary.results] == ["a", "b"]
    crew = FakeCrew(1)
    assert len(setting.run(crew).results) == 4
    assert crew.given == ["c", "d"]


def test_an_exam_that_is_gone_fails_by_itself(setting: Setting) -> None:
    setting.exams[1].path.unlink()
    summary = setting.run(FakeCrew(1))
    assert [one.name for one in summary.results] == ["a", "c", "d"]
    assert "cannot be read" in summary.failures[1].reason


def test_nothing_to_do_starts_no_worker(setting: Setting) -> None:
    setting.run(FakeCrew(1))

    def none(count: int) -> FakeCrew:
        raise AssertionError("no worker is needed")

    assert len(run(setting.plan(), setting.output, none, setting.log).results) == 4
