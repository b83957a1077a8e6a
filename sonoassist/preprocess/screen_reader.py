"""One look at a screen: what it shows, and where the live ultrasound picture is."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from sonoassist.core.opencv import cv2
from sonoassist.core.packets import Content, Pixels
from sonoassist.preprocess.bars import bar_bottom
from sonoassist.preprocess.closer_look import seen_closer
from sonoassist.preprocess.content import content_of
from sonoassist.preprocess.fan_outline import cut_by
from sonoassist.preprocess.field_of_view import FieldOfView, Moving, below, field_of
from sonoassist.preprocess.screen_network import (
    CONTENTS,
    Reading,
    ReadsScreens,
    ScreenNetwork,
    thinned,
)
from sonoassist.preprocess.split_line import pane_of, within

SURE = 0.8
"""Sureness from which a field of view is relied on for what leaves the program."""
EMPTY_STD = 1.0
"""A screen whose grey levels differ less is empty."""


@dataclass(frozen=True, slots=True)
class ScreenLook:
    """What one look at a screen found.

    Attributes:
        content: What the screen shows.
        certainty: The network's probability of that, or 1 where it follows from the pixels.
        field: The live ultrasound picture; None where there is none.
    """

    content: Content
    certainty: float
    field: FieldOfView | None

    @property
    def sure(self) -> bool:
        """Whether there is a picture, and what surrounds it may be blacked out by this look."""
        return self.field is not None and self.field.sureness >= SURE


class ScreenReader:
    """Looks at screens, at one at a time; any thread may ask.

    Args:
        make: Loads the network that looks, when it is first needed.
    """

    def __init__(self, make: Callable[[], ReadsScreens] = ScreenNetwork) -> None:
        self._make = make
        self._network: ReadsScreens | None = None
        self._turn = threading.Lock()

    def look(
        self, pixels: Pixels, moving: Moving | None = None, thin: Pixels | None = None
    ) -> ScreenLook:
        """Look at one screen.

        Args:
            pixels: uint8 (H, W, 3) RGB or (H, W).
            moving: Which cells have changed over the last screens; None for a still.
            thin: These pixels thinned out; None where nobody has done so.

        Raises:
            ModelError: The network's weights are missing or damaged.
        """
        thin = thinned(pixels) if thin is None else thin
        if float(cv2.meanStdDev(np.ascontiguousarray(thin[::16, ::16]))[1].max()) < EMPTY_STD:
            return ScreenLook(Content.NO_SIGNAL, 1.0, None)
        reading = self._read(thin)
        height, width = pixels.shape[:2]
        field = field_of(reading, width, height, moving)
        if field is not None:
            field = below(field, bar_bottom(pixels, from_row=int(field.box.top)))
        content, certainty = _content(reading, thin, field)
        return ScreenLook(content, certainty, field if content in WITH_PICTURE else None)

    def closer(self, look: ScreenLook, pixels: Pixels) -> ScreenLook:
        """A look with the bounds and the outline of the fan, which are nearer to the truth.

        It takes several times as long as the look: for a field that is going to be used.

        Args:
            look: At these pixels.
            pixels: uint8 (H, W, 3) RGB or (H, W).

        Raises:
            ModelError: The network's weights are missing or damaged.
        """
        if look.field is None:
            return look
        # Pictures of a split screen that touch are told apart by the line between them.
        pane = pane_of(look.field, pixels) if look.content is Content.SPLIT else None
        field = look.field if pane is None else within(look.field, pane)
        field = seen_closer(field, pixels, self._read)
        field = field if pane is None else within(field, pane)
        # What was cut off at the bar stays off: a soft rim reaches over it again.
        cut = below(field, bar_bottom(pixels, from_row=int(field.box.top)))
        if cut is not field:
            cut = replace(cut, fitted_outline=cut_by(field.outline(), cut.box))
        return replace(look, field=cut)

    def _read(self, pixels: Pixels) -> Reading:
        with self._turn:
            if self._network is None:
                self._network = self._make()
            return self._network.read(pixels)


WITH_PICTURE = (Content.B_MODE, Content.DOPPLER, Content.SPLIT, Content.SPECTRAL)
"""Kinds of screens with a live ultrasound picture on them."""
_DOPPLER = CONTENTS.index(Content.DOPPLER)
_PLAIN = tuple(CONTENTS.index(one) for one in (Content.B_MODE, Content.DOPPLER))


def _content(reading: Reading, thin: Pixels, field: FieldOfView | None) -> tuple[Content, float]:
    """The network tells the kinds of screens apart; colour in the picture is counted."""
    plain = float(reading.contents[list(_PLAIN)].sum())
    best = int(np.argmax(reading.contents))
    if best in _PLAIN or plain > float(reading.contents[best]):
        if field is None:
            return Content.MENU, 1 - plain  # a picture without a place is none
        likely = float(reading.contents[_DOPPLER]) / plain
        return content_of(_seen(thin, field), likely), plain
    return CONTENTS[best], float(reading.contents[best])


def _seen(thin: Pixels, field: FieldOfView) -> Pixels:
    """Pixels of the field of view's box, few enough to be counted at once."""
    high, wide = thin.shape[:2]
    x, y, box = wide / field.width_px, high / field.height_px, field.box
    left, right = max(round(x * box.left), 0), max(round(x * box.right), 1)
    top, bottom = max(round(y * box.top), 0), max(round(y * box.bottom), 1)
    part = thin[top:bottom, left:right]
    size = (max(part.shape[1] // 2, 1), max(part.shape[0] // 2, 1))
    return np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_NEAREST), np.uint8)
