"""Whether the scanner is frozen: its screen shows one picture while the frames go on."""

from __future__ import annotations

import numpy as np

from sonoassist.core.opencv import cv2
from sonoassist.core.packets import Floats, Frame, Geometry, Prepared

FROZEN_AFTER_S = 0.5
"""A scanner's pictures may come more slowly than the frames, but not as slowly as that."""
BLOCKS = (36, 28)
"""Inputs are compared by the means of so many blocks, across and down: a grabber's noise fades."""
SAME_STEP = 0.006
"""Mean difference of the blocks, in standard deviations, up to which two inputs are one picture: a
grabber's noise leaves 0.004; a probe that is held still moves it by 0.009 within the time above."""


class FreezeDetector:
    """Compares each input with the first one that looked like it."""

    def __init__(self) -> None:
        self._first: Floats | None = None
        self._geometry: Geometry | None = None
        self._since_s = 0.0
        self._source_id = ""

    def see(self, frame: Frame, prepared: Prepared, scale: float) -> bool:
        """Whether this frame shows a picture that stands still; False for stills.

        Args:
            frame: The next one of its source.
            prepared: Made of it.
            scale: Of the network's input: what one standard deviation is.
        """
        blocks = cv2.resize(prepared.network_input[0, 0], BLOCKS, interpolation=cv2.INTER_AREA)
        shown = np.asarray(blocks, np.float32)
        same = (
            not frame.still
            and self._first is not None
            and frame.source_id == self._source_id
            and prepared.geometry == self._geometry
            and float(np.abs(shown - self._first).mean()) <= SAME_STEP * scale
        )
        if not same:
            self._first, self._geometry = shown, prepared.geometry
            self._since_s, self._source_id = frame.time_s, frame.source_id
        return same and frame.time_s - self._since_s >= FROZEN_AFTER_S
