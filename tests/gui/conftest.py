"""Fixtures of the window's tests: no display, fakes of everything outside the room."""

from __future__ import annotations

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")  # before Qt is imported

import functools
import gc
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from gui_fakes import FakeModels, FakeSession, make_services
from PyQt6.QtGui import QPixmap
from PyQt6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from once_a_run import once_a_run
from sonoassist.core.settings import Settings
from sonoassist.exam.store import ExamStore
from sonoassist.gui import theme, toast
from sonoassist.gui.compose import build
from sonoassist.gui.controller import Controller
from sonoassist.gui.curve_loading import load_curves
from sonoassist.gui.fonts import family, use_shipped_font
from sonoassist.gui.main_window import MainWindow
from sonoassist.gui.theme import DARK, Look
from waiting import LIMIT_MS, LIMIT_S


class PatientBot(QtBot):
    """Waits as long as a test may take: its own limit of five seconds is one of speed."""

    def waitUntil(self, callback: Callable[[], object], *, timeout: int = LIMIT_MS) -> None:  # type: ignore[override]
        super().waitUntil(callback, timeout=timeout)

    def waitSignal(self, signal: Any, *, timeout: int = LIMIT_MS, **more: Any) -> Any:
        return super().waitSignal(signal, timeout=timeout, **more)


@pytest.fixture
def qtbot(qapp: QApplication, request: pytest.FixtureRequest) -> QtBot:
    return PatientBot(request)


@pytest.fixture(scope="session", autouse=True)
def _curves_are_loaded() -> None:
    """Panels have their plots as soon as they are shown, whichever test comes first."""
    load_curves()


@pytest.fixture(scope="session")
def drawn_once(qapp: QApplication) -> Iterator[Callable[..., QPixmap]]:
    """Draws each icon once a run: every window would draw a hundred of them anew."""
    draw = functools.cache(theme._render)
    yield draw
    draw.cache_clear()  # pictures must go before the application does


@pytest.fixture(autouse=True)
def _icons_are_drawn_once(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if "qapp" in request.fixturenames:
        monkeypatch.setattr(theme, "_render", request.getfixturevalue("drawn_once"))


@pytest.fixture(autouse=True)
def _notes_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    """A note that vanishes in a few seconds would be gone where a test comes to it late."""
    stays_ms = {level: LIMIT_MS if ms else 0 for level, ms in toast._STAYS_MS.items()}
    monkeypatch.setattr(toast, "_STAYS_MS", stays_ms)


@pytest.fixture(scope="module", autouse=True)
def _what_is_loaded_stays() -> None:
    """The many objects of the libraries need not be looked through after each test, or module."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def _garbage_goes_on_this_thread(request: pytest.FixtureRequest) -> Iterator[None]:
    """Widgets in cycles must not be destroyed by a worker's thread, now or in another test."""
    if not {"qapp", "qtbot"} & set(request.fixturenames):
        yield  # no widgets
        return
    gc.disable()
    yield
    gc.collect()
    gc.enable()


@pytest.fixture(autouse=True)
def _no_thread_left() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    left = [one for one in threading.enumerate() if one not in before and one.is_alive()]
    for thread in left:
        thread.join(LIMIT_S)
    assert not [one for one in left if one.is_alive()]


@pytest.fixture(scope="session")
def recording(run_folder: Path) -> Path:
    """An exam of 200 frames, made here, with its finished analysis beside it."""
    from review.review_made import write_analysed

    folder = run_folder / "reviewed"
    return once_a_run(folder, lambda: write_analysed(folder / "exam.mp4")) / "exam.mp4"


@pytest.fixture(scope="session")
def qapp(qapp: QApplication) -> QApplication:
    """With the program's font: what is wide here is so wherever the tests are run."""
    use_shipped_font(qapp)
    return qapp


@pytest.fixture
def look(qapp: QApplication) -> Look:
    return Look(DARK, 1.0, family())


@pytest.fixture
def session() -> FakeSession:
    return FakeSession()


@pytest.fixture
def models() -> FakeModels:
    return FakeModels()


@pytest.fixture
def settings() -> Settings:
    return Settings()


@pytest.fixture
def saved() -> list[Settings]:
    return []


@pytest.fixture
def store() -> ExamStore | None:
    """Where exams are kept; nowhere, unless a test file says so."""
    return None


@pytest.fixture
def size_px() -> tuple[int, int]:
    return 1280, 800


@pytest.fixture
def window(
    qtbot: QtBot,
    session: FakeSession,
    models: FakeModels,
    settings: Settings,
    saved: list[Settings],
    store: ExamStore | None,
    size_px: tuple[int, int],
) -> Iterator[MainWindow]:
    services = replace(make_services(models, saved), exams=store)
    main = build(session, services, settings, [], size_px[1])
    qtbot.addWidget(main)
    main.resize(*size_px)
    main.show()
    main.begin()
    qtbot.waitUntil(lambda: not main.controller.jobs.busy)
    main.display.stop()  # the tests tick by themselves
    yield main
    main.close()


@pytest.fixture
def controller(window: MainWindow) -> Controller:
    return window.controller
