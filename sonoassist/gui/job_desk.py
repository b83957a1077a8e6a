"""The list of jobs on the GUI thread: who started one is told when it is over."""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtCore import QObject, pyqtSignal

from sonoassist.core.jobs import Job, JobList, JobState, Work
from sonoassist.live.status import Level, Notice, Notices

STOP_S = 3.0
"""How long the closing window waits for a job that is cancelled to clean up."""

Over = Callable[[Job], bool]
"""Is told of a job that is over; returns whether it has told the user."""


class JobDesk(QObject):
    """Starts jobs, and hands their news over to the GUI thread.

    Args:
        notices: Is told how a job ended where nobody else has told the user.

    Signals:
        changed: A job is new, has another state, or was taken off the list.
    """

    changed = pyqtSignal()
    _told = pyqtSignal(object)

    def __init__(self, notices: Notices) -> None:
        super().__init__()
        self._notices = notices
        self._open: dict[Job, Over | None] = {}
        self._ended: set[Job] = set()
        self._unseen: Job | None = None
        # Emitted on the jobs' threads; Qt hands it over to this one.
        self._told.connect(self._follow)
        self._list = JobList(self._told.emit)

    @property
    def jobs(self) -> tuple[Job, ...]:
        """All on the list, oldest first."""
        return self._list.jobs

    @property
    def going_on(self) -> tuple[Job, ...]:
        """Those that work or wait."""
        return self._list.going_on

    @property
    def failed(self) -> Job | None:
        """The one that failed last, until the list was looked at or it was tried again."""
        job = self._unseen
        return job if job is not None and job.state is JobState.FAILED else None

    def start(self, work: Work, over: Over | None = None) -> Job:
        """Put a work on the list.

        Args:
            work: What is to be done.
            over: Called on this thread each time when it has ended.
        """
        job = self._list.start(work)
        self._open[job] = over
        self._follow(job)
        return job

    def cancel(self, job: Job) -> None:
        """End a job."""
        self._list.cancel(job)

    def retry(self, job: Job) -> None:
        """Do it once again."""
        self._unseen = None
        self._list.retry(job)

    def forget(self, job: Job) -> None:
        """Take a job that is over off the list."""
        if job.state.over:
            self._open.pop(job, None)
            self._ended.discard(job)
            self._list.forget(job)

    def forget_done(self) -> None:
        """Take all that are over off the list."""
        for job in self.jobs:
            self.forget(job)

    def look(self) -> None:
        """The user has seen the list."""
        self._unseen = None
        self.changed.emit()

    def stop(self) -> None:
        """Cancel everything; what cleans up is waited for."""
        self._list.stop(STOP_S)

    def _follow(self, job: Job) -> None:
        if job.state.over:
            self._end(job)
        else:
            self._ended.discard(job)
        self.changed.emit()

    def _end(self, job: Job) -> None:
        if job in self._ended or job not in self._open:
            return
        self._ended.add(job)
        if job.state is JobState.FAILED:
            self._unseen = job
        over = self._open[job]
        if over is None or not over(job):
            self._notices.put(notice_of_end(job))


def notice_of_end(job: Job) -> Notice:
    """How a job ended, as a notice."""
    if job.state is JobState.FAILED:
        return Notice(
            Level.WARNING,
            f"{job.work.title}: {job.text}",
            "The list of jobs has a button that tries again",
        )
    notes = "\n".join(job.result.notes) if job.result is not None else ""
    level = Level.WARNING if notes else Level.INFO
    if job.state is JobState.CANCELLED:
        return Notice(level, f"{job.work.title}: cancelled")
    return Notice(level, f"{job.work.title}: {job.text}", notes)
