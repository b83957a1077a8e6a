"""Fitting the rules for boxes to a model, on labelled boxes.

The paper chose polarity, blur and threshold once, for its own networks and pictures. Which part
of the anatomy a network lights up depends on both, so a few numbers a plane (see `BoxRule`) are
fitted on frames whose box is known. Use cases for it that are neither trained on nor tested with.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
from skimage.filters import threshold_isodata

from sonoassist.analysis.analyser import Analyser
from sonoassist.core.packets import Analysis, Box, Floats, Frame
from sonoassist.core.planes import BY_KEY, Polarity
from sonoassist.datasets.labels import Dataset
from sonoassist.evaluation.file_run import FileRun, Means, Take
from sonoassist.evaluation.localisation import CORRECT_IOU
from sonoassist.evaluation.planning import FilePlan, Scope, make_plan
from sonoassist.localise.boxes import component_box, evidence_of, found_box, grown
from sonoassist.model.box_rule import BLUR_PX, BoxRule, Method, Weight, paper_rule
from sonoassist.model.card import Card
from sonoassist.preprocess.prepare import prepare
from sonoassist.recordings.records import FrameResult

BLURS_PX = (BLUR_PX, 11, 21, 35)
THRESHOLDS = (0.35, 0.5, 0.7, 1.0, 1.3)
GROWTH = (0.25, 3.0)
"""A box is made smaller or larger by these factors at most."""
IN_PICTURE = (
    BoxRule(method=Method.LINE, polarity=Polarity.ABSOLUTE, blur_px=35),
    *(
        BoxRule(
            method=Method.WALL,
            polarity=Polarity.ABSOLUTE,
            blur_px=35,
            threshold=threshold,
            grow_x=grow,
            grow_y=grow,
        )
        for threshold, grow in ((0.35, 0.7), (0.35, 0.8), (0.5, 0.75))
    ),
)
"""Rules that look at the picture; they have nothing that would be fitted."""
FEWEST = 5
"""A plane with fewer examples keeps the paper's rule."""
GAIN = 0.02
"""The paper's rule stays unless another one is better by more than this."""


@dataclass(frozen=True, slots=True)
class Example:
    """A frame whose plane was named rightly.

    Attributes:
        saliency: float32, (h, w).
        picture: The network input, float32 (h, w).
        box: True box in input pixels, as far as it lies in the crop.
        case: The case it belongs to, with its data set; "" where that does not matter.
    """

    saliency: Floats
    picture: Floats
    box: Box
    case: str = ""


@dataclass(frozen=True, slots=True)
class Fit:
    """What was found for one plane.

    Attributes:
        rule: The best one.
        count: Examples it was fitted on.
        before: Score of the paper's rule: mean IoU.
        after: Mean IoU of `rule`.
        correct: Share of boxes with an IoU of at least 0.5 by `rule`.
    """

    rule: BoxRule
    count: int
    before: float
    after: float
    correct: float


def gather(
    datasets: Sequence[Dataset],
    analyser: Analyser,
    per_plane: int,
    seed: int = 0,
    step: Callable[[], None] = lambda: None,
    on_trouble: Callable[[str], None] = lambda line: None,
) -> dict[str, list[Example]]:
    """Analyse up to `per_plane` boxed frames of each plane, drawn at random.

    Args:
        datasets: With true boxes.
        analyser: Of the model whose boxes are looked at.
        per_plane: So many frames at most.
        seed: Of the draw.
        step: Called for each frame.
        on_trouble: Told what could not be read, or does not fit the crop.

    Raises:
        SourceError: The system failed to read a file.
        EngineError: The engine failed.
    """
    found: dict[str, list[Example]] = {}
    for file in drawn(make_plan(datasets, Scope()).files, per_plane, seed):
        # What is kept of a frame has no saliency, so all of them are analysed now.
        run = FileRun(
            file, sorted(file.labels), Means(analyser), _taking(file, analyser.card, found, step)
        )
        run.run()
        for line in run.troubles:
            on_trouble(line)
    return found


def _taking(
    file: FilePlan, card: Card, found: dict[str, list[Example]], step: Callable[[], None]
) -> Take:
    def take(frame: Frame, _result: FrameResult, analysis: Analysis | None) -> None:
        label = file.labels[frame.index]
        example = _example(analysis, label.truth[0], label.box, card) if analysis else None
        if example is not None:
            example = replace(example, case=f"{file.dataset}/{file.case}")
            found.setdefault(label.truth[0], []).append(example)
        step()

    return take


def drawn(files: Iterable[FilePlan], per_plane: int, seed: int) -> list[FilePlan]:
    """The files with only the frames that were drawn; those without any are left out."""
    places: dict[str, list[tuple[int, int]]] = {}
    listed = list(files)
    for number, file in enumerate(listed):
        for index, label in sorted(file.labels.items()):
            if label.box is not None and len(label.truth) == 1:
                places.setdefault(label.truth[0], []).append((number, index))
    rng = np.random.default_rng([seed, 17])
    kept: dict[int, set[int]] = {}
    for _, them in sorted(places.items()):
        for at in rng.permutation(len(them))[:per_plane]:
            number, index = them[int(at)]
            kept.setdefault(number, set()).add(index)
    return [
        replace(listed[number], labels={i: listed[number].labels[i] for i in sorted(indexes)})
        for number, indexes in sorted(kept.items())
    ]


def _example(analysis: Analysis, key: str, box: Box | None, card: Card) -> Example | None:
    prediction = analysis.prediction
    if box is None or prediction.saliency is None or prediction.plane.key != key:
        return None
    height, width = prediction.saliency.shape
    seen = grown(analysis.geometry.to_input(box), 1.0, 1.0, width, height)
    if seen.width < 1 or seen.height < 1:
        return None
    again = prepare(
        analysis.frame, analysis.geometry.crop, height_px=height, width_px=width, scale=card.scale
    )
    return Example(prediction.saliency, again.network_input[0, 0], seen)


