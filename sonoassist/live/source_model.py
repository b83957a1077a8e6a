"""The model that the open source needs: synthetic exams have one of their own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from sonoassist.core.settings import Settings
from sonoassist.live.port import Session
from sonoassist.model.store import AUTO
from sonoassist.sources.base import SourceInfo

MakeAnalyser = Callable[[Settings, bool, Callable[[str], None]], Any]
"""Makes an analyser as the settings say, for a synthetic exam (True) or a real one; it says what
it does meanwhile."""


class SourceModel:
    """Has the session load what the settings name; any thread may call.

    Args:
        session: Loads it, on its own thread.
        settings: Read whenever a model is loaded. A field is only ever replaced as a whole, so
            reading them on another thread than the one that changes them is safe.
        make_analyser: Makes the analyser.
    """

    def __init__(self, session: Session, settings: Settings, make_analyser: MakeAnalyser) -> None:
        self._session = session
        self._settings = settings
        self._make_analyser = make_analyser
        self._lock = threading.Lock()
        self._synthetic = False

    def follow(self, source: SourceInfo) -> bool:
        """A source was opened: where the choice is the program's, its kind decides.

        Returns:
            Whether another model is being loaded for it.
        """
        with self._lock:
            another = source.synthetic != self._synthetic
            self._synthetic = source.synthetic
            if not another or self._settings.model != AUTO:
                return False
            self._load()
            return True

    def load(self) -> None:
        """Load the model again, e.g. after the settings have changed."""
        with self._lock:
            self._load()

    def _load(self) -> None:
        wanted, synthetic = self._settings.model_copy(deep=True), self._synthetic
        tell = self._session.tell_loading
        self._session.load_model(lambda: self._make_analyser(wanted, synthetic, tell))
