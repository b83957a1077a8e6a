"""The report as a document for print: A4, with everything the page on screen has."""

from __future__ import annotations

from collections.abc import Sequence

from sonoassist.exam.exam_clock import clock
from sonoassist.exam.report import words
from sonoassist.exam.report.data import ReportData
from sonoassist.exam.report.pdf_page import (
    ALARM,
    ALARM_BACK,
    GOOD,
    INK,
    LINE,
    RULE,
    SOFT,
    TRACK,
    WHITE,
    PdfSheet,
    on_white,
)
from sonoassist.exam.report.pdf_table import draw_checklist
from sonoassist.exam.report.pdf_text import HINT, latin, loses
from sonoassist.exam.report.stills import Still, as_jpeg, in_frame, without_margins
from sonoassist.exam.report.timeline import ReportTimeline

ACROSS = 2
GUTTER_MM = 6.0
SHAPE = 0.68
"""Height over width of the frame round a still."""
WIDEST_PX = 1200
CAPTION_PT = 8.0
NAME_MM, ROW_MM, BAR_MM = 24.0, 5.4, 3.8


def as_pdf(data: ReportData) -> bytes:
    """The document."""
    name = data.info.start.study_id or data.info.exam_id
    sheet = PdfSheet(f"{words.TITLE}: {name}", name)
    _head(sheet, data)
    _cards(sheet, data)
    _notes(sheet, data)
    _checklist(sheet, data)
    _stills(sheet, data)
    _timeline(sheet, data)
    _recordings(sheet, data)
    _technical(sheet, data)
    return bytes(sheet.output())


def _head(sheet: PdfSheet, data: ReportData) -> None:
    sheet.ink(21, INK, bold=True)
    sheet.cell(sheet.wide_mm, 10, words.TITLE, new_x="LMARGIN", new_y="NEXT")
    sheet.ln(1)
    _pairs(sheet, words.head(data), sheet.l_margin, 22.0, sheet.wide_mm, 9.5)
    if data.warnings:
        sheet.ln(3)
        _warnings(sheet, [f"{line}." for line in data.warnings])


def _warnings(sheet: PdfSheet, texts: Sequence[str]) -> None:
    sheet.ink(9.5, ALARM, bold=True)
    lines = [line for text in texts for line in sheet.lines_of(text, sheet.wide_mm - 8)]
    step = 9.5 * LINE + 0.4
    top, height = sheet.get_y(), len(lines) * step + 4
    sheet.set_fill_color(*ALARM_BACK)
    sheet.rect(sheet.l_margin, top, sheet.wide_mm, height, style="F")
    sheet.set_fill_color(*ALARM)
    sheet.rect(sheet.l_margin, top, 1.2, height, style="F")
    sheet.block(sheet.l_margin + 5, top + 2, lines, step)
    sheet.set_xy(sheet.l_margin, top + height)


def _cards(sheet: PdfSheet, data: ReportData) -> None:
    cards = words.cards(data)
    sheet.ln(5)
    gap, top, height = 4.0, sheet.get_y(), 17.0
    width = (sheet.wide_mm - gap * (len(cards) - 1)) / len(cards)
    for place, (value, name) in enumerate(cards):
        left = sheet.l_margin + place * (width + gap)
        sheet.set_draw_color(*RULE)
        sheet.set_line_width(0.3)
        sheet.rect(left, top, width, height, style="D", round_corners=True, corner_radius=1.6)
        sheet.ink(17, INK, bold=True)
        sheet.set_xy(left + 3.5, top + 2.4)
        sheet.cell(width - 7, 7, value)
        sheet.ink(8.5, SOFT)
        sheet.set_xy(left + 3.5, top + 10.2)
        sheet.cell(width - 7, 4, name)
    sheet.set_xy(sheet.l_margin, top + height + 2)
    if names := words.missing(data):
        sheet.paragraph(f"Missing: {names}.")


