"""What is said of a capture: the same words and numbers in every output.

Two things are known of it: the item of the checklist that it is for, and what the network saw.
Where they differ a person has chosen the item, and it is said so; the network's confidence and box
then belong to what the network saw, and never to the item.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from sonoassist.core.flaws import told
from sonoassist.core.outside_words import OUTSIDE
from sonoassist.core.packets import Box
from sonoassist.core.percent import percent
from sonoassist.core.planes import BY_KEY
from sonoassist.exam.records import Item, Seen, Shot
from sonoassist.localise.sureness import is_sure
from sonoassist.temporal.choice_words import HIGHEST, SECOND

BY_HAND = "chosen by hand"
NO_PLANE = "No plane named"

_SAW = {
    Seen.UNKNOWN: "the network named no plane",
    Seen.NOT_ANALYSED: "not analysed by the network",
    Seen.PLANE: "the network named no plane",
    Seen.UNSURE: "the network was unsure",
    Seen.BACKGROUND: "the network saw no standard plane",
    Seen.DOPPLER: "not judged by the network: colour Doppler",
    Seen.NO_SIGNAL: "not judged by the network: no picture",
    Seen.SPLIT: "not judged by the network: split screen",
    Seen.SPECTRAL: "not judged by the network: spectrum or M-mode",
    Seen.THREE_D: "not judged by the network: 3D picture",
    Seen.MENU: "not judged by the network: menu or report",
    Seen.NOISE: "not judged by the network: only noise",
    Seen.OUTSIDE: f"the picture is {OUTSIDE}",
}
_KEPT_SHARE = re.compile(rf"^({HIGHEST}|{SECOND}) \d+ %")


def item_of(shot: Shot, items: Iterable[Item]) -> Item | None:
    """The item of the checklist that a capture is for, or None."""
    return next((item for item in items if item.key == shot.item), None)


def chosen_by_hand(shot: Shot, item: Item | None) -> bool:
    """Whether a person chose the item, other than the network saw: nothing else makes it so."""
    return item is not None and (not item.plane or item.plane != shot.plane)


def plane_of(shot: Shot, item: Item | None) -> str:
    """Key of the plane that a capture stands for: a person's choice goes before the network's.

    Args:
        shot: What was captured.
        item: That it is for, or None.

    Returns:
        "" where it stands for none.
    """
    return shot.plane if item is None else item.plane


def own_share(shot: Shot, item: Item | None) -> str:
    """The confidence of what a capture stands for, or "" where the network did not see that."""
    return percent(shot.confidence) if shot.plane and not chosen_by_hand(shot, item) else ""


def own_confidence(shot: Shot, item: Item | None) -> float:
    """The same as a number; 0 where there is none."""
    return shot.confidence if own_share(shot, item) else 0.0


def own_box(shot: Shot, item: Item | None) -> Box | None:
    """The box of what a capture stands for, in frame pixels; None where the network saw another."""
    return None if chosen_by_hand(shot, item) else shot.box


def box_is_sure(shot: Shot) -> bool:
    """Whether the box of a capture is likely to be right; else it is drawn with broken lines.

    Told by plane and box, as in the live picture; the field of view stands for the crop.
    """
    plane = BY_KEY.get(shot.plane)
    return shot.box is not None and plane is not None and is_sure(shot.box, shot.field, plane)


def network_saw(shot: Shot, *, full: bool = False) -> str:
    """What the network saw, as a part of a sentence.

    Args:
        shot: What was captured.
        full: Planes by their long names.
    """
    named = _named(shot, full=full)
    return f"the network saw {named}" if named else _SAW[shot.saw]


def capture_words(shot: Shot, item: Item | None, *, full: bool = False) -> str:
    """What a capture is, e.g. "LVOT, chosen by hand; the network saw Spine (cor.) 99 %".

    Args:
        shot: What was captured.
        item: Of the checklist that it is for; None for a capture outside the list.
        full: Planes by their long names.
    """
    if item is not None and chosen_by_hand(shot, item):
        label = BY_KEY[item.plane].full_name if full and item.plane else item.label
        return f"{label}, {BY_HAND}; {network_saw(shot, full=full)}"
    return _named(shot, full=full) or f"{NO_PLANE}; {_SAW[shot.saw]}"


def in_a_sentence(said: str, then: str) -> str:
    """What a capture is, and more: "Femur 99 %, at 00:10", "...; the network was unsure; at 00:10".

    Args:
        said: See `capture_words`; of two halves, the second is no part of what follows.
        then: The rest.
    """
    return f"{said}{';' if ';' in said else ','} {then}"


def why_words(shot: Shot) -> str:
    """Why a capture was made.

    Earlier programs rounded the confidence to the nearest number; it is written as everywhere.
    """
    return _KEPT_SHARE.sub(rf"\g<1> {percent(shot.confidence)}", shot.why)


def hint_words(shot: Shot, item: Item | None) -> str:
    """What could be better in a capture, e.g. "too small, moving"; "" where nothing was said.

    Args:
        shot: What was captured.
        item: That it is for, or None; where the network saw another plane its hints are of that.
    """
    return "" if chosen_by_hand(shot, item) else told(shot.hints or ())


def hint_values(shot: Shot, item: Item | None) -> dict[str, float] | None:
    """The hints as strengths, 0 to 1, by name.

    Args:
        shot: What was captured.
        item: That it is for, or None.

    Returns:
        None where nobody has looked, or the network saw another plane.
    """
    if shot.hints is None or chosen_by_hand(shot, item):
        return None
    return {one.flaw.value: round(one.strength, 3) for one in shot.hints}


def _named(shot: Shot, *, full: bool) -> str:
    """The plane that the network named, with its confidence; "" where it named none."""
    plane = BY_KEY.get(shot.plane)
    if plane is None:
        return ""
    named = f"{plane.full_name}," if full else plane.label
    return f"{named} {percent(shot.confidence)}"
