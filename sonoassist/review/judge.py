"""One model for two: the analysis in the background, and the picture on screen, which goes first.

Each has its own memory of the frame before, so neither changes the other's results.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from sonoassist.analysis.analyser import Analyser, AnalyserOptions
from sonoassist.core.packets import Analysis, Frame
from sonoassist.preprocess.crop import CropChoice, CropKind
from sonoassist.review.fields import Fields


class Judge:
    """Analyses frames for both; every method may be called from any thread.

    Args:
        analyser: Used by nobody else.
        fields: The crop of each frame.
    """

    def __init__(self, analyser: Analyser, fields: Fields) -> None:
        self.analyser = analyser
        self._fields = fields
        self._screen = Analyser(analyser.engine, analyser.card, analyser.options, analyser.reader)
        self._changed = threading.Condition()
        self._busy = False
        self._asking = 0

    def in_background(self, frame: Frame, *, first: bool) -> Analysis:
        """Analyse a frame when nothing else is asked for.

        Args:
            frame: The next one of a stretch.
            first: It begins a stretch: what came before does not count.

        Raises:
            SonoAssistError: The analysis failed.
        """
        with self._turn(first_of_all=False):
            if first:
                self.analyser.forget()
            self.analyser.configure(self._options(frame))
            return self.analyser.analyse(frame)

    def on_screen(self, frame: Frame, *, guided: bool = False) -> Analysis:
        """Analyse the picture on screen, before anything else; the same result for ever.

        Args:
            frame: To be shown.
            guided: With the guided backward pass (Eq. 2) too, for the heat map.

        Raises:
            SonoAssistError: The analysis failed.
        """
        with self._turn(first_of_all=True):
            self._screen.forget()
            self._screen.configure(replace(self._options(frame), guided=guided))
            return self._screen.analyse(frame)

    def _options(self, frame: Frame) -> AnalyserOptions:
        crop = CropChoice(CropKind.OWN, self._fields.of(frame))
        return replace(self.analyser.options, crop=crop)

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
