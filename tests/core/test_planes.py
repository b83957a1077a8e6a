from __future__ import annotations

import re

import pytest

from sonoassist.core.planes import (
    BACKGROUND_INDEX,
    BY_KEY,
    DISPLAY_ORDER,
    INDEX,
    KEYS,
    PLANES,
    Polarity,
)

ORDER = (
    "3vv 4ch abdominal background brain_cb brain_tv femur kidneys lips lvot profile rvot "
    "spine_cor spine_sag"
)
PUBLISHED = [
    "3VV",
    "4CH",
    "Abdominal",
    "Background",
    "Brain (Cb.)",
    "Brain (Tv.)",
    "Femur",
    "Kidneys",
    "Lips",
    "LVOT",
    "Profile",
    "RVOT",
    "Spine (cor.)",
    "Spine (sag.)",
]


def test_order_is_that_of_the_published_weights() -> None:
    assert " ".join(KEYS) == ORDER
    assert [plane.published_label for plane in PLANES] == PUBLISHED
    assert BACKGROUND_INDEX == 3
    assert [plane.key for plane in PLANES if plane.is_background] == ["background"]
    assert all(PLANES[INDEX[key]] is BY_KEY[key] for key in KEYS)


def test_every_plane_is_displayed_once() -> None:
    assert sorted(plane.key for plane in DISPLAY_ORDER) == sorted(KEYS)
    assert DISPLAY_ORDER[-1].is_background


@pytest.mark.parametrize(
    ("polarity", "keys"),
    [
        (Polarity.POSITIVE, "femur lips spine_cor spine_sag"),
        (Polarity.NEGATIVE, "3vv 4ch lvot rvot"),
        (Polarity.ABSOLUTE, "abdominal background brain_cb brain_tv kidneys profile"),
    ],
)
def test_polarity(polarity: Polarity, keys: str) -> None:
    assert [plane.key for plane in PLANES if plane.polarity is polarity] == keys.split()


def test_colours_and_names_are_unique() -> None:
    colours = [plane.colour for plane in PLANES]
    assert len(set(colours)) == len(PLANES)
    assert all(re.fullmatch("#[0-9a-f]{6}", colour) for colour in colours)
    assert len({plane.label for plane in PLANES}) == len(PLANES)
    assert len({plane.full_name for plane in PLANES}) == len(PLANES)
