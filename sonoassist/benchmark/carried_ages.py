"""How well a box that is carried over later frames agrees with the box of each of them, by age."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sonoassist.core.packets import Analysis, Box, Content, Prepared, State
from sonoassist.localise.carrying import MAX_AGE_S, CarriedBox, Found
from sonoassist.model.card import Card
from sonoassist.preprocess.prepare import prepare

AGES_MS = (40, 80, 120, 200, 300, 400, 500)
"""Ages are counted with the nearest of these."""
_ROUNDING_S = 1e-6
EVERY = 5
"""One box in so many is followed: those after it would tell the same."""


@dataclass(frozen=True, slots=True)
class AgedBoxes:
    """Boxes of about one age, on frames that still show their plane.

    Attributes:
        age_ms: One of `AGES_MS`.
        frames: How many frames had a box found so long before.
        followed: On how many of them it was followed.
        box_iou: Mean IoU of the carried box and the frame's own; NaN where none was followed.
        box_iou_p10: So much or more have nine in ten of them.
        still_iou: Mean IoU of the box left where it was found and the frame's own, over all.
    """

    age_ms: int
    frames: int
    followed: int
    box_iou: float
    box_iou_p10: float
    still_iou: float


class AgesMeter:
    """Takes the analyses of a recording in turn, each with the frame's own box.

    Args:
        card: Of the model that made them.
    """

    def __init__(self, card: Card) -> None:
        self._card = card
        self._seen = 0
        self._followed: list[_Followed] = []
        self._all: dict[int, list[tuple[float, float]]] = {age_ms: [] for age_ms in AGES_MS}
        self._took_ms: list[float] = []

    def see(self, analysis: Analysis) -> None:
        """Take in the next one."""
        box = analysis.own_box
        if analysis.state is not State.PLANE or box is None:
            self._followed.clear()
            return
        prepared = self._prepared(analysis)
        self._followed = [one for one in self._followed if one.still_holds(analysis)]
        for one in self._followed:
            self._compare(one, analysis, box, prepared)
        if self._seen % EVERY == 0:
            self._followed.append(_Followed(analysis, box, prepared))
        self._seen += 1

    @property
    def took_ms(self) -> float:
        """Median time of carrying a box to one frame; NaN where none was."""
        return float(np.median(self._took_ms)) if self._took_ms else float("nan")

    def rows(self) -> tuple[AgedBoxes, ...]:
        """What was found, for the ages that occurred."""
        return tuple(_row(age_ms, pairs) for age_ms, pairs in self._all.items() if pairs)

    def _prepared(self, analysis: Analysis) -> Prepared:
        card = self._card
        return prepare(
            analysis.frame,
            analysis.geometry.crop,
            height_px=card.input_height_px,
            width_px=card.input_width_px,
            scale=card.scale,
            content=Content.B_MODE,
        )

    def _compare(self, one: _Followed, analysis: Analysis, own: Box, prepared: Prepared) -> None:
        began_s = time.perf_counter()
        moved = one.carried.moved_to(analysis.frame, prepared)
        self._took_ms.append(1e3 * (time.perf_counter() - began_s))
        iou = moved.box.iou(own) if moved is not None and moved.box is not None else float("nan")
        age_ms = 1e3 * (analysis.frame.time_s - one.analysis.frame.time_s)
        nearest_ms = min(AGES_MS, key=lambda known_ms: abs(known_ms - age_ms))
        self._all[nearest_ms].append((iou, one.box.iou(own)))


class _Followed:
    """A box on its way over later frames."""

    def __init__(self, analysis: Analysis, box: Box, prepared: Prepared) -> None:
        plane = analysis.prediction.plane
        self.analysis, self.box = analysis, box
        self.carried = CarriedBox(Found(analysis.frame, plane, prepared, analysis.localisation))

    def still_holds(self, now: Analysis) -> bool:
        """Whether a frame shows the same plane, not too long after."""
        then = self.analysis
        if now.prediction.plane is not then.prediction.plane or now.geometry != then.geometry:
            return False
        return now.frame.time_s - then.frame.time_s <= MAX_AGE_S + _ROUNDING_S


def _row(age_ms: int, pairs: Sequence[tuple[float, float]]) -> AgedBoxes:
    carried, still = np.array(pairs).T
    followed = carried[~np.isnan(carried)]
    nothing = float("nan")
    return AgedBoxes(
        age_ms=age_ms,
        frames=len(carried),
        followed=len(followed),
        box_iou=float(followed.mean()) if followed.size else nothing,
        box_iou_p10=float(np.percentile(followed, 10)) if followed.size else nothing,
        still_iou=float(still.mean()),
    )
