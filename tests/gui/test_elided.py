"""Long names: shortened in sentences, broken where they are wrapped, whole in the tooltip."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PyQt6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from sonoassist.gui.elided import shortened, wrappable

NAME = "A_name" * 33 + "12"
BREAK = "\u200b"


@given(st.text(st.characters(codec="utf-8"), max_size=300), st.integers(3, 80))
def test_a_shortened_name_has_both_ends(name: str, letters: int) -> None:
    short = shortened(name, letters)
    assert len(short) <= letters
    whole = " ".join(name.split())
    if short != whole:
        first, last = short.split("…", 1) if "…" not in whole else (short[:1], short[-1:])
        assert whole.startswith(first)
        assert whole.endswith(last)


@given(st.text("ab /\\\n", max_size=300))
def test_a_wrappable_text_says_the_same_where_no_part_is_too_long(text: str) -> None:
    said = wrappable(text).replace(BREAK, "")
    if all(len(part) <= 64 for part in text.replace("\\", " ").replace("/", " ").split()):
        assert said == text
    assert said.count("\n") == text.count("\n")  # lines stay lines


@pytest.mark.parametrize("text", [NAME, f"/home/{NAME}/exam.mp4 cannot be read", "plain words"])
def test_a_wrappable_text_fits_into_a_narrow_place(qtbot: QtBot, text: str) -> None:
    label = QLabel(wrappable(text))
    qtbot.addWidget(label)
    label.setWordWrap(True)
    assert label.minimumSizeHint().width() <= 150
    assert label.heightForWidth(150) < label.fontMetrics().height() * 12


@pytest.mark.parametrize("end", [":", ".", ",", "?)"])
def test_no_line_begins_with_what_ends_a_name(end: str) -> None:
    said = wrappable(f"Export of exam 2026-11-30-101905-2691{end} three files")
    assert said.replace(BREAK, "") == f"Export of exam 2026-11-30-101905-2691{end} three files"
    assert f"1{end}" in said
    assert f"9{BREAK}1" in said
