"""From the first window to the running program.

The window is on screen as soon as Qt is loaded. What takes longer is imported on a thread of its
own behind the splash, so that the window can be moved and closed meanwhile; the model's engine is
loaded later still, on the analysis thread, behind the finished window.
"""

from __future__ import annotations

import importlib
import json
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from PyQt6 import sip
from PyQt6.QtCore import QObject, QTimer, pyqtSignal
from PyQt6.QtWidgets import QApplication

from sonoassist.core import paths
from sonoassist.gui.fonts import family, use_shipped_font
from sonoassist.gui.garbage import GuiGarbage
from sonoassist.gui.shell import Shell
from sonoassist.gui.theme import DARK, PALETTES, Look

if TYPE_CHECKING:
    from sonoassist.gui.compose import Program
    from sonoassist.practice.wish import PracticeWish

STEPS = (
    ("Loading the settings …", "sonoassist.core.settings"),
    ("Loading the models …", "sonoassist.model.store"),
    ("Loading the window …", "sonoassist.gui.compose"),
)
"""What the splash says, and the module imported meanwhile."""
_SIGNAL_POLL_MS = 250
_SPLASH_LIMIT_MS = 2000
"""A window that is hidden is never painted; loading goes on all the same."""

Launch = Callable[[], "Program"]


class Start(QObject):
    """Loads the program behind the splash, then launches it.

    Args:
        shell: Shows the splash.
        launch: Builds the program when its modules are loaded; runs on the GUI thread.
    """

    _step = pyqtSignal(str, float)
    _loaded = pyqtSignal()

    def __init__(self, shell: Shell, launch: Launch) -> None:
        super().__init__()
        self._shell = shell
        self._launch = launch
        self._thread = threading.Thread(target=self._load, name="start", daemon=True)
        self._begun = False
        self._closed = False
        self.program: Program | None = None
        self.error: BaseException | None = None
        self._step.connect(self._show_step)
        self._loaded.connect(self._go)
        shell.closed.connect(self._close)
        if shell.splash is not None:
            shell.splash.show_step(STEPS[0][0], 0.0)
            # Only once the splash has been painted: nothing may keep it from the screen.
            shell.splash.painted.connect(lambda: QTimer.singleShot(0, self._begin))
        QTimer.singleShot(_SPLASH_LIMIT_MS, self._begin)

    def _begin(self) -> None:
        if not self._begun:
            self._begun = True
            self._thread.start()

    def _load(self) -> None:
        try:
            for number, (text, module) in enumerate(STEPS):
                self._step.emit(text, number / len(STEPS))
                importlib.import_module(module)
        except BaseException as error:  # noqa: BLE001 (a thread's top: raised again by `run`)
            self.error = error
        self._loaded.emit()

    def _show_step(self, text: str, share: float) -> None:
        if self._shell.splash is not None:
            self._shell.splash.show_step(text, share)

    def _go(self) -> None:
        if self._closed:
            return
        if self.error is None:
            try:
                self.program = self._launch()
            except BaseException as error:  # noqa: BLE001 (Qt would abort; raised again by `run`)
                self.error = error
        if self.error is not None:
            self._shell.close()

    def _close(self) -> None:
        self._closed = True

    def end(self) -> None:
        """End everything; nothing runs when this returns."""
        self._closed = True
        if self._thread.is_alive():
            self._thread.join()
        if self.program is not None:
            self.program.end()


def make_application() -> QApplication:
    """The Qt application of this process."""
    application = QApplication(sys.argv[:1])
    application.setApplicationName("SonoAssist")
    application.setApplicationDisplayName("SonoAssist")
    use_shipped_font(application)
    return application


def make_shell() -> Shell:
    """The window with its splash, in the theme and at the place of the last time."""
    kept = _remembered()
    palette = PALETTES.get(str(kept.get("theme")), DARK)
    return Shell(Look(palette, 1.0, family()), str(kept.get("window_geometry", "")))


def _remembered() -> dict[str, Any]:
    """The settings as they are on disk, unchecked: the library that checks them loads later."""
    try:
        kept = json.loads(paths.settings_file().read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return kept if isinstance(kept, dict) else {}


def close_on_interrupt(shell: Shell) -> QTimer:
    """Close the window on Ctrl-C in the terminal."""
    signal.signal(signal.SIGINT, lambda _number, _frame: shell.close())
    # Python runs signal handlers between its own instructions only: the timer gives it some.
    timer = QTimer(shell)
    timer.timeout.connect(lambda: None)
    timer.start(_SIGNAL_POLL_MS)
    return timer


def run(
    source: str | None,
    overrides: Mapping[str, Any],
    *,
    bundled_model: bool = False,
    page: str = "live",
    practice: PracticeWish | None = None,
    observe: Callable[[Shell, Start], None] = lambda _shell, _start: None,
) -> int:
    """Open the window and stay in it until it is closed; returns the exit code.

    `observe` is called before the window is shown.

    Raises:
        UsageError: An override is not allowed.
        ImportError: A library is missing.
    """

    def launch() -> Program:
        from sonoassist.gui.compose import launch

        return launch(shell, source, overrides, bundled=bundled_model, page=page, practice=practice)

    application = make_application()
    garbage = GuiGarbage()
    shell = make_shell()
    close_on_interrupt(shell)
    start = Start(shell, launch)
    observe(shell, start)
    shell.show()
    try:
        code = application.exec()
    finally:
        start.end()
        # Widgets must go before the application does; Python's own order is not certain.
        sip.delete(shell)
        garbage.end()
    if start.error is not None:
        raise start.error
    return code
