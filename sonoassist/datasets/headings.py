"""The first lines of a table: its separator, and the names of its columns."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

DELIMITERS = ",;\t"
_SEPARATOR = re.compile(r'"?sep=([^\w\s"]|\t)"?\s*', re.IGNORECASE)
"""What Excel takes for the name of the separator, and for no row of the table."""


@dataclass(frozen=True, slots=True)
class TableHeading:
    """How a table is laid out.

    Attributes:
        columns: Names of the columns, folded; empty where a column has none.
        delimiter: Between two cells.
        lines: Lines of the file up to the end of the heading.
    """

    columns: tuple[str, ...]
    delimiter: str
    lines: int

    def has(self, names: Iterable[str]) -> bool:
        """Whether there are columns of all these names."""
        return all(folded_column(name) in self.columns for name in names)

    def twice(self) -> list[str]:
        """The names that more than one column has."""
        return [name for name, count in Counter(self.columns).items() if name and count > 1]


@lru_cache(maxsize=256)  # asked for each cell
def folded_column(name: str) -> str:
    """A column's name as it is compared: "Left px" and "left_px" are the same.

    Args:
        name: In any capitals, with composed or decomposed accents.
    """
    plain = unicodedata.normalize("NFC", name.strip()).casefold()
    return re.sub(r"[\s_-]+", "_", plain)


def lines_of(text: str) -> list[str]:
    """The lines of a file, each with its end."""
    return list(io.StringIO(text, newline=""))


def heading_of(lines: Sequence[str]) -> TableHeading:
    """The heading of a table: its first line with words, behind the line `sep=;` if there is one.

    The delimiter is the one that line names, else the one that parts the heading into most cells.

    Args:
        lines: Of the file, each with its end.
    """
    told = _SEPARATOR.fullmatch(lines[0]) if lines else None
    start = 1 if told else 0
    while start < len(lines) and not lines[start].strip(f"{DELIMITERS} \r\n"):
        start += 1
    found = [_cells(lines, start, one) for one in (told[1] if told else DELIMITERS)]
    return max(found, key=lambda heading: len(heading.columns))


def _cells(lines: Sequence[str], start: int, delimiter: str) -> TableHeading:
    reader = csv.reader(lines[start:], delimiter=delimiter)
    try:
        cells = next(reader, [])
    except csv.Error:
        cells = []
    columns = tuple(folded_column(cell) for cell in cells)
    return TableHeading(columns, delimiter, start + reader.line_num)
