"""What can be wrong with a picture whatever plane it shows: hints to whoever holds the probe."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum


class Flaw(Enum):
    """A thing that a better picture of the same plane would not have."""

    CUT_OFF = "cut_off"
    """The anatomy reaches out of the field of view."""
    TOO_SMALL = "too_small"
    """It takes a small part of the picture."""
    OFF_CENTRE = "off_centre"
    """It lies far from the middle of the picture."""
    TOO_DARK = "too_dark"
    TOO_BRIGHT = "too_bright"
    MOVING = "moving"
    """Probe or fetus moves quickly."""

    @property
    def short(self) -> str:
        """In two words, as part of a sentence."""
        return self.value.replace("_", " ")

    @property
    def advice(self) -> str:
        """On screen: what is wrong and what helps."""
        return _ADVICE[self]


_ADVICE = {
    Flaw.CUT_OFF: "Cut off: move over or zoom out",
    Flaw.TOO_SMALL: "Too small: magnify",
    Flaw.OFF_CENTRE: "Off centre: move to the middle",
    Flaw.TOO_DARK: "Too dark: raise the gain",
    Flaw.TOO_BRIGHT: "Too bright: lower the gain",
    Flaw.MOVING: "Moving: hold still",
}


@dataclass(frozen=True, slots=True)
class Hint:
    """One thing that could be better in a picture.

    Attributes:
        flaw: What.
        strength: 0 (hardly) to 1 (very much).
    """

    flaw: Flaw
    strength: float


Hints = tuple[Hint, ...]
"""Of one picture, in the order of `Flaw`."""


def told(hints: Sequence[Hint]) -> str:
    """The hints in a few words, e.g. "too small, moving"; "" where there are none."""
    return ", ".join(one.flaw.short for one in hints)


def to_json(hints: Hints | None) -> str | None:
    """As text for a database: an object of strengths by name; None where nobody has looked."""
    if hints is None:
        return None
    return json.dumps({one.flaw.value: round(one.strength, 3) for one in hints})


def from_json(text: object) -> Hints | None:
    """The inverse of `to_json`; what a newer program calls otherwise is left out.

    Raises:
        ValueError, TypeError: It is something else.
    """
    if text is None:
        return None
    if not isinstance(text, str):
        raise TypeError(f"hints are {type(text).__name__}")
    values = json.loads(text)
    if not isinstance(values, dict):
        raise TypeError(f"hints are a {type(values).__name__}")
    return tuple(Hint(flaw, _strength(values[flaw.value])) for flaw in Flaw if flaw.value in values)


def _strength(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"a strength is {type(value).__name__}")
    if not (math.isfinite(value) and 0 <= value <= 1):
        raise ValueError(f"a strength is {value}")
    return float(value)
