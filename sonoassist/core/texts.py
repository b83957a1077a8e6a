"""Text files of a user, in whatever encoding a spreadsheet or an editor has saved them."""

from __future__ import annotations

import codecs
from pathlib import Path

from sonoassist.core.errors import SourceError
from sonoassist.core.names import readable, western

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_WIDE = ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")
_WITHOUT_MEANING = frozenset("\x81\x8d\x8f\x90\x9d")
"""What no Western text holds."""


class NotTextError(ValueError):
    """Bytes that are no text, or of which it cannot be told what text they are; says why."""


def decoded(data: bytes) -> str:
    """The text of a file: UTF-8, UTF-16 or UTF-32, with a byte order mark or without, or Western.

    Western (Windows-1252, and with it Latin-1) is what has no mark, no zero bytes and is nowhere
    UTF-8; a file that is so in places only is refused, since its names would be read wrongly.

    Args:
        data: All bytes of the file.

    Raises:
        NotTextError: It is none of them.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _strictly(data[len(mark) :], encoding)
    if b"\0" in data:
        return _wide(data)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return _western(data)


def read_text(path: Path) -> str:
    """The text of a file of a user; see `decoded`.

    Args:
        path: The file.

    Raises:
        SourceError: It cannot be read, or is no text.
    """
    try:
        return decoded(path.read_bytes())
    except OSError as error:
        reason = error.strerror or str(error)
        raise SourceError(f"{path} cannot be read: {reason}", "Check its name") from error
    except NotTextError as error:
        raise SourceError(f"{path.name} {error}", "Save it as text in UTF-8") from error


def _strictly(data: bytes, encoding: str) -> str:
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise NotTextError(f"begins as {encoding.upper()} and is damaged further on") from error
    if "\0" in text:
        raise NotTextError("is no text")
    return text


def _wide(data: bytes) -> str:
    """Two or four bytes a character and no mark: in the right order line ends are ASCII."""
    found: dict[str, int] = {}
    for encoding in _WIDE:
        try:
            text = _strictly(data, encoding)
        except NotTextError:
            continue
        found[text] = sum(letter.isascii() for letter in text)
    best = max(found, key=found.__getitem__, default="")
    if not best or list(found.values()).count(found[best]) > 1:
        raise NotTextError("is no text")
    return best


def _western(data: bytes) -> str:
    lines = data.decode("utf-8", "surrogateescape").split("\n")
    others = [number for number, line in enumerate(lines, 1) if line != readable(line)]
    utf8 = (one for line in lines for one in line if not one.isascii() and readable(one) == one)
    if next(utf8, ""):
        raise NotTextError(f"is UTF-8 in places and not in others (line {others[0]})")
    text = western(data)
    if not _WITHOUT_MEANING.isdisjoint(text):
        raise NotTextError("is no text")
    return text
