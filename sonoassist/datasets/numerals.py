"""Numbers as spreadsheets of different countries write them: 20.5, 20,5, 1,234.5 or 1.234,5."""

from __future__ import annotations

import re
from collections.abc import Iterable

_NUMERAL = re.compile(r"[+-]?[\d.,]+(e[+-]?\d+)?", re.IGNORECASE)
_GROUPS = {mark: re.compile(rf"[+-]?[1-9]\d{{0,2}}(\{mark}\d{{3}})+") for mark in ",."}
"""Three digits behind each mark: it may part thousands."""
_OTHER = {",": ".", ".": ","}
_WORD = {",": "comma", ".": "point"}


class NumeralError(ValueError):
    """What is wrong with a number, in words."""


def decimal_mark(cells: Iterable[str], delimiter: str) -> str:
    """Which mark stands before the decimals of a table: "," or "."; "" where it does not tell.

    Args:
        cells: All cells of the table.
        delimiter: Between its cells. A semicolon is there since the comma is taken.
    """
    marked = (cell for cell in cells if "," in cell or "." in cell)
    numerals = [cell for cell in marked if _NUMERAL.fullmatch(cell)]
    seen = {mark for cell in numerals for mark in ",." if _is_decimal(cell, mark)}
    if len(seen) == 1:
        return seen.pop()
    dotted = any("." in cell for cell in numerals)
    return "," if delimiter == ";" and not dotted else ""


def number(text: str, decimal: str = "") -> float:
    """The number of a cell; it may be infinite or NaN.

    Args:
        text: Of the cell.
        decimal: See `decimal_mark`.

    Raises:
        NumeralError: It is none, or can be read in two ways: 1,234.
    """
    english = "," not in text and decimal != ","
    plain = text if english or not _NUMERAL.fullmatch(text) else _plain(text, decimal)
    try:
        return float(plain)
    except ValueError as error:
        raise NumeralError(f"is not a number: {text!r}") from error


def _plain(text: str, decimal: str) -> str:
    """As Python writes it; a text that is no number comes back as another one."""
    if "," in text and "." in text:
        last = max(",.", key=text.rfind)
        whole, _, decimals = text.rpartition(last)
        other = _OTHER[last]
        return f"{whole.replace(other, '')}.{decimals}" if _GROUPS[other].fullmatch(whole) else ""
    mark = "," if "," in text else "."
    if not _GROUPS[mark].fullmatch(text):
        return text.replace(",", ".")
    if text.count(mark) > 1 or (mark == "," and decimal == "."):
        return text.replace(mark, "")
    if decimal == _OTHER[mark] or (mark == "," and not decimal):
        raise NumeralError(f"can be read in two ways, write it without the {_WORD[mark]}: {text!r}")
    return text.replace(",", ".")


def _is_decimal(numeral: str, mark: str) -> bool:
    alone = numeral.count(mark) == 1 and _OTHER[mark] not in numeral
    return alone and not _GROUPS[mark].fullmatch(numeral)
