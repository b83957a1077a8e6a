"""What is wrong with notes, chips and hints: things under a note, equal notes, words cut short."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import combinations

from PyQt6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QScrollBar,
    QTextBrowser,
    QWidget,
)

from screen_checks.checks import (
    Finding,
    Sight,
    in_window,
    is_native,
    name_of,
    seen_rect,
    sight_of,
)
from screen_checks.painted import PaintedText, Shortened
from sonoassist.gui.sheets import Sheet
from sonoassist.gui.toast import Toast
from sonoassist.gui.toasts import same_matter
from sonoassist.gui.viewport import Viewport

_READ_OR_PRESSED = (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QTextBrowser,
)


def look_at_notes(window: QWidget, sight: Sight | None = None) -> list[Finding]:
    """Everything that is wrong with the notes, chips and hints of a window.

    Args:
        window: That is looked at.
        sight: Of it, as it is; left out: it is painted now.
    """
    sight = sight or sight_of(window)
    found = [
        *under_notes(window),
        *equal_notes(window),
        *chips_cut(window, sight.painted),
        *hints_cut(window, sight.shortened),
    ]
    return list(dict.fromkeys(found))


def notes_on(window: QWidget) -> list[Toast]:
    """The notes that are seen."""
    return [one for one in window.findChildren(Toast) if one.isVisible()]


def under_notes(window: QWidget) -> Iterator[Finding]:
    """What is to be read or pressed, and a note lies over it."""
    notes = notes_on(window)
    readable = list(_readable(window, notes)) if notes else []
    for note in notes:
        where = in_window(window, note)
        for widget in readable:
            apart = not (widget.isAncestorOf(note) or note.isAncestorOf(widget))
            under = seen_rect(window, widget).intersected(where)
            if widget is not note and apart and not under.isEmpty():
                yield Finding("covered", name_of(widget), f"a note lies on {under.getRect()}")


def _readable(window: QWidget, notes: Iterable[Toast]) -> Iterator[QWidget]:
    """All that says or shows something, or is pressed, of what lies on top but for the notes."""
    sheets = [one for one in window.findChildren(Sheet) if one.isVisible()]
    for widget in window.findChildren(QWidget):
        if widget.isVisible() and not isinstance(widget, QScrollBar) and _says_something(widget):
            below = any(_under_sheet(window, sheet, widget) for sheet in sheets)
            if not below and not any(note.isAncestorOf(widget) for note in notes):
                yield widget


def _under_sheet(window: QWidget, sheet: Sheet, widget: QWidget) -> bool:
    if sheet is widget or sheet.isAncestorOf(widget):
        return False
    return in_window(window, sheet).contains(seen_rect(window, widget))


def _says_something(widget: QWidget) -> bool:
    if isinstance(widget, QLabel):
        return bool(widget.text().strip()) or not widget.pixmap().isNull()
    paints = not is_native(widget) and not isinstance(widget, Sheet)
    return isinstance(widget, _READ_OR_PRESSED) or paints


def equal_notes(window: QWidget) -> Iterator[Finding]:
    """Notes that say the same beside each other."""
    notices = [note.notice for note in notes_on(window)]
    for one, other in combinations(notices, 2):
        if same_matter(one, other):
            yield Finding("equal", "Toast", f"{one.title!r} and {other.title!r}")


def chips_cut(window: QWidget, painted: Iterable[PaintedText]) -> Iterator[Finding]:
    """Chips that say neither all of their words nor their short ones; extra ones may be missing."""
    said = {(id(one.widget), one.text) for one in painted}
    for viewport in window.findChildren(Viewport):
        if not viewport.isVisible():
            continue
        for chip in viewport._chips():
            if not chip.extra and not any(
                (id(viewport), words) in said for words in (chip.text, chip.short)
            ):
                yield Finding("cut", name_of(viewport), f"{chip.text!r} is not said whole")


def hints_cut(window: QWidget, shortened: Iterable[Shortened]) -> Iterator[Finding]:
    """Sentences that end in the middle; a name may be cut, in its middle."""
    for one in shortened:
        yield Finding("cut", name_of(one.widget), f"{one.text!r} ends as {one.shown!r}")
