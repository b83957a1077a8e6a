"""The font of the program: one that is shipped, so that a window is as wide on every machine."""

from __future__ import annotations

import sys
from pathlib import Path

from PyQt6.QtGui import QFont, QFontDatabase
from PyQt6.QtWidgets import QApplication

from sonoassist.core import paths

FAMILY = "Liberation Sans"
WEIGHTS = ("Regular", "Bold")
_OTHERS = (
    "Segoe UI Variable Text",
    "Segoe UI",
    "SF Pro Text",
    "Helvetica Neue",
    "Noto Sans",
    "Cantarell",
    "Ubuntu",
    "Roboto",
    "Nimbus Sans",
    "DejaVu Sans",
)
"""Where the shipped files cannot be read, from best to worst."""


def family() -> str:
    """The font family of all texts on screen: the shipped one once `use_shipped_font` ran."""
    system = QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont).family()
    return first_of((FAMILY, *_OTHERS), QFontDatabase.families(), system)


def first_of(wanted: tuple[str, ...], installed: list[str], system: str) -> str:
    """The first wanted family that is installed, else the system's own."""
    for name in wanted:
        # A family that several foundries ship is listed as "Name [foundry]".
        found = [one for one in installed if one == name or one.startswith(f"{name} [")]
        if found:
            return found[0]
    return system


def tabular(font: QFont) -> QFont:
    """The font with digits of one width, so that numbers do not dance."""
    if hasattr(font, "setFeature"):  # of Qt 6.7
        font.setFeature(QFont.Tag("tnum"), 1)
    font.setKerning(False)  # or two ones stand closer than other digits
    return font


def use_shipped_font(application: QApplication) -> None:
    """Load it; draw in it, with tabular digits, what sets no font of its own.

    A style sheet names family and size of a text, but cannot ask for tabular digits.
    """
    for file in shipped_files():
        if QFontDatabase.addApplicationFont(str(file)) < 0:
            problem = f"the font {file.name} cannot be loaded; some texts may be cut"
            sys.stderr.write(f"sonoassist: warning: {problem}. Install SonoAssist again\n")
    font = tabular(application.font())
    font.setFamily(family())
    application.setFont(font)


def shipped_files() -> list[Path]:
    """The files of the shipped font, one a weight."""
    return [paths.resources() / "fonts" / f"LiberationSans-{name}.ttf" for name in WEIGHTS]
