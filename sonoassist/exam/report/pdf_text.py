"""Texts for the PDF, whose own fonts know the letters of western Europe only."""

from __future__ import annotations

import unicodedata

ENCODING = "latin-1"
_WRITTEN = {
    "–": "-",
    "—": "-",
    "‐": "-",
    "‑": "-",
    "‒": "-",
    "−": "-",
    "…": "...",
    "•": "·",
    "‘": "'",
    "’": "'",
    "‚": "'",
    "“": '"',
    "”": '"',
    "„": '"',
    "′": "'",
    "″": '"',
    "≤": "<=",
    "≥": ">=",
    "≈": "~",
    "≠": "<>",
    "→": "->",
    "←": "<-",
    "€": "EUR",
    "™": "(TM)",
    "ł": "l",
    "Ł": "L",
    "đ": "d",
    "Đ": "D",
    "ı": "i",
    "œ": "oe",
    "Œ": "OE",
    "ŋ": "n",
    "ħ": "h",
    "\t": "    ",
    "\u2028": "\n",
    "\u2029": "\n",
}
UNKNOWN = "?"
HINT = "Letters shown as ? are not in this document's font; the web page and the tables have them."


def latin(text: str) -> str:
    """Text in letters the fonts have: accents that they lack are left out, others become "?"."""
    return "".join(_letter(letter) for letter in unicodedata.normalize("NFC", text))


def loses(text: str) -> bool:
    """Whether letters of a text became "?"."""
    return latin(text).count(UNKNOWN) > text.count(UNKNOWN)


def _letter(letter: str) -> str:
    if letter in _WRITTEN:
        return _WRITTEN[letter]
    if letter == "\n" or _known(letter):
        return letter
    if unicodedata.category(letter) in ("Cc", "Cf", "Mn", "Cs", "Co"):
        return "" if unicodedata.category(letter) != "Cc" else " "
    bare = "".join(c for c in unicodedata.normalize("NFKD", letter) if _known(c))
    return bare or UNKNOWN


def _known(letter: str) -> bool:
    # Between these two lie the control characters.
    return " " <= letter <= "~" or "\xa0" <= letter <= "\xff"
