"""Reading label tables row by row, with the number of each line kept for what is wrong in it."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sonoassist.core.errors import SourceError
from sonoassist.core.packets import Box
from sonoassist.core.texts import read_text
from sonoassist.datasets.headings import folded_column, heading_of, lines_of
from sonoassist.datasets.numerals import NumeralError, decimal_mark, number

BOX_COLUMNS = ("left_px", "top_px", "right_px", "bottom_px")
EDGE_PX = 1.0
"""Boxes may reach so far over the picture's edge: videos lose a row or column to even sizes."""


class RowError(Exception):
    """What is wrong with one row, in words."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table.

    Attributes:
        line: Number of its first line in the file.
        cells: Folded column name -> text without outer spaces; missing cells are empty.
        fault: What is wrong with the row as a whole; empty where nothing is.
        decimal: See `numerals.decimal_mark`.
    """

    line: int
    cells: Mapping[str, str]
    fault: str = ""
    decimal: str = ""

    def check(self) -> None:
        """Refuse a row that is not laid out as its table.

        Raises:
            RowError: It is not.
        """
        if self.fault:
            raise RowError(self.fault)

    def cell(self, column: str) -> str:
        """The text of a cell; empty where the table has no such column."""
        return self.cells.get(folded_column(column), "")

    def text(self, column: str) -> str:
        """The text of a cell that must not be empty.

        Raises:
            RowError: It is empty.
        """
        text = self.cell(column)
        if not text:
            raise RowError(f"{column} is empty")
        return text

    def number(self, column: str) -> float:
        """A finite number.

        Raises:
            RowError: It is none.
        """
        text = self.text(column)
        try:
            value = number(text, self.decimal)
        except NumeralError as error:
            raise RowError(f"{column} {error}") from error
        if not math.isfinite(value):
            raise RowError(f"{column} is not a number: {text!r}")
        return value

    def count(self, column: str) -> int:
        """A whole number from 0 on.

        Raises:
            RowError: It is none.
        """
        value = self.number(column)
        if value != int(value) or value < 0:
            raise RowError(f"{column} is not a whole number from 0 on: {self.cell(column)!r}")
        return int(value)

    def box(self, columns: Sequence[str] = BOX_COLUMNS) -> Box | None:
        """The box of four columns; None where all four are empty or not there.

        Raises:
            RowError: A number is broken or missing, or the box has no area.
        """
        if not any(self.cell(column) for column in columns):
            return None
        left, top, right, bottom = (self.number(column) for column in columns)
        return checked_box(left, top, right, bottom)


def checked_box(left: float, top: float, right: float, bottom: float) -> Box:
    """A box with an area.

    Raises:
        RowError: It has none.
    """
    if right <= left or bottom <= top:
        raise RowError(f"the box {left:g},{top:g},{right:g},{bottom:g} has no area")
    return Box(left, top, right, bottom)


def check_inside(box: Box | None, width_px: int, height_px: int) -> None:
    """Refuse a box that reaches out of its picture.

    Raises:
        RowError: It does.
    """
    if box is None:
        return
    out = min(box.left, box.top, width_px - box.right, height_px - box.bottom) < -EDGE_PX
    if out:
        edges = f"{box.left:g},{box.top:g},{box.right:g},{box.bottom:g}"
        raise RowError(f"the box {edges} reaches out of the picture ({width_px}x{height_px} px)")


def header_of(text: str) -> tuple[tuple[str, ...], str]:
    """The folded columns of a table and the delimiter that parts most of them."""
    heading = heading_of(lines_of(text))
    return heading.columns, heading.delimiter


def read_rows(path: Path, required: Sequence[str]) -> list[Row]:
    """All rows that are not empty, in whatever way a spreadsheet has saved the table.

    Args:
        path: The table: see `texts.decoded` for its encoding, `headings` for its separator and
            the capitals of its columns, `numerals` for its numbers.
        required: Columns that it must have.

    Raises:
        SourceError: The file cannot be read, lacks one of the `required` columns, or has two of
            one name.
    """
    lines = lines_of(read_text(path))
    heading = heading_of(lines)
    missing = [column for column in required if not heading.has([column])]
    if missing:
        raise SourceError(
            f"{path.name} has no column {', '.join(missing)}",
            f"Its first line has to name {', '.join(required)}",
        )
    if heading.twice():
        raise SourceError(
            f"{path.name} has more than one column {', '.join(heading.twice())}",
            "Take the others out, or give them names of their own",
        )
    columns = heading.columns
    reader = csv.reader(lines[heading.lines :], delimiter=heading.delimiter)
    rows, start = [], heading.lines + 1
    try:
        for cells in reader:
            end = heading.lines + reader.line_num
            stripped = [cell.strip() for cell in cells]
            if any(stripped):
                fault = _fault(lines[start - 1 : end], heading.delimiter, start)
                if not fault and any(stripped[len(columns) :]):
                    fault = f"more cells than columns: {len(cells)} instead of {len(columns)}"
                rows.append((start, dict(zip(columns, stripped, strict=False)), fault))
            start = end + 1
    except csv.Error as error:
        raise SourceError(
            f"{path.name}, line {start}: {error}", "Correct the row that starts there"
        ) from error
    texts = (text for _, named, _ in rows for text in named.values())
    decimal = decimal_mark(texts, heading.delimiter)
    return [Row(*row, decimal) for row in rows]


def _fault(lines: Sequence[str], delimiter: str, start: int) -> str:
    """Whether a quote that is not closed has taken in the lines behind a row.

    A row of several lines may well be whole, with a line break inside of quotes.
    """
    if len(lines) < 2:
        return ""
    try:
        list(csv.reader(lines, delimiter=delimiter, strict=True))
    except csv.Error:
        return f"a quote is not closed; the lines up to {start + len(lines) - 1} are lost in it"
    return ""


def read_json(path: Path) -> dict[str, Any]:
    """A JSON file that holds an object.

    Raises:
        SourceError: It cannot be read, or holds something else.
    """
    try:
        data = json.loads(read_text(path))
    except (ValueError, RecursionError) as error:
        raise SourceError(f"{path.name} is not JSON: {error}", "Correct the file") from error
    if not isinstance(data, dict):
        raise SourceError(f"{path.name} holds no JSON object", "Correct the file")
    return data
