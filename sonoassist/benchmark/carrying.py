"""What carrying boxes gains, and what it costs in exactness."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from sonoassist.analysis.analyser import Analyser
from sonoassist.benchmark.carried_ages import AgedBoxes, AgesMeter
from sonoassist.benchmark.frames import next_frame
from sonoassist.core.packets import Analysis, Frame, State


@dataclass(frozen=True, slots=True)
class Carrying:
    """Each frame analysed with its own box, and with a box carried where that may be.

    Attributes:
        frames: How many were analysed.
        planes: Of them named a plane.
        carried: Of these with a carried box.
        own_ms: Mean time of a frame that is named a plane, with its own box.
        carried_ms: The same, half of the boxes carried.
        box_iou: Mean IoU of a carried box and the frame's own; NaN where none was carried.
        box_iou_p10: So much or more have nine in ten of them.
        by_age: Boxes that are carried further, up to half a second.
        follow_ms: Median time of carrying such a box to a frame; NaN where none was.
    """

    frames: int
    planes: int
    carried: int
    own_ms: float
    carried_ms: float
    box_iou: float
    box_iou_p10: float
    by_age: tuple[AgedBoxes, ...] = ()
    follow_ms: float = float("nan")

    @property
    def times(self) -> float:
        """How many times quicker frames with a plane are."""
        return self.own_ms / self.carried_ms


def measure_carrying(
    read: Callable[[], Frame | None],
    analyser: Analyser,
    frames: int,
    step: Callable[[], None] = lambda: None,
) -> Carrying:
    """Analyse frames twice, by turns.

    Args:
        read: Gives the frames of a recording.
        analyser: Its engine and card are used; nothing of it changes.
        frames: How many at most.
        step: Called after each frame.

    Raises:
        SourceError: The source cannot go on.
        EngineError: The engine failed.
    """
    ways = [
        Analyser(analyser.engine, analyser.card, replace(analyser.options, carry_boxes=carry))
        for carry in (False, True)
    ]
    pairs: list[tuple[Analysis, Analysis]] = []
    ages = AgesMeter(analyser.card)
    done = 0
    while done < frames and (frame := next_frame(read)) is not None:
        own, carried = (way.analyse(frame) for way in ways)
        if own.state is State.PLANE:
            pairs.append((own, carried))
        ages.see(own)
        done += 1
        step()
    overlaps = [_overlap(own, other) for own, other in pairs if other.localisation.age_s]
    return Carrying(
        frames=done,
        planes=len(pairs),
        carried=len(overlaps),
        own_ms=_mean([_took_ms(own) for own, _ in pairs]),
        carried_ms=_mean([_took_ms(other) for _, other in pairs]),
        box_iou=_mean(overlaps),
        box_iou_p10=float(np.percentile(overlaps, 10)) if overlaps else float("nan"),
        by_age=ages.rows(),
        follow_ms=ages.took_ms,
    )


def _took_ms(analysis: Analysis) -> float:
    return sum(value_ms for _, value_ms in analysis.timings_ms)


def _mean(values: list[float]) -> float:
    return float(np.mean(values)) if values else float("nan")


def _overlap(own: Analysis, other: Analysis) -> float:
    true, moved = own.localisation.box, other.localisation.box
    return true.iou(moved) if true is not None and moved is not None else 0.0
