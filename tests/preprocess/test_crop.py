from __future__ import annotations

import dataclasses

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from sonoassist.core.errors import UsageError
from sonoassist.core.packets import Box
from sonoassist.preprocess.crop import (
    MIN_CROP_PX,
    PUBLISHED_CROP,
    CropChoice,
    CropKind,
    centred_crop,
    is_published_screen,
    own_crop,
    parse_crop,
    published_crop,
)

ASPECT = 288 / 224
sides = st.integers(16, 4000)


def test_no_crop_given_is_the_default() -> None:
    assert CropChoice() == parse_crop("default")


@given(st.sampled_from(["default", "auto", "full", "published"]), st.booleans())
def test_words(word: str, loud: bool) -> None:
    text = f" {word.upper() if loud else word} "
    assert parse_crop(text) == CropChoice(CropKind(word))


@given(
    st.integers(0, 9999),
    st.integers(0, 9999),
    st.integers(MIN_CROP_PX, 9999),
    st.integers(MIN_CROP_PX, 9999),
    st.sampled_from([",", ", ", " , "]),
)
def test_own_rectangles_round_trip(
    left: int, top: int, width: int, height: int, comma: str
) -> None:
    text = comma.join(map(str, (left, top, width, height)))
    expected = CropChoice(CropKind.OWN, Box(left, top, left + width, top + height))
    assert parse_crop(text) == expected
    assert parse_crop("Room 3", {"Room 3": text}) == expected


@pytest.mark.parametrize(
    "text",
    ["", "own", "middle", "1,2,300", "1,2,300,400,5", "-1,2,300,400", "1.5,2,30,40", "a,b,c,d"],
)
def test_nonsense_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is not understood") as caught:
        parse_crop(text, {"Room 3": "0,0,100,100"})
    assert "L,T,W,H" in caught.value.hint
    assert "Room 3" in caught.value.hint


@pytest.mark.parametrize("text", ["0,0,15,100", "0,0,100,15", "0,0,0,0"])
def test_tiny_rectangles_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match="too small"):
        parse_crop(text)


def test_a_damaged_preset_is_refused() -> None:
    with pytest.raises(UsageError, match="'Room 3' is not understood"):
        parse_crop("Room 3", {"Room 3": "the left half"})


@given(st.text())
def test_any_text_is_a_crop_or_a_usage_error(text: str) -> None:
    try:
        choice = parse_crop(text)
    except UsageError:
        return
    assert (choice.own is None) == (choice.kind is not CropKind.OWN)


def test_published_crop_on_the_published_screen() -> None:
    assert published_crop(975, 735, ASPECT) == PUBLISHED_CROP == Box(81, 115, 874, 734)
    assert is_published_screen(975, 735)


@pytest.mark.parametrize("size", [(974, 734), (976, 736), (974, 736)])
def test_a_pixel_for_even_video_sizes(size: tuple[int, int]) -> None:
    crop = published_crop(*size, ASPECT)
    assert crop == PUBLISHED_CROP
    assert crop.right <= size[0]
    assert crop.bottom <= size[1]


@given(st.floats(0.3, 4.0))
def test_published_crop_scales_with_the_screen(factor: float) -> None:
    width, height = round(975 * factor), round(735 * factor)
    assume(abs(width / height / (975 / 735) - 1) < 0.009)
    crop = published_crop(width, height, ASPECT)
    for edge, published, scale in zip(
        dataclasses.astuple(crop),
        dataclasses.astuple(PUBLISHED_CROP),
        (width / 975, height / 735) * 2,
        strict=True,
    ):
        assert edge == pytest.approx(published * scale, abs=1.0 + max(scale, 1.0))
    assert 0 <= crop.left < crop.right <= width
    assert 0 <= crop.top < crop.bottom <= height


@pytest.mark.parametrize("size", [(1280, 720), (640, 640), (1920, 1200)])
def test_published_crop_on_other_screens_is_centred(size: tuple[int, int]) -> None:
    assert not is_published_screen(*size)
    assert published_crop(*size, ASPECT) == centred_crop(Box(0, 0, *size), ASPECT)


@given(sides, sides, st.floats(0.5, 2.5))
def test_centred_crop_keeps_the_aspect_and_stays_inside(
    width: int, height: int, aspect: float
) -> None:
    crop = centred_crop(Box(0, 0, width, height), aspect)
    assert all(edge == int(edge) for edge in dataclasses.astuple(crop))
    assert 0 <= crop.left < crop.right <= width
    assert 0 <= crop.top < crop.bottom <= height
    # Whole pixels: each side is off by one at most.
    assert abs(crop.width - crop.height * aspect) <= 1 + aspect
    assert crop.width >= width - 1 or crop.height >= height - 1
    assert abs((crop.left + crop.right) - width) <= 2
    assert abs((crop.top + crop.bottom) - height) <= 2


@given(sides, sides, st.integers(0, 50), st.integers(0, 50), sides, sides)
def test_own_crop_must_lie_inside(
    width: int, height: int, left: int, top: int, wide: int, high: int
) -> None:
    own = Box(left, top, left + wide, top + high)
    if own.right <= width and own.bottom <= height:
        assert own_crop(own, width, height) == own
        return
    with pytest.raises(UsageError, match=f"{left},{top},{wide},{high} reaches outside") as caught:
        own_crop(own, width, height)
    assert f"{width}x{height}" in caught.value.message


def test_own_crop_of_the_whole_picture() -> None:
    assert own_crop(Box(0, 0, 640, 480), 640, 480) == Box(0, 0, 640, 480)
    with pytest.raises(UsageError):
        own_crop(Box(-1, 0, 640, 480), 640, 480)
