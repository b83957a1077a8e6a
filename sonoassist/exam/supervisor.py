"""What a live session needs besides its workers: the right model, and the exam of its source.

It is driven by the session alone, on the thread that tells the session's status: it goes on
whether a window is shown, hidden, or was never made.
"""

from __future__ import annotations

from collections.abc import Callable

from sonoassist.exam.lifecycle import ExamLifecycle
from sonoassist.live.port import Session
from sonoassist.live.source_model import SourceModel
from sonoassist.live.status import SessionStatus
from sonoassist.sources.base import SourceInfo


class Supervisor:
    """Follows a session from `start` to `stop`.

    Args:
        session: Tells its status.
        model: Loaded for the source that is open.
        exam: Begun and ended with it.
        opened: Called with each source when it was opened; on the thread that tells the status.
    """

    def __init__(
        self,
        session: Session,
        model: SourceModel,
        exam: ExamLifecycle,
        opened: Callable[[SourceInfo], None] = lambda _source: None,
    ) -> None:
        self._session = session
        self._model = model
        self._exam = exam
        self._opened = opened
        self._source_id = ""

    def start(self) -> None:
        """Load the model, tidy up the exams, and follow from now on."""
        self._model.load()
        self._exam.start()
        self._session.subscribe(self.follow)

    def stop(self) -> None:
        """Follow no more; what runs goes on."""
        self._session.unsubscribe(self.follow)

    def follow(self, status: SessionStatus) -> None:
        """Do what a status asks for; told in the order in which they were, never two at a time."""
        source = status.source
        if source is not None and source.source_id != self._source_id:
            self._source_id = source.source_id
            if self._model.follow(source):
                status = self._session.status()  # another model is on its way
            self._opened(source)
        self._exam.follow(status)
