"""The exam that is practised on, as the page sees it: the examiner's news on the GUI's thread."""

from __future__ import annotations

from pathlib import Path

from PyQt6.QtCore import QObject, pyqtSignal

from sonoassist.gui.practice.services import PracticeServices
from sonoassist.practice.examiner import Examiner, Knowledge, Looked


class ExamLink(QObject):
    """Has one exam examined at a time.

    Signals:
        news: More is known, or a frame has been looked at.
    """

    news = pyqtSignal()
    _told = pyqtSignal()

    def __init__(self, services: PracticeServices) -> None:
        super().__init__()
        self._services = services
        self._examiner: Examiner | None = None
        self._left: list[Examiner] = []
        self.spec = ""
        # Emitted on the examiner's thread; Qt hands it over to this one.
        self._told.connect(self.news)

    def open(self, spec: str) -> None:
        """Have another exam examined; the one that is examined already goes on."""
        if self._examiner is not None:
            if spec == self.spec and self._examiner.running and self.knowledge.trouble is None:
                self._examiner.read_review_again()
                return
            self._examiner.halt()  # it may be loading a model: it is waited for at the end
            self._left = [one for one in (*self._left, self._examiner) if one.running]
        self.spec = spec
        services = self._services
        self._examiner = Examiner(
            spec,
            services.make_analyser,
            self._told.emit,
            services.reviews,
            services.exams,
            services.make_cover,
        )
        self._examiner.start()

    @property
    def knowledge(self) -> Knowledge:
        """What is known of the exam."""
        return self._examiner.knowledge if self._examiner is not None else Knowledge()

    @property
    def name(self) -> str:
        """Name of the exam, for people."""
        info, demo = self.knowledge.info, self._services.demo
        if info is None:
            return Path(self.spec).name
        is_demo = demo is not None and Path(info.spec).resolve() == demo.resolve()
        return "demo exam" if is_demo else self.knowledge.name

    def read_review_again(self) -> None:
        """A person may have said more of the exam on the review page."""
        if self._examiner is not None:
            self._examiner.read_review_again()

    def close(self) -> None:
        """Have no exam examined any more; its files are let go of soon."""
        if self._examiner is not None:
            self._examiner.halt()
            self._left.append(self._examiner)
        self._examiner, self.spec = None, ""

    def look_at(self, frames: tuple[int, ...], *, heat: bool) -> None:
        """Have frames looked at, with their heat maps or without."""
        if self._examiner is not None:
            self._examiner.look_at(frames, heat=heat)

    def looked_at(self, index: int) -> Looked | None:
        """A frame, when it has been looked at."""
        return self._examiner.looked(index) if self._examiner is not None else None

    def pause(self, on: bool) -> None:
        """Let the analysis of the whole exam wait, or go on."""
        if self._examiner is not None:
            self._examiner.pause(on)

    def stop(self) -> None:
        """End all threads; they have ended when this returns."""
        for one in (*self._left, *([self._examiner] if self._examiner else [])):
            one.stop()
        self._left, self._examiner = [], None
