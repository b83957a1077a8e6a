"""Colours, sizes, fonts and icons: one palette a theme, one stylesheet made from it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from PyQt6.QtCore import QByteArray, QRectF, Qt
from PyQt6.QtGui import QColor, QFont, QIcon, QPainter, QPixmap
from PyQt6.QtSvg import QSvgRenderer

from sonoassist.core import paths
from sonoassist.gui.fonts import tabular
from sonoassist.gui.keymap import Keymap

BODY_PX = 14
SMALL_PX = 12
SCALES = (0.9, 1.0, 1.25, 1.5, 2.0, 2.5)
REFERENCE_HEIGHT_PX = 1080


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours of one theme, all "#rrggbb".

    Attributes:
        name: "dark" or "light".
        back: Behind everything.
        panel: Bars and side panels.
        raised: Buttons, cards, tracks of bars.
        hover: A raised thing under the mouse.
        line: Hairlines between areas.
        well: Around the picture; near black in both themes, so that the eye keeps to the scan.
        text: Main text.
        muted: Secondary text.
        accent: The thing chosen or focused.
        on_accent: Text on the accent.
        info: Notices.
        warning: Warnings and the disclaimer.
        error: Errors.
        good: What is done.
    """

    name: str
    back: str
    panel: str
    raised: str
    hover: str
    line: str
    well: str
    text: str
    muted: str
    accent: str
    on_accent: str
    info: str
    warning: str
    error: str
    good: str


DARK = Palette(
    name="dark",
    back="#0d1117",
    panel="#12171e",
    raised="#1c232d",
    hover="#28313d",
    line="#222a35",
    well="#07090c",
    text="#dfe4ea",
    muted="#93a0b0",
    accent="#5ac8fa",
    on_accent="#06202e",
    info="#5ac8fa",
    warning="#e0ab4b",
    error="#ff7b7b",
    good="#6fd08c",
)
LIGHT = Palette(
    name="light",
    back="#eef1f4",
    panel="#f7f9fa",
    raised="#e1e6ec",
    hover="#d3dae2",
    line="#d0d7df",
    well="#07090c",
    text="#1b2430",
    muted="#4a5564",
    accent="#085a8a",
    on_accent="#f4fafd",
    info="#085a8a",
    warning="#744b00",
    error="#9f2018",
    good="#14602c",
)
PALETTES = {"dark": DARK, "light": LIGHT}


def scale_for(height_px: int) -> float:
    """Size factor for a window `height_px` high: the largest step that fits it."""
    wanted = height_px / REFERENCE_HEIGHT_PX
    return max((step for step in SCALES if step <= wanted + 0.05), default=SCALES[0])


def _mix(one: QColor, two: QColor, share: float) -> QColor:
    keep = 1.0 - share
    return QColor.fromRgbF(
        one.redF() * keep + two.redF() * share,
        one.greenF() * keep + two.greenF() * share,
        one.blueF() * keep + two.blueF() * share,
    )


