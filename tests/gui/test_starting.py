"""The first second: the splash, what is imported behind it, and the window in its place."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from gui_fakes import FakeSession, make_view
from PyQt6.QtCore import QSize
from PyQt6.QtGui import QColor
from PyQt6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

import sonoassist
from sonoassist.core import paths
from sonoassist.core.planes import DISPLAY_ORDER
from sonoassist.gui import start as starting
from sonoassist.gui.main_window import MainWindow
from sonoassist.gui.shell import Shell, first_size, geometry_text
from sonoassist.gui.splash import DISCLAIMER, Splash
from sonoassist.gui.start import STEPS, Start, make_shell
from sonoassist.gui.theme import LIGHT, Look
from waiting import LIMIT_S

ROOT = Path(sonoassist.__file__).parents[1]

WATCHED_RUN = """
import json, sys
from PyQt6.QtCore import QTimer
from sonoassist.core import paths
from sonoassist.gui import start

start._SPLASH_LIMIT_MS = 10**8  # the splash is shown when this computer comes to it
HEAVY = {"torch", "openvino", "cv2", "numpy", "scipy", "skimage", "sklearn", "pydantic", "av",
         "pyqtgraph", "pydicom"}
seen = {}

def note(moment):
    seen.setdefault(moment, sorted(HEAVY & set(sys.modules)))

make_shell, go = start.make_shell, start.Start._go

def watched_shell():
    shell = make_shell()
    shell.splash.painted.connect(lambda: note("splash"))
    return shell

def watched_go(self):
    note("loaded")
    go(self)
    timer = QTimer(self._shell)

    def look():
        # Its own picture may be gone already, where the network is slower than the exam.
        if self.program.session.showing().result is not None:
            note("analysed")
            self._shell.close()

    timer.timeout.connect(look)
    timer.start(10)

