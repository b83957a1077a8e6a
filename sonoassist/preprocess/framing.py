"""From the field of view to the crop that a network sees best."""

from __future__ import annotations

from sonoassist.core.packets import Box, Pixels
from sonoassist.preprocess.bars import bar_bottom
from sonoassist.preprocess.crop import centred_crop
from sonoassist.preprocess.screen_reader import ScreenLook, ScreenReader

TOP_TRIM = 0.0607
"""Share of the fan's height that the published crop leaves out at the probe's face."""
MIDDLE = 0.4897
"""Where the middle of the published crop lies across the picture's frame."""
NEAR_BAR = 0.03
"""Share of the frame's height by which the picture may begin above the end of the bar."""
TOP_TRIM_CUT, OUTWARDS = 0.03, 0.25
"""For pictures that were cut out already: that share, and the part of the way outwards."""


def auto_crop(pixels: Pixels, aspect: float, reader: ScreenReader) -> Box:
    """The crop for an unknown screen, of the input's aspect, in frame pixels.

    Where no field of view is found the whole frame takes its place.
    """
    return crop_of_look(reader.closer(reader.look(pixels), pixels), pixels, aspect)


def crop_of_look(look: ScreenLook, pixels: Pixels, aspect: float) -> Box:
    """The crop by a look that was taken at these pixels."""
    height, width = pixels.shape[:2]
    whole = Box(0, 0, width, height)
    if look.field is None:
        return framed(whole, whole, aspect, on_screen=False)
    return framed(look.field.box, whole, aspect, on_screen=begins_at_bar(look, pixels))


def begins_at_bar(look: ScreenLook, pixels: Pixels) -> bool:
    """Whether the picture begins below the bar of a scanner's screen."""
    if look.field is None:
        return False
    # What looks like the end of a bar within the picture is a line in the tissue.
    return 0 < bar_bottom(pixels) <= look.field.box.top + NEAR_BAR * len(pixels)


def framed(area: Box, whole: Box, aspect: float, *, on_screen: bool) -> Box:
    """The crop for a field of view.

    Args:
        area: The box of the field of view.
        whole: The frame.
        aspect: Width over height of the network input.
        on_screen: The frame is a whole scanner screen: the framing of the published crop is
            copied, which leaves out the first layers under the probe and, of a wide fan, its
            sides. A picture that was cut out already is framed a quarter of the way from the
            largest rectangle inside of the field's box to the smallest one round it: of the
            framings that were measured the one with the most right labels.
    """
    trim = (TOP_TRIM if on_screen else TOP_TRIM_CUT) * area.height
    area = Box(area.left, area.top + trim, area.right, area.bottom)
    if on_screen:
        return _as_deep_as(area, whole, aspect)
    return between(centred_crop(area, aspect), covering_crop(area, whole, aspect), OUTWARDS)


def _as_deep_as(area: Box, whole: Box, aspect: float) -> Box:
    """The crop as high as the area: a narrow fan keeps its depth, with black at its sides."""
    width = min(area.height * aspect, whole.width)
    middle = area.left + MIDDLE * area.width
    left = _slide(middle - width / 2, width, whole.width)
    return centred_crop(Box(left, area.top, left + width, area.bottom), aspect)


def covering_crop(area: Box, whole: Box, aspect: float) -> Box:
    """The smallest rectangle of `aspect` round `area`, moved and cut to stay inside `whole`."""
    width = max(area.width, area.height * aspect)
    height = width / aspect
    left = _slide((area.left + area.right - width) / 2, width, whole.width)
    top = _slide((area.top + area.bottom - height) / 2, height, whole.height)
    return Box(
        max(left, 0), max(top, 0), min(left + width, whole.width), min(top + height, whole.height)
    )


def _slide(start: float, size: float, limit: float) -> float:
    """Move an interval of `size` into [0, limit]; one that is too long is centred."""
    if size >= limit:
        return (limit - size) / 2
    return min(max(start, 0), limit - size)


def between(one: Box, other: Box, part: float) -> Box:
    """The box a part of the way from one to the other, in whole pixels."""
    edges = (
        (one.left, other.left),
        (one.top, other.top),
        (one.right, other.right),
        (one.bottom, other.bottom),
    )
    return Box(*(round((1 - part) * here + part * there) for here, there in edges))
