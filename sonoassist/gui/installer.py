"""Installing a model from the window: one download at a time, with progress and cancel."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sonoassist.core.errors import SonoAssistError
from sonoassist.core.jobs import Job, JobResult, Work
from sonoassist.core.progress import CancelledError, Meter
from sonoassist.gui.job_desk import JobDesk
from sonoassist.gui.ports import ModelEntry, Models
from sonoassist.live.status import Level, Notice, Notices

MB = 1e6


@dataclass(frozen=True, slots=True)
class DownloadProgress:
    """How far a download is.

    Attributes:
        title: Of the model.
        done_bytes: So far.
        total_bytes: In all; 0 while unknown.
    """

    title: str
    done_bytes: int = 0
    total_bytes: int = 0

    @property
    def text(self) -> str:
        """For the screen."""
        if not self.total_bytes:
            return f"Installing {self.title} …"
        done, total = self.done_bytes / 1e6, self.total_bytes / 1e6
        return f"Installing {self.title}: {done:.1f} of {total:.1f} MB"


class Installer:
    """Installs models, one at a time, as jobs on the list.

    Args:
        models: Does the work.
        jobs: Runs it.
        notices: Is told how it ended.
        finished: Called with the model's name when it is there.
    """

    def __init__(
        self, models: Models, jobs: JobDesk, notices: Notices, finished: Callable[[str], None]
    ) -> None:
        self._models = models
        self._jobs = jobs
        self._notices = notices
        self._finished = finished
        self._job: Job | None = None
        self._title = ""

    @property
    def progress(self) -> DownloadProgress | None:
        """How far the running installation is; None when none runs."""
        job = self._job
        if job is None or job.state.over:
            return None
        done, total = job.how_far.done * MB, job.how_far.total * MB
        return DownloadProgress(self._title, round(done), round(total))

    def start(self, entry: ModelEntry) -> None:
        """Install a model, unless one is being installed."""
        if self.progress is not None:
            return
        self._title = entry.title

        def run(meter: Meter) -> JobResult:
            def told(done_bytes: int, total_bytes: int) -> None:
                meter.at(done_bytes / MB, total_bytes / MB)

            try:
                name = self._models.install(entry.name, told, lambda: meter.cancelled)
            except SonoAssistError:
                if meter.cancelled:
                    raise CancelledError from None
                raise
            return JobResult(f"{entry.title} is installed", value=name)

        failed, left = (
            "The model could not be installed",
            "what arrived is kept for the next try",
        )
        work = Work(f"Installing {entry.title}", run, "MB", failed, left)
        self._job = self._jobs.start(work, self._over)

    def cancel(self) -> None:
        """Give up the running installation; what arrived is kept for the next try."""
        if self._job is not None:
            self._jobs.cancel(self._job)

    def _over(self, job: Job) -> bool:
        if job.result is not None:
            self._notices.put(Notice(Level.INFO, job.result.text))
            self._finished(str(job.result.value))
        elif job.error is not None:
            self._notices.put(notice_of(job.error, "The model could not be installed"))
        else:
            self._notices.put(Notice(Level.INFO, "The installation was stopped"))
        return True


def notice_of(error: Exception, title: str) -> Notice:
    """A notice of an error of any kind."""
    if isinstance(error, SonoAssistError):
        return Notice.of(error)
    return Notice(Level.ERROR, title, "", f"{type(error).__name__}: {error}")
