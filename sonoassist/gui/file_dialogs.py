"""The one place that asks for files and folders: what for, which types, where it was last time.

Where the system has a dialog of its own (Windows, macOS, a desktop's portal) that one is used; Qt's
own, which is all there is elsewhere, wears the theme's colours.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from PyQt6.QtCore import QSize
from PyQt6.QtGui import QColor, QIcon, QPalette, QTransform
from PyQt6.QtWidgets import (
    QComboBox,
    QDialogButtonBox,
    QFileDialog,
    QLabel,
    QLineEdit,
    QSplitter,
    QToolButton,
    QTreeView,
    QWidget,
)

from sonoassist.core.settings import Settings
from sonoassist.gui.theme import Look
from sonoassist.sources.kinds import FILE, FileType

ANYTHING = "All files (*)"
WEIGHTS_SUFFIXES = (".npz", ".pth", ".safetensors")
_SIZE_PX = (860, 560)
_SIZE_COLUMN, _TYPE_COLUMN = 1, 2
_ICONS = {
    "backButton": "back",
    "forwardButton": "forward",
    "newFolderButton": "add",
    "listModeButton": "frames",
    "detailModeButton": "display",
}
"""Name of a button of Qt's own dialog -> our icon."""


@dataclass(frozen=True, slots=True)
class Purpose:
    """What is asked for.

    Attributes:
        name: The last folder is remembered under it.
        title: Of the dialog.
        folder: A folder, not a file.
        writes: Something is written there; else it is opened.
        types: Of the files that can be chosen; all files can be as well.
        file: Name that is offered for a file to write; it gets the first suffix of `types`.
    """

    name: str
    title: str
    folder: bool = False
    writes: bool = False
    types: tuple[FileType, ...] = ()
    file: str = ""

    @property
    def filters(self) -> list[str]:
        """The types as Qt wants them: all of them at once first, any file last."""
        if not self.types:
            return [ANYTHING]
        single = [_filter(one.words, one.suffixes) for one in self.types]
        together = tuple(suffix for one in self.types for suffix in one.suffixes)
        first = [_filter("All that can be opened", together)] if len(self.types) > 1 else []
        return [*first, *single, ANYTHING]


def _filter(words: str, suffixes: tuple[str, ...]) -> str:
    return f"{words} ({' '.join(f'*{suffix}' for suffix in suffixes)})"


OPEN_FILE = Purpose("open_file", "Open a recording or a picture", types=FILE.types)
OPEN_FOLDER = Purpose("open_folder", "Open a folder of pictures", folder=True)
WEIGHTS = Purpose("weights", "Add a weights file", types=(FileType("Weights", WEIGHTS_SUFFIXES),))
EXPORT = Purpose("export", "Folder for the report and the export", folder=True, writes=True)
CORRECTIONS = Purpose(
    "corrections", "Export the corrections: choose a folder", folder=True, writes=True
)
_QUESTIONS = (FileType("Question sets", (".json",)),)
QUESTIONS_OUT = Purpose(
    "questions",
    "Export the questions to a file",
    writes=True,
    types=_QUESTIONS,
    file="questions.json",
)
QUESTIONS_IN = Purpose("questions", "Use the questions of a file", types=_QUESTIONS)
TRAINEES = Purpose(
    "trainees",
    "Save all trainees as CSV",
    writes=True,
    types=(FileType("Tables", (".csv",)),),
    file="trainees.csv",
)
PURPOSES = (
    OPEN_FILE,
    OPEN_FOLDER,
    WEIGHTS,
    EXPORT,
    CORRECTIONS,
    QUESTIONS_OUT,
    QUESTIONS_IN,
    TRAINEES,
)


class Remembers(Protocol):
    """Whoever keeps the settings."""

    @property
    def settings(self) -> Settings:
        """As they are now."""
        ...

    def remember_folder(self, purpose: str, folder: str) -> None:
        """Keep the folder that was chosen last for a purpose."""
        ...


def ask_path(
    parent: QWidget,
    look: Look,
    memory: Remembers,
    purpose: Purpose,
    chosen: Callable[[str], None],
) -> QFileDialog:
    """Ask for a file or a folder; returns at once.

    Args:
        parent: The dialog lies over its window.
        look: Theme and size.
        memory: Knows the last folder for this purpose.
        purpose: What is asked for.
        chosen: Gets the path.
    """
    dialog = QFileDialog(parent, purpose.title, last_folder(memory.settings, purpose))
    modes = QFileDialog.FileMode
    open_mode = modes.Directory if purpose.folder else modes.ExistingFile
    dialog.setFileMode(modes.AnyFile if purpose.writes and not purpose.folder else open_mode)
    if purpose.file:
        _offer(dialog, purpose)
    elif purpose.writes:
        dialog.setLabelText(QFileDialog.DialogLabel.Accept, "Choose")
    if purpose.folder:
        dialog.setOption(QFileDialog.Option.ShowDirsOnly, True)
    else:
        dialog.setNameFilters(purpose.filters)
    # The list of all suffixes would make the dialog wider than a screen.
    dialog.setOption(QFileDialog.Option.HideNameFilterDetails, True)
    dress(dialog, look)

    def keep(path: str) -> None:
        where = Path(path)
        memory.remember_folder(purpose.name, str(where if purpose.folder else where.parent))
        chosen(path)

    dialog.fileSelected.connect(keep)
    dialog.finished.connect(dialog.deleteLater)
    dialog.open()
    return dialog


