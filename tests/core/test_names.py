"""Names of other systems: each can be written, and is found again however it is spelled."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonoassist.core.names import compared, readable, western

BAD = b"fr\xe9eze.png".decode("utf-8", "surrogateescape")


@given(st.text(st.characters()))
def test_whatever_is_readable_can_be_written(text: str) -> None:
    assert readable(text).encode("utf-8").decode("utf-8") == readable(text)
    assert len(readable(text)) == len(text)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_text_of_characters_stays_as_it_is(text: str) -> None:
    assert readable(text) == text


def test_a_stand_in() -> None:
    assert readable(BAD) == "fr?eze.png"


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_spellings_of_one_name(form: str) -> None:
    name = unicodedata.normalize(form, "fréeze.png")
    assert compared(name) == compared(BAD) == "fréeze.png"
    assert compared("freeze.png") != compared(name)


@given(st.text(st.characters()))
def test_any_name_can_be_compared(name: str) -> None:
    assert compared(compared(name)) == compared(name)


@given(st.binary())
def test_every_byte_is_a_western_character(data: bytes) -> None:
    assert len(western(data)) == len(data)
    assert western(b"\x80\x81") == "€\x81"
