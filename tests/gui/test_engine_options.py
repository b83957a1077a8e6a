"""Only what this computer has is offered, and what it has not falls back with one notice."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from gui_fakes import FakeModels, FakeSession, make_services
from PyQt6.QtWidgets import QComboBox
from pytestqt.qtbot import QtBot

from sonoassist.core.settings import Settings, load_settings
from sonoassist.engines.choose import EngineChoice
from sonoassist.engines.hardware import Hardware
from sonoassist.gui.acts import Act
from sonoassist.gui.compose import SettingsKeeper, build, of_this_run, override
from sonoassist.gui.main_window import MainWindow
from sonoassist.gui.settings_sheet import SettingsSheet
from sonoassist.live.status import Level, Notice

LAPTOP = Hardware(
    (
        EngineChoice("openvino", "f32", "cpu"),
        EngineChoice("openvino", "int8", "cpu"),
        EngineChoice("torch", "f32", "cpu"),
    )
)


@pytest.fixture
def looked() -> list[int]:
    return []


@pytest.fixture
def made() -> list[Settings]:
    """Settings that analysers were made with."""
    return []


@pytest.fixture
def main(
    qtbot: QtBot,
    session: FakeSession,
    models: FakeModels,
    settings: Settings,
    saved: list[Settings],
    looked: list[int],
    made: list[Settings],
) -> Iterator[MainWindow]:
    def find() -> Hardware:
        looked.append(1)
        return LAPTOP

    def make(wanted: Settings, synthetic: bool, tell: Any) -> object:
        made.append(wanted)
        return "analyser"

    services = replace(make_services(models, saved), find_hardware=find, make_analyser=make)
    window = build(session, services, settings, [], 800)
    qtbot.addWidget(window)
    window.resize(1280, 800)
    window.show()
    window.begin()
    qtbot.waitUntil(lambda: not window.controller.jobs.busy)
    window.display.stop()
    yield window
    window.close()


def load(session: FakeSession) -> None:
    """Do what the analysis thread does with the newest wish for a model."""
    loader = next(call[1] for call in reversed(session.calls) if call[0] == "load_model")
    thread = threading.Thread(target=loader)
    thread.start()
    thread.join()


def values(box: QComboBox) -> list[str]:
    return [box.itemData(at) for at in range(box.count())]


def open_settings(qtbot: QtBot, window: MainWindow) -> SettingsSheet:
    window.actions_set[Act.SETTINGS].trigger()
    sheet = window.questions.sheet
    assert isinstance(sheet, SettingsSheet)

    def known() -> bool:
        window.controller.jobs.collect()
        return window.controller.engines.known

    qtbot.waitUntil(known)
    window.controller.jobs.collect()
    return sheet


def test_the_settings_offer_what_there_is(
    qtbot: QtBot, main: MainWindow, looked: list[int]
) -> None:
    sheet = open_settings(qtbot, main)
    boxes = {name: sheet.findChild(QComboBox, name) for name in ("engine", "precision", "device")}
    assert all(boxes.values())
    assert values(boxes["device"]) == ["auto", "cpu"]  # type: ignore[arg-type]
    assert values(boxes["precision"]) == ["auto", "f32", "int8"]  # type: ignore[arg-type]
    assert values(boxes["engine"]) == ["auto", "torch", "openvino"]  # type: ignore[arg-type]
    assert looked == [1]


def test_the_menu_offers_what_there_is(qtbot: QtBot, main: MainWindow) -> None:
    main.menus.fill_engines()
    texts = [action.text() for action in main.menus.engines.actions()]
    assert any("Looking" in text for text in texts)
    assert "NVIDIA GPU" not in texts

    def known() -> bool:
        main.controller.jobs.collect()
        return main.controller.engines.known

    qtbot.waitUntil(known)
    main.menus.fill_engines()
    texts = [action.text() for action in main.menus.engines.actions()]
    assert {"CPU", "OpenVINO", "int8"} <= set(texts)
    assert not {"NVIDIA GPU", "Apple GPU", "bf16"} & set(texts)
    assert not any("Looking" in text for text in texts)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (Settings(device="cuda"), "NVIDIA GPU (device) cannot be used"),
        (Settings(engine="torch", precision="bf16"), "bf16 (precision) cannot be used"),
        (
            Settings(precision="f16", device="mps"),
            "f16 (precision) and Apple GPU (device) cannot be used",
        ),
    ],
)
def test_a_setting_that_cannot_be_had_falls_back_with_one_notice(
    qtbot: QtBot,
    main: MainWindow,
    session: FakeSession,
    saved: list[Settings],
    made: list[Settings],
    words: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    controller = main.controller
    put: list[Notice] = []
    monkeypatch.setattr(session.notices, "put", put.append)
    for _ in range(3):
        load(session)  # each page makes an analyser of its own
    qtbot.waitUntil(lambda: controller.settings.device == "auto")
    qtbot.waitUntil(lambda: controller.settings.precision == "auto")
    assert all((one.precision, one.device) == ("auto", "auto") for one in made)
    told = [one for one in put if one.level is Level.WARNING]
    assert len(told) == 1
    assert words in told[0].title
    assert "--" not in told[0].title + told[0].hint
    controller.save()
    assert saved[-1].device == "auto"
    load(session)  # the next start
    qtbot.waitUntil(lambda: not controller.jobs.busy)
    assert len(put) == 1


def test_without_a_choice_nothing_is_looked_for(
    main: MainWindow, session: FakeSession, looked: list[int]
) -> None:
    load(session)
    assert looked == []


def test_a_choice_that_does_not_go_with_another_one_says_so(
    qtbot: QtBot, main: MainWindow, session: FakeSession
) -> None:
    open_settings(qtbot, main)
    controller = main.controller
    controller.choose_engine("precision", "int8")
    session.notices.take()
    controller.choose_engine("engine", "torch")
    settings = controller.settings
    assert (settings.engine, settings.precision) == ("torch", "auto")
    assert ["precision is automatic now" in one.title for one in session.notices.take()] == [True]
    controller.choose_engine("precision", "int8")
    assert (settings.engine, settings.precision) == ("auto", "int8")


def test_what_is_named_for_one_run_neither_meets_nor_loses_what_is_kept(tmp_path: Path) -> None:
    kept = Settings(device="cuda", precision="f16")
    overrides = of_this_run({"engine": "openvino"})
    running = override(kept, overrides)
    choice = EngineChoice(running.engine, running.precision, running.device)
    assert LAPTOP.has(choice)  # nothing has to be given up
    SettingsKeeper(tmp_path / "settings.json", kept, overrides).save(running)
    loaded, _ = load_settings(tmp_path / "settings.json")
    assert (loaded.engine, loaded.precision, loaded.device) == ("auto", "f16", "cuda")
    assert of_this_run({"crop": "full"}) == {"crop": "full"}
