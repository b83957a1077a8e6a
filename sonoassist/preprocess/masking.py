"""Blacking out what is not the live ultrasound picture: a scanner's screen names the patient.

Every picture that leaves the program goes through here unless the user switches it off. What is
shown is the inside of the field of view's outline, without lines of text. Where no field of view is
surely found (a menu, a list of patients, no signal) nothing at all is shown.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sonoassist.core.opencv import cv2
from sonoassist.core.packets import Box, Content, Pixels
from sonoassist.preprocess.bars import bar_bottom
from sonoassist.preprocess.fan_outline import filled
from sonoassist.preprocess.field_of_view import BAR_DEPTH, FieldOfView
from sonoassist.preprocess.screen_reader import ScreenLook, ScreenReader
from sonoassist.preprocess.text_lines import text_lines

Mask = NDArray[np.bool_]

INWARDS_SHARE, INWARDS_SPLIT = 0.006, 0.025
"""Share of the screen's width by which the outline is drawn in: what stands beside it stays out. On
a split screen that is another picture, without a dark rim between."""
TEXT_MARGIN = 0.35
"""Letters' heights blacked out round a line of text: the soft rim of letters, and accents."""
SAME_IOU = 0.96
"""Fields of view of a sequence that overlap at least so much are one."""
LAST_SCENES = 8
"""Fields of view that are remembered of a long sequence, to be known again."""
TEXT_EVERY = 5
"""Text is looked for in so many frames of a sequence: it stays longer than that."""


def masked(
    picture: Pixels, within: Box | None = None, reader: ScreenReader | None = None
) -> Pixels:
    """A copy of a picture, uint8 (H, W, 3) RGB or (H, W), with all black but the ultrasound.

    Args:
        picture: The whole screen.
        within: Nothing outside of it is shown, whatever it is; in frame pixels.
        reader: That looks; left out: one of its own.
    """
    return with_mask(picture, mask_of(picture, within, reader))


def with_mask(picture: Pixels, mask: Mask | None) -> Pixels:
    """A copy of a picture that is black where `mask`, bool (H, W), is False; None: all of it."""
    if mask is None:
        return np.zeros_like(picture)
    # Some ten times as fast as numpy, which goes from pixel to pixel: each frame is masked.
    return np.asarray(cv2.copyTo(picture, mask.view(np.uint8)), np.uint8)


def mask_of(picture: Pixels, within: Box | None = None, reader: ScreenReader | None = None) -> Mask:
    """Where a still may be shown, bool (H, W); all False when no ultrasound is surely found."""
    return SequenceMask(within, reader).add(picture)


def ultrasound_field(pictures: Iterable[Pixels]) -> Box | None:
    """Bounds of what may be shown of these pictures, frame pixels, or None; for `Shot.field`."""
    reader, found = ScreenReader(), list[Box]()
    for picture in pictures:
        look = reader.look(picture)
        if look.sure and look.field is not None:
            found.append(look.field.box)
    if not found:
        return None
    lefts, tops, rights, bottoms = zip(
        *((box.left, box.top, box.right, box.bottom) for box in found), strict=True
    )
    return Box(min(lefts), min(tops), max(rights), max(bottoms))


@dataclass(slots=True)
class _Scene:
    """Frames with the same field of view.

    Attributes:
        field: Where the picture is.
        shown: What may be shown, bool (H, W); text that is found later is taken out.
        frames: So many were seen.
    """

    field: FieldOfView
    shown: Mask
    frames: int = 0


