"""Looks at a window as it is painted and says what is cut, overlaps or cannot be read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PyQt6.QtCore import QPoint, QPointF, QRect, QRectF, Qt
from PyQt6.QtGui import QColor, QImage, QWheelEvent
from PyQt6.QtWidgets import (
    QAbstractButton,
    QAbstractScrollArea,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLabel,
    QLayout,
    QLineEdit,
    QScrollArea,
    QWidget,
)

from screen_checks.painted import PaintedText, Shortened, listening
from sonoassist.gui.elided import ElidedButton, ElidedLabel
from sonoassist.gui.theme import contrast

SLACK_PX = 2.0
"""Letters may reach out of their room by so much without anybody seeing it."""
LEAST_LETTERS, LEAST_WORD = 5, 4
"""Of a name that is shortened, and of words that may be whole, as in "Note…"."""
LEAST_CONTRAST = 4.5
"""WCAG 2, level AA, for text of the usual size. Disabled controls are exempt there, and here."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong that is to be seen.

    Attributes:
        kind: "cut", "outside", "overlap" or "contrast".
        where: The widget, by its classes and name.
        text: What is wrong.
    """

    kind: str
    where: str
    text: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.where}: {self.text}"


@dataclass(frozen=True, slots=True)
class Sight:
    """A window as it is painted at one moment; good until anything on it changes.

    Attributes:
        picture: As it was painted.
        painted: The texts that widgets painted themselves.
        shortened: Those of them whose end had no room.
        shown: All widgets that can be seen, see `shown_in`.
    """

    picture: QImage
    painted: list[PaintedText]
    shortened: list[Shortened]
    shown: list[QWidget]


def sight_of(window: QWidget) -> Sight:
    """Paint a window that is shown."""
    shortened: list[Shortened] = []
    with listening(shortened) as painted:
        picture = window.grab().toImage()
    return Sight(picture, painted, shortened, list(shown_in(window)))


def look_at(window: QWidget, sight: Sight | None = None) -> list[Finding]:
    """Everything that is wrong with a window that is shown.

    Args:
        window: That is looked at.
        sight: Of it, as it is; left out: it is painted now.
    """
    sight = sight or sight_of(window)
    found = [
        *cut_texts(sight.shown),
        *painted_cut(sight.painted),
        *painted_shortened(sight.painted),
        *painted_over_each_other(sight.painted),
        *outside(window),
        *overlapping(window, sight.shown),
        *faint(window, sight),
    ]
    return list(dict.fromkeys(found))


# --- what there is --------------------------------------------------------------------------


def shown_in(window: QWidget) -> Iterator[QWidget]:
    """All widgets of the window that can be seen, without those that something lies over."""
    return (one for one in window.findChildren(QWidget) if is_shown(window, one))


def is_shown(window: QWidget, widget: QWidget) -> bool:
    """Whether a widget of the window can be seen, and nothing lies over it."""
    own_window = widget.window() is window.window()
    return widget.isVisible() and own_window and not hidden_below(window, widget)


def hidden_below(window: QWidget, widget: QWidget) -> bool:
    """Whether a sheet, a toast or a scroll area's edge hides it: the mouse would not reach it."""
    seen = seen_rect(window, widget)
    if seen.isEmpty():
        return True
    points = (seen.center(), seen.topLeft() + QPoint(1, 1), seen.bottomRight() - QPoint(1, 1))
    return not any(_reaches(window, widget, point) for point in points)


def _reaches(window: QWidget, widget: QWidget, point: QPoint) -> bool:
    transparent = Qt.WidgetAttribute.WA_TransparentForMouseEvents
    if widget.testAttribute(transparent):
        parent = widget.parentWidget()
        return parent is not None and _reaches(window, parent, point)
    there = window.childAt(point)
    return there is not None and (there is widget or widget.isAncestorOf(there))


def seen_rect(window: QWidget, widget: QWidget) -> QRect:
    """The part of a widget that its parents leave to be seen, in the window's pixels."""
    rect = in_window(window, widget)
    parent = widget.parentWidget()
    while parent is not None and parent is not window:
        rect = rect.intersected(in_window(window, parent))
        parent = parent.parentWidget()
    return rect.intersected(window.rect())


def in_window(window: QWidget, widget: QWidget) -> QRect:
    """The whole of a widget, in the window's pixels."""
    return QRect(widget.mapTo(window, QPoint(0, 0)), widget.size())


