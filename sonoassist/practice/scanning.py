"""A model at work on one exam: on all of its frames once, and on single ones that are shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import replace

from sonoassist.analysis.analyser import Analyser
from sonoassist.core.errors import OutputError, window_text
from sonoassist.core.packets import Analysis, Frame, State
from sonoassist.core.wording import counted
from sonoassist.practice.analysing import analysis_of
from sonoassist.practice.answers import ExamAnalysis
from sonoassist.recordings import records
from sonoassist.recordings.cache import AnalysisCache
from sonoassist.recordings.cache_schema import CacheError
from sonoassist.recordings.crops import settle
from sonoassist.recordings.judge import Judge
from sonoassist.recordings.kept import KeptResults, open_results
from sonoassist.recordings.recording import Recording
from sonoassist.recordings.records import FrameResult
from sonoassist.recordings.runner import Runner
from sonoassist.recordings.table import FrameTable

MOST_NAMED = 5
"""So many places that cannot be read are named."""

Note = Callable[[str], None]


class ExamScan:
    """Has an exam analysed; used by one thread.

    What was found before, by whatever part of the program, is not analysed again.

    Args:
        recording: The exam.
        analyser: Belongs to this from now on.
        cache: Where results are kept.
        note: Told what keeps nobody from practising: damage, and what the engine has to say.
    """

    def __init__(
        self, recording: Recording, analyser: Analyser, cache: AnalysisCache, note: Note
    ) -> None:
        analyser.configure(replace(analyser.options, guided=False, carry_boxes=False))
        self._recording, self._cache, self._note = recording, cache, note
        self._judge = Judge(analyser)
        self._table = FrameTable(recording.times_s)

    @property
    def whole(self) -> bool:
        """Whether each frame has a result, be it that it is damaged."""
        return bool(self._table.known.all())

    def analysis(self) -> ExamAnalysis:
        """The model's word on the exam, as far as there is one."""
        analyser = self._judge.analyser
        return analysis_of(self._table.snapshot(), analyser.threshold, analyser.card.title)

    # --- the whole exam ---------------------------------------------------------------------

    def run(self, go_on: Callable[[int], bool]) -> bool:
        """Take what is kept of the exam, analyse the rest, and keep that as it comes.

        Args:
            go_on: Told how many frames are done, before the first one that is analysed and behind
                each; False ends it. Not called where all are known.

        Returns:
            Whether it came to the end.

        Raises:
            SonoAssistError: The recording cannot be read by now, or the engine failed.
        """
        try:
            ended = self._run(self._cache, go_on)
        except (OutputError, CacheError) as error:  # what is found counts all the same
            self._note(f"The analysis could not be kept for the next time: {window_text(error)}")
            return self._run(None, go_on)
        self._cache.sweep(self._recording.identity.content)
        return ended

    def _run(self, cache: AnalysisCache | None, go_on: Callable[[int], bool]) -> bool:
        with closing(self._opened(cache)) as results:
            try:
                return self.whole or self._rest(results, go_on)
            finally:
                for sentence in damage_lines(results.damage):
                    self._note(sentence)

    def _rest(self, results: KeptResults, go_on: Callable[[int], bool]) -> bool:
        def on_frame() -> None:
            if not go_on(before + runner.done):
                runner.halt()

        runner = Runner(results, self._judge, on_frame=on_frame, on_notice=self._note)
        before = len(self._table) - runner.total
        if not go_on(before):
            return False
        self._settle()
        return runner.run()

    def _opened(self, cache: AnalysisCache | None) -> KeptResults:
        judge = self._judge
        return open_results(
            self._recording,
            cache,
            judge.provenance,
            judge.analyser.threshold,
            table=self._table,
        )

    def _settle(self) -> None:
        """Find the crop of the recording, once."""
        judge = self._judge
        if judge.settled is None:
            choice, reader = judge.analyser.options.crop, judge.analyser.reader
            with self._recording.open() as source:
                judge.settle(settle(self._recording, source, choice, judge.aspect, reader))

    # --- single frames ----------------------------------------------------------------------

    def look(self, frame: Frame, *, heat: bool) -> Analysis:
        """The model's word on a frame, whatever was looked at before.

        Where the frame has a result that is the word: what is shown is what is scored.

        Args:
            frame: Of the exam.
            heat: With the heat map, for which the network has to look at it again.

        Raises:
            SonoAssistError: The engine failed.
        """
        known = self._table.result(frame.index)
        if known is None or known.crop is None:
            self._settle()
        crop = None if known is None else known.crop
        kept = None
        if known is not None:
            kept = records.analysis_of(frame, known, self._judge.crop_of(frame, crop))
        if known is not None and kept is not None and not heat and not _lacks_box(known):
            return kept
        made = self._judge.on_screen(frame, crop)
        for sentence in self._judge.analyser.engine.take_notices():
            self._note(sentence)
        if known is None or kept is None:
            return made
        return _with_evidence(kept, made, boxed=not _lacks_box(known))

    def close(self) -> None:
        """Let go of the model."""
        self._judge.close()


def damage_lines(damage: Mapping[int, str]) -> list[str]:
    """What is said of frames that cannot be read: the first ones, and the last, by name.

    Args:
        damage: Frame -> why it, or what comes from there on, cannot be read; in order.
    """
    said = list(damage.values())
    more = len(said) - MOST_NAMED
    if more <= 0:
        return said
    # The last one may tell that the recording ends there.
    return [*said[: MOST_NAMED - 1], f"{counted(more, 'more place')} cannot be read", said[-1]]


def _lacks_box(known: FrameResult) -> bool:
    """Whether a plane is named where no box was looked for when it was analysed."""
    return known.state is State.PLANE and not known.boxed


def _with_evidence(kept: Analysis, made: Analysis, *, boxed: bool) -> Analysis:
    """The kept result with the heat map of another look.

    Args:
        kept: What counts.
        made: The other look, by the same crop.
        boxed: The box of what counts is known.
    """
    if made.prediction.plane is not kept.prediction.plane:
        return kept  # the heat map is of what it does not say
    box = kept.localisation.box if boxed else made.localisation.box
    return replace(
        made,
        prediction=replace(made.prediction, probabilities=kept.prediction.probabilities),
        localisation=replace(made.localisation, box=box),
        state=kept.state,
        frozen=kept.frozen,
    )