def fit_rules(examples: dict[str, list[Example]]) -> dict[str, Fit]:
    """The best rule of each plane with enough examples."""
    return {
        key: fit_rule(paper_rule(BY_KEY[key]), them)
        for key, them in sorted(examples.items())
        if len(them) >= FEWEST
    }


def fit_rule(paper: BoxRule, examples: Sequence[Example]) -> Fit:
    """The rule with the best boxes: most of them correct, then most overlap.

    Args:
        paper: The rule that stays where no other one is better.
        examples: All are fitted on, and the figures are of these very frames.
    """
    trials = Trials(paper, examples)
    everything = range(len(examples))
    rule = trials.best(everything)
    before, after = trials.overlaps(paper, everything), trials.overlaps(rule, everything)
    return Fit(
        rule=rule,
        count=len(examples),
        before=float(before.mean()),
        after=float(after.mean()),
        correct=float((after >= CORRECT_IOU).mean()),
    )


class Trials:
    """All rules that are tried on some examples, each component found once.

    Args:
        now: The rule that stays where no other one is better.
        examples: Of one plane.
    """

    def __init__(self, now: BoxRule, examples: Sequence[Example]) -> None:
        self._now, self._examples = now, examples
        self._components: dict[BoxRule, list[Box | None]] = {}
        if now.method is Method.COMPONENT:
            self._components[_shape(now)] = next(_found(now, examples, (now.threshold,)))[1]
        whole = {rule for rule in (now, *IN_PICTURE) if rule.method is not Method.COMPONENT}
        self._whole = {rule: _in_picture(rule, examples) for rule in whole}
        for polarity, weight, blur_px in product(Polarity, Weight, BLURS_PX):
            base = BoxRule(polarity=polarity, weight=weight, blur_px=blur_px)
            for threshold, boxes in _found(base, examples, THRESHOLDS):
                self._components[_shape(base.model_copy(update={"threshold": threshold}))] = boxes

    def best(self, numbers: Sequence[int]) -> BoxRule:
        """The rule with the best boxes on the examples of these numbers."""
        best, reached = self._now, _score(self.overlaps(self._now, numbers))
        for rule in self._tried(numbers):
            score = _score(self.overlaps(rule, numbers))
            if score > reached + (0.0 if best is not self._now else GAIN):
                best, reached = rule, score
        return best

    def _tried(self, numbers: Sequence[int]) -> Iterator[BoxRule]:
        """All rules, with the growth that fits the examples of these numbers."""
        examples = [self._examples[n] for n in numbers]
        for shape, boxes in self._components.items():
            yield _with_growth(shape, [boxes[n] for n in numbers], examples)
        yield from self._whole

    def overlaps(self, rule: BoxRule, numbers: Sequence[int]) -> Floats:
        """IoU of a tried rule's boxes on the examples of these numbers, float32 (n,)."""
        if rule in self._whole:
            return self._whole[rule][list(numbers)]
        boxes = self._components[_shape(rule)]
        return _overlaps(rule, [boxes[n] for n in numbers], [self._examples[n] for n in numbers])


def _shape(rule: BoxRule) -> BoxRule:
    """A rule as far as the component depends on it: all but how much its box is grown."""
    return rule.model_copy(update={"grow_x": 1.0, "grow_y": 1.0})


def _score(overlaps: Floats) -> float:
    return float((overlaps >= CORRECT_IOU).mean() + overlaps.mean())


def _found(
    rule: BoxRule, examples: Sequence[Example], thresholds: Sequence[float]
) -> Iterator[tuple[float, list[Box | None]]]:
    """For each threshold the components' boxes, before they are grown."""
    evidence = [evidence_of(one.saliency, rule, one.picture) for one in examples]
    levels = [
        float(threshold_isodata(one)) if one.max() > one.min() else np.inf for one in evidence
    ]
    for threshold in thresholds:
        pairs = zip(evidence, levels, strict=True)
        yield threshold, [component_box(one, threshold * level) for one, level in pairs]


def _in_picture(rule: BoxRule, examples: Sequence[Example]) -> Floats:
    """IoU of the boxes of a rule that looks at the picture, float32 (n,)."""
    found = (
        found_box(evidence_of(one.saliency, rule, one.picture), rule, one.picture)
        for one in examples
    )
    pairs = zip(found, examples, strict=True)
    return np.array([0.0 if box is None else box.iou(one.box) for box, one in pairs], np.float32)


def _with_growth(
    base: BoxRule, boxes: Sequence[Box | None], examples: Sequence[Example]
) -> BoxRule:
    pairs = [(box, one.box) for box, one in zip(boxes, examples, strict=True) if box is not None]
    if not pairs:
        return base
    growth = (
        np.median([true.width / box.width for box, true in pairs]),
        np.median([true.height / box.height for box, true in pairs]),
    )
    grow_x, grow_y = (round(float(np.clip(value, *GROWTH)), 2) for value in growth)
    return base.model_copy(update={"grow_x": grow_x, "grow_y": grow_y})


def _overlaps(rule: BoxRule, boxes: Sequence[Box | None], examples: Sequence[Example]) -> Floats:
    found = np.zeros(len(examples), np.float32)
    for number, (box, one) in enumerate(zip(boxes, examples, strict=True)):
        if box is not None:
            height, width = one.saliency.shape
            found[number] = grown(box, rule.grow_x, rule.grow_y, width, height).iou(one.box)
    return found
