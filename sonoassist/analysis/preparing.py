"""Frame -> network input, by what was seen on the frames before; the network of planes has no part.

It is apart from the judging, since it can go on with the next frames while the network works.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from sonoassist.core.packets import Frame, Prepared
from sonoassist.model.card import Card
from sonoassist.preprocess.crop import CropChoice
from sonoassist.preprocess.freeze import FreezeDetector
from sonoassist.preprocess.prepare import prepare
from sonoassist.preprocess.screen_reader import ScreenReader
from sonoassist.preprocess.screen_tracker import SettledField
from sonoassist.preprocess.tracker import CropTracker


@dataclass(frozen=True, slots=True)
class Ready:
    """A frame with what the network is to see of it.

    Attributes:
        frame: It.
        prepared: The network input and what the screen shows.
        frozen: It repeats a picture that the scanner had frozen.
        took_ms: How long it took to make.
    """

    frame: Frame
    prepared: Prepared
    frozen: bool
    took_ms: float


class Preparer:
    """Makes the input of one frame after another; used by one thread at a time.

    Args:
        card: Of the network.
        crop: Which rectangle is wanted; changeable later through `configure`.
        reader: Looks at the screens.

    Attributes:
        settled: The field of view of the whole recording that the frames are of, taken from the
            next `forget` or `restart` on; None where nothing is known beforehand.
    """

    def __init__(self, card: Card, crop: CropChoice, reader: ScreenReader) -> None:
        self._card, self._crop, self._reader = card, crop, reader
        self.settled: SettledField | None = None
        self.forget()

    def configure(self, crop: CropChoice) -> None:
        """Look for another crop from the next frame on."""
        if crop != self._crop:
            self._crop = crop
            self._crops = self._tracker()

    def forget(self) -> None:
        """Take the next frame for the first one of its source."""
        self._freeze = FreezeDetector()
        self.restart()

    def restart(self) -> None:
        """Take the next frame for the first one of a stretch of its recording.

        Other than after `forget` it is remembered for how long one picture has been shown.
        """
        self._crops = self._tracker()

    def beside(self) -> Preparer:
        """One for a frame out of its turn, beginning with the field of view that is held now."""
        other = Preparer(self._card, self._crop, self._reader)
        other._crops = self._crops.beside()
        return other

    def _tracker(self) -> CropTracker:
        card = self._card
        return CropTracker(
            self._crop,
            card.input_width_px / card.input_height_px,
            reads_content=True,
            reader=self._reader,
            settled=self.settled,
        )

    def prepare(self, frame: Frame) -> Ready:
        """Take the next frame.

        Raises:
            UsageError: The crop does not fit the picture.
        """
        begun_s, card = time.perf_counter(), self._card
        crop = self._crops.crop_for(frame)
        prepared = prepare(
            frame,
            crop,
            content=self._crops.content,
            field=self._crops.outline,
            height_px=card.input_height_px,
            width_px=card.input_width_px,
            scale=card.scale,
        )
        frozen = self._freeze.see(frame, prepared, card.scale)
        return Ready(frame, prepared, frozen, 1e3 * (time.perf_counter() - begun_s))
