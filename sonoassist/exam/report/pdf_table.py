"""The checklist in the PDF: a row an item, as high as its note needs."""

from __future__ import annotations

from collections.abc import Sequence

from sonoassist.core.planes import BY_KEY
from sonoassist.exam.checklist import ItemState, Line
from sonoassist.exam.report import words
from sonoassist.exam.report.pdf_page import ALARM, GOOD, INK, LINE, SOFT, Colour, PdfSheet, on_white
from sonoassist.exam.report.pdf_text import latin

SIZE_PT = 9.0
ROOM_MM = 1.35
"""Above and below the text of a row."""
NAMES = ("Item", "State", "Confidence", "Quality", "Time", "Note")
WIDTHS_MM = (41.0, 45.0, 20.0, 15.0, 19.0, 40.0)
RIGHT = (2, 3, 4)
GAP_MM = 3.0
NOTE_MM = 4.0
"""Further room before the notes: the numbers beside them stand at their right edge."""
_COLOURS: dict[ItemState, Colour] = {
    ItemState.KEPT: GOOD,
    ItemState.TICKED: GOOD,
    ItemState.BEST: ALARM,
    ItemState.REJECTED: SOFT,
    ItemState.MISSING: SOFT,
}


def draw_checklist(sheet: PdfSheet, lines: Sequence[Line]) -> None:
    """The table; its header is repeated on the next page."""
    _header(sheet)
    for line in lines:
        sheet.ink(SIZE_PT)
        cells = [line.item.label, words.state(line), *words.details(line), line.note]
        broken = [
            sheet.lines_of(cell, width - GAP_MM - (5 if place == 0 else 0)) or [""]
            for place, (cell, width) in enumerate(zip(cells, WIDTHS_MM, strict=True))
        ]
        step = SIZE_PT * LINE
        # A note longer than a page would never fit: it is cut, and the words say so.
        broken[-1] = _cut(broken[-1])
        height = max(len(part) for part in broken) * step + 2 * ROOM_MM
        if sheet.left_mm < height:
            sheet.add_page()
            _header(sheet)
        _row(sheet, line, broken, height)


MOST_LINES = 40


def _cut(lines: list[str]) -> list[str]:
    if len(lines) <= MOST_LINES:
        return lines
    return [*lines[: MOST_LINES - 1], "... (more in report.html)"]


def _header(sheet: PdfSheet) -> None:
    sheet.ink(8, SOFT, bold=True)
    top = sheet.get_y()
    for place, (name, left) in enumerate(zip(NAMES, _lefts(sheet), strict=True)):
        sheet.set_xy(left, top)
        width = _width(place)
        sheet.cell(width, 5, name, align="R" if place in RIGHT else "L")
    sheet.set_xy(sheet.l_margin, top + 5.6)
    sheet.rule()


def _lefts(sheet: PdfSheet) -> list[float]:
    return [sheet.l_margin + sum(WIDTHS_MM[:place]) for place in range(len(WIDTHS_MM))]


def _width(place: int) -> float:
    """Of the text in a column."""
    return WIDTHS_MM[place] - GAP_MM - (NOTE_MM if NAMES[place] == "Time" else 0)


def _row(sheet: PdfSheet, line: Line, cells: list[list[str]], height: float) -> None:
    top, step = sheet.get_y(), SIZE_PT * LINE
    _dot(sheet, line, top + ROOM_MM + 0.75)
    important = line.state is ItemState.MISSING and line.item.required
    for place, (lines, left) in enumerate(zip(cells, _lefts(sheet), strict=True)):
        bold = place == 0 or (place == 1 and (important or line.state.found))
        colour = _COLOURS[line.state] if place == 1 and not important else INK
        sheet.ink(SIZE_PT, colour, bold=bold)
        width = _width(place)
        for number, text in enumerate(lines):
            sheet.set_xy(left + (5 if place == 0 else 0), top + ROOM_MM + number * step)
            sheet.cell(width, step, latin(text), align="R" if place in RIGHT else "L")
    sheet.set_xy(sheet.l_margin, top + height)
    sheet.rule()


def _dot(sheet: PdfSheet, line: Line, top: float) -> None:
    plane = BY_KEY.get(line.item.plane)
    sheet.set_draw_color(*SOFT)
    sheet.set_fill_color(*(on_white(plane.colour, 1.0) if plane else (255, 255, 255)))
    sheet.rect(sheet.l_margin, top, 2.6, 2.6, style="F" if plane else "D")
