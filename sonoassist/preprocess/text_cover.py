"""Covering what is written on a picture, so that it does not give away what the picture shows.

Lines of text are covered wherever they stand. Where the live picture is surely found all that
stands round it is covered too; elsewhere the picture stays, without its text. A frame is covered
before it is shown for the first time: each one is looked at by itself, and what was text a moment
before on the same screen stays covered, so that letters do not flash up between two frames.
"""

from __future__ import annotations

from collections import deque

import numpy as np

from sonoassist.core.packets import Box, Pixels
from sonoassist.preprocess.masking import Mask, SequenceMask, take_text_out, with_mask
from sonoassist.preprocess.screen_reader import ScreenReader
from sonoassist.preprocess.text_lines import text_lines

BESIDE = 4.0
"""So many heights of a line are covered beside it."""
LASTING = 12
"""Text is covered in so many frames behind the one in which it was found."""


class TextCover:
    """Covers the text on the frames of one recording; used by one thread.

    Args:
        reader: That finds the live picture.
    """

    def __init__(self, reader: ScreenReader | None = None) -> None:
        self._outlines = SequenceMask(reader=reader, keeps=False)
        self._recent: deque[list[Box]] = deque(maxlen=LASTING)
        self._shape: tuple[int, ...] = ()

    def covered(self, picture: Pixels) -> Pixels:
        """A copy of the next picture, uint8 (H, W, 3) RGB or (H, W), without text.

        Raises:
            ModelError: The network that finds the live picture is missing or damaged.
        """
        mask = self.mask(picture)
        return picture if mask.all() else with_mask(picture, mask)

    def forget(self) -> None:
        """The next picture is none that follows the last one."""
        self._recent.clear()

    def mask(self, picture: Pixels) -> Mask:
        """Where the next picture is shown, bool (H, W)."""
        if picture.shape != self._shape:
            self._shape = picture.shape
            self._recent.clear()
        self._recent.append(text_lines(picture))
        found = self._outlines.outline(picture)
        shown = np.ones(picture.shape[:2], np.bool_) if found is None else found.copy()
        for lines in self._recent:
            take_text_out(shown, map(_with_its_neighbours, lines))
        return shown


def _with_its_neighbours(line: Box) -> Box:
    """A line with what stands close beside it: "FL" before a length is too short for a line."""
    beside = BESIDE * line.height
    return Box(line.left - beside, line.top, line.right + beside, line.bottom)
