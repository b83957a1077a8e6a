"""The crop of each frame of a source, and what kind of screen it is."""

from __future__ import annotations

from sonoassist.core.packets import Box, Content, Frame
from sonoassist.preprocess.crop import (
    CropChoice,
    CropKind,
    centred_crop,
    is_published_screen,
    own_crop,
    published_crop,
)
from sonoassist.preprocess.field_of_view import FieldOfView
from sonoassist.preprocess.framing import crop_of_look
from sonoassist.preprocess.screen_reader import ScreenLook, ScreenReader
from sonoassist.preprocess.screen_tracker import ScreenTracker, SettledField

CERTAIN = 0.97
"""Probability from which a screen is taken for something else than a plain picture: what is taken
for a menu is not judged, and a probe in the air looks a little like one."""


class CropTracker:
    """Gives the crop of each frame; used by one thread at a time.

    Args:
        choice: What the user asked for.
        aspect: Width over height of the network input.
        reads_content: Look at the screen also where the crop is fixed, for `content`.
        reader: That looks; left out: one of its own.
        settled: Of the recording whose frames come; where nothing else is surely seen its crop is
            taken. None where nothing is known beforehand.
    """

    def __init__(
        self,
        choice: CropChoice,
        aspect: float,
        *,
        reads_content: bool = False,
        reader: ScreenReader | None = None,
        settled: SettledField | None = None,
    ) -> None:
        self.choice = choice
        self.content: Content | None = None
        self.outline: tuple[tuple[float, float], ...] = ()
        self._outlined: FieldOfView | None = None
        self._points: tuple[tuple[float, float], ...] = ()
        self._aspect = aspect
        self._reader = reader
        self._reads_content = reads_content
        self._screens = ScreenTracker(reader, settled)
        self._settled = settled
        self._framed: tuple[FieldOfView | None, int, int, Box] | None = None

    def crop_for(self, frame: Frame) -> Box:
        """The crop of this frame, in frame pixels.

        `content` then tells what the screen shows where that is no plain picture, else None, and
        `outline` where the live picture is: a polygon, empty where nobody looked or in doubt.

        Raises:
            UsageError: An own rectangle reaches outside of the picture.
        """
        fixed = self._fixed(frame)
        self.content, self.outline = None, ()
        if fixed is not None and not self._reads_content:
            return fixed
        look = self._screens.see(frame)
        self.content = _other_content(look, split_alone=fixed is None)
        self.outline = self._outline_of(look)
        return fixed or self._framing(look, frame)

    def _outline_of(self, look: ScreenLook) -> tuple[tuple[float, float], ...]:
        """Of the field of view of a look; it is fitted once for each."""
        if look.field is None or not look.sure:
            return ()
        if self._outlined is not look.field:
            points = look.field.outline().tolist()
            self._outlined, self._points = look.field, tuple((x, y) for x, y in points)
        return self._points

    def beside(self) -> CropTracker:
        """A tracker for a frame out of its turn: it begins with the field of view held now."""
        settled = self._settled if self._framed is None else SettledField(*self._framed)
        return CropTracker(
            self.choice,
            self._aspect,
            reads_content=self._reads_content,
            reader=self._reader,
            settled=settled,
        )

    def _framing(self, look: ScreenLook, frame: Frame) -> Box:
        """The crop by a look; the same as long as the same field of view is held."""
        known, settled = self._framed, self._settled
        key = (look.field, frame.width_px, frame.height_px)
        if (
            settled is not None
            and key[0] is settled.field
            and key[1:] == (settled.width_px, settled.height_px)
        ):
            return settled.crop
        if frame.still or known is None or known[0] is not key[0] or known[1:3] != key[1:]:
            known = (*key, crop_of_look(look, frame.pixels, self._aspect))
            self._framed = known
        return known[3]

    def _fixed(self, frame: Frame) -> Box | None:
        """The crop where it does not depend on what the screen shows."""
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
        return None


def _other_content(look: ScreenLook, *, split_alone: bool) -> Content | None:
    """The kind of a screen that shows no plain picture; None for one that does.

    Args:
        look: At the screen.
        split_alone: The crop is that of the live half of a split screen, which is judged alone.
    """
    if look.content in (Content.B_MODE, Content.DOPPLER) or look.certainty < CERTAIN:
        return None
    if look.content is Content.SPLIT and split_alone and look.sure:
        return None
    return look.content
