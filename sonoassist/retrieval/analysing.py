"""All frames of an exam -> a table of results; what cannot be read is noted and left out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from sonoassist.analysis.analyser import Analyser
from sonoassist.core.errors import SonoAssistError, SourceError, UsageError
from sonoassist.core.wording import counted
from sonoassist.recordings.cache import AnalysisCache
from sonoassist.recordings.crops import misfits
from sonoassist.recordings.reader import may_be_whole
from sonoassist.recordings.whole_source import SourceAnalysis
from sonoassist.retrieval.exams import Part, RecordedExam
from sonoassist.retrieval.opening import Opening, opened
from sonoassist.retrieval.table import ExamTable, PartResults, joined, packed, unpacked
from sonoassist.sources import Source

MOST_NOTES = 50
"""So many damaged places of an exam are named one by one."""

OnFrame = Callable[[int, int], None]
"""Told how many frames are done, and of how many."""


@dataclass(frozen=True, slots=True)
class ExamFacts:
    """What is known of an exam beside the results of its frames.

    Attributes:
        key: Names the analysis; see `Order.analysis_key`.
        synthetic: It is a synthetic exam.
        details: Format of each recording, "" where it could not be opened.
        length_s: From its beginning to the end of its last recording.
        engine: What computed the frames that had no result yet, e.g. "OpenVINO".
        precision: In which the results were computed; several, where some were kept before.
        device: On which the engine computed.
        damaged: What could not be read, a line each.
        warnings: What else is to be said of the analysis.
    """

    key: str
    synthetic: bool
    details: tuple[str, ...]
    length_s: float
    engine: str
    precision: str
    device: str
    damaged: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Analysed:
    """An exam, analysed.

    Attributes:
        table: The results.
        about: The rest.
    """

    table: ExamTable
    about: ExamFacts

    def to_bytes(self) -> bytes:
        """As they are kept."""
        return packed(self.table, asdict(self.about))


def analysed_from(data: bytes, key: str) -> Analysed | None:
    """What was kept, where it is what `key` names; None where it is not."""
    found = unpacked(data) if data else None
    if found is None:
        return None
    table, values = found
    lists = ("details", "damaged", "warnings")
    fields: dict[str, Any] = {k: tuple(v) if k in lists else v for k, v in values.items()}
    try:
        about = ExamFacts(**fields)
    except TypeError:
        return None
    return Analysed(table, about) if about.key == key else None


def is_synthetic(exam: RecordedExam, opening: Opening = opened) -> bool:
    """Whether the exam says of itself that it is synthetic.

    Raises:
        SourceError: None of its recordings can be opened.
    """
    errors = []
    for part in exam.parts:
        try:
            with opening(part.path) as source:
                return source.info.synthetic
        except SourceError as error:
            errors.append(error)
    raise errors[0]


def analyse_exam(
    exam: RecordedExam,
    analyser: Analyser,
    key: str,
    told: OnFrame = lambda done, total: None,
    opening: Opening = opened,
    cache: AnalysisCache | None = None,
    *,
    synthetic: bool = False,
    any_precision: bool = True,
) -> Analysed:
    """Analyse all frames of an exam that have no result yet.

    Args:
        exam: To be analysed.
        analyser: Used by nobody else meanwhile.
        key: Names the analysis.
        told: Called after each frame that is read.
        opening: Opens its recordings.
        cache: Where results are kept; None to keep none.
        synthetic: See `is_synthetic`.
        any_precision: Kept results in another precision serve as well.

    Raises:
        SourceError: Not one frame of it can be read, or the system could not read a recording.
        UsageError: The crop does not fit its pictures.
        EngineError: The engine failed.
        OutputError: The results cannot be kept.
    """
    run = _Run(analyser, told, opening, cache, any_precision=any_precision)
    for number, part in enumerate(exam.parts):
        run.take(number, part)
    table = joined(run.parts)
    if not len(table):
        raise SourceError(f"no frame of {exam.label} can be read", "".join(run.damaged[:1]))
    alien = misfits(table.crop, analyser.options.crop.own)
    if alien:
        crop = analyser.options.crop.text
        run.warnings.append(
            f"the crop {crop} does not fit {counted(alien, 'picture')}: theirs was looked for"
        )
    engine = analyser.engine
    about = ExamFacts(
        key=key,
        synthetic=synthetic,
        details=tuple(run.details),
        length_s=run.length_s,
        engine=engine.name,
        precision=", ".join(sorted(run.precisions)),
        device=engine.device,
        damaged=_shortened(run.damaged),
        warnings=tuple(run.warnings),
    )
    return Analysed(table, about)


class _Run:
    """The analysis of one exam while it goes on."""

    def __init__(
        self,
        analyser: Analyser,
        told: OnFrame,
        opening: Opening,
        cache: AnalysisCache | None,
        *,
        any_precision: bool,
    ) -> None:
        self._analyser, self._told, self._opening = analyser, told, opening
        self._cache, self._any_precision = cache, any_precision
        self.parts: list[PartResults] = []
        self.precisions: set[str] = set()
        self.details: list[str] = []
        self.length_s = 0.0
        self.damaged: list[str] = []
        self.warnings: list[str] = []
        self._done = self._total = 0

    def take(self, number: int, part: Part) -> None:
        """Analyse one recording."""
        try:
            source = self._opening(part.path)
        except SourceError as error:
            if may_be_whole(error):
                raise
            # Where it lies is no part of the result: elsewhere it would be another one.
            self.damaged.append(str(error).replace(str(part.path), part.path.name))
            self.details.append("")
            return
        with source:
            info = source.info
            if info.live:
                raise UsageError(f"{info.label} is live", "Record it first")
            self.details.append(info.detail)
            self.warnings += info.warnings
            self.length_s = max(self.length_s, part.began_s + (info.duration_s or 0.0))
            self.parts.append(self._frames(number, part, source))

    def _frames(self, number: int, part: Part, source: Source) -> PartResults:
        before, count = self._total, source.info.frame_count or 0
        self._total += count

        def on_frame(done: int, to_do: int | None) -> None:
            known = count - to_do if to_do is not None else 0
            self._go_to(before + known + done)

        work = SourceAnalysis(
            source,
            self._analyser,
            self._cache,
            any_precision=self._any_precision,
            on_frame=on_frame,
            on_trouble=self._note,
            on_notice=self.warnings.append,
            live_results=part.live_results,
        )
        work.run()
        self._go_to(self._total)
        self.precisions |= {one or "unknown" for one in work.precisions}
        return PartResults(
            number=number,
            began_s=part.began_s,
            columns=work.table.snapshot(),
            frames=work.numbers,
            still=source.info.stills or count == 1,
        )

    def _note(self, error: SonoAssistError) -> None:
        if isinstance(error, SourceError) and may_be_whole(error):
            raise error  # of pictures; of a recording the reader sees to it
        self.damaged.append(str(error))

    def _go_to(self, done: int) -> None:
        if done > self._done:
            self._done = done
            self._told(done, max(self._total, done))


def _shortened(lines: list[str]) -> tuple[str, ...]:
    if len(lines) <= MOST_NOTES:
        return tuple(lines)
    return (*lines[:MOST_NOTES], f"and {counted(len(lines) - MOST_NOTES, 'more place')}")
