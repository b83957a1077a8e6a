"""Knows the answers of one exam: loads them, has the exam analysed, looks at single frames.

One thread does it all, so that the model is used by one thread at a time. A frame that is to be
looked at goes before the analysis of the whole exam.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sonoassist.core.background import BackgroundWork
from sonoassist.core.errors import (
    ModelError,
    OutputError,
    SonoAssistError,
    SourceError,
    window_text,
)
from sonoassist.core.packets import Analysis, Frame
from sonoassist.model.card import Card, domain_warning
from sonoassist.practice.answers import (
    Answers,
    ExamAnalysis,
    answers_from_model,
    answers_from_truth,
)
from sonoassist.practice.covering import Coverer, Covering, MakeCover, text_cover
from sonoassist.practice.opening import opened
from sonoassist.practice.pace import PracticePace
from sonoassist.practice.truth import truth_beside
from sonoassist.practice.why import PictureNumbers, picture_numbers
from sonoassist.recordings.correction_schema import CorrectionError
from sonoassist.recordings.corrections import Corrections
from sonoassist.recordings.reader import frame_at
from sonoassist.sources.base import Source, SourceInfo, unreadable_now

if TYPE_CHECKING:
    from sonoassist.analysis.analyser import Analyser
    from sonoassist.exam.store import ExamStore
    from sonoassist.practice.reviewed import KeptReview
    from sonoassist.practice.scanning import ExamScan
    from sonoassist.recordings.cache import AnalysisCache
    from sonoassist.recordings.correction_store import CorrectionStore
    from sonoassist.recordings.recording import Recording

TOLD_EVERY = 10
"""So many frames of the analysis lie between two words of how far it is."""
ANSWERED_SHARE = 0.1
"""After so much of the exam, again and again, there are answers by what has been analysed."""
_ANALYSING = "Analysing the exam once, for the best frames …"

_log = logging.getLogger(__name__)

Tell = Callable[[str], None]
MakeAnalyser = Callable[[bool, Tell], "Analyser"]
"""Builds the analyser for a synthetic exam (True) or a real one; tells what it does."""


@dataclass(frozen=True, slots=True, eq=False)
class Looked:
    """A frame looked at by itself.

    Attributes:
        index: Which one was asked for.
        frame: It, or None when it cannot be read.
        analysis: The model's word on it, or None without a model; by that it is scored.
        covered: The frame without the text on it; None where it cannot be had.
        numbers: What is measured of it, where the model has judged it.
    """

    index: int
    frame: Frame | None
    analysis: Analysis | None
    covered: Frame | None = None
    numbers: PictureNumbers | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Knowledge:
    """What is known so far.

    Attributes:
        info: Of the exam; None until it has been opened.
        name: Of the exam, for people; "" until it has been opened.
        content: Of the recording's identity; "" until it has been opened.
        answers: None until there are any.
        table: Name of the file with the truth, or "".
        problems: Rows of it that could not be used.
        notes: What went wrong without keeping anybody from practising.
        share: How much of the exam has been analysed, 0 to 1.
        left_s: Time until all of it is; None where that is not known.
        doing: What is done now, for people; "" when nothing is left to do.
        model: Title of the model, or "" while there is none.
        card: Of the model, or None while there is none.
        warning: What must be said before the model is believed, or "".
        trouble: Why there are no answers, or no best frames; or None.
    """

    info: SourceInfo | None = None
    name: str = ""
    content: str = ""
    answers: Answers | None = None
    table: str = ""
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    share: float = 0.0
    left_s: float | None = None
    doing: str = ""
    model: str = ""
    card: Card | None = None
    warning: str = ""
    trouble: SonoAssistError | None = None


class Examiner(BackgroundWork):
    """Works on one exam until it is stopped.

    Args:
        spec: The exam.
        make_analyser: Builds the analyser, on the examiner's thread.
        news: Called on the thread whenever `knowledge` has changed or a look is ready.
        reviews: Where reviews are kept; None for the user's own.
        exams: Where exams are kept; None for the user's own.
        make_cover: Makes what covers text on frames that are looked at.
    """

    def __init__(
        self,
        spec: str,
        make_analyser: MakeAnalyser,
        news: Callable[[], None],
        reviews: CorrectionStore | None = None,
        exams: ExamStore | None = None,
        make_cover: MakeCover = text_cover,
    ) -> None:
        super().__init__("practice examiner")
        self._spec = spec
        self._make_analyser = make_analyser
        self._news = news
        self._reviews, self._exams = reviews, exams
        self._knowledge = Knowledge(doing="Opening the exam …")
        self._wanted: tuple[int, ...] = ()
        self._heat = True
        self._coverer = Coverer(Covering(make_cover))
        self._look_trouble: SonoAssistError | None = None
        self._looked: dict[int, Looked] = {}
        self._review_changed = False
        self._base: Answers | None = None
        self._answered_at = 0
        self._review: KeptReview | None = None
        self._recording: Recording | None = None
        self._scan: ExamScan | None = None
        self._source: Source | None = None

    @property
    def knowledge(self) -> Knowledge:
        """What is known so far."""
        with self._changed:
            return self._knowledge

    def look_at(self, frames: tuple[int, ...], *, heat: bool = True) -> None:
        """Have frames looked at; older wishes are forgotten.

        Args:
            frames: Which.
            heat: With the heat map, for which the network looks at them again.
        """
        with self._changed:
            self._wanted, self._heat = tuple(dict.fromkeys(frames)), heat  # each once
            # What is there of them can be shown until the new look is.
            self._looked = {at: one for at, one in self._looked.items() if at in frames}
            self._changed.notify_all()

    def looked(self, index: int) -> Looked | None:
        """The frame, when it has been looked at."""
        with self._changed:
            return self._looked.get(index)

    def pause(self, on: bool) -> None:
        """Let the analysis of the whole exam wait, or go on."""
        with self._changed:
            self._paused = on
            self._changed.notify_all()

    def read_review_again(self) -> None:
        """A person may have said more since the exam was opened."""
        with self._changed:
            self._review_changed = True
            self._changed.notify_all()

    # -- the thread ------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            self._work()
        except SonoAssistError as error:
            self._learn(trouble=error, doing="")
        except Exception as error:  # noqa: BLE001  (a thread's top: shown on screen)
            _log.exception("the examination of an exam failed")
            trouble = SonoAssistError(f"the exam could not be examined: {window_text(error)}")
            self._learn(trouble=trouble, doing="")
        finally:
            if self._source is not None:
                self._source.close()
            if self._scan is not None:
                self._scan.close()

    def _work(self) -> None:
        from sonoassist.practice.reviewed import KeptReview
        from sonoassist.recordings.correction_store import CorrectionStore

        recording, self._source = opened(self._spec, self._exams)
        self._recording = recording
        info, times_s = recording.info, np.asarray(recording.times_s, np.float64)
        self._learn(info=info, name=recording.label, content=recording.identity.content)
        reviews = self._reviews or CorrectionStore.default()
        self._review = KeptReview(recording, reviews)
        truth = self._truth(info, times_s)
        if truth is not None:
            self._answer(truth)
        try:
            analysis = self._analysed(recording, reviews.cache)
        except SonoAssistError as error:
            self._learn(trouble=error, doing="")
            analysis = None
        if analysis is not None:
            made = answers_from_model(analysis, times_s)
            self._answer(made if truth is None else truth.with_analysis(analysis))
            self._learn(share=1.0, left_s=None, doing="")
        while self._serve(wait=True):
            pass

    def _said(self) -> Corrections:
        """What a person said of the exam; why that cannot be read is told."""
        if self._review is None:
            return Corrections()
        try:
            return self._review.corrections()
        except (CorrectionError, OutputError, SourceError) as error:
            self._note(f"Its review is left out: {window_text(error)}")
            return Corrections()

    def _note(self, text: str) -> None:
        notes = self.knowledge.notes
        if text not in notes:
            self._learn(notes=(*notes, text))

    def _truth(self, info: SourceInfo, times_s: NDArray[np.float64]) -> Answers | None:
        truth = truth_beside(info.spec, len(times_s))
        if truth is None:
            return None
        self._learn(table=truth.table, problems=truth.problems)
        return answers_from_truth(truth.labels, times_s, truth.boxes)

    def _answer(self, base: Answers) -> None:
        """The answers, with a person's word over them."""
        from sonoassist.practice.reviewed import corrected

        self._base = base
        self._learn(answers=corrected(base, self._said()))

    def _answer_so_far(self) -> None:
        """Best frames of the truth's views as far as they have been analysed."""
        if self._base is not None and self._scan is not None:
            self._answer(self._base.with_analysis(self._scan.analysis()))

    def _analysed(self, recording: Recording, cache: AnalysisCache) -> ExamAnalysis | None:
        """The model's word on the whole exam; None where it was halted before the end."""
        from sonoassist.practice.scanning import ExamScan

        info = recording.info
        analyser = self._make_analyser(info.synthetic, lambda step: self._learn(doing=step))
        if self._halted():
            analyser.close()
            return None
        self._scan = ExamScan(recording, analyser, cache, self._note)
        warning = domain_warning(analyser.card, synthetic=info.synthetic)
        self._learn(model=analyser.card.title, card=analyser.card, warning=warning)
        pace, total = PracticePace(len(recording.times_s)), len(recording.times_s)
        ended = self._scan.run(lambda done: self._go_on(done, pace, total))
        return self._scan.analysis() if ended else None

    def _go_on(self, done: int, pace: PracticePace, total: int) -> bool:
        """Look at what is wanted meanwhile; returns whether the analysis goes on."""
        if done >= self._answered_at + max(round(total * ANSWERED_SHARE), 1):
            self._answered_at = done
            self._answer_so_far()
        if done % TOLD_EVERY == 0 or self.knowledge.doing != _ANALYSING:
            pace.at(done)
            self._learn(doing=_ANALYSING, share=pace.share, left_s=pace.left_s)
        held = True
        while held:
            with self._changed:
                held = self._paused
            if held:
                pace.forget()
            if not self._serve(wait=False):
                return False
        return True

    def _halted(self) -> bool:
        with self._changed:
            return self._stopping

    def _serve(self, *, wait: bool) -> bool:
        """Look at what is wanted; returns whether to go on."""
        with self._changed:
            if wait or self._paused:
                self._changed.wait_for(
                    lambda: (
                        self._stopping
                        or self._wanted
                        or self._review_changed
                        or not (wait or self._paused)
                    )
                )
            if self._stopping:
                return False
            wanted, self._wanted, heat = self._wanted, (), self._heat
            changed, self._review_changed = self._review_changed, False
        if changed and self._base is not None:
            self._answer(self._base)
        self._coverer.forget()
        for index in wanted:
            looked = self._look(index, heat=heat)
            with self._changed:
                if not self._wanted:  # else another question came meanwhile
                    self._looked[index] = looked
            self._news()
        return True

    def _look(self, index: int, *, heat: bool) -> Looked:
        frame = self._frame(index)
        if frame is None:
            return Looked(index, None, None)
        covered = self._covered(frame)
        if self._scan is None:
            return Looked(index, frame, None, covered)
        try:
            analysis = self._scan.look(frame, heat=heat)
        except SonoAssistError as error:
            self._look_trouble = error
            self._learn(trouble=error)
            return Looked(index, frame, None, covered)
        if self._look_trouble is not None and self.knowledge.trouble is self._look_trouble:
            self._learn(trouble=None)  # it has passed
        self._look_trouble = None
        return Looked(index, frame, analysis, covered, picture_numbers(analysis))

    def _covered(self, frame: Frame) -> Frame | None:
        try:
            return self._coverer.frame(frame)
        except ModelError as error:
            self._note(f"The text on pictures cannot be covered: {window_text(error)}")
            return None

    def _frame(self, index: int) -> Frame | None:
        """A frame of the exam; None, and a note, where it cannot be read."""
        recording = self._recording
        if recording is None:
            return None
        try:
            if self._source is None:
                self._source = recording.open()
            return frame_at(self._source, index)
        except SourceError as error:
            self._lose(error)
        except OSError as error:
            self._lose(unreadable_now(recording.label, error))
        return None

    def _lose(self, error: SourceError) -> None:
        """What reads the exam may be of no use any more: it is opened anew for the next frame."""
        source, self._source = self._source, None
        if source is not None:
            source.close()
        self._note(window_text(error))

    def _learn(self, **fields: object) -> None:
        with self._changed:
            self._knowledge = replace(self._knowledge, **fields)  # type: ignore[arg-type]
        self._news()
