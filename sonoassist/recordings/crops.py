"""The crop of a recording's frames: one for all of it, unless a stretch surely shows another."""

from __future__ import annotations

from dataclasses import astuple, dataclass

import numpy as np

from sonoassist.core.errors import SourceError
from sonoassist.core.packets import Box, Floats, Frame
from sonoassist.preprocess.crop import (
    CropChoice,
    CropKind,
    centred_crop,
    is_published_screen,
    own_crop,
    published_crop,
)
from sonoassist.preprocess.framing import begins_at_bar, crop_of_look
from sonoassist.preprocess.screen_network import thinned
from sonoassist.preprocess.screen_reader import ScreenLook, ScreenReader
from sonoassist.preprocess.screen_tracker import ScreenMotion, SettledField
from sonoassist.recordings.reader import read_frames
from sonoassist.recordings.recording import Recording
from sonoassist.sources.base import Source

LOOKS = 9
"""So many frames are looked at to find the crop of a recording."""
SAME_PX = 0.5
"""Crops whose edges are all nearer to each other are one."""
BAR_SPREAD, BAR_SAME = 0.01, 0.0025
"""Shares of the screen's height: over so much video coding spreads the end of a bar, and ends no
further from each other are one."""


@dataclass(frozen=True, slots=True)
class Settled:
    """The crop of a whole recording.

    Attributes:
        crop: For frames of the recording's own size, in frame pixels.
        width_px: That size.
        height_px: That size.
        field: What the analysis begins each stretch with; None where the crop is fixed.
    """

    crop: Box
    width_px: int
    height_px: int
    field: SettledField | None = None

    def crop_of(self, frame: Frame, known: Box | None, aspect: float) -> Box:
        """The crop of a frame, in its own pixels.

        Args:
            frame: Any of the recording.
            known: What the network saw of it; None where it was not analysed.
            aspect: Width over height of the network input.
        """
        if known is not None and fits(known, frame):
            return known
        if (frame.width_px, frame.height_px) == (self.width_px, self.height_px):
            return self.crop
        return centred_crop(Box(0, 0, frame.width_px, frame.height_px), aspect)

    def was_seen_of(self, frame: Frame, crop: Box) -> bool:
        """Whether the network saw a frame by the recording's own crop, and not by another one.

        Args:
            frame: Any of the recording.
            crop: What the network saw of it, in frame pixels; kept ones are rounded.
        """
        if (frame.width_px, frame.height_px) != (self.width_px, self.height_px):
            return False
        apart = np.subtract(astuple(crop), astuple(self.crop))
        return bool(np.abs(apart).max() < SAME_PX)


def fits(crop: Box, frame: Frame) -> bool:
    """Whether a crop is within a frame."""
    return (
        0 <= crop.left < crop.right <= frame.width_px
        and 0 <= crop.top < crop.bottom <= frame.height_px
    )


def settle(
    recording: Recording, source: Source, choice: CropChoice, aspect: float, reader: ScreenReader
) -> Settled:
    """Find the crop that most of some looks agree on.

    A crop found anew in each stretch would tremble, and the labels with it.

    Args:
        recording: To be looked at.
        source: Of it, open.
        choice: What the user asked for.
        aspect: Width over height of the network input.
        reader: Looks at the screens.

    Raises:
        UsageError: An own rectangle does not fit.
        SourceError: Not one of the frames looked at can be read.
    """
    width, height = recording.info.width_px, recording.info.height_px
    fixed = _fixed(choice, width, height, aspect)
    count = len(recording.times_s)
    places = sorted({count * (2 * number + 1) // (2 * LOOKS) for number in range(LOOKS)} | {0})
    readable = (one.frame for one in read_frames(source, places) if one.frame is not None)
    first = next(readable, None)
    if first is None:
        raise SourceError(f"{recording.label} cannot be read", "The file is damaged")
    if fixed is not None:
        return Settled(fixed, width, height)  # the others would be read for nothing
    frames = [one for one in (first, *readable) if (one.width_px, one.height_px) == (width, height)]
    field = _field(frames, aspect, reader)
    if field is None:
        return Settled(centred_crop(Box(0, 0, width, height), aspect), width, height)
    return Settled(field.crop, width, height, field)


def _fixed(choice: CropChoice, width: int, height: int, aspect: float) -> Box | None:
    if choice.kind is CropKind.OWN and choice.own is not None:
        return own_crop(choice.own, width, height)
    if choice.kind is CropKind.FULL:
        return centred_crop(Box(0, 0, width, height), aspect)
    published = choice.kind is CropKind.PUBLISHED
    if published or (choice.kind is CropKind.DEFAULT and is_published_screen(width, height)):
        return published_crop(width, height, aspect)
    return None


def _field(frames: list[Frame], aspect: float, reader: ScreenReader) -> SettledField | None:
    motion = ScreenMotion()
    looks: list[_Look] = []
    for frame in frames:
        thin = thinned(frame.pixels)
        look = reader.look(frame.pixels, motion.see(thin), thin)
        look = reader.closer(look, frame.pixels)
        crop = crop_of_look(look, frame.pixels, aspect)
        looks.append(_Look(look, crop, begins_at_bar(look, frame.pixels)))
    # A dark moment or a menu says nothing of where the picture is.
    told = [one for one in looks if one.look.sure] or looks
    if not told:
        return None
    best = _most_agreed(told, told)
    if best.at_bar:
        best = _most_agreed(_saw_bar_whole(best.top, told), told)
    return SettledField(best.look.field, frames[0].width_px, frames[0].height_px, best.crop)


@dataclass(frozen=True, slots=True, eq=False)
class _Look:
    """A look at a frame, the crop by it, and whether the picture begins at a bar."""

    look: ScreenLook
    crop: Box
    at_bar: bool

    @property
    def top(self) -> float:
        """Where the picture begins, as a share of the screen's height; 0 where there is none."""
        field = self.look.field
        return 0.0 if field is None else field.box.top / field.height_px


def _most_agreed(some: list[_Look], told: list[_Look]) -> _Look:
    """That one of some looks whose crop is the nearest to those of all."""
    return max(some, key=lambda one: sum(one.crop.iou(other.crop) for other in told))


def _saw_bar_whole(top: float, told: list[_Look]) -> list[_Look]:
    """The looks that found a bar to end lowest, near a row: its last rows are easily missed."""
    near = [one for one in told if one.at_bar and abs(one.top - top) <= BAR_SPREAD]
    lowest = max(one.top for one in near)
    return [one for one in near if one.top >= lowest - BAR_SAME]


def misfits(crops: Floats, own: Box | None) -> int:
    """How many pictures, of another size than the rest, the user's own crop does not fit.

    Args:
        crops: float32 (n, 4), of the pictures; nan where not known.
        own: The user's rectangle; None where the crop is found.
    """
    if own is None:
        return 0
    wanted = np.array([own.left, own.top, own.right, own.bottom], np.float32)
    known = ~np.isnan(crops).any(axis=1)
    return int(np.count_nonzero(known & (crops != wanted).any(axis=1)))
