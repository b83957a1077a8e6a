"""What a model's scores are on labelled frames, and on pictures of other kinds.

The model is taken as it is, without any calibration; every frame is analysed anew, since what is
kept of a frame has no scores.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sonoassist.analysis.analyser import Analyser
from sonoassist.analysis.outside import OutsideMeasures, measures_of
from sonoassist.core.errors import DamagedFrameError, UsageError
from sonoassist.core.packets import Analysis, Frame, State
from sonoassist.engines.scores import scores_of
from sonoassist.evaluation.classes import Group
from sonoassist.evaluation.file_run import FileRun, Means, Take
from sonoassist.evaluation.outside_fit import Measured
from sonoassist.evaluation.planning import EvaluationPlan, FilePlan
from sonoassist.model.card import Card
from sonoassist.preprocess.prepare import prepare
from sonoassist.recordings.records import FrameResult
from sonoassist.sources import Source, open_source

NAMED = (State.PLANE, State.UNSURE)
"""A plane wins: what is measured of a picture speaks of it."""
MOST_FRAMES = 20
"""So many frames of one recording of another kind are taken, spread over it."""


@dataclass(frozen=True, slots=True)
class Gathered:
    """A labelled frame that was judged.

    Attributes:
        case: It belongs to, told apart from cases of other data sets.
        dataset: Of the case.
        scores: float32 (14,), the class scores a.
        truth: Planes that count as right.
        measures: Of a frame in which a plane wins, else None.
    """

    case: str
    dataset: str
    scores: NDArray[np.float32]
    truth: Group
    measures: OutsideMeasures | None


def uncalibrated(analyser: Analyser) -> Analyser:
    """The same model on the same engine, its scores read as the plain softmax."""
    plain = analyser.card.model_copy(update={"calibration": None, "outside": None})
    return Analyser(analyser.engine, plain, analyser.options, analyser.reader)


def gather_labelled(
    plan: EvaluationPlan,
    analyser: Analyser,
    step: Callable[[], None],
    on_trouble: Callable[[str], None],
) -> list[Gathered]:
    """Analyse the labelled frames of data sets.

    Args:
        plan: Of what is analysed.
        analyser: Of `uncalibrated`.
        step: Called for each frame.
        on_trouble: Told what could not be read.

    Raises:
        SourceError: The system failed to read a file.
        EngineError: The engine failed.
    """
    found: list[Gathered] = []
    for file in plan.files:
        wanted = file.labelled(plan.scope)
        run = FileRun(file, wanted, Means(analyser), _taking(file, analyser.card, found, step))
        run.run()
        for line in run.troubles:
            on_trouble(line)
    return found


def _taking(file: FilePlan, card: Card, found: list[Gathered], step: Callable[[], None]) -> Take:
    def take(frame: Frame, _result: FrameResult, analysis: Analysis | None) -> None:
        if analysis is not None and analysis.state.judged:
            found.append(
                Gathered(
                    case=f"{file.dataset}/{file.case}",
                    dataset=file.dataset,
                    scores=scores_of(analysis.prediction.score_maps).astype(np.float32),
                    truth=file.labels[frame.index].truth,
                    measures=_measures(analysis, card),
                )
            )
        step()

    return take


def gather_others(
    paths: Sequence[Path],
    analyser: Analyser,
    step: Callable[[], None],
    on_trouble: Callable[[str], None],
) -> list[Measured]:
    """Measure pictures of other kinds in which a plane wins; each file is a case.

    Args:
        paths: Pictures, recordings, or folders of pictures.
        analyser: Of `uncalibrated`.
        step: Called for each frame that is analysed.
        on_trouble: Told which pictures are damaged.

    Raises:
        UsageError: One is a live source.
        SourceError: One cannot be read.
        EngineError: The engine failed.
    """
    found: list[Measured] = []
    for path in paths:
        with open_source(str(path)) as source:
            if source.info.live:
                raise UsageError(f"{path} is live", "Give files or folders")
            analyser.forget()
            for frame in _some_frames(source, on_trouble):
                measures = _measures(analyser.analyse(frame), analyser.card)
                if measures is not None:
                    found.append(Measured(f"{path}/{frame.name}", measures))
                step()
    return found


def _some_frames(source: Source, on_trouble: Callable[[str], None]) -> Iterator[Frame]:
    """All pictures of a folder, some frames of a recording."""
    count = source.info.frame_count or 1
    every = 1 if source.info.stills else max(count // MOST_FRAMES, 1)
    while True:
        try:
            frame = source.read()
        except DamagedFrameError as error:
            on_trouble(str(error))
            continue
        if frame is None:
            return
        if frame.index % every == 0:
            yield frame


def _measures(analysis: Analysis, card: Card) -> OutsideMeasures | None:
    if analysis.state not in NAMED:
        return None
    prepared = prepare(
        analysis.frame,
        analysis.geometry.crop,
        height_px=card.input_height_px,
        width_px=card.input_width_px,
        scale=card.scale,
    )
    return measures_of(analysis.prediction, prepared)
