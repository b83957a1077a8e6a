"""Holding the crop of a sequence still, and noticing when the screen's layout changes."""

from __future__ import annotations

from sonoassist.packets import Box, Frame
from sonoassist.preprocess.crop import (
    CropChoice,
    CropKind,
    centred_crop,
    is_published_screen,
    own_crop,
    published_crop,
)
from sonoassist.preprocess.field_of_view import auto_crop

CHECK_EVERY_FRAMES = 25
SAME_IOU = 0.85
"""Two proposals that overlap at least so much are the same layout."""


class CropTracker:
    """Gives the crop of each frame.

    `auto` looks at each still by itself. In a sequence it keeps its first proposal, looks again
    from time to time, and moves only when two looks in a row agree on another place: a crop
    that trembles would make the labels tremble.

    Args:
        choice: What the user asked for.
        aspect: Width over height of the network input.
    """

    def __init__(self, choice: CropChoice, aspect: float) -> None:
        self.choice = choice
        self._aspect = aspect
        self._key: tuple[str, int, int] | None = None
        self._crop: Box | None = None
        self._other: Box | None = None
        self._since_check = 0

    def crop_for(self, frame: Frame) -> Box:
        """The crop of this frame, in frame pixels.

        Raises:
            UsageError: An own rectangle reaches outside of the picture.
        """
        width, height = frame.width_px, frame.height_px
        kind = self.choice.kind
        if kind is CropKind.OWN and self.choice.own is not None:
            return own_crop(self.choice.own, width, height)
        if kind is CropKind.FULL:
            return centred_crop(Box(0, 0, width, height), self._aspect)
        if kind is CropKind.PUBLISHED:
            return published_crop(width, height, self._aspect)
        if kind is CropKind.DEFAULT and is_published_screen(width, height):
            return published_crop(width, height, self._aspect)
        return auto_crop(frame.pixels, self._aspect) if frame.still else self._held(frame)

    def _held(self, frame: Frame) -> Box:
        key = (frame.source_id, frame.width_px, frame.height_px)
        if key != self._key or self._crop is None:
            self._key, self._other, self._since_check = key, None, 0
            self._crop = auto_crop(frame.pixels, self._aspect)
            return self._crop
        self._since_check += 1
        if self._since_check >= CHECK_EVERY_FRAMES:
            self._since_check = 0
            self._look_again(auto_crop(frame.pixels, self._aspect))
        return self._crop

    def _look_again(self, proposal: Box) -> None:
        if self._crop is not None and proposal.iou(self._crop) >= SAME_IOU:
            self._other = None
        elif self._other is not None and proposal.iou(self._other) >= SAME_IOU:
            self._crop, self._other = proposal, None
        else:
            self._other = proposal
