"""A page on the bundled demo exam, and somebody who uses it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from practice_page_made import Clock, Trainee, make_page
from pytestqt.qtbot import QtBot

from sonoassist.gui.practice.page import PracticePage
from sonoassist.gui.theme import Look


@pytest.fixture(scope="module", autouse=True)
def _screens_once(screens_once: None) -> None:
    """Every page plays the same exam, and each of its frames is looked at before it is shown."""


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def analysed(run_folder: Path) -> Path:
    """Where the analysis of the demo exam is kept for all pages of all workers."""
    return run_folder / "practised" / "analyses"


@pytest.fixture
def page(
    qtbot: QtBot, look: Look, tmp_path: Path, clock: Clock, analysed: Path
) -> Iterator[PracticePage]:
    one = make_page(qtbot, look, tmp_path, clock, shared=analysed)
    yield one
    one.stop()


@pytest.fixture
def trainee(qtbot: QtBot, page: PracticePage, clock: Clock) -> Trainee:
    return Trainee(qtbot, page, clock)