def name_of(widget: QWidget) -> str:
    """A widget by its classes and names, from near the window down to itself."""
    names = []
    at: QWidget | None = widget
    while at is not None and len(names) < 3:
        name = type(at).__name__
        names.append(f"{name}#{at.objectName()}" if at.objectName() else name)
        at = at.parentWidget()
    return " > ".join(reversed(names))


def in_scroll_area(widget: QWidget) -> QAbstractScrollArea | None:
    """The scroll area whose contents it is or belongs to, or None."""
    at: QWidget | None = widget.parentWidget()
    while at is not None:
        if isinstance(at, QAbstractScrollArea):
            return at
        at = at.parentWidget()
    return None


# --- cut texts ------------------------------------------------------------------------------


def cut_texts(shown: Iterable[QWidget]) -> Iterator[Finding]:
    """Labels, buttons and fields that are too small for what they say."""
    for widget in shown:
        if isinstance(widget, ElidedLabel | ElidedButton):
            yield from _cut_elided(widget)
        elif isinstance(widget, QLabel):
            yield from _cut_label(widget)
        elif isinstance(widget, QAbstractButton | QComboBox) and is_native(widget):
            yield from _cut_button(widget)
        elif isinstance(widget, QLineEdit) and not widget.text():
            yield from _cut_placeholder(widget)


def is_native(widget: QWidget) -> bool:
    """Whether Qt paints it; what paints itself is heard by `painted`."""
    return not any("paintEvent" in vars(one) for one in type(widget).__mro__ if _is_ours(one))


def _is_ours(one: type) -> bool:
    return not one.__module__.startswith("PyQt6")


def _cut_label(label: QLabel) -> Iterator[Finding]:
    if not label.text().strip():
        return
    if label.wordWrap():
        wanted = label.heightForWidth(label.width())
        if wanted > label.height() + SLACK_PX:
            yield _cut(label, label.text(), f"{wanted} px high in {label.height()}")
        words = label.text().replace("\u200b", " ").split()
        widest = max((_wide(label, word) for word in words), default=0)
        if label.textFormat() is Qt.TextFormat.PlainText and widest > label.width() + SLACK_PX:
            yield _cut(label, label.text(), f"a word of {widest} px in {label.width()}")
        return
    hint = label.sizeHint()
    if hint.width() > label.width() + SLACK_PX or hint.height() > label.height() + SLACK_PX:
        yield _cut(label, label.text(), _sizes(hint.width(), hint.height(), label))


def _cut_elided(label: ElidedLabel | ElidedButton) -> Iterator[Finding]:
    """It may be shortened where the tooltip has all and something of it can still be read."""
    shown, whole = label.shown_text(), label.text()
    too_low = label.sizeHint().height() > label.height() + SLACK_PX
    if too_low or len(shown) < min(len(whole), LEAST_LETTERS):
        yield _cut(label, whole, f"{shown!r} in {label.width()} x {label.height()}")
    elif shown != whole and whole not in label.toolTip():
        yield _cut(label, whole, "no tooltip has all of it")


def _wide(widget: QWidget, text: str) -> int:
    return widget.fontMetrics().horizontalAdvance(text)


def _cut_button(button: QAbstractButton | QComboBox) -> Iterator[Finding]:
    text = button.currentText() if isinstance(button, QComboBox) else button.text()
    hint = button.minimumSizeHint() if isinstance(button, QComboBox) else button.sizeHint()
    inside = _wide(button, text) if isinstance(button, QComboBox) else 0
    wide = max(hint.width() if not isinstance(button, QComboBox) else 0, inside)
    too_narrow = wide > button.width() + SLACK_PX
    if text and (too_narrow or hint.height() > button.height() + SLACK_PX):
        yield _cut(button, text, _sizes(wide, hint.height(), button))


def _cut_placeholder(line: QLineEdit) -> Iterator[Finding]:
    wide = _wide(line, line.placeholderText())
    if wide > line.contentsRect().width() - 4:
        yield _cut(line, line.placeholderText(), f"{wide} px in {line.width()}")


def _sizes(wide: int, high: int, widget: QWidget) -> str:
    return f"{wide} x {high} px in {widget.width()} x {widget.height()}"


def _cut(widget: QWidget, text: str, why: str) -> Finding:
    return Finding("cut", name_of(widget), f"{text[:60]!r} ({why})")