@dataclass(slots=True)
class SequenceMask:
    """Masks of the frames of one sequence, in their order.

    Each frame is looked at by itself, so that a menu that opens is black at once; as long as the
    field of view stays the same, so does the mask, which does not tremble with the anatomy. A dark
    frame without a sure look keeps the mask of those before it.

    Attributes:
        within: Nothing outside of it is shown, in frame pixels; None for the whole frame.
        reader: That looks; None for one of its own.
        keeps: Remember the masks of all frames, for `mask`. Of a long exam only the result of `add`
            is used, and masks are large.
    """

    within: Box | None = None
    reader: ScreenReader | None = None
    keeps: bool = True
    _scenes: list[_Scene] = field(default_factory=list)
    _scene_of: list[_Scene | None] = field(default_factory=list)

    def add(self, picture: Pixels) -> Mask:
        """Look at the next frame, uint8 (H, W, 3) RGB or (H, W); where it may be shown so far.

        Raises:
            ModelError: The network that looks is missing or damaged.
        """
        scene = self._next(picture)
        if scene is None:
            return np.zeros(picture.shape[:2], np.bool_)
        if scene.frames % TEXT_EVERY == 0:
            take_text_out(scene.shown, text_lines(picture))
        scene.frames += 1
        return scene.shown

    def outline(self, picture: Pixels) -> Mask | None:
        """Look at the next frame; where its live picture is, with the text on it.

        For a sequence of which `add` is not used. None where no live picture is surely found.

        Raises:
            ModelError: The network that looks is missing or damaged.
        """
        scene = self._next(picture)
        return None if scene is None else scene.shown

    def _next(self, picture: Pixels) -> _Scene | None:
        self.reader = self.reader or ScreenReader()
        scene = self._scene(self.reader, picture)
        self._scene_of.append(scene)
        if not self.keeps:
            del self._scene_of[:-1], self._scenes[:-LAST_SCENES]
        return scene

    def mask(self, number: int) -> Mask | None:
        """Where a frame that was added may be shown, by all that was seen since; None: nowhere."""
        scene = self._scene_of[number]
        return None if scene is None else scene.shown

    def __len__(self) -> int:
        return len(self._scene_of)

    @property
    def shows_any(self) -> bool:
        """Whether anything of any frame may be shown."""
        return any(scene is not None and bool(scene.shown.any()) for scene in self._scene_of)

    def _scene(self, reader: ScreenReader, picture: Pixels) -> _Scene | None:
        look = reader.look(picture)
        before = self._scene_of[-1] if self._scene_of else None
        if before is not None and before.shown.shape != picture.shape[:2]:
            before = None
        if look.field is None:
            return None  # a menu, a page, no signal
        if not look.sure:
            return before if look.content in (Content.B_MODE, Content.DOPPLER) else None
        if before is not None and before.field.box.iou(look.field.box) >= SAME_IOU:
            return before
        for known in self._scenes:
            same = known.shown.shape == picture.shape[:2]
            if same and known.field.box.iou(look.field.box) >= SAME_IOU:
                return known
        # As it was seen from afar it is known again, as it is seen closer it is drawn.
        closer = reader.closer(look, picture).field or look.field
        scene = _Scene(look.field, _inside(look, closer, self.within))
        # In doubt whether a line ends a bar it does: too much is masked rather than too little.
        bar, box = bar_bottom(picture), look.field.box
        if bar < box.top + BAR_DEPTH * box.height:
            scene.shown[:bar] = False
        self._scenes.append(scene)
        return scene


def _inside(look: ScreenLook, field_of_view: FieldOfView, within: Box | None) -> Mask:
    """The inside of a field of view's outline, a little drawn in."""
    width, height = field_of_view.width_px, field_of_view.height_px
    drawn = filled(field_of_view.outline(), width, height)
    share = INWARDS_SPLIT if look.content is Content.SPLIT else INWARDS_SHARE
    side = 2 * round(share * width) + 1
    # Beyond the rim of the screen there is nothing to keep out.
    shown = cv2.erode(
        drawn.astype(np.uint8), np.ones((side, side), np.uint8), borderType=cv2.BORDER_REPLICATE
    )
    mask = np.asarray(shown) > 0
    if within is not None:
        mask &= _in_box(within, height, width)
    return mask


def _in_box(box: Box, height_px: int, width_px: int) -> Mask:
    inside = np.zeros((height_px, width_px), np.bool_)
    left, top = (max(math.ceil(edge), 0) for edge in (box.left, box.top))
    right, bottom = (max(math.floor(edge), 0) for edge in (box.right, box.bottom))
    inside[top:bottom, left:right] = True
    return inside


def take_text_out(mask: Mask, lines: Iterable[Box]) -> None:
    """Take lines of text, in the mask's pixels, and a little round them out of it, in place."""
    for line in lines:
        more = TEXT_MARGIN * line.height
        left, top = (max(math.floor(edge - more), 0) for edge in (line.left, line.top))
        right, bottom = (math.ceil(edge + more) for edge in (line.right, line.bottom))
        mask[top:bottom, left:right] = False
