"""The frames of one file of a data set, by the one way in which recordings are analysed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from sonoassist.analysis.analyser import Analyser
from sonoassist.core.errors import SonoAssistError, SourceError, UsageError
from sonoassist.core.packets import Analysis, Frame
from sonoassist.evaluation.planning import FilePlan
from sonoassist.preprocess.crop import own_crop
from sonoassist.recordings.cache import AnalysisCache
from sonoassist.recordings.crops import settle
from sonoassist.recordings.judge import Judge
from sonoassist.recordings.kept import KeptResults, open_results
from sonoassist.recordings.reader import may_be_whole
from sonoassist.recordings.recording import Recording, recording_of_source
from sonoassist.recordings.records import FrameResult
from sonoassist.recordings.runner import Runner, run_on
from sonoassist.recordings.table import FrameTable
from sonoassist.recordings.whole_source import is_recording
from sonoassist.sources import Source, open_source

Take = Callable[[Frame, FrameResult, Analysis | None], None]
"""Given each frame with its result; the analysis is None where the result was kept from before."""


@dataclass(frozen=True, slots=True)
class Means:
    """What files are analysed with.

    Attributes:
        analyser: Used for all of them, one after another.
        cache: Where results of recordings are kept; None to use and to keep none.
        any_precision: Kept results in another precision serve as well.
        on_notice: Told what the engine has to say.
    """

    analyser: Analyser
    cache: AnalysisCache | None = None
    any_precision: bool = True
    on_notice: Callable[[str], None] = lambda sentence: None


class FileRun:
    """Analyses the wanted frames of one file.

    Args:
        file: It.
        wanted: Numbers of the frames, rising.
        means: What it is analysed with.
        take: Given each frame that could be read, in order.

    Attributes:
        troubles: A line for whatever could not be read, and for what the file's source warns of.
    """

    def __init__(self, file: FilePlan, wanted: Sequence[int], means: Means, take: Take) -> None:
        self.troubles: list[str] = []
        self._file, self._wanted, self._means, self._take = file, wanted, means, take
        self._missing = dict.fromkeys(wanted)
        self._misfits: dict[int, UsageError] = {}
        self._now: Analysis | None = None
        self._options = means.analyser.options

    def run(self) -> None:
        """Do it; a file that cannot be read, or that the crop does not fit, is a trouble.

        Raises:
            SourceError: The system failed rather than the file: another time it may be read.
            EngineError: The engine failed.
            OutputError: The results cannot be kept.
        """
        try:
            source = open_source(str(self._file.path))
        except SourceError as error:
            self._give_up(error)
            return
        with source:
            info = source.info
            self.troubles += (f"{self._file.name}: {sentence}" for sentence in info.warnings)
            if not self._wanted:
                return
            try:
                if is_recording(info):
                    self._run_recording(source)
                else:
                    self._run_pictures(source)
            except UsageError as error:
                self._give_up(error)
            finally:
                self._means.analyser.configure(self._options)  # the next file is of other pictures

    # --- recordings -------------------------------------------------------------------------

    def _run_recording(self, source: Source) -> None:
        analyser, means = self._means.analyser, self._means
        recording = recording_of_source(source, Path(source.info.spec), self._file.name)
        with closing(
            open_results(
                recording,
                means.cache,
                analyser.provenance,
                analyser.threshold,
                any_precision=means.any_precision,
            )
        ) as results:
            try:
                judge = self._judge(recording, source)
            except SourceError as error:
                self._give_up(error)
                return
            self._runner(results, judge).run()
            self._tell_missing(results.damage, len(results.table) - 1)
        if means.cache is not None:
            means.cache.sweep(recording.identity.content)

    def _judge(self, recording: Recording, source: Source) -> Judge:
        analyser = self._means.analyser
        judge = Judge(analyser)
        choice = analyser.options.crop
        judge.settle(settle(recording, source, choice, judge.aspect, analyser.reader))
        return judge

    def _runner(self, results: KeptResults, judge: Judge) -> Runner:
        count = len(results.table)
        wanted: Sequence[int] | None = [index for index in self._wanted if index < count]
        if len(self._wanted) == count and not results.table.finished.all():
            wanted = None  # who goes through all of it anyway measures it for the others as well
        return Runner(
            results,
            judge,
            wanted=wanted,
            boxes=True,
            unsure_boxes=True,  # the class is told by its probability, not by the threshold
            visit=self._visit,
            on_notice=self._means.on_notice,
            on_analysis=self._note_analysis,
        )

    # --- pictures ---------------------------------------------------------------------------

    def _run_pictures(self, source: Source) -> None:
        before = len(self.troubles)
        run_on(
            source,
            Judge(self._means.analyser),
            FrameTable(),
            visit=self._visit,
            most=max(self._wanted) + 1,
            on_trouble=self._note_trouble,
            on_notice=self._means.on_notice,
            on_analysis=self._note_analysis,
        )
        if len(self.troubles) == before:
            self._tell_missing({})

    def _note_trouble(self, error: SonoAssistError) -> None:
        if isinstance(error, SourceError) and may_be_whole(error):
            raise error
        self.troubles.append(f"{self._file.name}: {error}")

    # --- both -------------------------------------------------------------------------------

    def _note_analysis(self, analysis: Analysis) -> None:
        self._now = analysis

    def _visit(self, frame: Frame, result: FrameResult) -> None:
        analysis, self._now = self._now, None
        if frame.index not in self._missing:
            return
        del self._missing[frame.index]
        misfit = self._misfit(frame)
        if misfit is None:
            self._take(frame, result, analysis)
        else:
            self._misfits[frame.index] = misfit

    def _misfit(self, frame: Frame) -> UsageError | None:
        """Why the user's own crop is not what a picture of another size was judged by."""
        own = self._options.crop.own
        if own is None:
            return None
        try:
            own_crop(own, frame.width_px, frame.height_px)
        except UsageError as error:
            return error
        return None

    def _give_up(self, error: SonoAssistError) -> None:
        """None of what is missing yet will come."""
        if isinstance(error, SourceError) and may_be_whole(error):
            raise error
        lost = self._file.lost(self._labels(self._missing))
        self.troubles.append(f"{self._file.name}: {error}{lost}")

    def _tell_missing(self, damage: Mapping[int, str], last: int = -1) -> None:
        """Name what did not come, once.

        Args:
            damage: Frame -> why it, or what comes from there on, cannot be read.
            last: The last frame of a recording, which may be there where the end is wrong.
        """
        lines: list[str] = []
        told: set[str] = set()
        for index in self._wanted:
            here = index not in self._missing
            if here:
                told.clear()  # what was said of frames before it has come to an end
            reason = damage.get(index, "") if not here or index == last else ""
            if reason and reason not in told:
                told.add(reason)
                lines.append(f"{self._file.name}: {reason}")
            elif not here and not told and self._labels((index,)):
                lines.append(f"{self._file.name}, frame {index}: not to be had")
        lost = self._labels(self._missing)
        if lines and lost > len(lines):
            lines[-1] += self._file.lost(lost)
        self.troubles += lines
        if self._misfits:
            error, lost = next(iter(self._misfits.values())), self._labels(self._misfits)
            self.troubles.append(f"{self._file.name}: {error}{self._file.lost(lost)}")

    def _labels(self, indexes: Sequence[int] | Mapping[int, object]) -> int:
        """How many of some frames are classified by the data set."""
        labels = self._file.labels
        return sum(1 for index in indexes if index in labels and labels[index].truth)
