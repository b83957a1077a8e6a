"""Sources of the public API, and the analysis of a whole one."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sonoassist.api import checks
from sonoassist.api.errors import InputError, InputTypeError, issue
from sonoassist.api.models import Model, lent, takes_any_precision
from sonoassist.api.results import DAMAGED, SourceResult, Words
from sonoassist.core.errors import SonoAssistError, SourceError
from sonoassist.core.packets import Floats, frozen
from sonoassist.core.paths import demo_exam as shipped_demo
from sonoassist.core.planes import KEYS
from sonoassist.sources.base import Source

if TYPE_CHECKING:
    from sonoassist.recordings.spec import LiveResults
    from sonoassist.recordings.table import FrameColumns
    from sonoassist.recordings.whole_source import SourceAnalysis

ProgressCall = Callable[[int, "int | None"], object]


def open_source(spec: str | os.PathLike[str]) -> Source:
    """Open whatever gives frames; close it, or use it in a `with` block.

    Args:
        spec: Path of a video, a picture, a DICOM file, a zip archive or a folder of pictures, or of
            a synthetic exam; "exam:NAME" for the longest recording of a kept exam, "exam:NAME/2"
            for its second; "device:NAME" for a capture device; or a URL.

    Raises:
        InputTypeError: It is neither a text nor a path.
        UsageError: There is no such exam or recording.
        SourceError: It cannot be opened.
    """
    from sonoassist.exam.resolving import ExamResolver
    from sonoassist.recordings.spec import open_source as open_named

    return open_named(checks.path_or_name("spec", spec), ExamResolver())


def demo_exam() -> Path:
    """The video of the synthetic exam that comes with the program; there is no patient in it.

    Raises:
        SourceError: This build has none.
    """
    path = shipped_demo()
    if path is None:
        raise SourceError("this build has no demo exam", "Open a recording of your own instead")
    return path


def analyse(
    source: str | os.PathLike[str] | Source,
    model: Model,
    *,
    on_progress: ProgressCall | None = None,
    cache: bool = True,
    max_frames: int | None = None,
) -> SourceResult:
    """Analyse a file, a recording, a folder or another source from its beginning.

    The results of a recording (a video, a DICOM cine) are kept in `SONOASSIST_HOME/analyses`, where
    the window and the commands find them: no frame is analysed twice with one model and crop, also
    after an interruption or with another threshold. Pictures and live sources are not kept.

    Damaged frames are rows in the state "damaged". What must be known before the results are
    believed is in `warnings` of the result, and issued as `SonoAssistWarning`.

    Args:
        source: As of `open_source`, or an open source, which is not closed.
        model: Of `load_model`.
        on_progress: Called with the number of frames done and of all that have to be read, None
            where that is not known; never where all results are known. What it raises ends the
            analysis; what is finished stays kept.
        cache: Use the results that are kept, and keep new ones.
        max_frames: Only so many frames from the first on. A live source has no end and needs it.

    Raises:
        InputTypeError, InputError: An argument is wrong.
        UsageError: There is no such exam, the crop does not fit, or the model is closed.
        SourceError: The source cannot be opened, or no frame of it can be read.
        EngineError: The engine failed.
        OutputError: The results cannot be kept.
    """
    if not isinstance(model, Model):
        raise InputTypeError(
            f"model is {checks.kind_of(model)}",
            "Give what sonoassist.load_model returns",
        )
    if on_progress is not None and not callable(on_progress):
        raise InputTypeError(
            f"on_progress is {checks.kind_of(on_progress)}", "Give a function of two"
        )
    wish = _Wish(
        model, on_progress, checks.flag("cache", cache), checks.count("max_frames", max_frames)
    )
    if isinstance(source, Source):
        if not source.info.live:
            source.seek(0)
        result = _analysed(source, wish)
    else:
        result = _opened_and_analysed(checks.path_or_name("source", source), wish)
    issue(result.warnings, stacklevel=2)
    return result


@dataclass(frozen=True, slots=True)
class _Wish:
    """How a source is to be analysed, see `analyse`."""

    model: Model
    on_progress: ProgressCall | None
    cache: bool
    max_frames: int | None

    def step(self, done: int, total: int | None) -> None:
        """One more frame is done."""
        if self.on_progress is not None:
            self.on_progress(done, total)


@dataclass(slots=True)
class _Told:
    """What is said while a source is analysed."""

    damage: list[str] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)

    def trouble(self, error: SonoAssistError) -> None:
        """Something is left out."""
        self.damage.append(str(error))


def _opened_and_analysed(spec: str, wish: _Wish) -> SourceResult:
    from sonoassist.exam.resolving import ExamResolver
    from sonoassist.recordings.spec import exam_spec_of

    exam = exam_spec_of(spec)
    if exam is None:
        with open_source(spec) as source:
            return _analysed(source, wish)
    found = ExamResolver()(exam)
    with open_source(found.path) as source:
        return _analysed(source, wish, found.label, found.live_results)


def _analysed(
    source: Source, wish: _Wish, label: str = "", live_results: LiveResults | None = None
) -> SourceResult:
    from sonoassist.model.card import domain_warning
    from sonoassist.recordings.cache import AnalysisCache
    from sonoassist.recordings.whole_source import SourceAnalysis

    info = source.info
    if info.live and wish.max_frames is None:
        raise InputError("a live source has no end", "Say how many frames with max_frames")
    told = _Told()
    with lent(wish.model) as analyser:
        work = SourceAnalysis(
            source,
            analyser,
            AnalysisCache.default() if wish.cache else None,
            most=wish.max_frames,
            any_precision=takes_any_precision(wish.model),
            on_frame=wish.step,
            on_trouble=told.trouble,
            on_notice=told.notices.append,
            live_results=live_results,
        )
        work.run()
        domain = domain_warning(analyser.card, synthetic=info.synthetic)
    label = label or info.label
    if not work.table.snapshot().readable.any():
        raise SourceError(f"no frame of {label} could be read", "".join(told.damage[:1]))
    sentences = (
        *(f"{label}: {sentence}" for sentence in info.warnings),
        *([domain] if domain else []),
        *told.notices,
        *_of_damage(label, told.damage),
    )
    return _result(work, wish, label, tuple(told.damage), sentences)


def _of_damage(label: str, damage: list[str]) -> list[str]:
    if not damage:
        return []
    more = f" (and {len(damage) - 1} more, see damage)" if len(damage) > 1 else ""
    return [f"{label} could not be read as a whole: {damage[0].rstrip('.')}{more}"]


def _result(
    work: SourceAnalysis,
    wish: _Wish,
    label: str,
    damage: tuple[str, ...],
    warnings: tuple[str, ...],
) -> SourceResult:
    info = wish.model.info
    columns = work.table.snapshot()
    rows = np.flatnonzero(columns.known[: wish.max_frames])
    readable, judged = columns.readable[rows], columns.judged[rows]
    shares: Floats = columns.probabilities[rows]
    shares[~readable] = np.nan
    likeliest = columns.probabilities[rows].argmax(axis=1)
    return SourceResult(
        label=label,
        model=info,
        frames=frozen(np.array([work.number_of(int(row)) for row in rows], np.int64)),
        times_s=frozen(columns.times_s[rows]),
        names=_words([work.name_of(int(row)) for row in rows]),
        states=_words(_states(columns, rows)),
        planes=_words(np.where(judged, np.array(KEYS)[likeliest], "")),
        confidences=frozen(
            np.where(judged, columns.probabilities[rows].max(axis=1), np.float32(np.nan))
        ),
        probabilities=frozen(shares),
        boxes=frozen(np.where(judged[:, None], columns.boxes[rows], np.float32(np.nan))),
        crops=frozen(columns.crops[rows]),
        steady_planes=_words(_steady(work, rows, info.threshold)),
        frozen=frozen(columns.frozen[rows]),
        sharpness=frozen(columns.quality[rows]),
        stillness=frozen(columns.stillness[rows]),
        damage=damage,
        warnings=warnings,
    )


def _states(columns: FrameColumns, rows: NDArray[np.intp]) -> list[str]:
    from sonoassist.recordings.table import STATES

    states = (STATES[int(number)] for number in columns.states[rows])
    return [DAMAGED if state is None else state.value for state in states]


def _steady(work: SourceAnalysis, rows: NDArray[np.intp], threshold: float) -> list[str]:
    """The steady plane of each row, "" without one."""
    from sonoassist.recordings.steadied import steady_states

    states = steady_states(work.table.snapshot(), threshold, work.stills)
    named = {index: now.plane.key for index, now in states if now.plane is not None}
    return [named.get(int(row), "") for row in rows]


def _words(words: Sequence[str] | Words) -> Words:
    return frozen(np.array(words, np.str_))
