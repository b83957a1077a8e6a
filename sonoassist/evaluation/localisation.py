"""Table VII: overlap of the found boxes with the true ones, and the share that is correct."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonoassist.evaluation.bootstrap import Draws, Reals, Score, mean_known, per_case, ratio, scores
from sonoassist.evaluation.classes import Group, in_order, is_background
from sonoassist.evaluation.observed import Observation, units
from sonoassist.evaluation.paper import CARDIAC

CORRECT_IOU = 0.5
_SUMS = 4  # of a plane: number, IoU, squared IoU, number of correct boxes


@dataclass(frozen=True, slots=True)
class Boxes:
    """How well boxes fit.

    Attributes:
        mean: IoU with the true boxes.
        std: Standard deviation of it; NaN for fewer than two images, which are in no average.
        correct: Share of boxes with an IoU of at least 0.5.
        count: Number of boxes.
        hits: How many of them are correct.
    """

    mean: Score
    std: Score
    correct: Score
    count: int
    hits: int


@dataclass(frozen=True, slots=True)
class PlaneBoxes:
    """One row of Table VII.

    Attributes:
        group: The plane.
        named: Boxes of the frames whose plane was named rightly.
        all: Boxes of all frames, as the paper's; a wrongly named plane or a missing box counts
            as IoU 0.
    """

    group: Group
    named: Boxes
    all: Boxes


@dataclass(frozen=True, slots=True)
class LocalisationMeasure:
    """Table VII.

    Attributes:
        planes: In the paper's order; all planes with a true box.
        named: Unweighted averages over the planes, of rightly named frames.
        all: Unweighted averages over the planes, of all frames.
        cardiac: The share of `all` that is correct, over the cardiac planes.
        others: The same over the planes that are not cardiac.
    """

    planes: tuple[PlaneBoxes, ...]
    named: Boxes
    all: Boxes
    cardiac: Score
    others: Score


def measure_boxes(frames: Sequence[Observation], draws: Draws) -> LocalisationMeasure | None:
    """Measure the boxes of frames with a true one; None where there are none."""
    boxed = [one for one in frames if one.true_box and one.truth and not is_background(one.truth)]
    if not boxed:
        return None
    groups = in_order(one.truth for one in boxed)
    named, *_ = _table([one for one in boxed if one.right], groups, draws)
    every, cardiac, others = _table(boxed, groups, draws)
    planes = (PlaneBoxes(*row) for row in zip(groups, named, every, strict=False))
    return LocalisationMeasure(tuple(planes), named[-1], every[-1], cardiac, others)


def _table(
    frames: Sequence[Observation], groups: Sequence[Group], draws: Draws
) -> tuple[list[Boxes], Score, Score]:
    """Of each plane, and of all on average; the correct share of cardiac and other planes."""
    width = len(groups)
    rows = np.zeros((len(frames), width * _SUMS))
    for row, one in zip(rows, frames, strict=True):
        place = groups.index(one.truth)
        row[place::width] = 1, one.iou, one.iou**2, one.iou >= CORRECT_IOU
    counts = per_case(units(frames), rows) if frames else np.zeros((1, width * _SUMS))
    # One image has no spread; 0.00 would look like a perfectly steady plane.
    spread = counts.sum(axis=0)[:width] > 1
    kinds = [np.array([kind(set(group)) for group in groups]) for kind in (_cardiac, _other)]
    found = scores(counts, lambda sums: _figures(sums, spread, kinds), draws, _parts)
    sums = counts.sum(axis=0).astype(int).tolist()
    numbers, hits = sums[:width], sums[-width:]
    boxes = [
        Boxes(found[i], _deviation(found[width + 1 + i]), found[2 * (width + 1) + i], number, right)
        for i, (number, right) in enumerate(
            zip([*numbers, sum(numbers)], [*hits, sum(hits)], strict=True)
        )
    ]
    return boxes, found[-2], found[-1]


def _deviation(score: Score) -> Score:
    """A deviation of 0 is no share, and has no exact interval."""
    return score if score.value > 0 else Score(score.value)


def _cardiac(planes: set[str]) -> bool:
    return planes <= CARDIAC


def _other(planes: set[str]) -> bool:
    return not planes & CARDIAC


def _parts(sums: Reals) -> tuple[Reals, Reals]:
    """Of the correct share of each plane; nothing else in `_figures` is a proportion."""
    number, _, _, correct = np.split(sums, _SUMS, axis=1)
    before, behind = (
        np.full((len(sums), 2 * (number.shape[1] + 1)), np.nan),
        np.full((len(sums), 3), np.nan),
    )
    part = np.concatenate([before, correct, behind], axis=1)
    return part, np.concatenate([before, number, behind], axis=1)


def _figures(sums: Reals, spread: NDArray[np.bool_], kinds: Sequence[NDArray[np.bool_]]) -> Reals:
    """(B, 3 * (width + 1) + 2): mean, deviation and correct share of each plane and on average.

    Only planes marked in `spread` have a deviation. Behind them, the correct share on average
    over the planes of each of the `kinds`.
    """
    number, total, square, correct = np.split(sums, _SUMS, axis=1)
    mean = ratio(total, number)
    variance = ratio(square, number) - mean**2
    deviation = np.where(spread, np.sqrt(np.maximum(variance, 0.0)), np.nan)
    share = ratio(correct, number)
    columns = [part for each in (mean, deviation, share) for part in (each, mean_known(each))]
    columns += [mean_known(share[:, kind]) for kind in kinds]
    return np.concatenate(columns, axis=1)
