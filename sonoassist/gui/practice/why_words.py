"""Why a frame is the best one, in words. No Qt."""

from __future__ import annotations

from sonoassist.core.percent import percent
from sonoassist.core.wording import counted
from sonoassist.gui.practice.words import seconds
from sonoassist.practice.why import PictureNumbers, Reasons

SAME_S = 0.05


def why_text(why: Reasons) -> str:
    """What speaks for the best frame, and where the trainee's lies, in two sentences."""
    lines = [f"Best frame: {_best(why)}."]
    if why.own is not None and why.own != why.best:
        sure = "" if why.own_confidence is None else f", {percent(why.own_confidence)}"
        lines.append(f"Your frame: {_when(why.later_s)}{sure}.")
    return "\n".join(lines)


def _best(why: Reasons) -> str:
    parts = []
    of = f" of {counted(why.frames, 'frame')} of this view"
    if why.chosen:
        parts.append("chosen by a person in the review")
        if why.confidence is not None:
            parts.append(f"the model is {percent(why.confidence)} sure")
    elif why.confidence is not None:
        surest = "the most confident" if why.place == 0 else f"number {why.place + 1} in confidence"
        parts.append(f"{surest}{of}, {percent(why.confidence)}")
    if why.steady_s > 0:
        parts.append(f"the label steady for {seconds(why.steady_s)} round it")
    elif why.confidence is not None:
        parts.append("the label is not steady there")
    return ", ".join(parts)


def _when(later_s: float) -> str:
    if abs(later_s) < SAME_S:
        return "right beside it"
    return f"{seconds(abs(later_s))} {'later' if later_s > 0 else 'earlier'}"


def numbers_text(best: PictureNumbers, own: PictureNumbers | None) -> str:
    """Sharpness and box of the best picture, and of the trainee's where it is another."""
    sharp = f"Sharpness {percent(best.sharpness)}"
    if own is None:
        return f"{sharp}; {_share(best.box_share)}."
    return (
        f"{sharp}, yours {percent(own.sharpness)}; "
        f"{_share(best.box_share)}, yours {_share(own.box_share, of='')}."
    )


def _share(share: float | None, of: str = " of the picture") -> str:
    name = "box " if of else ""
    return "no box" if share is None else f"{name}{percent(share)}{of}"
