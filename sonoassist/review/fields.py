"""The crop of each frame of a recording, also where the size of its pictures changes."""

from __future__ import annotations

import threading

from sonoassist.core.errors import UsageError
from sonoassist.core.packets import Box, Frame
from sonoassist.preprocess.crop import CropChoice, CropKind
from sonoassist.preprocess.tracker import CropTracker


class Fields:
    """One crop for all frames of one size; any thread may ask.

    Args:
        settled: For frames of the recording's own size, in frame pixels.
        size_px: That size, width and height.
        choice: What the user asked for: by it the crop of any other size is found, on the first
            frame of that size that is seen. An own rectangle that does not fit there is not used.
        aspect: Width over height of the network input.
    """

    def __init__(
        self, settled: Box, size_px: tuple[int, int], choice: CropChoice, aspect: float
    ) -> None:
        self.settled = settled
        self._choice, self._aspect = choice, aspect
        self._found = {size_px: settled}
        self._lock = threading.Lock()

    def of(self, frame: Frame) -> Box:
        """The crop of a frame, in its own pixels."""
        size_px = (frame.width_px, frame.height_px)
        with self._lock:
            if size_px not in self._found:
                self._found[size_px] = self._find(frame)
            return self._found[size_px]

    def _find(self, frame: Frame) -> Box:
        try:
            return CropTracker(self._choice, self._aspect).crop_for(frame)
        except UsageError:
            return CropTracker(CropChoice(CropKind.AUTO), self._aspect).crop_for(frame)
