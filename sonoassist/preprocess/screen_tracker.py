"""What a sequence of screens shows: looks that are held still, and followed when things change."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sonoassist.core.opencv import cv2
from sonoassist.core.packets import Box, Frame, Pixels
from sonoassist.preprocess.channels import strongest
from sonoassist.preprocess.field_of_view import FieldOfView, Moving
from sonoassist.preprocess.screen_network import MASK_HEIGHT, MASK_WIDTH, thinned
from sonoassist.preprocess.screen_reader import SURE, ScreenLook, ScreenReader

LOOK_EVERY_S = 0.23
"""Two looks that agree change what is held: within half a second of picture time."""
MOST_FRAMES = 25
"""After so many frames there is a look, also where a source tells no time."""
CHANGE = 6
"""Grey levels by which a cell that changes differs from one look to the next."""
FORGETTING, KNOWN_AFTER = 0.8, 2
"""A cell counts as changing for three looks; so many differences must be known."""
SAME_IOU = 0.85
"""Two fields of view that overlap at least so much are the same."""


class ScreenMotion:
    """What changes on a screen: the picture; what never changes is the scanner's own."""

    def __init__(self) -> None:
        self._last: NDArray[np.int16] | None = None
        self._changed = np.zeros((MASK_HEIGHT, MASK_WIDTH), np.float32)
        self._looks = 0

    def see(self, pixels: Pixels) -> Moving | None:
        """Take the next screen, as it is or thinned out.

        Returns:
            Which cells change, or None before that can be told.
        """
        thin = cv2.resize(thinned(pixels), (MASK_WIDTH, MASK_HEIGHT), interpolation=cv2.INTER_AREA)
        grey = strongest(np.asarray(thin, np.uint8)).astype(np.int16)
        if self._last is not None:
            self._changed *= FORGETTING
            self._changed[np.abs(grey - self._last) > CHANGE] = 1.0
            self._looks += 1
        self._last = grey
        return self._changed > 0.5 if self._looks >= KNOWN_AFTER else None


@dataclass(frozen=True, slots=True, eq=False)
class SettledField:
    """The field of view that most looks at a whole recording agree on, and the crop by it.

    Attributes:
        field: None where none was found.
        width_px: Of the frames that it is of.
        height_px: Of the frames that it is of.
        crop: In frame pixels.
    """

    field: FieldOfView | None
    width_px: int
    height_px: int
    crop: Box

    @property
    def sure(self) -> bool:
        """Whether there is a field of view that may be relied on; see `ScreenLook.sure`."""
        return self.field is not None and self.field.sureness >= SURE

    def snapped(self, look: ScreenLook) -> ScreenLook:
        """A look with this field in the place of its own, unless it is surely another one."""
        if look.sure and not _same(look.field, self.field):
            return look
        return replace(look, field=self.field)


class ScreenTracker:
    """Looks at each still by itself, and four times a second at a sequence.

    The field of view moves only when two sure looks in a row agree on another place: a crop that
    trembles would make the labels tremble, and one that is lost while the probe is lifted would be
    found again too late. So it is with the kind of screen.

    Args:
        reader: That looks; it may serve other trackers of the same thread.
        settled: Of the whole recording: what is held where nothing else is surely seen, so that a
            stretch of it gives the same wherever one begins.
    """

    def __init__(
        self, reader: ScreenReader | None = None, settled: SettledField | None = None
    ) -> None:
        self._reader = reader or ScreenReader()
        self._settled = settled
        self._key: tuple[str, int, int] | None = None
        self._held: ScreenLook | None = None
        self._held_by: FieldOfView | None = None
        self._last: ScreenLook | None = None
        self._since_look = 0
        self._looked_s = 0.0
        self._motion = ScreenMotion()

    def see(self, frame: Frame) -> ScreenLook:
        """What the screen of this frame shows.

        Raises:
            ModelError: The network that looks is missing or damaged.
        """
        if frame.still:
            return self._reader.closer(self._reader.look(frame.pixels), frame.pixels)
        key = (frame.source_id, frame.width_px, frame.height_px)
        if key != self._key or self._held is None:
            self._key, self._since_look, self._looked_s = key, 0, frame.time_s
            self._motion = ScreenMotion()
            thin = thinned(frame.pixels)
            self._motion.see(thin)
            self._last = self._reader.look(frame.pixels, thin=thin)
            self._held_by = self._last.field
            self._held = self._snapped(self._reader.closer(self._last, frame.pixels), frame)
            return self._held
        self._since_look += 1
        apart_s = abs(frame.time_s - self._looked_s)
        if apart_s >= LOOK_EVERY_S or self._since_look >= MOST_FRAMES:
            self._since_look, self._looked_s = 0, frame.time_s
            thin = thinned(frame.pixels)
            look = self._reader.look(frame.pixels, self._motion.see(thin), thin)
            held = _followed(self._held, self._held_by, self._last or look, look)
            if held.field is not self._held.field:
                self._held_by = held.field
                held = self._snapped(self._reader.closer(held, frame.pixels), frame)
            self._held, self._last = held, look
        return self._held

    def _snapped(self, look: ScreenLook, frame: Frame) -> ScreenLook:
        settled = self._settled
        size_px = (frame.width_px, frame.height_px)
        if settled is None or size_px != (settled.width_px, settled.height_px):
            return look
        return settled.snapped(look)


def _followed(
    held: ScreenLook, held_by: FieldOfView | None, last: ScreenLook, look: ScreenLook
) -> ScreenLook:
    """What is held from now on, by the last two looks.

    Args:
        held: Until now, as it was seen closer.
        held_by: The field of view of the look that it was made from. Looks are compared with this
            one: a closer look may bound the same picture otherwise.
        last: The look before.
        look: The last one.
    """
    content, certainty = held.content, held.certainty
    if look.content is last.content:
        content, certainty = look.content, look.certainty
    field = _moved(held, held_by, last, look) if look.sure else held.field
    return ScreenLook(content, certainty, field)


def _moved(
    held: ScreenLook, held_by: FieldOfView | None, last: ScreenLook, look: ScreenLook
) -> FieldOfView | None:
    """The field of view after a sure look."""
    if held.field is None or not held.sure:
        return look.field  # the first sure one is better than none
    if _same(look.field, held_by) or not _same(look.field, last.field):
        return held.field
    return look.field


def _same(one: FieldOfView | None, other: FieldOfView | None) -> bool:
    return one is not None and other is not None and one.box.iou(other.box) >= SAME_IOU
