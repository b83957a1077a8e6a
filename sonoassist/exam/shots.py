"""From what was seen to what is kept of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sonoassist.core.flaws import Hints
from sonoassist.core.packets import Box, State
from sonoassist.exam.records import FrameRow, How, Item, Seen, Shot
from sonoassist.live.status import View
from sonoassist.temporal.hints import own_hints

if TYPE_CHECKING:
    from sonoassist.temporal.best_frames import Candidate

BY_THE_USER = "chosen by the user"


@dataclass(frozen=True, slots=True)
class Said:
    """What a picture by itself says; a capture by hand says the same and no more.

    Attributes:
        plane: Key of the plane named, or "" where none is.
        confidence: Of the plane in this very picture; 0 where none is named.
        box: The box found on this very picture, in frame pixels; None where none is: a carried
            one is drawn, but not kept.
        saw: What the network said, also where no plane is named.
    """

    plane: str = ""
    confidence: float = 0.0
    box: Box | None = None
    saw: Seen = Seen.NOT_ANALYSED


NOTHING_SAID = Said()
"""Of a picture that was not analysed."""


def nothing_named(view: View) -> Said:
    """What is kept of a picture of which no plane is named."""
    state = None if view.analysis is None else view.analysis.state
    if state is State.PLANE:
        return Said(saw=Seen.UNSURE)  # below the threshold, or not steady
    return NOTHING_SAID if state is None else Said(saw=Seen(state.value))


def said_of(view: View) -> Said:
    """What may be said of a picture where nobody chose otherwise: frame and steady label agree."""
    analysis, steady = view.analysis, view.steady
    if analysis is None or steady is None or analysis.state is not State.PLANE:
        return nothing_named(view)
    prediction = analysis.prediction
    if steady.plane is not prediction.plane:
        return nothing_named(view)
    return Said(prediction.plane.key, prediction.confidence, analysis.own_box, Seen.PLANE)


def frame_row(view: View, at_s: float) -> FrameRow:
    """What is kept of an analysed picture."""
    analysis = view.analysis
    assert analysis is not None
    prediction, steady = analysis.prediction, view.steady
    return FrameRow(
        at_s=at_s,
        index=view.frame.index,
        time_s=view.frame.time_s,
        state=analysis.state,
        plane=prediction.plane.key,
        confidence=prediction.confidence,
        steady_plane=steady.plane.key if steady is not None and steady.plane is not None else "",
        box=analysis.own_box,
        probabilities=prediction.probabilities,
        crop=analysis.geometry.crop,
        frozen=analysis.frozen,
        provenance=analysis.provenance,
        boxed=analysis.localisation.sought,
    )


def best_shot(candidate: Candidate, item: Item, at_s: float) -> Shot:
    """The best frame so far of an item."""
    analysis = candidate.analysis
    return Shot(
        item=item.key,
        how=How.AUTO,
        at_s=at_s,
        index=analysis.frame.index,
        time_s=analysis.frame.time_s,
        plane=candidate.plane.key,
        confidence=candidate.confidence,
        quality=candidate.quality.together,
        why=candidate.why,
        box=analysis.own_box,
        field=analysis.geometry.crop,
        saw=Seen.PLANE,
        hints=own_hints(candidate.hints, analysis),
    )


def hand_shot(view: View, item: str, at_s: float, said: Said) -> Shot:
    """A picture that the user chose."""
    frame, analysis = view.frame, view.analysis
    whole = Box(0, 0, frame.width_px, frame.height_px)
    return Shot(
        item=item,
        how=How.HAND,
        at_s=at_s,
        index=frame.index,
        time_s=frame.time_s,
        plane=said.plane,
        confidence=said.confidence,
        quality=0.0,
        why=BY_THE_USER,
        box=said.box,
        field=analysis.geometry.crop if analysis is not None else whole,
        saw=said.saw,
        hints=_own_hints(view) if said.plane else None,
    )


def _own_hints(view: View) -> Hints | None:
    return None if view.analysis is None else own_hints(view.hints, view.analysis)
