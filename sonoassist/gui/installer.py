"""Installing a model from the window: one download at a time, with progress and cancel."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from PyQt6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QWidget

from sonoassist.core.errors import SonoAssistError
from sonoassist.gui.jobs import Jobs
from sonoassist.gui.ports import ModelEntry, Models
from sonoassist.gui.theme import Look
from sonoassist.live.status import Level, Notice, Notices


@dataclass(frozen=True, slots=True)
class Progress:
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
    """Runs one installation on a thread of its own.

    Args:
        models: Does the work.
        jobs: Runs it.
        notices: Is told how it ended.
        finished: Called with the model's name when it is there.
    """

    def __init__(
        self, models: Models, jobs: Jobs, notices: Notices, finished: Callable[[str], None]
    ) -> None:
        self._models = models
        self._jobs = jobs
        self._notices = notices
        self._finished = finished
        self._cancel = threading.Event()
        self._progress: Progress | None = None

    @property
    def progress(self) -> Progress | None:
        """How far the running installation is; None when none runs."""
        return self._progress

    def start(self, entry: ModelEntry) -> None:
        """Install a model, unless one is being installed."""
        if self._progress is not None:
            return
        self._cancel = threading.Event()
        self._progress = Progress(entry.title)
        cancel = self._cancel

        def told(done_bytes: int, total_bytes: int) -> None:
            # One reference is replaced by another: the display timer reads the old or the new.
            if not cancel.is_set():
                self._progress = Progress(entry.title, done_bytes, total_bytes)

        self._jobs.start(
            "install",
            lambda: self._models.install(entry.name, told, cancel.is_set),
            lambda name: self._done(str(name), entry.title),
            self._failed,
        )

    def cancel(self) -> None:
        """Give up the running installation; what arrived is kept for the next try."""
        self._cancel.set()

    def _done(self, name: str, title: str) -> None:
        self._progress = None
        self._notices.put(Notice(Level.INFO, f"{title} is installed"))
        self._finished(name)

    def _failed(self, error: Exception) -> None:
        self._progress = None
        if self._cancel.is_set():
            self._notices.put(Notice(Level.INFO, "The installation was stopped"))
        else:
            self._notices.put(notice_of(error, "The model could not be installed"))


def notice_of(error: Exception, title: str) -> Notice:
    """A notice of an error of any kind."""
    if isinstance(error, SonoAssistError):
        return Notice.of(error)
    return Notice(Level.ERROR, title, "", f"{type(error).__name__}: {error}")


class InstallPanel(QWidget):
    """Progress of an installation, with a button that stops it."""

    def __init__(self, installer: Installer, look: Look) -> None:
        super().__init__()
        self._installer = installer
        self._text = QLabel()
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._stop = QPushButton("Stop")
        self._stop.clicked.connect(lambda _checked=False: installer.cancel())
        row = QHBoxLayout(self)
        row.setContentsMargins(look.px(16), look.px(6), look.px(16), look.px(6))
        row.setSpacing(look.px(14))
        row.addWidget(self._text)
        row.addWidget(self._bar, 1)
        row.addWidget(self._stop)
        self.hide()

    def refresh(self) -> None:
        """Show how far it is; hidden when nothing is being installed."""
        progress = self._installer.progress
        self.setVisible(progress is not None)
        if progress is None:
            return
        self._text.setText(progress.text)
        self._bar.setRange(0, 1000 if progress.total_bytes else 0)
        if progress.total_bytes:
            self._bar.setValue(progress.done_bytes * 1000 // progress.total_bytes)