def _offer(dialog: QFileDialog, purpose: Purpose) -> None:
    """It saves under a new name, and asks before it replaces a file."""
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    if purpose.types:
        dialog.setDefaultSuffix(purpose.types[0].suffixes[0])
    dialog.selectFile(purpose.file)


def last_folder(settings: Settings, purpose: Purpose) -> str:
    """Where a dialog begins: its last folder, if that is there, else the user's home."""
    kept = settings.folders.get(purpose.name, "")
    return kept if kept and Path(kept).is_dir() else str(Path.home())


def dress(dialog: QFileDialog, look: Look) -> None:
    """Give Qt's own dialog the colours of a theme; the system's is left as it is."""
    colours = look.palette
    palette = QPalette()
    roles = QPalette.ColorRole
    for role, colour in (
        (roles.Window, colours.back),
        (roles.Base, colours.panel),
        (roles.Button, colours.raised),
        (roles.AlternateBase, colours.raised),
        (roles.WindowText, colours.text),
        (roles.Text, colours.text),
        (roles.ButtonText, colours.text),
        (roles.Highlight, colours.accent),
        (roles.HighlightedText, colours.on_accent),
        (roles.PlaceholderText, colours.muted),
    ):
        palette.setColor(role, QColor(colour))
    dialog.setPalette(palette)
    dialog.setStyleSheet(_sheet(look))
    _dress_buttons(dialog, look)
    _dress_names(dialog, palette)
    _share_room(dialog, look)
    folder = dialog.fileMode() is QFileDialog.FileMode.Directory
    _show_columns(dialog, folder=folder)
    if folder:
        _hide_types(dialog)
    dialog.resize(QSize(*map(look.px, _SIZE_PX)))


def _dress_buttons(dialog: QFileDialog, look: Look) -> None:
    """Icons in the colour of the text; Qt's own are black and cannot be seen on dark."""
    for name, icon in _ICONS.items():
        button = dialog.findChild(QToolButton, name)
        if button is not None:
            button.setIcon(look.icon(icon))
    up = dialog.findChild(QToolButton, "toParentButton")
    if up is not None:
        arrow = look.pixmap("back", look.palette.text, look.px(36))
        up.setIcon(QIcon(arrow.transformed(QTransform().rotate(90))))
    for box in dialog.findChildren(QDialogButtonBox):
        for push in box.buttons():
            push.setIcon(QIcon())


def _show_columns(dialog: QFileDialog, *, folder: bool) -> None:
    """Folders are all of one type, and their size is not told.

    A dialog begins with the columns that the last one had, so that each says what it has.
    """
    table = dialog.findChild(QTreeView, "treeView")
    for column in (_SIZE_COLUMN, _TYPE_COLUMN):
        if table is not None:
            table.setColumnHidden(column, folder)


def _hide_types(dialog: QFileDialog) -> None:
    """Folders have no types to choose among."""
    for kind, name in ((QLabel, "fileTypeLabel"), (QComboBox, "fileTypeCombo")):
        part = dialog.findChild(kind, name)
        if part is not None:
            part.hide()


def _dress_names(dialog: QFileDialog, palette: QPalette) -> None:
    """The names that are offered while one is typed are in a window of their own."""
    for line in dialog.findChildren(QLineEdit):
        completer = line.completer()
        offered = completer.popup() if completer is not None else None
        if offered is not None:
            offered.setPalette(palette)
            offered.setStyleSheet(dialog.styleSheet().replace("QFileDialog QAbstract", "QAbstract"))


def _share_room(dialog: QFileDialog, look: Look) -> None:
    """Names of folders at the side and of files can be read."""
    splitter = dialog.findChild(QSplitter)
    if splitter is not None:
        splitter.setSizes([look.px(180), look.px(_SIZE_PX[0] - 180)])
    table = dialog.findChild(QTreeView, "treeView")
    header = table.header() if table is not None else None
    if header is not None:
        header.resizeSection(0, look.px(320))
        header.resizeSection(3, look.px(170))


def _sheet(look: Look) -> str:
    colours, px = look.palette, look.px
    return f"""
QFileDialog, QMessageBox {{ background: {colours.back}; }}
QFileDialog QAbstractItemView {{ background: {colours.panel}; color: {colours.text};
  border: 1px solid {colours.line}; selection-background-color: {colours.accent};
  selection-color: {colours.on_accent}; alternate-background-color: {colours.panel}; }}
QFileDialog QAbstractItemView::item {{ padding: {px(3)}px; color: {colours.text}; }}
QFileDialog QAbstractItemView::item:hover {{ background: {colours.hover}; }}
QFileDialog QAbstractItemView::item:selected {{ background: {colours.accent};
  color: {colours.on_accent}; }}
QFileDialog QAbstractItemView::item:disabled {{ color: {colours.muted}; }}
QFileDialog QHeaderView {{ background: {colours.raised}; border: 0; }}
QFileDialog QHeaderView::section {{ background: {colours.raised}; color: {colours.text};
  border: 0; border-right: 1px solid {colours.line}; padding: {px(4)}px {px(8)}px; }}
QFileDialog QToolButton {{ background: {colours.raised}; border: 1px solid {colours.line};
  border-radius: {px(4)}px; padding: {px(4)}px; }}
QFileDialog QToolButton:hover {{ background: {colours.hover}; }}
QFileDialog QToolButton:checked {{ border: 1px solid {colours.accent}; }}
QFileDialog QSplitter::handle {{ background: {colours.line}; }}
"""
