"""All measures of a run together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sonoassist.datasets.labels import Dataset
from sonoassist.evaluation.bootstrap import Draws
from sonoassist.evaluation.calibration import Calibration, calibrate
from sonoassist.evaluation.classification import Classification, classify
from sonoassist.evaluation.failures import Failure, Failures
from sonoassist.evaluation.hints import HintMeasure, measure_hints
from sonoassist.evaluation.localisation import LocalisationMeasure, measure_boxes
from sonoassist.evaluation.localisers import BothLocalisers, compare_localisers
from sonoassist.evaluation.observed import Observation, Observed
from sonoassist.evaluation.retrieval import Retrieval, retrieve
from sonoassist.evaluation.score_effects import (
    CalibrationEffect,
    OutsideRates,
    ScoreReading,
    measure_effect,
    measure_outside,
)
from sonoassist.evaluation.speed import Speed
from sonoassist.evaluation.steadiness import Steadiness, measure_steadiness

MEASURES = (
    "classification",
    "calibration",
    "retrieval",
    "localisation",
    "steadiness",
    "hints",
    "speed",
)
NEEDS = {
    "retrieval": "recordings of planes",
    "localisation": "true boxes",
    "steadiness": "recordings whose views are labelled frame by frame",
    "hints": "the truth of what is wrong with pictures (phantom --flaws)",
}
"""What data must have for a measure."""


@dataclass(frozen=True, slots=True)
class DatasetSummary:
    """What was used of one data set.

    Attributes:
        name: Of the data set.
        layout: Which layout it came in.
        frames: Labelled frames analysed.
        cases: Cases they belong to.
        right: Share of them whose predicted class is accepted.
        problems: Rows that could not be used.
        left_out: Rows left out on purpose, by class.
    """

    name: str
    layout: str
    frames: int
    cases: int
    right: float
    problems: tuple[str, ...]
    left_out: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class EvaluationFacts:
    """What was measured, with what.

    Attributes:
        version: Of the program.
        date: ISO date of the run.
        model: Name of the model.
        title: Of the model, on screen.
        architecture: Of the network.
        domain: What the model was trained on.
        weights_sha256: Of the weights.
        engine: That ran the network.
        precision: Of the numbers.
        device: It ran on.
        crop: As chosen.
        threshold: Confidence below which no plane is named.
        every: Of recordings, each so many-th frame.
        seed: Of the intervals.
        resamples: Draws behind the intervals.
        calibrated: Whether confidences are more than the plain softmax.
        boxes_measured: Whether the rules for boxes were measured with this very model before.
        note: What the reader must know before the figures; may be empty.
        tolerance_frames: In folders of exams, how far from a label a retrieved frame counts.
        localiser: What boxes were found by, see `localise.choice`.
        reading: How the model's scores are read.
    """

    version: str
    date: str
    model: str
    title: str
    architecture: str
    domain: str
    weights_sha256: str
    engine: str
    precision: str
    device: str
    crop: str
    threshold: float
    every: int
    seed: int
    resamples: int
    calibrated: bool = False
    boxes_measured: bool = True
    note: str = ""
    tolerance_frames: int = 0
    localiser: str = "plane"
    reading: ScoreReading = field(default_factory=ScoreReading)


@dataclass(frozen=True, slots=True)
class Results:
    """All measures of a run; None for those not asked for, or not to be had from the data."""

    about: EvaluationFacts
    datasets: tuple[DatasetSummary, ...]
    frames: tuple[Observation, ...]
    unreadable: tuple[str, ...]
    classification: Classification | None = None
    calibration: Calibration | None = None
    effect: CalibrationEffect | None = None
    outside: OutsideRates | None = None
    retrieval: Retrieval | None = None
    localisation: LocalisationMeasure | None = None
    localisers: BothLocalisers | None = None
    steadiness: Steadiness | None = None
    hints: HintMeasure | None = None
    speed: Speed | None = None
    wrong_labels: tuple[Failure, ...] = field(default=())
    wrong_boxes: tuple[Failure, ...] = field(default=())
    wanted: tuple[str, ...] = MEASURES


def measure(
    about: EvaluationFacts,
    datasets: Sequence[Dataset],
    seen: Observed,
    failures: Failures,
    wanted: Sequence[str],
    speed: Speed | None = None,
) -> Results:
    """Make the tables that are `wanted` (of `MEASURES`) of what was seen."""
    draws = Draws(about.seed, about.resamples)
    labelled = seen.labelled
    classes, boxes = "classification" in wanted, "localisation" in wanted
    sure = classes or "calibration" in wanted
    return Results(
        about=about,
        datasets=tuple(_summary(data, labelled) for data in datasets),
        frames=tuple(seen.frames),
        unreadable=tuple(seen.unreadable),
        classification=classify(labelled, draws) if classes else None,
        calibration=calibrate(labelled, about.threshold, draws) if sure else None,
        effect=measure_effect(labelled, about.reading) if sure else None,
        outside=(
            measure_outside(labelled, about.reading, about.threshold, draws) if sure else None
        ),
        retrieval=retrieve(seen.frames, draws) if "retrieval" in wanted else None,
        localisation=measure_boxes(labelled, draws) if boxes else None,
        localisers=compare_localisers(labelled, about.localiser) if boxes else None,
        steadiness=(
            measure_steadiness(seen.frames, about.threshold) if "steadiness" in wanted else None
        ),
        hints=measure_hints(labelled, draws) if "hints" in wanted else None,
        speed=speed,
        wrong_labels=failures.labels if classes else (),
        wrong_boxes=failures.boxes if boxes else (),
        wanted=tuple(wanted),
    )


def _summary(data: Dataset, labelled: Sequence[Observation]) -> DatasetSummary:
    own = [one for one in labelled if one.dataset == data.name]
    return DatasetSummary(
        name=data.name,
        layout=data.layout,
        frames=len(own),
        cases=len({one.case for one in own}),
        right=sum(one.right for one in own) / len(own) if own else float("nan"),
        problems=data.problems,
        left_out=data.left_out,
    )
