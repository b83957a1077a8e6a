"""Which rectangle of a frame is the field of view.

The published crop belongs to one scanner's screen; on any other picture a crop of the network
input's aspect is taken, since keeping the aspect and cropping gives the best labels there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from sonoassist.core.errors import UsageError
from sonoassist.core.packets import Box

PUBLISHED_SCREEN_PX = (975, 735)
PUBLISHED_CROP = Box(81, 115, 874, 734)
"""Rows 115-734 and columns 81-874 of the published screens (SonoNet-weights, example.py)."""

MIN_CROP_PX = 16


class CropKind(Enum):
    """How the crop is found."""

    DEFAULT = "default"
    """The published crop on the published screen's exact size, else AUTO."""
    AUTO = "auto"
    """Find the fan or the picture area."""
    FULL = "full"
    """The largest centred rectangle of the input's aspect."""
    PUBLISHED = "published"
    """The published rectangle, in proportion on other sizes of that screen."""
    OWN = "own"
    """A rectangle in frame pixels."""


@dataclass(frozen=True, slots=True)
class CropChoice:
    """What the user asked for.

    Attributes:
        kind: How the crop is found.
        own: The rectangle for OWN, in frame pixels.
    """

    kind: CropKind = CropKind.DEFAULT
    own: Box | None = None

    @property
    def text(self) -> str:
        """As `parse_crop` reads it; the same for the same rectangle, whatever a preset is called.

        Of a rectangle that does not lie on whole pixels all digits are told.
        """
        if self.own is None:
            return self.kind.value
        own = self.own
        return ",".join(f"{value:g}" for value in (own.left, own.top, own.width, own.height))


_NUMBERS = re.compile(r"^\s*(\d+)\s*,\s*(\d+)\s*,\s*(\d+)\s*,\s*(\d+)\s*$")


def parse_crop(text: str, presets: Mapping[str, str] | None = None) -> CropChoice:
    """Read a crop: `default`, `auto`, `full`, `published`, `L,T,W,H` in pixels, or a preset.

    Args:
        text: As given.
        presets: Named rectangles, name to `L,T,W,H`.

    Raises:
        UsageError: It is none of these.
    """
    presets = presets or {}
    word = text.strip()
    if word.lower() in {kind.value for kind in CropKind} - {"own"}:
        return CropChoice(CropKind(word.lower()))
    numbers = _NUMBERS.match(presets.get(word, word))
    if numbers is None:
        known = ", ".join(["auto", "full", "published", "L,T,W,H", *presets])
        raise UsageError(f"the crop {text!r} is not understood", f"Give one of: {known}")
    left, top, width, height = (int(number) for number in numbers.groups())
    if width < MIN_CROP_PX or height < MIN_CROP_PX:
        raise UsageError(
            f"the crop {text!r} is too small", f"It needs at least {MIN_CROP_PX} pixels each way"
        )
    return CropChoice(CropKind.OWN, Box(left, top, left + width, top + height))


def is_published_screen(width_px: int, height_px: int) -> bool:
    """Whether a picture has the published screen's size (a pixel less for even video sizes)."""
    width, height = PUBLISHED_SCREEN_PX
    return abs(width_px - width) <= 1 and abs(height_px - height) <= 1


def published_crop(width_px: int, height_px: int, aspect: float) -> Box:
    """The published crop, scaled; on a screen of another shape the centred crop instead."""
    width, height = PUBLISHED_SCREEN_PX
    if abs((width_px / height_px) / (width / height) - 1) > 0.01:
        return centred_crop(Box(0, 0, width_px, height_px), aspect)
    if is_published_screen(width_px, height_px):
        return PUBLISHED_CROP
    sx, sy = width_px / width, height_px / height
    crop = PUBLISHED_CROP
    return Box(
        round(crop.left * sx), round(crop.top * sy), round(crop.right * sx), round(crop.bottom * sy)
    )


def own_crop(own: Box, width_px: int, height_px: int) -> Box:
    """The user's rectangle, checked against the picture.

    Raises:
        UsageError: It reaches outside of the picture.
    """
    if own.right > width_px or own.bottom > height_px or own.left < 0 or own.top < 0:
        wanted = f"{own.left:.0f},{own.top:.0f},{own.width:.0f},{own.height:.0f}"
        raise UsageError(
            f"the crop {wanted} reaches outside of the picture ({width_px}x{height_px} px)",
            "Give left, top, width and height inside of it",
        )
    return own


def centred_crop(area: Box, aspect: float) -> Box:
    """The largest rectangle of width/height `aspect` in the middle of `area`, whole pixels."""
    width, height = area.width, area.height
    if width > height * aspect:
        width = height * aspect
    else:
        height = width / aspect
    left = area.left + (area.width - width) / 2
    top = area.top + (area.height - height) / 2
    return Box(round(left), round(top), round(left + width), round(top + height))
