"""Texts on a console of any encoding: what it cannot show is replaced and never an error."""

from __future__ import annotations

import codecs
import io
import json
import re
import sys
import unicodedata

from sonoassist.core.names import readable

_HANDLER = "sonoassist.plain"
_LOOKS = {
    "≥": ">=",
    "≤": "<=",
    "→": "->",
    "←": "<-",
    "×": "x",
    "±": "+-",
    "·": "-",
    "•": "*",
    "–": "-",
    "—": "-",
    "‘": "'",
    "’": "'",
    "“": '"',
    "”": '"',
    "ß": "ss",
    "µ": "u",
}
"""What ASCII has in the place of signs; letters lose their accents."""


def take_any_text() -> None:
    """Let stdout and stderr take every text from now on, whatever their encoding."""
    codecs.register_error(_HANDLER, _plain)
    for stream in (sys.stdout, sys.stderr):
        # Whoever uses the program as a library may have put something else there.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=_HANDLER)


def json_text(data: object) -> str:
    """JSON in ASCII, which is the same in every encoding that a reader may expect.

    Names of files are `names.readable` in it: half a character is no text to other programs.

    Args:
        data: Of plain values.
    """
    text = readable(json.dumps(data, indent=2, ensure_ascii=False))
    return re.sub(r"[^\x00-\x7f]", lambda found: json.dumps(found[0])[1:-1], text)


def _plain(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(_look, error.object[error.start : error.end])), error.end


def _look(letter: str) -> str:
    plain = unicodedata.normalize("NFKD", letter).encode("ascii", "ignore").decode()
    return _LOOKS.get(letter) or plain or "?"
