"""The keys of the practice page. F, T, ?, Esc and what goes with Ctrl or Alt are the window's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from sonoassist.core.planes import DISPLAY_ORDER

ANSWER_KEYS: Mapping[str, str] = {
    "brain_tv": "Q", "brain_cb": "W", "lips": "E", "profile": "R",
    "abdominal": "A", "kidneys": "S", "femur": "D", "spine_sag": "G", "spine_cor": "J",
    "4ch": "Z", "lvot": "X", "rvot": "C", "3vv": "V", "background": "N",
}  # fmt: skip
"""Key of each plane: head in the upper row, trunk in the middle one, heart in the lower one."""

VOTE_KEYS = "123456789"


class PracticeAct(Enum):
    """What can be done on the page besides naming planes."""

    FREEZE = "freeze"
    ENTER = "enter"
    BACK = "back"
    FORWARD = "forward"
    BACK_MORE = "back_more"
    FORWARD_MORE = "forward_more"
    HEAT = "heat"
    COVER = "cover"
    SLOWER = "slower"
    FASTER = "faster"
    TAKE_BACK = "take_back"
    END = "end"


@dataclass(frozen=True, slots=True)
class PracticeKey:
    """One row of the table.

    Attributes:
        act: What it does.
        keys: For Qt; the first one is shown.
        shown: The key as it is shown.
        text: What it does, in words.
    """

    act: PracticeAct
    keys: tuple[str, ...]
    shown: str
    text: str


KEYS: tuple[PracticeKey, ...] = (
    PracticeKey(PracticeAct.FREEZE, ("Space",), "Space", "Freeze, or play on"),
    PracticeKey(PracticeAct.ENTER, ("Return", "Enter"), "Enter", "Answer with the frozen frame; "
                "next question"),
    PracticeKey(PracticeAct.BACK, ("Left",), "←", "One frame back, while frozen"),
    PracticeKey(PracticeAct.FORWARD, ("Right",), "→", "One frame on, while frozen"),
    PracticeKey(PracticeAct.BACK_MORE, ("Shift+Left",), "Shift ←", "Ten frames back"),
    PracticeKey(PracticeAct.FORWARD_MORE, ("Shift+Right",), "Shift →", "Ten frames on"),
    PracticeKey(PracticeAct.HEAT, ("H",), "H", "Heat map of the evidence, after the answer"),
    PracticeKey(PracticeAct.COVER, ("U",), "U", "Cover the text on the picture, or uncover it"),
    PracticeKey(PracticeAct.SLOWER, ("-",), "−", "Slower"),
    PracticeKey(PracticeAct.FASTER, ("+", "="), "+", "Faster"),
    PracticeKey(PracticeAct.TAKE_BACK, ("Backspace",), "Backspace", "Take the last vote back"),
    PracticeKey(PracticeAct.END, ("Delete",), "Del", "End the exercise"),
)  # fmt: skip

BY_ACT: Mapping[PracticeAct, PracticeKey] = {row.act: row for row in KEYS}
REPEATING = {
    PracticeAct.BACK, PracticeAct.FORWARD, PracticeAct.BACK_MORE, PracticeAct.FORWARD_MORE,
}  # fmt: skip


def answer_label(plane: str) -> str:
    """What a plane is called on the page, e.g. "LVOT"; the background is "none of them"."""
    found = next(one for one in DISPLAY_ORDER if one.key == plane)
    return "None of them" if found.is_background else found.label
