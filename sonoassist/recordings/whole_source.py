"""The analysis of a whole source, whatever kind it is of: a recording, pictures, a live source."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sonoassist.analysis.analyser import Analyser
from sonoassist.core.errors import OutputError, SonoAssistError, SourceError
from sonoassist.core.packets import Frame
from sonoassist.recordings.cache import AnalysisCache
from sonoassist.recordings.crops import settle
from sonoassist.recordings.judge import Judge
from sonoassist.recordings.kept import KeptResults, open_results
from sonoassist.recordings.recording import Recording, recording_of_source
from sonoassist.recordings.records import FrameResult
from sonoassist.recordings.runner import Runner, Visit, run_on
from sonoassist.recordings.spec import LiveResults
from sonoassist.recordings.table import FrameTable
from sonoassist.sources.base import Source, SourceInfo


def is_recording(info: SourceInfo) -> bool:
    """Whether results of a source are kept: it is one file, and its frames follow each other."""
    many = (info.frame_count or 0) > 1 and not info.stills and not info.live
    return many and Path(info.spec).is_file()


class SourceAnalysis:
    """Analyses a source from its beginning; what is found stands here, also after an interruption.

    Args:
        source: Open, at its beginning; used by nobody else meanwhile.
        analyser: Used by nobody else.
        cache: Where results of recordings are kept; None to keep none.
        most: Only so many frames; None for all.
        any_precision: Kept results in another precision serve as well.
        visit: Told of each frame with its result, in order; all of them are read then.
        on_frame: Called with the number of frames done and of all, None where that is not known.
        on_trouble: Told what is left out, and why.
        on_notice: Told what the engine has to say.
        live_results: What was found in the recording's frames while it was made.

    Attributes:
        table: What is found, a row for each frame that came.
        judged: Number of frames that were analysed by now, not known before.
        stills: Rows that are pictures by themselves.
        precisions: In which the results were computed; "" where that is not known.
        times_real: Seconds of a recording analysed a second; None where none was, or of what has
            no time of its own.
    """

    def __init__(
        self,
        source: Source,
        analyser: Analyser,
        cache: AnalysisCache | None,
        *,
        most: int | None = None,
        any_precision: bool = True,
        visit: Visit | None = None,
        on_frame: Callable[[int, int | None], None] = lambda done, total: None,
        on_trouble: Callable[[SonoAssistError], None] = lambda error: None,
        on_notice: Callable[[str], None] = lambda sentence: None,
        live_results: LiveResults | None = None,
    ) -> None:
        self._source, self._analyser, self._cache = source, analyser, cache
        self._most, self._any_precision, self._visit = most, any_precision, visit
        self._on_frame, self._on_trouble, self._on_notice = on_frame, on_trouble, on_notice
        self._live_results = live_results
        self.table = FrameTable()
        self.judged = 0
        self.precisions: frozenset[str] = frozenset()
        self.times_real: float | None = None
        self._names: dict[int, str] = {}
        self._numbers: dict[int, int] = {}
        self.stills: set[int] = set()

    def run(self) -> None:
        """Analyse all of it.

        Raises:
            SourceError: The recording cannot be read by now, or was written to meanwhile.
            UsageError: The crop does not fit its pictures.
            EngineError: The engine failed.
            OutputError: The results cannot be kept.
        """
        options = self._analyser.options
        try:
            if is_recording(self._source.info):
                self._run_recording()
            else:
                self._run_on()
        finally:
            self._analyser.configure(options)  # the next source may be of other pictures

    def results(self) -> Iterator[FrameResult]:
        """What was found in the frames that could be read, in order."""
        most = len(self.table) if self._most is None else self._most
        for result in self.table.results():
            if result.index < most and result.state is not None:
                yield result

    def name_of(self, index: int) -> str:
        """Of a picture of its own, that of its file; "" for a frame of a sequence."""
        return self._names.get(index, "")

    def number_of(self, index: int) -> int:
        """The number that the source gave a frame."""
        return self._numbers.get(index, index)

    @property
    def numbers(self) -> NDArray[np.int32]:
        """The number that the source gave each frame of the table, (n,)."""
        return np.array([self.number_of(index) for index in range(len(self.table))], np.int32)

    def _run_on(self) -> None:
        total, done = self._source.info.frame_count, 0
        if self._most is not None:
            total = self._most if total is None else min(total, self._most)

        def visit(frame: Frame, result: FrameResult) -> None:
            nonlocal done
            if frame.name:
                self._names[result.index] = frame.name
            self._numbers[result.index] = frame.index
            if frame.still:
                self.stills.add(result.index)
            self.precisions |= {self._analyser.engine.precision}
            if self._visit is not None:
                self._visit(frame, result)
            done += 1
            self.judged += 1
            self._on_frame(done, total)

        run_on(
            self._source,
            Judge(self._analyser),
            self.table,
            visit=visit,
            most=self._most,
            on_trouble=self._on_trouble,
            on_notice=self._on_notice,
        )

    def _run_recording(self) -> None:
        info = self._source.info
        recording = recording_of_source(
            self._source, Path(info.spec), info.label, live_results=self._live_results
        )
        with closing(self._opened(recording)) as results:
            self.table = results.table
            self._judge_rest(recording, results)
            self.precisions = results.precisions
            if self._cache is not None:
                self._cache.sweep(recording.identity.content)

    def _opened(self, recording: Recording) -> KeptResults:
        """What is kept of a recording; where nothing can be kept, that is said."""

        def opened(cache: AnalysisCache | None) -> KeptResults:
            analyser = self._analyser
            return open_results(
                recording,
                cache,
                analyser.provenance,
                analyser.threshold,
                any_precision=self._any_precision,
            )

        try:
            return opened(self._cache)
        except OutputError as error:
            self._on_notice(f"The results are not kept: {error.message}")
            return opened(None)

    def _judge_rest(self, recording: Recording, results: KeptResults) -> None:
        analyser = self._analyser
        judge = Judge(analyser)
        runner = Runner(
            results,
            judge,
            most=self._most,
            boxes=True,
            visit=self._visit,
            on_frame=lambda: self._step(runner),
            on_notice=self._on_notice,
        )
        if not runner.idle:
            judge.settle(
                settle(
                    recording,
                    self._source,
                    analyser.options.crop,
                    judge.aspect,
                    analyser.reader,
                )
            )
        try:
            runner.run()
        finally:
            self.judged, self.times_real = runner.judged, runner.pace.times_real
            most = len(results.table) if self._most is None else self._most
            for index, sentence in results.damage.items():
                if index < most:
                    self._on_trouble(SourceError(sentence))

    def _step(self, runner: Runner) -> None:
        self._on_frame(runner.done, runner.total)
