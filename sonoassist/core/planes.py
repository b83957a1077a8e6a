"""THE 14 planes. Nothing else in the program lists them.

`PLANES` is in the order of the published weights' outputs; `DISPLAY_ORDER` is the order of
every list on screen (head to heart, background last), which never changes with the scores.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Polarity(Enum):
    """Which part of the saliency marks the anatomy (paper, Section II-F.2)."""

    POSITIVE = "positive"
    """Bright structures: bone, lips."""
    NEGATIVE = "negative"
    """Dark structures: the cardiac chambers and vessels."""
    ABSOLUTE = "absolute"
    """Both."""


@dataclass(frozen=True, slots=True)
class Plane:
    """One standard plane, or the background.

    Attributes:
        key: Identifier in files and on the command line.
        label: Short name on screen.
        full_name: What the plane shows, in words.
        published_label: Name in the published weights' class list and in the paper.
        polarity: Part of the saliency used for the box.
        colour: "#rrggbb", the one colour of this plane everywhere.
    """

    key: str
    label: str
    full_name: str
    published_label: str
    polarity: Polarity
    colour: str

    @property
    def is_background(self) -> bool:
        """Whether this is the class of everything that is not a standard plane."""
        return self.key == "background"


_POS, _NEG, _ABS = Polarity.POSITIVE, Polarity.NEGATIVE, Polarity.ABSOLUTE

PLANES: tuple[Plane, ...] = (
    Plane("3vv", "Three vessels", "Three vessel view", "3VV", _NEG, "#c678f2"),
    Plane("4ch", "Four chambers", "Four chamber view", "4CH", _NEG, "#ff6b6b"),
    Plane("abdominal", "Abdomen", "Abdominal plane", "Abdominal", _ABS, "#ffd166"),
    Plane("background", "Background", "No standard plane", "Background", _ABS, "#8a94a3"),
    Plane("brain_cb", "Brain (cb.)", "Transcerebellar plane", "Brain (Cb.)", _ABS, "#7aa2ff"),
    Plane("brain_tv", "Brain (tv.)", "Transventricular plane", "Brain (Tv.)", _ABS, "#5ac8fa"),
    Plane("femur", "Femur", "Femur, full length", "Femur", _POS, "#b8f25f"),
    Plane("kidneys", "Kidneys", "Both kidneys", "Kidneys", _ABS, "#f2a65a"),
    Plane("lips", "Lips", "Coronal lips and nose", "Lips", _POS, "#f78fb3"),
    Plane("lvot", "LVOT", "Left ventricular outflow tract", "LVOT", _NEG, "#ff9a76"),
    Plane("profile", "Profile", "Median facial profile", "Profile", _ABS, "#d9a6f5"),
    Plane("rvot", "RVOT", "Right ventricular outflow tract", "RVOT", _NEG, "#f2788f"),
    Plane("spine_cor", "Spine (cor.)", "Coronal spine", "Spine (cor.)", _POS, "#4fd1c5"),
    Plane("spine_sag", "Spine (sag.)", "Sagittal spine", "Spine (sag.)", _POS, "#8fe0b0"),
)

BY_KEY: dict[str, Plane] = {plane.key: plane for plane in PLANES}
KEYS: tuple[str, ...] = tuple(plane.key for plane in PLANES)
INDEX: dict[str, int] = {key: index for index, key in enumerate(KEYS)}
BACKGROUND_INDEX: int = INDEX["background"]

DISPLAY_ORDER: tuple[Plane, ...] = tuple(
    BY_KEY[key]
    for key in (
        "brain_tv",
        "brain_cb",
        "lips",
        "profile",
        "abdominal",
        "kidneys",
        "femur",
        "spine_sag",
        "spine_cor",
        "4ch",
        "lvot",
        "rvot",
        "3vv",
        "background",
    )
)