def luminance(colour: QColor) -> float:
    """Relative luminance of a colour, 0 to 1 (WCAG)."""

    def linear(value: float) -> float:
        return value / 12.92 if value <= 0.03928 else ((value + 0.055) / 1.055) ** 2.4

    red, green, blue = (linear(v) for v in (colour.redF(), colour.greenF(), colour.blueF()))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: QColor, two: QColor) -> float:
    """Contrast ratio of two colours, 1 to 21 (WCAG)."""
    high, low = sorted((luminance(one), luminance(two)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@dataclass(slots=True)
class Look:
    """A palette at a size; every widget draws itself from one.

    Attributes:
        palette: Colours.
        scale: Size factor, 1.0 for a window 1080 px high.
        family: Font family.
        keys: Which keys are shown on buttons and in texts.
    """

    palette: Palette
    scale: float = 1.0
    family: str = ""
    keys: Keymap = field(default_factory=Keymap)
    _inks: dict[str, QColor] = field(default_factory=dict)
    _strokes: dict[str, QColor] = field(default_factory=dict)
    _pixmaps: dict[tuple[str, str, int, float], QPixmap] = field(default_factory=dict)

    def px(self, size: float) -> int:
        """Scale a size given for 1080 px."""
        return max(1, round(size * self.scale))

    def font(self, size_px: float, *, bold: bool = False, scaled: bool = True) -> QFont:
        """A font with tabular digits, so that numbers do not dance."""
        font = QFont(self.family)
        font.setPixelSize(self.px(size_px) if scaled else max(1, round(size_px)))
        font.setWeight(QFont.Weight.DemiBold if bold else QFont.Weight.Normal)
        return tabular(font)

    def colour(self, name: str) -> QColor:
        """A colour of the palette by the name of its field."""
        return QColor(getattr(self.palette, name))

    def ink(self, plane_colour: str) -> QColor:
        """The colour of a plane made dark enough to be read as text on this theme."""
        if plane_colour not in self._inks:
            self._inks[plane_colour] = self._readable(QColor(plane_colour))
        return self._inks[plane_colour]

    def stroke(self, plane_colour: str) -> QColor:
        """The colour of a plane with contrast enough for a line on this theme, its hue kept."""
        if plane_colour not in self._strokes:
            self._strokes[plane_colour] = self._visible(QColor(plane_colour))
        return self._strokes[plane_colour]

    def _visible(self, colour: QColor) -> QColor:
        back = self.colour("back")
        hue, saturation, lightness, _ = colour.getHslF()
        for step in range(20):
            darker = QColor.fromHslF(hue, saturation, lightness * (1 - step / 20))
            if contrast(darker, back) >= 3.0:
                return darker
        return self.colour("text")

    def _readable(self, colour: QColor) -> QColor:
        back, text = self.colour("back"), self.colour("text")
        for step in range(11):
            mixed = _mix(colour, text, step / 10)
            if contrast(mixed, back) >= 4.5:
                return mixed
        return text

    def pixmap(self, name: str, colour: str, size_px: int, ratio: float = 1.0) -> QPixmap:
        """An icon of `resources/icons` in `colour`, `size_px` wide, for a screen of `ratio`."""
        key = (name, colour, size_px, ratio)
        if key not in self._pixmaps:
            self._pixmaps[key] = _render(name, colour, size_px, ratio)
        return self._pixmaps[key]

    def icon(self, name: str, colour: str = "text") -> QIcon:
        """An icon in a colour of the palette, paler where it is disabled."""
        icon = QIcon(self.pixmap(name, getattr(self.palette, colour), self.px(36)))
        pale = _mix(self.colour("muted"), self.colour("panel"), 0.5).name()
        icon.addPixmap(self.pixmap(name, pale, self.px(36)), QIcon.Mode.Disabled)
        return icon


def _render(name: str, colour: str, size_px: int, ratio: float) -> QPixmap:
    path = paths.resources() / "icons" / f"{name}.svg"
    svg = path.read_text(encoding="utf-8").replace("currentColor", colour)
    side = max(1, round(size_px * ratio))
    pixmap = QPixmap(side, side)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    QSvgRenderer(QByteArray(svg.encode())).render(painter, QRectF(0, 0, side, side))
    painter.end()
    pixmap.setDevicePixelRatio(ratio)
    return pixmap


def help_file(name: str) -> Path:
    """A help text of the program."""
    return paths.resources() / "help" / name


_SHEET = """
* {{ font-family: "{family}"; font-size: {body}px; color: {text}; }}
QWidget#window, QWidget#page {{ background: {back}; }}
QWidget#bar {{ background: {panel}; border: 0; border-bottom: 1px solid {line}; }}
QWidget#side {{ background: {panel}; border: 0; border-left: 1px solid {line}; }}
QFrame#card {{ background: {panel}; border: 1px solid {line}; border-radius: {r2}px; }}
QFrame#toast {{ background: {raised}; border: 1px solid {line}; border-radius: {r}px; }}
QLabel {{ background: transparent; }}
QLabel#muted {{ color: {muted}; }}
QLabel#small {{ color: {muted}; font-size: {small}px; }}
QLabel#warning {{ color: {warning}; }}
QLabel#heading {{ font-size: {heading}px; font-weight: 600; }}
QLabel#section {{ color: {muted}; font-size: {small}px; font-weight: 600; }}
QLabel#title {{ font-size: {title}px; font-weight: 600; }}
QLabel#banner {{ background: {warning}; color: {on_warning}; font-weight: 600;
  padding: {p1}px {p3}px; }}
QPushButton, QComboBox, QLineEdit, QDoubleSpinBox, QSpinBox {{ background: {raised};
  border: 1px solid {line}; border-radius: {r}px; padding: {p1}px {p2}px; min-height: {row}px;
  selection-background-color: {accent}; selection-color: {on_accent}; }}
QPushButton:hover, QComboBox:hover {{ background: {hover}; }}
QPushButton:focus, QLineEdit:focus, QComboBox:focus, QDoubleSpinBox:focus, QSpinBox:focus {{
  border: 1px solid {accent}; }}
QPushButton:disabled {{ color: {muted}; background: {panel}; }}
QPushButton#main {{ background: {accent}; color: {on_accent}; font-weight: 600;
  border: 2px solid {accent}; min-height: {main}px; }}
QPushButton#main:focus {{ border: 2px solid {text}; }}
QPushButton:focus {{ outline: 0; }}
QPushButton#main:disabled {{ background: {raised}; color: {muted}; border-color: {raised}; }}
QPushButton#row {{ text-align: left; background: transparent; border: 1px solid transparent; }}
QPushButton#row:hover {{ background: {raised}; }}
QPushButton#row:focus {{ border: 1px solid {accent}; }}
QPushButton#row:disabled {{ color: {muted}; }}
QPushButton#flat {{ background: transparent; border: 0; color: {accent}; padding: 0 {p1}px; }}
QPushButton#flat:hover {{ text-decoration: underline; }}
QComboBox::drop-down {{ border: 0; width: {p4}px; }}
QComboBox QAbstractItemView {{ background: {panel}; border: 1px solid {line};
  selection-background-color: {hover}; selection-color: {text}; outline: 0; }}
QSpinBox::up-button, QSpinBox::down-button, QDoubleSpinBox::up-button,
QDoubleSpinBox::down-button {{ width: 0; border: 0; }}
QCheckBox {{ spacing: {p1}px; min-height: {row}px; }}
QCheckBox::indicator {{ width: {p2}px; height: {p2}px; border: 1px solid {muted};
  border-radius: {r1}px; background: {raised}; padding: 1px; }}
QCheckBox::indicator:hover, QCheckBox::indicator:focus {{ border: 1px solid {accent}; }}
QCheckBox::indicator:checked {{ background: {accent}; border: 1px solid {accent};
  image: url("{tick}"); }}
QCheckBox:focus {{ color: {accent}; }}
QComboBox::down-arrow {{ image: url("{arrow}"); width: {p2}px; height: {p2}px; }}
QMenu {{ background: {panel}; border: 1px solid {line}; padding: {p1}px 0; }}
QMenu::item {{ padding: {p1}px {p4}px {p1}px {p3}px; background: transparent; }}
QMenu::item:selected {{ background: {hover}; }}
QMenu::item:disabled {{ color: {muted}; }}
QMenu::icon {{ padding-left: {p2}px; }}
QMenu::indicator {{ width: {p2}px; height: {p2}px; left: {p1}px; }}
QMenu::indicator:checked {{ background: {accent}; border-radius: {r1}px; }}
QMenu::separator {{ height: 1px; background: {line}; margin: {p1}px 0; }}
QMenu::section {{ color: {muted}; }}
QToolTip {{ background: {raised}; color: {text}; border: 1px solid {line}; padding: 4px; }}
QScrollArea, QScrollArea > QWidget > QWidget {{ background: transparent; border: 0; }}
QTextBrowser, QPlainTextEdit {{ background: transparent; border: 0; }}
QTreeView {{ background: {back}; border: 1px solid {line}; border-radius: {r}px; outline: 0;
  alternate-background-color: {panel}; }}
QTreeView::item {{ padding: {p0}px {p1}px; border: 0; color: {text}; }}
QTreeView::item:hover {{ background: {hover}; }}
QTreeView::item:selected {{ background: {accent}; color: {on_accent}; }}
QHeaderView {{ background: {panel}; border: 0; }}
QHeaderView::section {{ background: {panel}; color: {muted}; border: 0;
  padding: {p1}px {p1}px {p1}px {cell}px;
  border-bottom: 1px solid {line}; font-size: {small}px; font-weight: 600; }}
QProgressBar {{ background: {raised}; border: 0; border-radius: {r1}px; max-height: {p1}px;
  min-height: {p1}px; }}
QProgressBar::chunk {{ background: {accent}; border-radius: {r1}px; }}
QScrollBar:vertical {{ background: transparent; width: {bar}px; margin: 0; }}
QScrollBar:horizontal {{ background: transparent; height: {p2}px; margin: 0; }}
QScrollBar::handle {{ background: {handle}; border-radius: {r1}px; min-height: 24px; }}
QScrollBar::handle:vertical {{ margin-left: {beside}px; }}
QScrollBar::handle:hover {{ background: {muted}; }}
QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
"""


def stylesheet(look: Look) -> str:
    """The whole program's stylesheet for a look."""
    palette = look.palette
    sizes = {
        "body": look.px(BODY_PX),
        "small": look.px(SMALL_PX),
        "heading": look.px(17),
        "title": look.px(40),
        "r1": look.px(3),
        "r": look.px(6),
        "r2": look.px(10),
        "p0": look.px(3),
        "p1": look.px(6),
        "p2": look.px(12),
        "p3": look.px(20),
        "p4": look.px(32),
        "row": look.px(20),
        "main": look.px(20) - 2,
        "cell": look.px(9),
        "bar": look.px(16),
        "beside": look.px(6),
    }
    colours = {
        "back": palette.back,
        "panel": palette.panel,
        "raised": palette.raised,
        "hover": palette.hover,
        "line": palette.line,
        "text": palette.text,
        "muted": palette.muted,
        "accent": palette.accent,
        "on_accent": palette.on_accent,
        "warning": palette.warning,
        "on_warning": palette.back,
        "handle": _mix(look.colour("muted"), look.colour("panel"), 0.5).name(),
    }
    icons = (paths.resources() / "icons").as_posix()
    pictures = {
        "tick": f"{icons}/tick-mark-{palette.name}.svg",
        "arrow": f"{icons}/arrow-down-{palette.name}.svg",
    }
    return _SHEET.format(family=look.family, **sizes, **colours, **pictures)