start.make_shell, start.Start._go = watched_shell, watched_go
code = start.run(str(paths.demo_exam()), {"engine": "openvino"}, bundled_model=True)
print(json.dumps([code, seen]))
"""


def test_the_splash_comes_before_everything_heavy_and_torch_never(tmp_path: Path) -> None:
    known = {"PYTHONPATH": str(ROOT), "SONOASSIST_HOME": str(tmp_path / "home")}
    done = subprocess.run(
        [sys.executable, "-c", WATCHED_RUN],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **known},
    )
    assert done.returncode == 0, done.stderr
    code, seen = json.loads(done.stdout.splitlines()[-1])
    assert code == 0
    assert list(seen) == ["splash", "loaded", "analysed"]
    assert seen["splash"] == []
    assert set(seen["loaded"]) <= {"numpy", "pydantic"}
    assert {"openvino", "cv2", "av"} <= set(seen["analysed"])
    assert not {"torch", "pyqtgraph"} & set(seen["analysed"])
    kept = json.loads((tmp_path / "home" / "settings.json").read_text())
    assert "engine" not in kept
    assert "model" not in kept


@pytest.fixture
def shell(qtbot: QtBot, look: Look) -> Shell:
    made = Shell(look)
    qtbot.addWidget(made)
    return made


def test_the_splash_says_what_loads_and_what_the_program_is_not(
    qtbot: QtBot, shell: Shell, look: Look
) -> None:
    splash = shell.splash
    assert splash is not None
    shell.resize(1280, 720)
    with qtbot.waitSignal(splash.painted):
        shell.show()
    splash.show_step("Loading the models …", 0.5)
    image = splash.grab().toImage()
    band = splash.band()
    planes = [plane for plane in DISPLAY_ORDER if not plane.is_background]
    y = round(band.center().y())
    first = image.pixelColor(round(band.left()) + 5, y)
    last = image.pixelColor(round(band.right()) - 5, y)
    assert first == QColor(planes[0].colour)
    assert last == look.colour("raised")
    foot = [image.pixelColor(x, y) for x in range(image.width()) for y in range(660, 720)]
    assert look.colour("warning") in foot
    assert DISCLAIMER == "Research and training only. Not for diagnosis."


def test_the_splash_has_the_theme_and_the_place_of_the_last_time(
    qtbot: QtBot, shell: Shell, look: Look
) -> None:
    shell.resize(1111, 777)
    home = paths.home()
    home.mkdir(parents=True)
    kept = {"theme": "light", "window_geometry": geometry_text(shell)}
    (home / "settings.json").write_text(json.dumps(kept))
    again = make_shell()
    qtbot.addWidget(again)
    restored = Shell(look, kept["window_geometry"])  # the screen may be too small for all of it
    qtbot.addWidget(restored)
    assert again.size() == restored.size()
    assert (again.width(), again.height()) != (1440, 900)
    assert again.splash is not None
    colour = again.splash.grab().toImage().pixelColor(2, 2)
    assert colour == QColor(LIGHT.back)


@pytest.mark.parametrize("text", ["", "[]", "no settings", '{"theme": 3, "window_geometry": "%"}'])
def test_settings_that_cannot_be_read_do_not_keep_the_window_away(qtbot: QtBot, text: str) -> None:
    home = paths.home()
    home.mkdir(parents=True)
    (home / "settings.json").write_text(text)
    shell = make_shell()
    qtbot.addWidget(shell)
    assert shell.splash is not None
    assert shell.size() == first_size(shell.screen())


class Screen:
    """A screen of a size."""

    def __init__(self, width: int, height: int) -> None:
        self._size = QSize(width, height)

    def availableSize(self) -> QSize:
        return self._size


@pytest.mark.parametrize(
    ("screen", "window"),
    [
        ((1920, 1080), (1440, 900)),
        ((1024, 768), (1024, 768)),
        ((1280, 720), (1280, 720)),
        ((800, 600), (960, 600)),
    ],
)
def test_the_first_window_fits_the_screen(screen: tuple[int, int], window: tuple[int, int]) -> None:
    size = first_size(Screen(*screen))  # type: ignore[arg-type]
    assert (size.width(), size.height()) == window


class Launched:
    """What a launch gives: a program that notes its end."""

    def __init__(self) -> None:
        self.ended = 0

    def end(self) -> None:
        self.ended += 1


def test_the_program_takes_the_place_of_the_splash(
    qtbot: QtBot, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    imported: list[str] = []
    threads: list[str] = []

    def take_in(name: str) -> None:
        imported.append(name)
        threads.append(threading.current_thread().name)

    monkeypatch.setattr(starting.importlib, "import_module", take_in)
    content, program = QWidget(), Launched()

    def launch() -> Launched:
        shell.take(content)
        return program

    start = Start(shell, launch)  # type: ignore[arg-type]
    assert shell.splash is not None
    assert shell.splash.step == STEPS[0][0]
    assert imported == []
    shell.show()
    qtbot.waitUntil(lambda: start.program is not None)
    assert imported == [module for _, module in STEPS]
    assert set(threads) == {"start"}
    assert shell.splash is None
    assert content.isVisible()
    assert content.size() == shell.size()
    start.end()
    assert program.ended == 1


def test_an_error_while_loading_closes_the_window_and_is_kept(qtbot: QtBot, shell: Shell) -> None:
    def launch() -> Launched:
        raise ValueError("no")

    start = Start(shell, launch)  # type: ignore[arg-type]
    shell.show()
    qtbot.waitUntil(lambda: start.error is not None)
    assert not shell.isVisible()
    start.end()
    assert start.program is None


def test_a_window_closed_while_loading_launches_nothing(
    qtbot: QtBot, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    go = threading.Event()
    monkeypatch.setattr(starting.importlib, "import_module", lambda name: go.wait(LIMIT_S))
    launched: list[int] = []
    start = Start(shell, lambda: launched.append(1))  # type: ignore[arg-type, return-value]
    shell.show()
    qtbot.waitUntil(lambda: start._thread.is_alive())
    shell.close()
    go.set()
    start.end()
    qtbot.waitUntil(lambda: not start._thread.is_alive())
    assert not launched


def test_inside_the_shell_the_window_keeps_title_full_screen_and_place(
    qtbot: QtBot, window: MainWindow, shell: Shell, session: FakeSession
) -> None:
    shell.show()
    shell.take(window)
    window.window().installEventFilter(window)  # as `begin` does
    session.show(make_view())
    window.display.refresh()
    assert shell.windowTitle() == "exam.mp4 – SonoAssist"
    window.toggle_full_screen()
    assert shell.isFullScreen()
    assert not window.top.isVisible()
    shell.showNormal()  # as a window manager may do by itself
    qtbot.waitUntil(window.top.isVisible)
    shell.resize(1300, 800)
    shell.close()
    assert session.stopped
    assert window.controller.settings.window_geometry == geometry_text(shell)


def test_painting_is_measured(qtbot: QtBot, shell: Shell) -> None:
    shell.show()
    splash = shell.splash
    assert isinstance(splash, Splash)
    with qtbot.waitSignal(shell.updated) as caught:
        splash.show_step("Loading the window …", 0.7)
    began_s, took_ms = caught.args
    assert began_s > 0
    assert took_ms > 0


def test_pyqtgraph_is_imported_in_one_place_that_nothing_needs_to_come_up() -> None:
    package = ROOT / "sonoassist"
    imports = re.compile(r"^\s*(import|from) (pyqtgraph|sonoassist\.gui\.curves)\b", re.MULTILINE)
    at_once = re.compile(r"^(import|from) sonoassist\.gui\.curves\b", re.MULTILINE)
    texts = {path: path.read_text(encoding="utf-8") for path in package.rglob("*.py")}
    found = {path.name for path, text in texts.items() if imports.search(text)}
    assert "curves.py" in found
    assert {path.name for path, text in texts.items() if "import pyqtgraph" in text} == {
        "curves.py"
    }
    assert not [path.name for path, text in texts.items() if at_once.search(text)]
