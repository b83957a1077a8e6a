"""Whether fitted rules for boxes are better on frames that they were not fitted on.

The cases are divided into folds. The boxes of each fold are found by rules that were fitted on
all the others, so that no figure is of a frame that was fitted on, nor of another frame of the
same patient. Only where these boxes are surely better does a plane get a new rule.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonoassist.core.packets import Floats
from sonoassist.core.planes import BY_KEY
from sonoassist.core.wording import counted
from sonoassist.datasets.labels import Dataset
from sonoassist.evaluation.box_fitting import Example, Trials
from sonoassist.evaluation.localisation import CORRECT_IOU
from sonoassist.model.box_rule import BoxRule, paper_rule

FOLDS = 5
FEWEST_FRAMES, FEWEST_CASES = 10, 5
"""A plane with fewer keeps its rule: what so few say of other frames is chance."""
SURE = 1.645
"""So many standard errors above 0 must the gain be: 95 % sure, on one side."""
SYNTHETIC, REAL = "synthetic", "real"


@dataclass(frozen=True, slots=True)
class HeldOut:
    """What was found for one plane; all figures are of frames that were not fitted on.

    Attributes:
        rule: Fitted on all frames; the old one where that stays.
        frames: With a true box, whose plane was named rightly.
        cases: They come from.
        before: Mean IoU by the rule that the model has; NaN with too few frames or cases.
        after: Mean IoU by rules that were fitted on other cases.
        correct_before: Share of boxes with an IoU of at least 0.5 by the rule that the model has.
        correct_after: The same by rules that were fitted on other cases.
        left: Why the old rule stays; "" where the new one is taken over.
    """

    rule: BoxRule
    frames: int
    cases: int
    before: float
    after: float
    correct_before: float
    correct_after: float
    left: str

    @property
    def taken(self) -> bool:
        """Whether the plane gets the new rule."""
        return not self.left


def domain_of(dataset: Dataset) -> str:
    """What kind of exams a data set is of, "synthetic" or "real"."""
    return SYNTHETIC if dataset.layout == "phantom" else REAL


def split_by(examples: Mapping[str, Sequence[Example]], datasets: Sequence[Dataset]) -> str:
    """What the folds are divided by, in words for people."""
    cases = {one.case for them in examples.values() for one in them}
    named = {frame.case != frame.path.stem for data in datasets for frame in data.frames}
    if True in named:
        return f"by case ({counted(len(cases), 'case')})"
    return (
        f"by picture ({counted(len(cases), 'picture')}): the data names no cases, so pictures of "
        "one patient may be on both sides"
    )


def held_out_fits(
    examples: Mapping[str, Sequence[Example]],
    rules: Mapping[str, BoxRule],
    seed: int = 0,
    step: Callable[[], None] = lambda: None,
) -> dict[str, HeldOut]:
    """Fit each plane and try the fits on cases that were held out.

    Args:
        examples: By plane.
        rules: What the model has by now; a plane without one has the paper's.
        seed: Of the division into folds.
        step: Called for each plane.
    """
    found = {}
    for key, them in sorted(examples.items()):
        found[key] = held_out_fit(rules.get(key) or paper_rule(BY_KEY[key]), them, seed)
        step()
    return found


def held_out_fit(now: BoxRule, examples: Sequence[Example], seed: int = 0) -> HeldOut:
    """Fit one plane and try the fit on cases that were held out."""
    names = sorted({one.case for one in examples})
    few = _too_few(len(examples), len(names))
    if few:
        nothing = float("nan")
        return HeldOut(now, len(examples), len(names), nothing, nothing, nothing, nothing, few)
    trials = Trials(now, examples)
    everything = range(len(examples))
    case = np.array([names.index(one.case) for one in examples])
    before, after = trials.overlaps(now, everything), np.zeros(len(examples), np.float32)
    for fold in _folds(len(names), seed):
        tested = np.isin(case, fold)
        rule = trials.best(np.flatnonzero(~tested).tolist())
        after[tested] = trials.overlaps(rule, np.flatnonzero(tested).tolist())
    best = trials.best(everything)
    left = _why_left(now, best, before, after, case)
    return HeldOut(
        rule=now if left else best,
        frames=len(examples),
        cases=len(names),
        before=float(before.mean()),
        after=float(after.mean()),
        correct_before=float((before >= CORRECT_IOU).mean()),
        correct_after=float((after >= CORRECT_IOU).mean()),
        left=left,
    )


def _too_few(frames: int, cases: int) -> str:
    if frames < FEWEST_FRAMES:
        return f"too few frames, {FEWEST_FRAMES} are needed"
    return f"too few cases, {FEWEST_CASES} are needed" if cases < FEWEST_CASES else ""


def _folds(cases: int, seed: int) -> list[NDArray[np.int64]]:
    order = np.random.default_rng([seed, 23]).permutation(cases)
    return list(np.array_split(order, FOLDS))


def _why_left(
    now: BoxRule, best: BoxRule, before: Floats, after: Floats, case: NDArray[np.int64]
) -> str:
    if best == now:
        return "no other rule is better"
    gain = after - before
    of_cases = np.array([gain[case == one].mean() for one in np.unique(case)])
    error = float(of_cases.std(ddof=1)) / np.sqrt(len(of_cases))
    if of_cases.mean() <= SURE * error:
        return "not surely better on frames that were held out"
    worse = (after >= CORRECT_IOU).mean() < (before >= CORRECT_IOU).mean()
    return "fewer boxes are correct on frames that were held out" if worse else ""
