"""Texts in the encodings that spreadsheets and editors save."""

from __future__ import annotations

import codecs
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonoassist.core.errors import SourceError
from sonoassist.core.texts import NotTextError, decoded, read_text

WORDS = "file;plane\r\nfréeze.png;brain_tv\r\n"
MARKED = {
    "utf-8": codecs.BOM_UTF8,
    "utf-16-le": codecs.BOM_UTF16_LE,
    "utf-16-be": codecs.BOM_UTF16_BE,
    "utf-32-le": codecs.BOM_UTF32_LE,
    "utf-32-be": codecs.BOM_UTF32_BE,
}


@pytest.mark.parametrize("marked", [True, False])
@pytest.mark.parametrize("encoding", list(MARKED))
def test_encodings(encoding: str, marked: bool) -> None:
    mark = MARKED[encoding] if marked else b""
    assert decoded(mark + WORDS.encode(encoding)) == WORDS


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1"])
def test_western_texts(encoding: str) -> None:
    assert decoded(WORDS.encode(encoding)) == WORDS
    assert decoded("10 €".encode("cp1252")) == "10 €"


@given(text=st.text(st.characters(codec="utf-8", exclude_characters="\x00")))
def test_any_text_in_utf8(text: str) -> None:
    assert decoded(codecs.BOM_UTF8 + text.encode()) == text


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (codecs.BOM_UTF16_LE + b"a", "begins as UTF-16-LE and is damaged"),
        (codecs.BOM_UTF8 + b"\xe9", "begins as UTF-8 and is damaged"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00", "is no text"),
        (codecs.BOM_UTF8 + b"a\0b", "is no text"),
        (b"a\x81b", "is no text"),
        ("é\n".encode() + b"\n\xe9", r"UTF-8 in places and not in others \(line 3\)"),
    ],
)
def test_what_is_no_text(tmp_path: Path, data: bytes, words: str) -> None:
    with pytest.raises(NotTextError, match=words):
        decoded(data)
    (tmp_path / "t.csv").write_bytes(data)
    with pytest.raises(SourceError, match=rf"t\.csv .*{words}"):
        read_text(tmp_path / "t.csv")


@given(data=st.binary())
def test_any_bytes(data: bytes) -> None:
    with suppress(NotTextError):
        assert "\0" not in decoded(data)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="cannot be read"):
        read_text(tmp_path / "no.csv")
