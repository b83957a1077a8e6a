"""Names of files as other systems write them: shown in characters, compared as a person would.

A name on disk is bytes. Python keeps those that are no UTF-8 as lone surrogates, which no file, no
database and no terminal takes. An accent may be one character or a letter and a mark (macOS).
"""

from __future__ import annotations

import codecs
import unicodedata

_WESTERN = "".join(bytes([one]).decode("cp1252", "ignore") or chr(one) for one in range(256))
"""The code page of Western Windows; its five bytes without a meaning are Latin-1's controls."""


def readable(text: str) -> str:
    """A text as it can be shown and written: "?" stands for what is no character.

    Args:
        text: Any text, such as one with the name of a file in it.
    """
    return text.encode("utf-8", "replace").decode("utf-8")


def western(data: bytes) -> str:
    """Bytes read as the code page of Western Windows, of which Latin-1 is a part in texts."""
    return codecs.charmap_decode(data, "strict", _WESTERN)[0]


def compared(name: str) -> str:
    """A name as it is compared: accents composed, and bytes that are no UTF-8 read as Western.

    Args:
        name: Of a file or a case, as the system or a table gives it.
    """
    try:
        told = name.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # half a character, as Windows and JSON allow it
        told = readable(name).encode()
    try:
        text = told.decode("utf-8")
    except UnicodeDecodeError:
        text = western(told)
    return unicodedata.normalize("NFC", text)