def painted_cut(painted: Iterable[PaintedText]) -> Iterator[Finding]:
    """Texts that a widget paints into too little room, or over its own edge."""
    for one in painted:
        slack = QRectF(-SLACK_PX, -SLACK_PX, 2 * SLACK_PX, 2 * SLACK_PX)
        bounds = [QRectF(one.widget.rect()), *([one.room] if one.room is not None else [])]
        for bound in bounds:
            wide = bound.adjusted(slack.left(), slack.top(), SLACK_PX, SLACK_PX)
            across = one.ink.left() >= wide.left() and one.ink.right() <= wide.right()
            if not across or not _high_enough(one, bound):
                why = f"{one.ink.width():.0f} px in {bound.width():.0f}"
                yield _cut(one.widget, one.text, why)
                break


def _high_enough(one: PaintedText, bound: QRectF) -> bool:
    if one.line:
        return one.ink.top() >= bound.top() - 1 and one.ink.bottom() <= bound.bottom() + 1
    inside = bound.top() <= one.ink.center().y() <= bound.bottom()
    return inside and one.ink.height() <= bound.height() * 1.25 + SLACK_PX


def painted_shortened(painted: Iterable[PaintedText]) -> Iterator[Finding]:
    """Texts of which so few letters are painted that they say nothing."""
    for one in painted:
        if "…" in one.text and len(one.text.strip("… ")) < LEAST_WORD:
            yield _cut(one.widget, one.text, "nobody knows what it says")


# --- what the wheel does ---


def changed_by_wheel(window: QWidget) -> Iterator[Finding]:
    """Fields that the wheel changes on its way over them, where it is to scroll."""
    for widget in window.findChildren(QWidget):
        turned = isinstance(widget, QAbstractSpinBox | QComboBox) and in_scroll_area(widget)
        if turned and is_shown(window, widget):
            before = _value(widget)
            _turn_wheel(widget)
            if _value(widget) != before:
                yield Finding("wheel", name_of(widget), f"{before!r} became {_value(widget)!r}")


def _value(widget: QAbstractSpinBox | QComboBox) -> str:
    return widget.currentText() if isinstance(widget, QComboBox) else widget.text()


