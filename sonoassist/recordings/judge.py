"""One model for two: the analysis in the background, and the picture on screen, which goes first.

Each has its own memory of the frame before, so neither changes the other's results.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from sonoassist.analysis.analyser import Analyser
from sonoassist.analysis.preparing import Ready
from sonoassist.core.packets import Analysis, Box, Frame, Provenance
from sonoassist.preprocess.crop import CropChoice, CropKind
from sonoassist.recordings.crops import Settled, fits


class Judge:
    """Analyses frames for both; every method may be called from any thread.

    But frames are made ready by one thread at a time, which may go ahead of the judging.

    Args:
        analyser: Used by nobody else.
        settled: The crop of the recording; None where the frames are of none.
    """

    def __init__(self, analyser: Analyser, settled: Settled | None = None) -> None:
        self.analyser = analyser
        self.settled: Settled | None = None
        self.aspect = analyser.card.input_width_px / analyser.card.input_height_px
        self._options = replace(analyser.options, guided=False)
        self._screen = Analyser(analyser.engine, analyser.card, analyser.options, analyser.reader)
        self._changed = threading.Condition()
        self._busy = False
        self._asking = 0
        # What it knows of another recording says nothing of this one.
        analyser.preparer.settled = None
        if settled is not None:
            self.settle(settled)

    def settle(self, settled: Settled) -> None:
        """Take the crop of the recording from the next stretch on."""
        self.settled = settled
        self.analyser.preparer.settled = settled.field

    def crop_of(self, frame: Frame, known: Box | None = None) -> Box:
        """The crop of a frame, in its own pixels.

        Args:
            frame: Any of the recording.
            known: What the network saw of it; None where it was not analysed.
        """
        if self.settled is not None:
            return self.settled.crop_of(frame, known, self.aspect)
        whole = Box(0, 0, frame.width_px, frame.height_px)
        return known if known is not None and fits(known, frame) else whole

    @property
    def provenance(self) -> Provenance:
        """What the results in the background are made by now."""
        return self._as_asked(self.analyser.provenance)

    def _as_asked(self, made: Provenance) -> Provenance:
        """Under one crop for all frames, also those of another size that it does not fit."""
        return replace(made, crop=self._options.crop.text)

    def begin(self) -> None:
        """The next frame follows none of those before."""
        self.begin_preparing()
        self.begin_judging()

    def begin_preparing(self) -> None:
        """The next frame that is made ready follows none of those before."""
        self.analyser.preparer.configure(self._options.crop)
        self.analyser.preparer.forget()

    def begin_stretch(self) -> None:
        """The next frame that is made ready is the first one of a stretch, behind those before."""
        self.analyser.preparer.configure(self._options.crop)
        self.analyser.preparer.restart()

    def begin_judging(self) -> None:
        """What was found in the frames before has no part in the next one that is judged."""
        with self._turn(first_of_all=False):
            # Not `configure`: another thread may be making frames ready by now.
            self.analyser.options = self._options
            self.analyser.begin_judging()

    def prepare(self, frame: Frame) -> Ready:
        """Make the next frame ready; one thread does so for all, which need not be that of judging.

        Raises:
            UsageError: The crop does not fit the picture.
        """
        self.analyser.preparer.configure(self._crop_choice(frame))
        return self.analyser.preparer.prepare(frame)

    def _crop_choice(self, frame: Frame) -> CropChoice:
        """An own rectangle that does not fit a picture of another size is not used there."""
        settled, own = self.settled, self._options.crop.own
        alien = settled is not None and (frame.width_px, frame.height_px) != (
            settled.width_px,
            settled.height_px,
        )
        if own is None or not alien or fits(own, frame):
            return self._options.crop
        return CropChoice(CropKind.AUTO)

    def in_background(self, ready: Ready) -> Analysis:
        """Judge the next frame when nothing else is asked for.

        Raises:
            SonoAssistError: The analysis failed.
        """
        with self._turn(first_of_all=False):
            analysis = self.analyser.judge(ready)
        made = analysis.provenance
        return analysis if made is None else replace(analysis, provenance=self._as_asked(made))

    def on_screen(self, frame: Frame, crop: Box | None = None, *, guided: bool = False) -> Analysis:
        """Analyse the picture on screen, before anything else; the same result for ever.

        Args:
            frame: To be shown.
            crop: What the network saw of it before; None where it was not analysed.
            guided: With the guided backward pass (Eq. 2) too, for the heat map.

        Raises:
            SonoAssistError: The analysis failed.
        """
        options = replace(self._options, guided=guided)
        own, settled = crop, self.settled
        if own is None and settled is not None and settled.field is not None:
            own = settled.crop_of(frame, None, self.aspect)
        if own is not None:
            options = replace(options, crop=CropChoice(CropKind.OWN, own))
        with self._turn(first_of_all=True):
            self._screen.configure(options)
            self._screen.forget()
            return self._screen.analyse(frame)

    @contextmanager
    def _turn(self, *, first_of_all: bool) -> Iterator[None]:
        with self._changed:
            self._asking += first_of_all
            self._changed.wait_for(lambda: not self._busy and (first_of_all or not self._asking))
            self._asking -= first_of_all
            self._busy = True
        try:
            yield
        finally:
            with self._changed:
                self._busy = False
                self._changed.notify_all()

    def close(self) -> None:
        """Let go of the model when nobody uses it any more."""
        with self._turn(first_of_all=True):
            self.analyser.close()
