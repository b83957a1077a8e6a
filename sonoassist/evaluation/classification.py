"""Tables III and V and Fig. 5: precision, recall, F1, and which class is taken for which."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonoassist.evaluation.bootstrap import (
    Draws,
    Reals,
    Score,
    mean_known,
    ratio,
    scores,
)
from sonoassist.evaluation.classes import (
    Group,
    in_order,
    is_background,
    is_shared,
    predicted_group,
)
from sonoassist.evaluation.observed import Observation, units


@dataclass(frozen=True, slots=True)
class ClassRates:
    """One row of Table V.

    Attributes:
        group: The class.
        precision: TP / (TP + FP); 0 where it was never predicted.
        recall: TP / (TP + FN).
        f1: Their harmonic mean.
        count: Frames of this class.
        averaged: Whether it is in the averages. A coarse class whose planes have rows of their
            own is not: those rows take the false positives, so it has no precision and no F1.
    """

    group: Group
    precision: Score
    recall: Score
    f1: Score
    count: int
    averaged: bool = True


@dataclass(frozen=True, slots=True)
class Classification:
    """Tables III and V and Fig. 5.

    Attributes:
        classes: In the paper's order; all classes that the truth holds.
        precision: Unweighted average over the `averaged` classes.
        recall: Unweighted average over the `averaged` classes.
        f1: Unweighted average over the `averaged` classes.
        accuracy: Share of frames whose predicted class is accepted.
        columns: Classes predicted: `classes`, then what else was named.
        confusion: int64, (classes, columns), truth down, prediction across.
        frames: Number of frames.
        cases: Number of cases.
        not_judged: Frames taken for colour Doppler or no signal, by state; they count as
            background.
    """

    classes: tuple[ClassRates, ...]
    precision: Score
    recall: Score
    f1: Score
    accuracy: Score
    columns: tuple[Group, ...]
    confusion: NDArray[np.int64]
    frames: int
    cases: int
    not_judged: Mapping[str, int]

    @property
    def averaged(self) -> tuple[ClassRates, ...]:
        """The classes that the averages are over."""
        return tuple(row for row in self.classes if row.averaged)

    @property
    def backgrounds_per_plane(self) -> float:
        """Background frames for each frame of a plane; precision falls as it rises."""
        background = sum(row.count for row in self.classes if is_background(row.group))
        planes = self.frames - background
        return background / planes if planes else math.nan


def classify(frames: Sequence[Observation], draws: Draws) -> Classification | None:
    """Measure the classification of labelled frames; None where there is none."""
    if not frames:
        return None
    from sklearn.metrics import confusion_matrix  # type: ignore[import-untyped]  # long to load

    rows = in_order(one.truth for one in frames)
    named = [predicted_group(one.named, one.truth, rows) for one in frames]
    columns = rows + in_order(group for group in named if group not in rows)
    place = {group: number for number, group in enumerate(columns)}
    truth = np.array([place[one.truth] for one in frames])
    guess = np.array([place[group] for group in named])
    # The library warns of a single class, which is no fault here: it is told of two.
    table = confusion_matrix(truth, guess, labels=range(max(len(columns), 2)))
    table = table[: len(rows), : len(columns)]
    counts = _counts_of_cases(truth, guess, units(frames), len(rows), len(columns))
    own = np.array([not is_shared(group, rows) for group in rows])
    found = scores(
        counts,
        lambda sums: _figures(sums, own, len(columns)),
        draws,
        lambda sums: _parts(sums, own, len(columns)),
    )
    exact = _exact(truth, guess, own, found)
    states = Counter(one.state.value for one in frames if not one.judged)
    count = len(rows)
    return Classification(
        classes=tuple(
            ClassRates(
                group,
                exact[i],
                exact[count + i],
                exact[2 * count + i],
                int(table[i].sum()),
                bool(own[i]),
            )
            for i, group in enumerate(rows)
        ),
        precision=exact[-4],
        recall=exact[-3],
        f1=exact[-2],
        accuracy=exact[-1],
        columns=tuple(columns),
        confusion=table.astype(np.int64),
        frames=len(frames),
        cases=counts.shape[0],
        not_judged=dict(states),
    )


def _counts_of_cases(
    truth: NDArray[np.int64], guess: NDArray[np.int64], cases: list[str], rows: int, columns: int
) -> Reals:
    """The confusion matrix of each case, flat: (cases, rows * columns)."""
    names, case = np.unique(np.asarray(cases), return_inverse=True)
    flat = np.zeros((len(names), rows * columns))
    np.add.at(flat, (case, truth * columns + guess), 1.0)
    return flat


def _figures(sums: Reals, own: NDArray[np.bool_], columns: int) -> Reals:
    """(B, 3 * rows + 4): precision, recall, F1 of each class, their averages, the accuracy.

    Classes that are not on their `own` have a recall only, and are in no average.
    """
    rows = len(own)
    table = sums.reshape(-1, rows, columns)
    hits = np.diagonal(table, axis1=1, axis2=2)[:, :rows]
    there, called = table.sum(axis=2), table.sum(axis=1)[:, :rows]
    seen = there > 0
    # As in scikit-learn: a class that is never predicted has precision 0; one that a draw does
    # not hold has no figures in it.
    precision = np.where(seen & own, ratio(hits, called, 0.0), np.nan)
    recall = ratio(hits, there)
    f1 = np.where(seen & own, ratio(2 * hits, there + called, 0.0), np.nan)
    averages = [mean_known(part[:, own]) for part in (precision, recall, f1)]
    accuracy = ratio(hits.sum(axis=1), there.sum(axis=1))[:, None]
    return np.concatenate([precision, recall, f1, *averages, accuracy], axis=1)


def _parts(sums: Reals, own: NDArray[np.bool_], columns: int) -> tuple[Reals, Reals]:
    """What precision, recall and accuracy of `_figures` are proportions of; NaN for the rest."""
    rows = len(own)
    table = sums.reshape(-1, rows, columns)
    hits = np.diagonal(table, axis1=1, axis2=2)[:, :rows]
    there, called = table.sum(axis=2), table.sum(axis=1)[:, :rows]
    none, all_hits = np.full_like(hits, np.nan), hits.sum(axis=1, keepdims=True)
    ends = none[:, :1], none[:, :1], none[:, :1]
    part = np.concatenate([hits, hits, none, *ends, all_hits], axis=1)
    whole = np.concatenate([called, there, none, *ends, there.sum(axis=1, keepdims=True)], axis=1)
    return part, whole


def _exact(
    truth: NDArray[np.int64],
    guess: NDArray[np.int64],
    own: NDArray[np.bool_],
    found: list[Score],
) -> list[Score]:
    """The same figures with the library's values, and our intervals."""
    from sklearn.metrics import precision_recall_fscore_support

    precision, recall, f1 = precision_recall_fscore_support(
        truth, guess, labels=range(len(own)), average=None, zero_division=0
    )[:3]
    averages = [part[own].mean() if own.any() else np.nan for part in (precision, recall, f1)]
    alone = np.where(own, 1.0, np.nan)
    values = [*precision * alone, *recall, *f1 * alone, *averages, (truth == guess).mean()]
    return [
        Score(float(value), score.low, score.high)
        for value, score in zip(values, found, strict=True)
    ]
