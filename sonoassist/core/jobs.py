"""The long works that a person starts, as one list: how far each is, cancel, and once again."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from sonoassist.core.errors import SonoAssistError, window_text
from sonoassist.core.progress import CancelledError, HowFar, Meter
from sonoassist.core.wording import sentence

_log = logging.getLogger(__name__)

AT_ONCE = 2
"""So many work at once; the live picture needs the processor too."""


class JobState(Enum):
    """What a job is doing."""

    WAITING = "waiting"
    RUNNING = "running"
    STOPPING = "stopping"
    """A person wants it to end; it does so at its next step."""
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def over(self) -> bool:
        """Whether nothing of it runs any more."""
        return self in (JobState.DONE, JobState.FAILED, JobState.CANCELLED)


@dataclass(frozen=True, slots=True)
class JobResult:
    """What a job has done.

    Attributes:
        text: One line for people.
        folder: What it has written lies there; None where it wrote nothing that could be opened.
        notes: What the person has to know of it, such as pictures that are left out; a line each.
        value: For whoever started it.
    """

    text: str
    folder: Path | None = None
    notes: tuple[str, ...] = ()
    value: object = None


@dataclass(frozen=True, slots=True)
class Work:
    """What a job does.

    Attributes:
        title: What a person calls it, such as "Export of exam 2031-05-02".
        run: Does it, on a thread of its own; counts on the meter, which ends it when a person
            wishes so. What it raises is the reason why it failed.
        unit: What its steps are, see `HowFar`.
        failed: First words of the reason where the error is none of `SonoAssistError`.
        left: What a person who cancels it is told of what it leaves.
        shares: Name of what only one work at a time can use; "" where there is none.
    """

    title: str
    run: Callable[[Meter], JobResult]
    unit: str = ""
    failed: str = "It failed inside the program"
    left: str = "nothing was left behind"
    shares: str = ""


class Job:
    """One work on the list. Read it from any thread; only the list changes it.

    Attributes:
        work: What it does.
        state: What it is doing.
        how_far: It is.
        result: Of a job that is done, else None.
        reason: Why it failed, one line; else "".
        error: What it failed of, else None.
    """

    def __init__(self, work: Work) -> None:
        self.work = work
        self.state = JobState.WAITING
        self.how_far = HowFar(unit=work.unit)
        self.result: JobResult | None = None
        self.reason = ""
        self.error: Exception | None = None

    @property
    def text(self) -> str:
        """How it is, in one line."""
        if self.result is not None:
            return self.result.text
        if self.state is JobState.RUNNING:
            return self.how_far.text or "Beginning …"
        if self.state is JobState.CANCELLED:
            return f"Cancelled: {self.work.left}"
        return self.reason or _WORDS[self.state]


_WORDS = {
    JobState.WAITING: "Waits for the others",
    JobState.STOPPING: "Stopping …",
    JobState.FAILED: "Failed",
    JobState.DONE: "Done",
}


class JobList:
    """Runs works on threads of their own, a few at once, oldest first. All methods: any thread.

    Args:
        changed: Called, on any thread, whenever a job has another state, is new or was taken off;
            how far it is can be looked at whenever somebody wants to know.
        at_once: How many work at once.
    """

    def __init__(
        self, changed: Callable[[Job], None] = lambda job: None, at_once: int = AT_ONCE
    ) -> None:
        self._changed = changed
        self._at_once = at_once
        self._lock = threading.Lock()
        self._jobs: list[Job] = []
        self._threads: dict[Job, threading.Thread] = {}
        self._stopped = False

    @property
    def jobs(self) -> tuple[Job, ...]:
        """All that were not taken off the list, oldest first."""
        with self._lock:
            return tuple(self._jobs)

    @property
    def going_on(self) -> tuple[Job, ...]:
        """Those that work or wait."""
        return tuple(job for job in self.jobs if not job.state.over)

    def start(self, work: Work) -> Job:
        """Put a work on the list; it begins when one of the places is free."""
        job = Job(work)
        with self._lock:
            self._jobs.append(job)
        self._changed(job)
        self._begin_next()
        return job

    def cancel(self, job: Job) -> None:
        """End a job, at its next step; one that is over stays as it is."""
        with self._lock:
            if job.state is JobState.WAITING:
                job.state = JobState.CANCELLED
            elif job.state is JobState.RUNNING:
                job.state = JobState.STOPPING
            else:
                return
        self._changed(job)

    def retry(self, job: Job) -> None:
        """Do once again what has failed or was cancelled."""
        with self._lock:
            if job.state not in (JobState.FAILED, JobState.CANCELLED):
                return
            job.state, job.reason, job.error = JobState.WAITING, "", None
            job.how_far = HowFar(unit=job.work.unit)
        self._changed(job)
        self._begin_next()

    def forget(self, job: Job) -> None:
        """Take a job that is over off the list."""
        with self._lock:
            if not job.state.over or job not in self._jobs:
                return
            self._jobs.remove(job)
        self._changed(job)

    def stop(self, timeout_s: float) -> None:
        """Cancel everything and wait a while for it; nothing begins any more.

        Args:
            timeout_s: Longest wait for each job: it ends at its next step, behind what it waits
                for, and cleans up.
        """
        with self._lock:
            self._stopped = True
            threads = list(self._threads.values())
        for job in self.jobs:
            self.cancel(job)
        for thread in threads:
            thread.join(timeout_s)

    def _begin_next(self) -> None:
        with self._lock:
            begun = [] if self._stopped else self._next()
            for job in begun:
                job.state = JobState.RUNNING
                thread = threading.Thread(
                    target=self._run, args=(job,), name=f"job {job.work.title}", daemon=True
                )
                self._threads[job] = thread
                thread.start()
        for job in begun:
            self._changed(job)

    def _next(self) -> list[Job]:
        """The jobs that can begin now; called with the lock held."""
        begun: list[Job] = []
        shared = {job.work.shares for job in self._threads}
        for job in self._jobs:
            if job.state is not JobState.WAITING or (job.work.shares and job.work.shares in shared):
                continue
            if len(self._threads) + len(begun) >= self._at_once:
                break
            shared.add(job.work.shares)
            begun.append(job)
        return begun

    def _run(self, job: Job) -> None:
        def stopping() -> bool:
            return job.state is JobState.STOPPING

        def told(how_far: HowFar) -> None:
            job.how_far = how_far
            if stopping():
                raise CancelledError

        result, failure = None, None
        try:
            result = job.work.run(Meter(told, job.work.unit, stopping))
        except CancelledError:
            pass
        except Exception as error:  # noqa: BLE001  (a thread's top: told as the job's reason)
            _log.debug("job %s failed", job.work.title, exc_info=True)
            failure = error
        self._end(job, result, failure)

    def _end(self, job: Job, result: JobResult | None, failure: Exception | None) -> None:
        with self._lock:
            del self._threads[job]
            job.result, job.error = result, failure
            if result is not None:
                job.state = JobState.DONE
            elif failure is not None:
                job.reason = _reason(job.work, failure)
                job.state = JobState.FAILED
            else:
                job.state = JobState.CANCELLED
        self._changed(job)
        self._begin_next()


def _reason(work: Work, error: Exception) -> str:
    """Why a job failed, one line for people who have buttons and no shell."""
    if isinstance(error, SonoAssistError):
        return sentence(window_text(error))
    return f"{work.failed}: {type(error).__name__}: {error}"
