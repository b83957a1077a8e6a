"""Where the picture lies on a screen, and the furniture that fills the rest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sonoassist.core.packets import Box
from sonoassist.phantom.screens import furniture
from sonoassist.phantom.screens.fan import Fan
from sonoassist.phantom.screens.furniture import ScreenSheet

SIZES = (
    (640, 480),
    (768, 480),
    (768, 576),
    (800, 600),
    (800, 450),
    (960, 720),
    (975, 735),
    (1024, 768),
    (1136, 788),
    (1280, 720),
    (1280, 960),
    (1280, 1024),
    (1920, 1080),
    (740, 448),
    (720, 720),
)
"""Width and height of common screens and of what is stored of them, px."""
BARE = 0.16
"""Share of the pictures that were cut out of their screen by somebody already."""


@dataclass(frozen=True, slots=True)
class ScreenLayout:
    """Where things are on a screen; each is a box or None.

    Attributes:
        picture: The frame that the ultrasound picture may fill.
        bar: At the upper rim.
        left: Beside the picture.
        right: Beside the picture.
        foot: Below the picture.
    """

    picture: Box
    bar: Box | None
    left: Box | None
    right: Box | None
    foot: Box | None


def choose_screen_layout(rng: np.random.Generator, width_px: int, height_px: int) -> ScreenLayout:
    """A scanner's screen; sometimes the bare picture."""
    if rng.random() < BARE:
        inset = float(rng.choice([0.0, rng.uniform(0, 0.15)]))
        picture = Box(
            inset * width_px, inset * height_px, (1 - inset) * width_px, (1 - inset) * height_px
        )
        return ScreenLayout(picture, None, None, None, None)
    top, foot = _share(rng, 0.8, 0.03, 0.14), _share(rng, 0.45, 0.05, 0.24)
    left, right = _share(rng, 0.4, 0.04, 0.34), _share(rng, 0.4, 0.04, 0.3)
    picture = Box(
        round(left * width_px),
        round(top * height_px),
        round((1 - right) * width_px),
        round((1 - foot) * height_px),
    )
    return ScreenLayout(
        picture,
        Box(0, 0, width_px, picture.top) if top else None,
        Box(0, picture.top, picture.left, height_px) if left else None,
        Box(picture.right, picture.top, width_px, height_px) if right else None,
        Box(picture.left, picture.bottom, picture.right, height_px) if foot else None,
    )


def _share(rng: np.random.Generator, chance: float, least: float, most: float) -> float:
    return float(rng.uniform(least, most)) if rng.random() < chance else 0.0


def furnish(sheet: ScreenSheet, layout: ScreenLayout) -> None:
    """Draw everything that stands beside the picture."""
    rng = sheet.rng
    if layout.bar is not None:
        furniture.top_bar(sheet, layout.bar.bottom)
    for side in (layout.left, layout.right):
        if side is None:
            continue
        kind = float(rng.random())
        if rng.random() < 0.3:
            grey = int(rng.integers(0, 70))
            sheet.panel(side, (grey, grey, grey + int(rng.integers(12))))
        inner = Box(
            side.left + 3,
            side.top + 3,
            side.right - 3,
            side.bottom - float(rng.uniform(3, 0.3 * side.height)),
        )
        if kind < 0.55 and inner.width > 30:
            furniture.thumbnails(sheet, inner)
        elif kind < 0.85:
            furniture.text_block(sheet, inner.left, inner.top, int(rng.integers(3, 14)))
        else:
            furniture.touch_keys(sheet, inner)
    if layout.foot is not None:
        foot = layout.foot
        if rng.random() < 0.4:
            grey = int(rng.integers(0, 70))
            sheet.panel(foot, (grey, grey, grey))
        if rng.random() < 0.3 and foot.height > 40:
            furniture.thumbnails(sheet, Box(foot.left, foot.top + 2, foot.right, foot.bottom - 2))
        else:
            furniture.touch_keys(sheet, foot)


def annotate(
    sheet: ScreenSheet, layout: ScreenLayout, fan: Fan, box: Box, *, colour: bool = False
) -> None:
    """Scales, signs and words in the picture's frame, mostly beside the fan."""
    rng, frame = sheet.rng, layout.picture
    if rng.random() < 0.75:
        x = frame.left + float(rng.uniform(0, 0.05)) * frame.width
        y = frame.top + float(rng.uniform(0, 0.1)) * frame.height
        furniture.grey_scale(
            sheet, x, y, frame.height * float(rng.uniform(0.1, 0.35)), colour=colour
        )
    if rng.random() < 0.75:
        x = (
            frame.left + 0.04 * frame.width
            if rng.random() < 0.5
            else frame.right - 0.04 * frame.width
        )
        furniture.depth_scale(sheet, x, max(box.top, frame.top), min(box.bottom, frame.bottom))
    if rng.random() < 0.7:
        furniture.text_block(sheet, frame.right - 4, frame.top, int(rng.integers(2, 9)), right=True)
    if rng.random() < 0.3:
        furniture.text_block(
            sheet,
            frame.left + 0.06 * frame.width,
            frame.top + float(rng.uniform(0, 0.7)) * frame.height,
            int(rng.integers(1, 6)),
        )
    if rng.random() < 0.6:
        furniture.probe_mark(sheet, fan)
    if rng.random() < 0.06:
        furniture.ecg(
            sheet, Box(frame.left, frame.bottom - 0.12 * frame.height, frame.right, frame.bottom)
        )
    if rng.random() < 0.16:
        furniture.calipers(sheet, box)
    if rng.random() < 0.2:
        furniture.note(sheet, box)
    if rng.random() < 0.12:  # the pointer
        x, y = float(rng.uniform(0, sheet.width_px)), float(rng.uniform(0, sheet.height_px))
        sheet.text("+", x, y, 0.6, (255, 255, 255))
