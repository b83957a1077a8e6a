"""The composition root: builds everything once and passes it on by constructor."""

from __future__ import annotations

import faulthandler
import signal
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pyqtgraph as pg
from pydantic import ValidationError
from PyQt6 import sip
from PyQt6.QtCore import QTimer
from PyQt6.QtWidgets import QApplication

from sonoassist import paths
from sonoassist.errors import OutputError, UsageError
from sonoassist.files import ensure_folder
from sonoassist.gui.catalogue import Catalogue
from sonoassist.gui.controller import Controller
from sonoassist.gui.hooks import install_hooks
from sonoassist.gui.main_window import MainWindow
from sonoassist.gui.ports import Services, Session
from sonoassist.live.status import Level, Notice, Notices
from sonoassist.model.store import ModelStore
from sonoassist.settings import Settings, load_settings, save_settings
from sonoassist.sources.discovery import list_devices

_SIGNAL_POLL_MS = 250


class SettingsKeeper:
    """Saves the settings, but not what was overridden for one run only.

    Args:
        path: Of the file.
        kept: As they were on disk.
        overrides: Of this run.
    """

    def __init__(self, path: Path, kept: Settings, overrides: Mapping[str, Any]) -> None:
        self._path = path
        self._kept = kept
        self._overrides = dict(overrides)

    def save(self, settings: Settings) -> None:
        """Write what the user changed."""
        to_keep = settings.model_copy(deep=True)
        for name, value in self._overrides.items():
            if getattr(settings, name) == value:
                setattr(to_keep, name, getattr(self._kept, name))
        save_settings(self._path, to_keep)


def override(settings: Settings, overrides: Mapping[str, Any]) -> Settings:
    """The settings with some values of this run.

    Raises:
        UsageError: A value is not allowed.
    """
    changed = settings.model_copy(deep=True)
    for name, value in overrides.items():
        try:
            setattr(changed, name, value)
        except (ValidationError, ValueError) as error:
            raise UsageError(f"the setting {name} cannot be {value!r}") from error
    return changed


def build(
    session: Session, services: Services, settings: Settings, notices: list[str]
) -> MainWindow:
    """Build the window with everything in it, ready to be shown."""
    for sentence in notices:
        session.notices.put(Notice(Level.WARNING, sentence))
    controller = Controller(session, services, settings)
    return MainWindow(controller)


def _services(keeper: SettingsKeeper, notices: Notices) -> Services:
    from sonoassist.pipeline import analyser_for  # heavy: engines come with it

    store = ModelStore.default()
    return Services(
        list_devices=list_devices,
        models=Catalogue(store, notices),
        make_analyser=lambda settings, synthetic: analyser_for(
            settings, store, synthetic=synthetic
        ),
        save=keeper.save,
        demo=paths.demo_exam(),
    )


def _report_last_fault(folder: Path, notices: Notices) -> Callable[[], None]:
    """Show the last crash of the interpreter itself, and have the next one written."""
    path = folder / "fault.txt"
    try:
        ensure_folder(folder)
        last = path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
        file = path.open("w", encoding="utf-8")
    except (OSError, OutputError):
        return lambda: None
    if last.strip():
        title = "The program ended by a crash last time"
        notices.put(Notice(Level.WARNING, title, "The details can be sent to us", last))
    faulthandler.enable(file)

    def end() -> None:
        faulthandler.disable()
        file.close()

    return end


def _application() -> QApplication:
    pg.setConfigOptions(imageAxisOrder="row-major", antialias=True)
    application = QApplication(sys.argv[:1])
    application.setApplicationName("SonoAssist")
    application.setApplicationDisplayName("SonoAssist")
    return application


def _close_on_interrupt(window: MainWindow) -> QTimer:
    """Close the window on Ctrl-C in the terminal."""
    signal.signal(signal.SIGINT, lambda _number, _frame: window.close())
    # Python runs signal handlers between its own instructions only: the timer gives it some.
    timer = QTimer(window)
    timer.timeout.connect(lambda: None)
    timer.start(_SIGNAL_POLL_MS)
    return timer


def run(source: str | None, overrides: Mapping[str, Any]) -> int:
    """Build everything, open the window and stay until it is closed."""
    from sonoassist.live.session import LiveSession

    kept, sentences = load_settings(paths.settings_file())
    settings = override(kept, overrides)
    application = _application()
    session = LiveSession(history_s=settings.history_s, history_mb=settings.history_mb)
    restore_hooks = install_hooks(session.notices, paths.log_folder())
    end_faults = _report_last_fault(paths.log_folder(), session.notices)
    keeper = SettingsKeeper(paths.settings_file(), kept, overrides)
    window = build(session, _services(keeper, session.notices), settings, sentences)
    _close_on_interrupt(window)
    window.show()
    window.begin(source)
    try:
        return application.exec()
    finally:
        session.stop()
        # Widgets must go before the application does; Python's own order is not certain.
        sip.delete(window)
        restore_hooks()
        end_faults()
