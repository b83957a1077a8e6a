"""The window on a home that version 0.1 has made: Review, Practice, and the list of exams."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from gui_fakes import FakeModels, FakeSession, make_services
from PyQt6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from kept_home.plain import array_of, differences, plain
from kept_home.reading import CountingEngine, Kept, counting_analyser, unpacked
from older_reviews import prepared_as_then
from sonoassist.core import paths
from sonoassist.core.settings import load_settings
from sonoassist.exam.store import ExamStore
from sonoassist.gui.acts import Act
from sonoassist.gui.compose import SettingsKeeper, build
from sonoassist.gui.exams_sheet import ExamsSheet
from sonoassist.gui.main_window import MainWindow
from sonoassist.gui.page import Page
from sonoassist.gui.practice.page import PracticePage
from sonoassist.gui.review.page import ReviewPage
from sonoassist.recordings.records import RunState

SHOWN = 2
"""Pictures on screen whose boxes are found once more, since a model's own rules made them."""


class Opened:
    """The window, and the engines that it was given."""

    def __init__(self, window: MainWindow, engines: list[CountingEngine]) -> None:
        self.window, self.engines = window, engines

    @property
    def runs(self) -> int:
        """How often a network was asked."""
        return sum(engine.runs for engine in self.engines)

    def review(self, qtbot: QtBot, spec: str) -> ReviewPage:
        """The review page on a recording, when all of it is analysed."""
        self.window.show_page(Page.REVIEW)
        page = self.window.other(Page.REVIEW)
        assert isinstance(page, ReviewPage)
        page.open(spec)
        desk = page.desk
        qtbot.waitUntil(lambda: desk.session is not None)
        qtbot.waitUntil(lambda: desk.progress is not None and desk.progress.state is RunState.DONE)
        qtbot.waitUntil(lambda: desk.view is not None and bool(desk.candidates))
        return page

    def practise(self, qtbot: QtBot, spec: str) -> PracticePage:
        """The practice page on a recording, when its answers are whole."""
        self.window.open_here(spec, Page.PRACTICE)
        page = self.window.other(Page.PRACTICE)
        assert isinstance(page, PracticePage)
        qtbot.waitUntil(lambda: page.desk.knowledge.share == 1.0)
        return page

    def said(self) -> str:
        """What the window says by itself."""
        return " ".join(toast.notice.title for toast in self.window.toasts.shown)


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Kept:
    """The results in it serve, as if frames were prepared as then."""
    made = unpacked("home_0_1", tmp_path)
    monkeypatch.setenv("SONOASSIST_HOME", str(made.home))
    prepared_as_then(monkeypatch)
    return made


@pytest.fixture
def opened(
    qtbot: QtBot, session: FakeSession, models: FakeModels, kept: Kept
) -> Iterator[Callable[[], Opened]]:
    """Opens the window with what is in the home, as the program itself does."""
    windows: list[MainWindow] = []

    def open_window() -> Opened:
        engines: list[CountingEngine] = []

        def make(settings: Any, _synthetic: bool, _tell: Any) -> Any:
            by = kept.expected["by"]["own"]
            crop = settings.own_crops.get(settings.crop, settings.crop)
            analyser, engine = counting_analyser(
                {**by, "crop": crop, "threshold": settings.threshold}
            )
            engines.append(engine)
            return analyser

        found, sentences = load_settings(paths.settings_file())
        services = replace(
            make_services(models, []),
            make_analyser=make,
            exams=ExamStore.default(),
            save=SettingsKeeper(paths.settings_file(), found, {}).save,
        )
        window = build(session, services, found, sentences, 900)
        windows.append(window)
        qtbot.addWidget(window)
        window.resize(1600, 900)
        window.show()
        window.begin()
        return Opened(window, engines)

    yield open_window
    for window in windows:
        window.close()