def _turn_wheel(widget: QWidget) -> None:
    """To and fro, so that neither end of a range hides it; the field has no focus before."""
    middle = QPointF(widget.rect().center())
    for degrees in (-120, -120, 120):
        event = QWheelEvent(
            middle,
            QPointF(widget.mapToGlobal(middle)),
            QPoint(0, 0),
            QPoint(0, degrees),
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(widget, event)


# --- outside and overlapping ----------------------------------------------------------------


def outside(window: QWidget) -> Iterator[Finding]:
    """Widgets that reach out of what they lie in, so that a part of them cannot be seen."""
    for widget in window.findChildren(QWidget):
        parent = widget.parentWidget()
        if not widget.isVisible() or parent is None or widget.window() is not window.window():
            continue
        area = parent.parentWidget()
        if isinstance(area, QScrollArea):
            yield from _too_wide_to_scroll(area, widget)
        elif not isinstance(area, QAbstractScrollArea) and not isinstance(
            parent, QAbstractScrollArea
        ):
            yield from _out_of(parent, widget)


def _out_of(parent: QWidget, widget: QWidget) -> Iterator[Finding]:
    rect = parent.rect().adjusted(-2, -2, 2, 2)
    if not rect.contains(widget.geometry()) and not widget.geometry().isEmpty():
        where = widget.geometry()
        yield Finding(
            "outside",
            name_of(widget),
            f"{where.getRect()} in {parent.width()} x {parent.height()}",
        )


def _too_wide_to_scroll(area: QScrollArea, inside: QWidget) -> Iterator[Finding]:
    viewport = area.viewport()
    if viewport is not None and inside.width() > viewport.width() + SLACK_PX:
        why = f"{inside.width()} px wide in {viewport.width()}"
        yield Finding("outside", name_of(area), f"it must be scrolled sideways: {why}")


def overlapping(window: QWidget, shown: Iterable[QWidget]) -> Iterator[Finding]:
    """Widgets of one layout that lie over each other; of those that are shown."""
    for parent in (window, *shown):
        layout = parent.layout()
        if layout is None:
            continue
        placed = [one for one in _placed_by(layout) if one.isVisible() and one.parent() is parent]
        for at, one in enumerate(placed):
            for other in placed[at + 1 :]:
                shared = one.geometry().intersected(other.geometry())
                if shared.width() > SLACK_PX and shared.height() > SLACK_PX:
                    yield Finding(
                        "overlap",
                        name_of(parent),
                        f"{name_of(one)} and {name_of(other)} share {shared.getRect()}",
                    )


def _placed_by(layout: QLayout) -> Iterator[QWidget]:
    """All widgets that a layout and those in it place; a stack shows one of its own."""
    for at in range(layout.count()):
        item = layout.itemAt(at)
        if item is None:
            continue
        widget, inner = item.widget(), item.layout()
        if widget is not None:
            yield widget
        elif inner is not None:
            yield from _placed_by(inner)


def painted_over_each_other(painted: Iterable[PaintedText]) -> Iterator[Finding]:
    """Texts of one widget that are painted over each other."""
    by_widget: dict[int, list[PaintedText]] = {}
    for one in painted:
        by_widget.setdefault(id(one.widget), []).append(one)
    for texts in by_widget.values():
        for at, one in enumerate(texts):
            for other in texts[at + 1 :]:
                shared = one.ink.intersected(other.ink)
                if shared.width() > SLACK_PX and shared.height() > SLACK_PX + 2:
                    yield Finding(
                        "overlap", name_of(one.widget), f"{one.text!r} and {other.text!r}"
                    )


# --- contrast -------------------------------------------------------------------------------


def faint(window: QWidget, sight: Sight) -> Iterator[Finding]:
    """Texts too near in colour to what is behind them; behind them is what was painted there."""
    picture = sight.picture
    for widget in sight.shown:
        text = _text_of(widget)
        if text and widget.isEnabled():
            colour = widget.palette().color(widget.foregroundRole())
            rect = seen_rect(window, widget)
            yield from _faint(picture, rect, colour, widget, text)
    for one in sight.painted:
        if one.widget.isEnabled() and not hidden_below(window, one.widget):
            at = one.widget.mapTo(window, QPoint(0, 0))
            rect = one.ink.translated(at.x(), at.y()).toAlignedRect()
            seen = rect.intersected(seen_rect(window, one.widget))
            points = (seen.topLeft(), seen.center(), seen.bottomRight())
            if not all(_reaches(window, one.widget, point) for point in points):
                continue  # a notice lies over this text, or a part of it
            yield from _faint(picture, seen, one.colour, one.widget, one.text)


def _text_of(widget: QWidget) -> str:
    """The text that Qt paints of a widget in one colour."""
    if isinstance(widget, QLabel) and widget.textFormat() is not Qt.TextFormat.RichText:
        return widget.text()
    if isinstance(widget, QAbstractButton) and is_native(widget):
        return widget.text()
    return widget.currentText() if isinstance(widget, QComboBox) else ""


def _faint(
    picture: QImage, rect: QRect, colour: QColor, widget: QWidget, text: str
) -> Iterator[Finding]:
    behind = ground_of(picture, rect)
    if behind is None:
        return
    ratio = contrast(_over(colour, behind), behind)
    if ratio < LEAST_CONTRAST:
        colours = f"{colour.name()} on {behind.name()}"
        yield Finding("contrast", name_of(widget), f"{text[:40]!r}: {ratio:.1f} ({colours})")


def _over(colour: QColor, behind: QColor) -> QColor:
    """A colour that lets through what is behind it, as it is seen."""
    share = colour.alphaF()
    mixed = (
        one * share + other * (1 - share)
        for one, other in zip(
            (colour.redF(), colour.greenF(), colour.blueF()),
            (behind.redF(), behind.greenF(), behind.blueF()),
            strict=True,
        )
    )
    return QColor.fromRgbF(*(min(max(value, 0.0), 1.0) for value in mixed))


def ground_of(picture: QImage, rect: QRect) -> QColor | None:
    """The colour that most of a place has: what its text stands on."""
    inside = rect.intersected(picture.rect())
    if inside.width() < 3 or inside.height() < 3:
        return None
    wide, high = max(inside.width() // 60, 1), max(inside.height() // 16, 1)
    rows = slice(inside.top(), inside.bottom() + 1, high)
    columns = slice(inside.left(), inside.right() + 1, wide)
    some = pixels_of(picture)[rows, columns]
    values, first, count = np.unique(some, return_index=True, return_counts=True)
    most = min(np.flatnonzero(count == count.max()), key=lambda at: int(first[at]))
    return QColor(int(values[most]))


def pixels_of(picture: QImage) -> npt.NDArray[np.uint32]:
    """The pixels of a picture without transparent ones as 0xffRRGGBB, (H, W), not copied."""
    assert picture.depth() == 32, picture.format()
    bits = picture.constBits()
    assert bits is not None
    rows = np.frombuffer(bits.asarray(picture.sizeInBytes()), np.uint32)
    return rows.reshape(picture.height(), -1)[:, : picture.width()]
