"""The sheet: its fonts, margins, footer, and the few things that are drawn on it."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import datetime, timezone

from fpdf import FPDF

from sonoassist.exam.report.pdf_text import latin
from sonoassist.exam.report.words import FOOTER

FONT = "Helvetica"
MARGIN_MM, FOOT_MM = 15.0, 18.0
LINE = 0.43
"""Height of a line of text in mm for each point of its size."""

Colour = tuple[int, int, int]
INK: Colour = (27, 33, 41)
SOFT: Colour = (91, 102, 115)
RULE: Colour = (214, 219, 225)
TRACK: Colour = (238, 240, 243)
ACCENT: Colour = (31, 122, 140)
ALARM: Colour = (163, 74, 22)
ALARM_BACK: Colour = (253, 243, 236)
GOOD: Colour = (29, 107, 64)
WHITE: Colour = (255, 255, 255)


class PdfSheet(FPDF):
    """A4, upright, with the notice and the page number on each page.

    Args:
        title: Of the document.
        name: Of the exam, for the footer.
    """

    def __init__(self, title: str, name: str) -> None:
        super().__init__(orientation="portrait", unit="mm", format="A4")
        self._name = latin(name)[:48]
        self.set_title(latin(title))
        self.set_creator("SonoAssist")
        self.set_lang("en")
        self.set_creation_date(datetime.now(timezone.utc))
        self.set_margins(MARGIN_MM, MARGIN_MM, MARGIN_MM)
        self.set_auto_page_break(True, FOOT_MM)
        self.c_margin = 0
        self.add_page()

    @property
    def wide_mm(self) -> float:
        """Width between the margins."""
        return float(self.epw)

    @property
    def left_mm(self) -> float:
        """Height that is left on the page."""
        return float(self.h - FOOT_MM - self.get_y())

    def footer(self) -> None:
        """What stands below each page."""
        self.set_y(-FOOT_MM + 5)
        self.rule()
        self.set_y(-FOOT_MM + 6.5)
        self.ink(8, INK, bold=True)
        self.cell(self.wide_mm / 2, 4, FOOTER)
        self.ink(8, SOFT)
        # The sign for the number of pages is wider than the number that takes its place.
        more = self.get_string_width("{nb}") - self.get_string_width("0")
        words = f"{self._name}    Page {self.page_no()} of {{nb}}"
        self.cell(self.wide_mm / 2 + more, 4, words, align="R")

    def ink(self, size_pt: float, colour: Colour = INK, *, bold: bool = False) -> None:
        """Choose how the next text looks."""
        self.set_font(FONT, "B" if bold else "", size_pt)
        self.set_text_color(*colour)

    def rule(self) -> None:
        """A thin line across the page."""
        self.set_draw_color(*RULE)
        self.set_line_width(0.2)
        self.line(self.l_margin, self.get_y(), self.w - self.r_margin, self.get_y())

    def need(self, height_mm: float) -> None:
        """Begin a new page when so much does not fit on this one."""
        if self.left_mm < height_mm:
            self.add_page()

    def heading(self, text: str, keep_mm: float = 30.0) -> None:
        """Title of a section; it stays on the page of what follows.

        Args:
            text: Of the title.
            keep_mm: Height of what has to follow on the same page.
        """
        self.need(keep_mm + 12)
        if self.get_y() > MARGIN_MM + 1:
            self.ln(5)
        self.ink(13, INK, bold=True)
        self.cell(self.wide_mm, 7, self.fitted(text, self.wide_mm), new_x="LMARGIN", new_y="NEXT")
        self.ln(1)

    def paragraph(self, text: str, size_pt: float = 9.5, colour: Colour = INK) -> None:
        """Text across the page; it goes on on the next one where it is long."""
        self.ink(size_pt, colour)
        self.multi_cell(
            self.wide_mm, size_pt * LINE, latin(text), align="L", new_x="LMARGIN", new_y="NEXT"
        )

    def lines_of(self, text: str, width_mm: float) -> list[str]:
        """A text broken into lines of the font in use."""
        broken = self.multi_cell(width_mm, 1, latin(text), align="L", dry_run=True, output="LINES")
        assert isinstance(broken, list)
        return [str(line) for line in broken]

    def fitted(self, text: str, width_mm: float) -> str:
        """A text in one line of the font in use, cut where it is too long."""
        words = latin(text)
        if self.get_string_width(words) <= width_mm:
            return words
        while words and self.get_string_width(f"{words}...") > width_mm:
            words = words[:-1]
        return f"{words.rstrip()}..."

    def block(self, x_mm: float, y_mm: float, lines: Sequence[str], step_mm: float) -> None:
        """Lines below each other, from a corner."""
        for number, line in enumerate(lines):
            self.set_xy(x_mm, y_mm + number * step_mm)
            self.cell(0, step_mm, line)

    def picture(self, jpeg: bytes, box: tuple[float, float, float, float]) -> None:
        """A picture of the shape of its place: left, top, width, height."""
        left, top, width, height = box
        self.image(io.BytesIO(jpeg), left, top, width, height)


def on_white(colour: str, strength: float) -> Colour:
    """A plane's colour, "#rrggbb", as pale as a strength of 0 to 1 says."""
    digits = colour.lstrip("#")
    parts = (int(digits[place : place + 2], 16) for place in (0, 2, 4))
    red, green, blue = (round(255 + (part - 255) * strength) for part in parts)
    return red, green, blue
