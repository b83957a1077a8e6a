"""Where on the picture the anatomy is: nothing may lie on it. No Qt."""

from __future__ import annotations

from sonoassist.core.errors import SonoAssistError
from sonoassist.core.packets import Box, Frame
from sonoassist.live.status import View

AGAIN_AFTER_S = 2.0
TRIES = 5
"""A picture on which nothing is surely found is looked at so often; it takes some ten ms."""


class Anatomy:
    """Knows the field of view of the source shown: it is found once, not with each picture."""

    def __init__(self) -> None:
        self._key: tuple[str, int, int] | None = None
        self._found: Box | None = None
        self._tries = 0
        self._tried_s = 0.0

    def of(self, frame: Frame, known: View | None) -> Box:
        """The part of a picture that must be seen, in frame pixels.

        Args:
            frame: The picture.
            known: A picture of the same source that has a result, where there is one; without
                one all of the picture counts.
        """
        analysis = known.analysis if known is not None else None
        if analysis is None:
            return Box(0, 0, frame.width_px, frame.height_px)
        crop, field = analysis.geometry.crop, self._field(frame)
        if field is None:
            return crop
        # The network may see less than the scanner shows.
        return Box(
            min(crop.left, field.left),
            min(crop.top, field.top),
            max(crop.right, field.right),
            max(crop.bottom, field.bottom),
        )

    def _field(self, frame: Frame) -> Box | None:
        key = (frame.source_id, frame.width_px, frame.height_px)
        if key != self._key:
            self._key, self._found, self._tries = key, None, 0
        since_s = abs(frame.captured_at_s - self._tried_s)
        due = self._tries == 0 or since_s >= AGAIN_AFTER_S
        if self._found is None and due and self._tries < TRIES:
            self._tries, self._tried_s = self._tries + 1, frame.captured_at_s
            # Not at the top: it loads OpenCV, and the window is up before that.
            from sonoassist.preprocess.masking import ultrasound_field

            try:
                self._found = ultrasound_field([frame.pixels])
            except SonoAssistError:
                self._tries = TRIES  # the network that looks is missing; that is told elsewhere
        return self._found
