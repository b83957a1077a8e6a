from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFont

from sonoassist.core.packets import Box
from sonoassist.core.planes import BY_KEY
from sonoassist.retrieval.result import one_line
from sonoassist.retrieval.sheet import (
    PLANES,
    TILE_PX,
    WARNING,
    Heading,
    SheetTile,
    clock,
    contact_sheet,
    drawable,
    sheet_corner,
)


def pixels_of(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)))


def rgb(colour: str) -> tuple[int, ...]:
    return tuple(int(colour[at : at + 2], 16) for at in (1, 3, 5))


def tile(grey: int = 120, doubt: str = "") -> SheetTile:
    return SheetTile(np.full((70, 90, 3), grey, np.uint8), Box(0, 0, 90, 70), 0.93, 433.8, doubt)


def middle_of(sheet: np.ndarray, key: str) -> np.ndarray:
    left, top = sheet_corner([plane.key for plane in PLANES].index(key))
    return sheet[top + TILE_PX[1] // 2, left + TILE_PX[0] // 2 + 60]


def rim_of(sheet: np.ndarray, key: str) -> set[tuple[int, ...]]:
    """Colours along the upper rim of a tile."""
    left, top = sheet_corner([plane.key for plane in PLANES].index(key))
    return {tuple(one) for one in sheet[top - 1, left : left + TILE_PX[0]].tolist()}


def test_each_frame_is_in_the_place_of_its_plane() -> None:
    tiles = {plane.key: tile(10 * number + 60) for number, plane in enumerate(PLANES)}
    sheet = pixels_of(contact_sheet(Heading("exam", "about"), tiles))
    for number, plane in enumerate(PLANES):
        assert tuple(middle_of(sheet, plane.key)) == (10 * number + 60,) * 3
        assert rim_of(sheet, plane.key) == {rgb(plane.colour)}


def test_a_doubtful_frame_looks_different() -> None:
    sheet = pixels_of(contact_sheet(Heading("", ""), {"lips": tile(doubt="doubtful")}))
    colours = rim_of(sheet, "lips")
    assert rgb(WARNING) in colours
    assert rgb(BY_KEY["lips"].colour) not in colours
    assert len(colours) > 1  # dashed


def test_a_missing_plane_is_an_empty_place() -> None:
    sheet = pixels_of(contact_sheet(Heading("", ""), {"lips": tile()}))
    assert tuple(middle_of(sheet, "femur")) == rgb("#12171e")


def test_only_the_crop_is_shown() -> None:
    picture = np.full((70, 90), 255, np.uint8)
    picture[10:60, 20:80] = 50
    one = SheetTile(picture, Box(20, 10, 80, 60), 0.9, 0.0, "")
    sheet = pixels_of(contact_sheet(Heading("", ""), {"lips": one}))
    left, top = sheet_corner([plane.key for plane in PLANES].index("lips"))
    shown = sheet[top : top + TILE_PX[1], left : left + TILE_PX[0]]
    assert set(np.unique(shown)) <= {0, 50}


words = st.text(st.characters() | st.sampled_from("\ud800\n\t\0"), max_size=300)


@settings(deadline=None, max_examples=15)
@given(words, words, st.lists(words, max_size=4))
def test_any_text_can_be_written(title: str, about: str, notes: list[str]) -> None:
    heading = Heading(one_line(title), one_line(about), [one_line(note) for note in notes])
    assert contact_sheet(heading, {}).startswith(b"\x89PNG")


def test_letters_that_the_font_has_not_are_replaced() -> None:
    assert drawable("Übung – é 検 · 5") == "Ubung - e ? · 5"
    font = ImageFont.load_default(20)
    empty = bytes(font.getmask("検"))
    for letter in "".join(map(chr, range(33, 127))) + "·":
        assert bytes(font.getmask(letter)) != empty


def test_the_same_sheet_has_the_same_bytes() -> None:
    tiles = {"femur": tile(), "lips": tile(doubt="doubtful: below 70 %")}
    heading = Heading("exam.mp4", "SonoNet-32", ["a note"])
    assert contact_sheet(heading, tiles) == contact_sheet(heading, tiles)


@pytest.mark.parametrize(
    ("time_s", "text"),
    [(0, "00:00.0"), (433.84, "07:13.8"), (59.97, "01:00.0"), (3725.2, "1:02:05.2")],
)
def test_times_for_people(time_s: float, text: str) -> None:
    assert clock(time_s) == text
