"""File dialogs: one place makes them, they remember their folder, filter by type, can be read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PyQt6.QtGui import QColor, QPalette
from PyQt6.QtWidgets import QFileDialog, QLineEdit, QListView, QMessageBox, QTreeView, QWidget
from pytestqt.qtbot import QtBot

import sonoassist.gui
from sonoassist.core.settings import Settings, load_settings, save_settings
from sonoassist.gui.file_dialogs import (
    ANYTHING,
    EXPORT,
    OPEN_FILE,
    OPEN_FOLDER,
    PURPOSES,
    QUESTIONS_OUT,
    WEIGHTS,
    Purpose,
    ask_path,
    last_folder,
)
from sonoassist.gui.main_window import MainWindow
from sonoassist.gui.theme import PALETTES, Look, stylesheet
from sonoassist.sources.kinds import KINDS
from sonoassist.sources.sniff import DICOM_SUFFIXES, IMAGE_SUFFIXES, VIDEO_SUFFIXES

# Without a window system a window of its own cannot be given a size.
pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")


class Memory:
    """Settings alone."""

    def __init__(self) -> None:
        self.settings = Settings()

    def remember_folder(self, purpose: str, folder: str) -> None:
        self.settings.folders = {**self.settings.folders, purpose: folder}


@pytest.fixture
def parent(qtbot: QtBot) -> QWidget:
    made = QWidget()
    qtbot.addWidget(made)
    return made


def made(parent: QWidget, memory: Memory, purpose: Purpose, theme: str = "dark") -> QFileDialog:
    return ask_path(parent, Look(PALETTES[theme]), memory, purpose, lambda _path: None)


def test_no_other_module_makes_a_file_dialog() -> None:
    folder = Path(sonoassist.gui.__file__).parents[1]
    makers = [
        path.name for path in folder.rglob("*.py") if "QFileDialog" in path.read_text("utf-8")
    ]
    assert makers == ["file_dialogs.py"]


def test_what_can_be_opened_is_told_by_the_table_of_kinds() -> None:
    first, *others = OPEN_FILE.filters
    suffixes = {suffix for kind in KINDS for one in kind.types for suffix in one.suffixes}
    assert suffixes == {*VIDEO_SUFFIXES, *IMAGE_SUFFIXES, *DICOM_SUFFIXES}
    assert set(re.findall(r"\*(\.\w+)", first)) == suffixes
    assert [one.partition(" (")[0] for one in others] == [
        "Videos",
        "Pictures",
        "DICOM",
        "All files",
    ]
    assert WEIGHTS.filters == ["Weights (*.npz *.pth *.safetensors)", ANYTHING]


@pytest.mark.parametrize("purpose", PURPOSES, ids=lambda one: one.name)
def test_each_dialog_is_for_its_purpose(parent: QWidget, purpose: Purpose) -> None:
    dialog = made(parent, Memory(), purpose)
    folder = dialog.fileMode() is QFileDialog.FileMode.Directory
    assert (dialog.windowTitle(), folder) == (purpose.title, purpose.folder)
    if not folder:
        assert dialog.nameFilters() == purpose.filters
    dialog.reject()


@pytest.mark.parametrize("purpose", PURPOSES, ids=lambda one: one.title)
def test_of_folders_no_size_and_no_type_is_told(parent: QWidget, purpose: Purpose) -> None:
    dialog = made(parent, Memory(), purpose)
    table = dialog.findChild(QTreeView, "treeView")
    assert table is not None
    hidden = [table.isColumnHidden(column) for column in range(4)]
    assert hidden == [False, purpose.folder, purpose.folder, False]
    dialog.reject()


def test_a_dialog_for_files_tells_sizes_also_after_one_for_folders(parent: QWidget) -> None:
    folder = next(one for one in PURPOSES if one.folder)
    file = next(one for one in PURPOSES if not one.folder)
    made(parent, Memory(), folder).done(0)
    dialog = made(parent, Memory(), file)
    table = dialog.findChild(QTreeView, "treeView")
    assert table is not None
    assert not any(table.isColumnHidden(column) for column in range(4))
    dialog.reject()


def test_a_file_to_be_written_is_asked_for_as_one(parent: QWidget) -> None:
    dialog = made(parent, Memory(), QUESTIONS_OUT)
    assert dialog.acceptMode() is QFileDialog.AcceptMode.AcceptSave
    assert dialog.defaultSuffix() == "json"
    assert not dialog.testOption(QFileDialog.Option.DontConfirmOverwrite)
    dialog.reject()


def test_each_purpose_remembers_its_own_folder(parent: QWidget, tmp_path: Path) -> None:
    memory = Memory()
    (tmp_path / "videos").mkdir()
    (tmp_path / "out").mkdir()
    file = tmp_path / "videos" / "a.mp4"
    made(parent, memory, OPEN_FILE).fileSelected.emit(str(file))
    made(parent, memory, EXPORT).fileSelected.emit(str(tmp_path / "out"))
    path = tmp_path / "settings.json"
    save_settings(path, memory.settings)
    memory.settings = load_settings(path)[0]  # the program was begun again
    dialogs = [made(parent, memory, one) for one in (OPEN_FILE, EXPORT, OPEN_FOLDER)]
    assert [Path(one.directory().path()) for one in dialogs] == [
        tmp_path / "videos",
        tmp_path / "out",
        Path.home(),
    ]


def test_a_folder_that_is_gone_is_not_looked_for(tmp_path: Path) -> None:
    settings = Settings(folders={OPEN_FILE.name: str(tmp_path / "gone")})
    assert last_folder(settings, OPEN_FILE) == str(Path.home())


def contrast(one: QColor, other: QColor) -> float:
    """The ratio of WCAG, 1 to 21."""

    def light(colour: QColor) -> float:
        parts = (colour.redF(), colour.greenF(), colour.blueF())
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((light(one), light(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", list(PALETTES))
def test_names_can_be_read_in_both_themes(
    qtbot: QtBot, window: MainWindow, theme: str, tmp_path: Path
) -> None:
    """What is painted where the names stand, not what was asked for."""
    for number in range(12):
        (tmp_path / f"WWWWWWWWWWWW{number}.mp4").write_bytes(b"x")
    memory = Memory()
    memory.remember_folder(OPEN_FILE.name, str(tmp_path))
    window.controller.change(theme=theme)
    dialog = ask_path(window, window.look, memory, OPEN_FILE, lambda _path: None)
    view = dialog.findChild(QListView, "listView")
    assert view is not None
    model = view.model()
    assert model is not None
    qtbot.waitUntil(lambda: model.rowCount(view.rootIndex()) == 12)
    port = view.viewport()
    assert port is not None
    back, ink = QColor(window.look.palette.panel), QColor(window.look.palette.text)

    def painted() -> set[int]:
        picture = port.grab().toImage()
        return {
            picture.pixelColor(x, y).rgb()
            for x in range(0, picture.width(), 1)
            for y in range(0, min(picture.height(), 120), 1)
        }

    qtbot.waitUntil(lambda: ink.rgb() in painted() and back.rgb() in painted())
    assert contrast(back, ink) >= 7
    roles = QPalette.ColorRole
    for base, text in ((roles.Base, roles.Text), (roles.Window, roles.WindowText)):
        assert contrast(dialog.palette().color(base), dialog.palette().color(text)) >= 7
    dialog.reject()


@pytest.mark.parametrize("theme", PALETTES)
def test_names_that_are_offered_while_one_is_typed_wear_the_theme(
    qtbot: QtBot, parent: QWidget, theme: str, tmp_path: Path
) -> None:
    (tmp_path / "exam.mp4").write_bytes(b"x")
    memory = Memory()
    memory.remember_folder(OPEN_FILE.name, str(tmp_path))
    dialog = made(parent, memory, OPEN_FILE, theme)
    line = dialog.findChild(QLineEdit, "fileNameEdit")
    assert line is not None
    completer = line.completer()
    assert completer is not None
    offered = completer.popup()
    assert offered is not None
    offered.resize(200, 60)
    palette = PALETTES[theme]
    assert offered.grab().toImage().pixelColor(100, 50) == QColor(palette.panel)
    assert offered.palette().color(QPalette.ColorRole.Text) == QColor(palette.text)
    dialog.reject()


@pytest.mark.parametrize("theme", PALETTES)
def test_what_the_dialog_says_can_be_read_in_both_themes(parent: QWidget, theme: str) -> None:
    dialog = made(parent, Memory(), OPEN_FILE, theme)
    parent.setStyleSheet(stylesheet(Look(PALETTES[theme])))
    said = QMessageBox(QMessageBox.Icon.Warning, "No", "File not found.", parent=dialog)
    ground = QColor(said.grab().toImage().pixel(3, 3))
    assert contrast(ground, QColor(PALETTES[theme].text)) >= 4.5
    dialog.close()
