"""Review in a window, with a recording made here: what the tests of its page share."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from gui_fakes import FakeModels, FakeSession, make_services
from PyQt6.QtCore import Qt
from pytestqt.qtbot import QtBot

from sonoassist.core import paths
from sonoassist.core.settings import Settings
from sonoassist.gui.compose import build
from sonoassist.gui.main_window import MainWindow
from sonoassist.gui.page import Page
from sonoassist.gui.review.desk import ReviewDesk
from sonoassist.gui.review.page import ReviewPage
from sonoassist.recordings.records import RunState

sys.path.insert(0, str(Path(__file__).parents[1] / "review"))

from review_made import EXAM, made_analyser

KEYS = [key for key, count in EXAM for _ in range(count)]
"""The plane of each frame of the recording."""
FEMUR, LIPS, NOTHING = 50, 130, 10
"""Frames that the engine surely calls so."""
SHIFT, CTRL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier


@contextmanager
def review_window(
    qtbot: QtBot,
    session: FakeSession,
    models: FakeModels,
    saved: list[Settings],
    size_px: tuple[int, int] = (1280, 800),
) -> Iterator[MainWindow]:
    """A window that shows its review page, with an engine that looks where it is bright."""
    services = replace(
        make_services(models, saved),
        make_analyser=lambda settings, synthetic, tell: made_analyser(threshold=settings.threshold),
    )
    main = build(session, services, Settings(crop="full"), [], size_px[1])  # type: ignore[arg-type]
    qtbot.addWidget(main)
    main.resize(*size_px)
    main.show()
    main.begin()
    main.show_page(Page.REVIEW)
    yield main
    main.close()


def page_of(window: MainWindow) -> ReviewPage:
    """The page that is shown."""
    found = window.pages.currentWidget()
    assert isinstance(found, ReviewPage)
    return found


def take_kept(path: Path) -> None:
    """Have what is kept beside a recording, as `write_analysed` makes it, in this home."""
    if not paths.reviews().exists():
        shutil.copytree(path.parent / "reviews", paths.reviews())
        shutil.copytree(path.parent / "analyses", paths.analyses())


def opened(qtbot: QtBot, page: ReviewPage, path: Path, *, analysed: bool = True) -> None:
    """Open a recording and wait until it is analysed, which it is already unless told."""
    if analysed:
        take_kept(path)
    page.open(str(path))
    desk = page.desk
    qtbot.waitUntil(lambda: desk.session is not None)
    qtbot.waitUntil(lambda: desk.progress is not None and desk.progress.state is RunState.DONE)
    qtbot.waitUntil(lambda: len(desk.candidates) == 13 and len(desk.missing) == 10)
    shown(qtbot, desk)


def shown(qtbot: QtBot, desk: ReviewDesk) -> None:
    """Wait until the picture on screen is that of the frame looked at, with its result."""
    qtbot.waitUntil(
        lambda: (
            desk.shown == desk.index
            and desk.view is not None
            and desk.view.frame.index == desk.index
            and desk.view.analysis is not None
        )
    )


def looked_at(qtbot: QtBot, page: ReviewPage, frame: int, plane: str = "") -> None:
    """Look at a frame, with the row of a plane selected."""
    if plane:
        page.desk.pick(plane, jump=False)
    page.desk.step_to(frame)
    shown(qtbot, page.desk)