def test_review_and_practice_of_an_exam(
    qtbot: QtBot, kept: Kept, opened: Callable[[], Opened]
) -> None:
    program = opened()
    spec = f"exam:{kept.expected['finished']}"
    told = kept.expected["reviewed"][spec]
    page = program.review(qtbot, spec)
    desk = page.desk
    assert differences(plain(desk.corrections), told["said"]) == []
    assert desk.index == told["place"]
    assert desk.count == told["frames"]
    assert page.side.note.isVisible()
    assert "Second look at 4ch." in page.side.note.text()
    desk.words.redo()
    assert differences(plain(desk.corrections), told["again"][0]) == []
    desk.words.undo()
    assert program.runs <= SHOWN
    practice = program.practise(qtbot, f"{spec}/1")
    answers = practice.desk.knowledge.answers
    assert answers is not None
    assert answers.analysis is not None
    assert answers.chosen == told["said"]["best"]
    found = plain(answers.analysis.probabilities)
    assert array_of(found).shape == (told["frames"], 14)
    assert differences(found, kept.expected["practised"][f"{spec}/1"]["probabilities"]) == []
    assert program.runs <= SHOWN
    nicknames = practice.start.nickname
    names = {nicknames.itemText(at).casefold() for at in range(nicknames.count())}
    assert names == set(kept.expected["history"]["begun"])
    reviewed = {kept.spec(spec) for spec in kept.expected["reviewed_last"]}
    assert reviewed <= set(practice.start.exams)


def test_list_of_exams(qtbot: QtBot, kept: Kept, opened: Callable[[], Opened]) -> None:
    program = opened()
    program.window.actions_set[Act.EXAMS].trigger()
    sheet = program.window.questions.sheet
    assert isinstance(sheet, ExamsSheet)
    qtbot.waitUntil(lambda: bool(sheet.buttons))
    for exam_id in kept.expected["exams"]:
        assert (exam_id, "Review") in sheet.buttons


def cut_in_half(kept: Kept, name: str) -> bytes:
    """Damage a file of the home; returns what is left of it."""
    path = kept.home / name
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    return path.read_bytes()


def test_damaged_settings_are_said_and_stay(
    qtbot: QtBot, kept: Kept, opened: Callable[[], Opened]
) -> None:
    left = cut_in_half(kept, "settings.json")
    program = opened()
    program.window.display.refresh()
    qtbot.waitUntil(lambda: "settings.damaged.json" in program.said())
    program.window.controller.change(threshold=0.65)
    aside = kept.home / "settings.damaged.json"
    qtbot.waitUntil(aside.exists)
    assert aside.read_bytes() == left
    page = program.review(qtbot, f"exam:{kept.expected['finished']}")
    assert page.desk.corrections.labels


def test_a_damaged_history_is_said_where_one_practises(
    qtbot: QtBot, kept: Kept, opened: Callable[[], Opened]
) -> None:
    left = cut_in_half(kept, "practice/history.sqlite")
    program = opened()
    practice = program.practise(qtbot, f"exam:{kept.expected['finished']}/1")
    qtbot.waitUntil(lambda: "practice history" in practice.start.trouble.text())
    assert practice.desk.knowledge.answers is not None
    assert (kept.home / "practice" / "history.sqlite").read_bytes() == left


def test_a_damaged_review_is_said_and_the_exam_can_be_practised(
    qtbot: QtBot, kept: Kept, opened: Callable[[], Opened]
) -> None:
    exam = f"exam:{kept.expected['finished']}"
    name = f"reviews/{kept.expected['files']['review'][exam]}/review.sqlite"
    left = cut_in_half(kept, name)
    program = opened()
    program.window.show_page(Page.REVIEW)
    page = program.window.other(Page.REVIEW)
    assert isinstance(page, ReviewPage)
    page.open(exam)
    qtbot.waitUntil(lambda: bool(page.desk.opener.trouble))
    card = page.viewport.screen_shown.card
    assert card is not None
    assert card.title == "This cannot be reviewed"
    assert "Move that folder away" in card.text
    practice = program.practise(qtbot, f"{exam}/1")
    trouble = practice.start.trouble
    qtbot.waitUntil(lambda: "Its review is left out" in trouble.text())
    assert program.runs == 0  # its analysis for practice is there
    assert (kept.home / name).read_bytes() == left
    program.review(qtbot, kept.spec(kept.expected["plain"]))


def test_a_damaged_record_is_said_in_the_list(
    qtbot: QtBot, kept: Kept, opened: Callable[[], Opened]
) -> None:
    finished, twice = kept.expected["finished"], kept.expected["twice"]
    cut_in_half(kept, f"exams/{finished}/exam.sqlite")
    program = opened()
    program.window.actions_set[Act.EXAMS].trigger()
    sheet = program.window.questions.sheet
    assert isinstance(sheet, ExamsSheet)
    qtbot.waitUntil(lambda: bool(sheet.buttons))
    assert (finished, "Folder") in sheet.buttons
    assert (finished, "Review") not in sheet.buttons
    assert (twice, "Review") in sheet.buttons
    said = [label.text() for label in sheet.findChildren(QLabel)]
    assert [text for text in said if "cannot be read" in text]
