"""Table VI: of each recording and plane, is the frame with the highest confidence right?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sonoassist.core.planes import INDEX
from sonoassist.evaluation.bootstrap import Draws, Reals, Score, mean_known, per_case, ratio, scores
from sonoassist.evaluation.classes import Group
from sonoassist.evaluation.observed import Observation
from sonoassist.evaluation.paper import CARDIAC, TABLE_6

PLANES = tuple(TABLE_6)
_CARDIAC = np.array([plane in CARDIAC for plane in PLANES])


@dataclass(frozen=True, slots=True)
class Retrieved:
    """One plane of one recording.

    Attributes:
        dataset: Name of the data set.
        case: The case.
        file: Name of the recording.
        plane: Wanted.
        frame: Retrieved.
        time_s: Of the frame.
        confidence: Of the plane in that frame.
        shows: Planes that the frame does show; empty where it has no label.
        right: Whether the plane is among them.
    """

    dataset: str
    case: str
    file: str
    plane: str
    frame: int
    time_s: float
    confidence: float
    shows: Group
    right: bool


@dataclass(frozen=True, slots=True)
class PlaneRetrieval:
    """One row of Table VI."""

    plane: str
    accuracy: Score
    count: int


@dataclass(frozen=True, slots=True)
class Retrieval:
    """Table VI.

    Attributes:
        planes: In the paper's order; all planes that a recording holds.
        average: Unweighted average over `planes`.
        cardiac: Unweighted average over the cardiac ones of them.
        others: Unweighted average over the others.
        right: Frames retrieved rightly.
        total: Frames retrieved.
        recordings: Number of recordings.
        retrieved: Each frame retrieved.
    """

    planes: tuple[PlaneRetrieval, ...]
    average: Score
    cardiac: Score
    others: Score
    right: int
    total: int
    recordings: int
    retrieved: tuple[Retrieved, ...]

    @property
    def unverified(self) -> int:
        """Frames retrieved that have no label; they do not count as right."""
        return sum(not one.shows for one in self.retrieved)


def retrieve(frames: Sequence[Observation], draws: Draws) -> Retrieval | None:
    """Measure the retrieval from the recordings; None where there are none with planes."""
    recordings: dict[tuple[str, Path], list[Observation]] = {}
    for one in frames:
        if one.recording:
            recordings.setdefault((one.dataset, one.path), []).append(one)
    # Of a single frame there is nothing to choose: it would always be right.
    searched = (group for group in recordings.values() if len(group) > 1)
    retrieved = [best for group in searched for best in _of_recording(group)]
    if not retrieved:
        return None
    counts = per_case([f"{one.dataset}/{one.case}" for one in retrieved], _rows(retrieved))
    found = scores(counts, _figures, draws, _parts)
    totals = counts.sum(axis=0)[len(PLANES) :]
    return Retrieval(
        planes=tuple(
            PlaneRetrieval(plane, found[i], int(totals[i]))
            for i, plane in enumerate(PLANES)
            if totals[i]
        ),
        average=found[-3],
        cardiac=found[-2],
        others=found[-1],
        right=sum(one.right for one in retrieved),
        total=len(retrieved),
        recordings=len({(one.dataset, one.case, one.file) for one in retrieved}),
        retrieved=tuple(retrieved),
    )


def _of_recording(frames: Sequence[Observation]) -> list[Retrieved]:
    """The best frame of each plane that the truth of the recording holds."""
    candidates = [one for one in frames if one.judged] or list(frames)
    table = np.stack([one.probabilities for one in candidates])
    held = {one.truth[0] for one in frames if len(one.truth) == 1}
    return [
        _best(plane, candidates, int(table[:, INDEX[plane]].argmax()))
        for plane in PLANES
        if plane in held
    ]


def _best(plane: str, candidates: Sequence[Observation], place: int) -> Retrieved:
    best = candidates[place]
    return Retrieved(
        best.dataset,
        best.case,
        best.path.name,
        plane,
        best.index,
        best.time_s,
        float(best.probabilities[INDEX[plane]]),
        best.shown,
        plane in best.shown,
    )


def _rows(retrieved: Sequence[Retrieved]) -> Reals:
    """(n, 26): right and total, in a column for each plane."""
    rows = np.zeros((len(retrieved), 2 * len(PLANES)))
    for row, one in zip(rows, retrieved, strict=True):
        row[PLANES.index(one.plane)] = one.right
        row[len(PLANES) + PLANES.index(one.plane)] = 1
    return rows


def _parts(sums: Reals) -> tuple[Reals, Reals]:
    """Of each plane; the averages over planes are no proportions."""
    none = np.full((len(sums), 3), np.nan)
    right, total = np.split(sums, 2, axis=1)
    return np.concatenate([right, none], axis=1), np.concatenate([total, none], axis=1)


def _figures(sums: Reals) -> Reals:
    each = ratio(sums[:, : len(PLANES)], sums[:, len(PLANES) :])
    parts = each, each[:, _CARDIAC], each[:, ~_CARDIAC]
    return np.concatenate([each, *(mean_known(part) for part in parts)], axis=1)
