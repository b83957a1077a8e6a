"""Hints against the truth: how often one is right, and how much of what is wrong is hinted at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from sonoassist.core.flaws import Flaw, Hints
from sonoassist.core.packets import Analysis, Box, Frame, State
from sonoassist.evaluation.bootstrap import Draws, Reals, Score, per_case, ratio, scores
from sonoassist.evaluation.classes import is_background
from sonoassist.evaluation.observed import Observation, units
from sonoassist.preprocess.screen_reader import ScreenReader
from sonoassist.recordings.records import FrameResult, analysis_of
from sonoassist.temporal.hint_meter import HintMeter, outline_of

_SUMS = 4  # of a flaw: hinted at rightly, hinted at, there, there on frames of any result


@dataclass(frozen=True, slots=True)
class FlawHints:
    """One row: the hints at one flaw.

    Attributes:
        flaw: It.
        precision: Share of the hints that are right.
        recall: Share of the frames with the flaw that have the hint, of those rightly named.
        recall_of_all: The same of all frames of planes: without a name there is no hint.
        hints: Number of hints.
        flawed: Number of rightly named frames with the flaw.
        flawed_of_all: Number of frames of planes with it.
    """

    flaw: Flaw
    precision: Score
    recall: Score
    recall_of_all: Score
    hints: int
    flawed: int
    flawed_of_all: int


@dataclass(frozen=True, slots=True)
class HintMeasure:
    """Hints against the truth.

    Attributes:
        flaws: Each of them.
        quiet: Share of the rightly named frames with nothing wrong that have no hint.
        faultless: Number of those frames.
        frames: Number of rightly named frames.
        frames_of_all: Number of frames of planes.
    """

    flaws: tuple[FlawHints, ...]
    quiet: Score
    faultless: int
    frames: int
    frames_of_all: int


class HintLook:
    """Looks at the frames of one file, in their order, for what could be better."""

    def __init__(self) -> None:
        self._meter = HintMeter()
        self._reader = ScreenReader()

    def hints(self, frame: Frame, result: FrameResult, analysis: Analysis | None) -> Hints | None:
        """The hints of a frame; None where no plane may be named on it.

        Args:
            frame: It.
            result: Of it.
            analysis: That the result was made of; None where it was kept from before.
        """
        if result.state is not State.PLANE:
            return None
        whole = Box(0, 0, frame.width_px, frame.height_px)
        seen = analysis or analysis_of(frame, result, whole)
        assert seen is not None
        if not seen.geometry.field:
            outline = outline_of(frame.pixels, self._reader)
            seen = replace(seen, geometry=replace(seen.geometry, field=outline))
        return self._meter.measure(seen)


def measure_hints(frames: Sequence[Observation], draws: Draws) -> HintMeasure | None:
    """Compare hints with the truth; None where no data set tells what is wrong."""
    known = [one for one in frames if one.flaws is not None and _of_plane(one)]
    if not known:
        return None
    named = [_named(one) for one in known]
    rows = np.array([_row(one, name) for one, name in zip(known, named, strict=True)])
    found = scores(per_case(units(known), rows), _figures, draws, _parts)
    sums = rows.sum(axis=0).astype(int)
    lines = []
    for place, flaw in enumerate(Flaw):
        _, hints, there, every = (int(n) for n in sums[place * _SUMS : (place + 1) * _SUMS])
        precision, recall, of_all = found[3 * place : 3 * place + 3]
        lines.append(FlawHints(flaw, precision, recall, of_all, hints, there, every))
    return HintMeasure(tuple(lines), found[-1], int(sums[-1]), sum(named), len(known))


def _of_plane(one: Observation) -> bool:
    return bool(one.truth) and not is_background(one.truth)


def _named(one: Observation) -> bool:
    """Whether its plane is named, and rightly."""
    return one.state is State.PLANE and one.right


def _row(one: Observation, named: bool) -> list[float]:
    said = {hint.flaw for hint in one.hints or ()} if named else set()
    there = one.flaws or frozenset()
    row: list[float] = []
    for flaw in Flaw:
        hint, true = flaw in said, flaw in there
        row += [hint and true, hint, named and true, true]
    return [*row, named and not there and not said, named and not there]


def _figures(sums: Reals) -> Reals:
    """(B, 3 * flaws + 1): precision, recall and recall of all of each, and the quiet share."""
    return ratio(*_parts(sums))


def _parts(sums: Reals) -> tuple[Reals, Reals]:
    flaws = sums[:, :-2].reshape(len(sums), len(Flaw), _SUMS)
    part = np.repeat(flaws[:, :, 0], 3, axis=1)
    whole = flaws[:, :, 1:].reshape(len(sums), -1)
    return (
        np.concatenate([part, sums[:, -2:-1]], axis=1),
        np.concatenate([whole, sums[:, -1:]], axis=1),
    )