def _notes(sheet: PdfSheet, data: ReportData) -> None:
    said = [data.info.note.strip(), data.info.start.study_id, *(line.note for line in data.lines)]
    if said[0]:
        sheet.heading("Notes", keep_mm=10)
        sheet.paragraph(said[0])
    if any(loses(text) for text in (*said, *(line.item.label for line in data.lines))):
        sheet.ln(1)
        sheet.paragraph(HINT, 8.5, SOFT)


def _checklist(sheet: PdfSheet, data: ReportData) -> None:
    name = data.info.start.preset
    sheet.heading(f"Checklist: {name}" if name else "Checklist")
    if not data.lines:
        sheet.paragraph("The exam had no checklist.", colour=SOFT)
        return
    draw_checklist(sheet, data.lines)
    sheet.ln(2)
    sheet.paragraph(words.about_confidence(data), 8.5, SOFT)


def _timeline(sheet: PdfSheet, data: ReportData) -> None:
    line = data.timeline
    sheet.heading("Timeline", keep_mm=len(line.planes) * ROW_MM + 16 if not line.empty else 10)
    if line.empty:
        sheet.paragraph(words.NO_FRAMES, colour=SOFT)
        return
    top, left = sheet.get_y(), sheet.l_margin + NAME_MM
    wide = sheet.wide_mm - NAME_MM - 4
    for row, plane in enumerate(line.planes):
        sheet.ink(8)
        sheet.set_xy(sheet.l_margin, top + row * ROW_MM)
        sheet.cell(NAME_MM - 2.5, ROW_MM, latin(plane.label), align="R")
        _strip(sheet, line, row, left, top, wide)
    foot = top + len(line.planes) * ROW_MM
    _axis(sheet, line, left, top, wide)
    _marks(sheet, line, left, top, wide)
    sheet.set_xy(sheet.l_margin, foot + 6.5)
    sheet.paragraph(words.legend(line), 8.5, SOFT)


def _strip(
    sheet: PdfSheet, line: ReportTimeline, row: int, left: float, top: float, wide: float
) -> None:
    y = top + row * ROW_MM + (ROW_MM - BAR_MM) / 2
    sheet.set_fill_color(*TRACK)
    sheet.rect(left, y, wide, BAR_MM, style="F")
    for run in line.runs(row):
        shade = line.shade(run.confidence, run.begin * line.length_s)
        sheet.set_fill_color(*on_white(line.planes[row].colour, shade))
        sheet.rect(left + run.begin * wide, y, (run.end - run.begin) * wide, BAR_MM, style="F")


def _axis(sheet: PdfSheet, line: ReportTimeline, left: float, top: float, wide: float) -> None:
    foot = top + len(line.planes) * ROW_MM
    sheet.set_draw_color(*RULE)
    sheet.set_line_width(0.15)
    sheet.ink(7.5, SOFT)
    for tick_s in line.ticks_s() if line.length_s else []:
        x = left + wide * tick_s / line.length_s
        sheet.line(x, top, x, foot + 1)
        sheet.set_xy(x - 8, foot + 1.4)
        sheet.cell(16, 3.4, clock(tick_s), align="C")


def _marks(sheet: PdfSheet, line: ReportTimeline, left: float, top: float, wide: float) -> None:
    sheet.set_draw_color(*INK)
    sheet.set_line_width(0.35)
    for mark in line.marks:
        x = left + wide * mark.at_s / max(line.length_s, 1e-9)
        sheet.set_fill_color(*(INK if mark.kept else WHITE))
        sheet.circle(x, top + (mark.row + 0.5) * ROW_MM, 1.1, style="DF")


def _stills(sheet: PdfSheet, data: ReportData) -> None:
    width = (sheet.wide_mm - GUTTER_MM * (ACROSS - 1)) / ACROSS
    sheet.heading("Pictures", keep_mm=width * SHAPE + 30 if data.stills else 10)
    if not data.stills:
        sheet.paragraph(words.NO_STILLS, colour=SOFT)
        return
    for place in range(0, len(data.stills), ACROSS):
        _row_of_stills(sheet, data, data.stills[place : place + ACROSS], width)


