"""Which engines, precisions and devices can be chosen on this computer."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace

from PyQt6.QtCore import QObject, pyqtSignal

from sonoassist.core.settings import Settings
from sonoassist.engines.choose import EngineChoice
from sonoassist.engines.hardware import AUTO, FIELDS, Hardware
from sonoassist.gui.choices import choices
from sonoassist.gui.jobs import Jobs

Choices = list[tuple[str, str]]


class EngineOptions(QObject):
    """Looks once at what there is, in the background, and keeps choices to that.

    Args:
        find: Looks; takes up to seconds.
        jobs: Runs it in the background.

    Signals:
        found: It is known now what there is.
        lost: Something chosen is not there; {field: value}, from any thread.
    """

    found = pyqtSignal()
    lost = pyqtSignal(object)

    def __init__(self, find: Callable[[], Hardware], jobs: Jobs) -> None:
        super().__init__()
        self._find = find
        self._jobs = jobs
        self._lock = threading.Lock()
        self._hardware: Hardware | None = None
        self._looking = False

    @property
    def known(self) -> bool:
        """Whether it is known what there is."""
        return self._hardware is not None

    def look(self) -> None:
        """Find out in the background, once."""
        if not self.known and not self._looking:
            self._looking = True
            self._jobs.start("hardware", self._look, self._looked, self._failed)

    def offered(self, field: str, settings: Settings) -> Choices:
        """(value, text) of what can be chosen; until it is known, what is chosen now."""
        if self._hardware is None:
            values = [AUTO, str(getattr(settings, field))]
        else:
            values = self._hardware.offered(field)
        return [(value, text) for value, text in choices(field) if value in values]

    def chosen(self, field: str, value: str, settings: Settings) -> dict[str, str]:
        """What changes when the user takes an offered value: itself, and what does not fit it."""
        wanted = replace(_choice(settings), **{field: value})
        if self._hardware is None:
            return {field: value}
        fits, _ = self._hardware.settled(wanted, newest=field)
        return {name: str(getattr(fits, name)) for name in FIELDS}

    def settled(self, settings: Settings) -> Settings:
        """The settings with what can be had; may be called from any thread.

        What is not there is left to the program, and `lost` says so.
        """
        wanted = _choice(settings)
        if wanted == EngineChoice():
            return settings  # nothing to look for
        fits, fields = self._look().settled(wanted)
        if not fields:
            return settings
        self.lost.emit({field: str(getattr(wanted, field)) for field in fields})
        return settings.model_copy(update={field: getattr(fits, field) for field in FIELDS})

    def _look(self) -> Hardware:
        with self._lock:
            if self._hardware is None:
                self._hardware = self._find()
            return self._hardware

    def _looked(self, _hardware: Hardware) -> None:
        self._looking = False
        self.found.emit()

    def _failed(self, _error: Exception) -> None:
        """What cannot be looked at is not offered; the next opening looks again."""
        self._looking = False


def lost_sentence(lost: Mapping[str, str]) -> str:
    """What was chosen and is not there, in words."""
    named = [f"{dict(choices(field))[value]} ({field})" for field, value in lost.items()]
    if len(named) == 1:
        return f"{named[0]} cannot be used on this computer: the automatic choice is used"
    return f"{' and '.join(named)} cannot be used on this computer: the automatic choice is used"


def _choice(settings: Settings) -> EngineChoice:
    return EngineChoice(settings.engine, settings.precision, settings.device)
