"""Searching many exams: who does which, what is done again, what is written down."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

from sonoassist.core.errors import EngineError, SourceError
from sonoassist.core.wording import counted
from sonoassist.recordings.identity import Stamp
from sonoassist.retrieval.crew import Crew, Died, Done, Event, Failed, Useless, WorkerProgress
from sonoassist.retrieval.exams import FailedExam, FoundExams, RecordedExam
from sonoassist.retrieval.order import SearchOrder, Task
from sonoassist.retrieval.output import OutputFolder, OutputPlace

MOST_TRIES = 2
"""An exam whose worker died so often is left: it is most likely what kills them."""


@dataclass(frozen=True, slots=True)
class Result:
    """One exam that is finished.

    Attributes:
        name: Of its folder.
        about: What `about.json` says.
        fresh: Whether it was done in this run.
        sources: Paths of its recordings, in the order of `about["recordings"]`.
    """

    name: str
    about: dict[str, Any]
    fresh: bool
    sources: tuple[Path, ...] = ()


@dataclass
class RunSummary:
    """What came of a run.

    Attributes:
        results: Finished exams, in the order in which they were named.
        failures: The others.
        stopped: The user stopped it; what is in neither list has not been done.
    """

    results: list[Result] = field(default_factory=list)
    failures: list[FailedExam] = field(default_factory=list)
    stopped: bool = False


class RunWatcher(Protocol):
    """Is told how a run goes."""

    def begun(self, name: str, size_bytes: int) -> None:
        """An exam is being searched (again, where its worker died)."""

    def progress(self, name: str, done: int, total: int) -> None:
        """Frames of an exam that are done."""

    def finished(self, name: str, about: dict[str, Any]) -> None:
        """The files of an exam are written."""

    def failed(self, failure: FailedExam, name: str = "") -> None:
        """An exam cannot be searched; it has a name where it was begun."""

    def again(self, name: str, how: str) -> None:
        """The worker of an exam died; it is searched again."""


@dataclass
class _Job:
    """One exam that has to be done."""

    exam: RecordedExam
    place: OutputPlace
    fingerprint: str
    stamps: tuple[Stamp, ...]
    tries: int = 0


@dataclass(frozen=True, slots=True)
class RetrievalPlan:
    """What is there already and what has to be done.

    Attributes:
        results: Finished in an earlier run.
        jobs: To be done.
        failures: Exams that cannot be read at all.
        order_of_names: All names, in the order in which the exams were named.
    """

    results: tuple[Result, ...]
    jobs: tuple[_Job, ...]
    failures: tuple[FailedExam, ...]
    order_of_names: tuple[str, ...]

    @property
    def size_bytes(self) -> int:
        """Of all that has to be done."""
        return sum(job.exam.size_bytes for job in self.jobs)

    @property
    def outdated(self) -> tuple[str, ...]:
        """Names of those whose results are of another recording that lay in the same place."""
        return tuple(job.place.name for job in self.jobs if job.place.outdated)


def make_plan(
    found: FoundExams, output: OutputFolder, order: SearchOrder, *, again: bool
) -> RetrievalPlan:
    """Look which exams are finished.

    Args:
        found: What was named.
        output: Taken.
        order: What is asked for.
        again: Do all of them anew, whatever is there.
    """
    readable: list[tuple[RecordedExam, str]] = []
    stamps: list[tuple[Stamp, ...]] = []
    failures = list(found.failures)
    for exam in found.exams:
        before = exam.stamps()
        try:
            readable.append((exam, exam.fingerprint()))
        except SourceError as error:
            failures.append(FailedExam(str(exam.path), str(error)))
        else:
            stamps.append(before)
    results, jobs = [], []
    places = output.places(readable)
    for (exam, fingerprint), before, place in zip(readable, stamps, places, strict=True):
        if not again and place.about is not None and output.finished(place, order):
            results.append(Result(place.name, place.about, fresh=False, sources=exam.sources))
        else:
            known = replace(place, about=None) if again else place
            jobs.append(_Job(exam, known, fingerprint, before))
    names = tuple(place.name for place in places)
    return RetrievalPlan(tuple(results), tuple(jobs), tuple(failures), names)


def run(
    plan: RetrievalPlan, output: OutputFolder, crew_of: Callable[[int], Crew], watcher: RunWatcher
) -> RunSummary:
    """Do what a plan holds; Ctrl-C ends it and keeps what is finished.

    Args:
        plan: What has to be done.
        output: Taken.
        crew_of: Makes the crew for so many exams.
        watcher: Is told how it goes.

    Raises:
        OutputError: Results cannot be written; nothing more would come of the others.
        EngineError: No worker is left.
    """
    summary = RunSummary(list(plan.results), list(plan.failures))
    for failure in plan.failures:
        watcher.failed(failure)
    try:
        if plan.jobs:
            _Run(plan, output, crew_of(len(plan.jobs)), watcher, summary).go()
    except KeyboardInterrupt:
        summary.stopped = True
    places = {name: place for place, name in enumerate(plan.order_of_names)}
    summary.results.sort(key=lambda one: places[one.name])
    jobs = {str(job.exam.path): place for place, job in enumerate(plan.jobs)}
    summary.failures.sort(key=lambda one: jobs.get(one.exam, -1))
    return summary


class _Run:
    def __init__(
        self,
        plan: RetrievalPlan,
        output: OutputFolder,
        crew: Crew,
        watcher: RunWatcher,
        summary: RunSummary,
    ) -> None:
        self._output, self._crew = output, crew
        self._watcher, self._summary = watcher, summary
        self._waiting = deque(plan.jobs)
        self._at_work: dict[int, _Job] = {}

    def go(self) -> None:
        """Until all is done."""
        try:
            while self._waiting or self._at_work:
                self._hand_out()
                for event in self._crew.wait():
                    self._take(event)
        finally:
            self._crew.close()

    def _hand_out(self) -> None:
        idle = [one for one in self._crew.workers if one not in self._at_work]
        if not idle and not self._at_work:
            raise EngineError("no worker is left", "What is finished is kept: start it again")
        for worker in idle[: len(self._waiting)]:
            job = self._waiting.popleft()
            self._at_work[worker] = job
            self._watcher.begun(job.place.name, job.exam.size_bytes)
            kept = self._output.kept(job.place)
            task = Task(job.exam, job.place.name, job.fingerprint, kept, job.stamps)
            self._crew.give(worker, task)

    def _take(self, event: Event) -> None:
        job = self._at_work.get(event.worker)
        if job is None:
            return  # a worker that died while it was idle
        if isinstance(event, WorkerProgress):
            self._watcher.progress(job.place.name, event.done, event.total)
            return
        del self._at_work[event.worker]
        if isinstance(event, Done):
            self._output.write(event.bundle, job.exam)
            about, sources = event.bundle.about, job.exam.sources
            self._summary.results.append(Result(job.place.name, about, True, sources))
            self._watcher.finished(job.place.name, event.bundle.about)
        elif isinstance(event, Failed):
            self._fail(job, event.reason)
        elif isinstance(event, Useless):
            raise EngineError(event.reason)
        else:
            self._died(job, event)

    def _died(self, job: _Job, event: Died) -> None:
        job.tries += 1
        if job.tries < MOST_TRIES:
            self._waiting.appendleft(job)
            self._watcher.again(job.place.name, event.how)
        else:
            self._fail(
                job, f"{event.how}, {counted(job.tries, 'time')}: the file may be what ends it"
            )

    def _fail(self, job: _Job, reason: str) -> None:
        failure = FailedExam(str(job.exam.path), reason)
        self._summary.failures.append(failure)
        self._watcher.failed(failure, job.place.name)