def _row_of_stills(
    sheet: PdfSheet, data: ReportData, stills: Sequence[Still], width: float
) -> None:
    sheet.ink(CAPTION_PT)
    captions = [
        [part for text in words.caption(data, still) for part in sheet.lines_of(text, width)]
        for still in stills
    ]
    below = 7 + max(len(lines) for lines in captions) * CAPTION_PT * LINE + 4.5
    sheet.need(width * SHAPE + below)
    top = sheet.get_y()
    for place, (still, lines) in enumerate(zip(stills, captions, strict=True)):
        left = sheet.l_margin + place * (width + GUTTER_MM)
        _picture(sheet, still, (left, top, width, width * SHAPE), data.options.mask)
        _caption(sheet, still, lines, (left, top + width * SHAPE + 1.6), width)
    sheet.set_xy(sheet.l_margin, top + width * SHAPE + below)


def _picture(
    sheet: PdfSheet, still: Still, box: tuple[float, float, float, float], mask: bool
) -> None:
    if still.picture is not None:
        shown = without_margins(still.picture) if mask else still.picture
        sheet.picture(as_jpeg(in_frame(shown, SHAPE), WIDEST_PX, 92), box)
        return
    left, top, width, height = box
    sheet.set_fill_color(*TRACK)
    sheet.rect(left, top, width, height, style="F")
    sheet.ink(CAPTION_PT, SOFT)
    sheet.set_xy(left + 6, top + height / 2 - 4)
    sheet.multi_cell(width - 12, 4.2, latin(f"{still.trouble}."), align="C")


def _caption(
    sheet: PdfSheet, still: Still, lines: Sequence[str], corner: tuple[float, float], width: float
) -> None:
    left, top = corner
    sheet.ink(CAPTION_PT, GOOD if still.reviewed else ALARM, bold=True)
    review = words.review(still)
    wide = sheet.get_string_width(review) + 1
    sheet.set_xy(left + width - wide, top)
    sheet.cell(wide, 5, review, align="R")
    sheet.ink(10.5, INK, bold=True)
    sheet.set_xy(left, top)
    sheet.cell(width - wide - 3, 5, sheet.fitted(still.label, width - wide - 3))
    sheet.ink(CAPTION_PT, SOFT)
    sheet.block(left, top + 5.2, lines, CAPTION_PT * LINE)


def _recordings(sheet: PdfSheet, data: ReportData) -> None:
    if not data.recordings:
        return
    sheet.heading("Recordings", keep_mm=8)
    for one in data.recordings:
        sheet.paragraph(words.recording(one))


def _technical(sheet: PdfSheet, data: ReportData) -> None:
    columns = [words.model(data), words.settings(data)]
    step, half = 9 * LINE + 0.5, (sheet.wide_mm - GUTTER_MM) / 2
    sheet.heading("Model and settings", keep_mm=max(map(len, columns)) * step + 16)
    top, foot = sheet.get_y(), 0.0
    for place, pairs in enumerate(columns):
        sheet.set_y(top)
        _pairs(sheet, pairs, sheet.l_margin + place * (half + GUTTER_MM), 32.0, half, 9)
        foot = max(foot, sheet.get_y())
    sheet.set_xy(sheet.l_margin, foot + 2)
    sheet.paragraph(f"Pictures: {words.drawn(data)}. {words.made(data)}.", 8.5, SOFT)


def _pairs(
    sheet: PdfSheet,
    pairs: Sequence[tuple[str, str]],
    left: float,
    name_mm: float,
    width: float,
    size_pt: float,
) -> None:
    """Names and values below each other."""
    step = size_pt * LINE + 0.5
    for name, value in pairs:
        sheet.ink(size_pt, INK)
        lines = sheet.lines_of(value, width - name_mm) or [""]
        sheet.need(len(lines) * step)
        top = sheet.get_y()
        sheet.ink(size_pt, SOFT)
        sheet.set_xy(left, top)
        sheet.cell(name_mm, step, latin(name))
        sheet.ink(size_pt, INK)
        sheet.block(left + name_mm, top, lines, step)
        sheet.set_xy(sheet.l_margin, top + len(lines) * step)
