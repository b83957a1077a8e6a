"""The line between the pictures of a split screen that touch."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonoassist.core.opencv import cv2
from sonoassist.core.packets import Box, Content, Pixels
from sonoassist.phantom.screens.draw import draw_screen
from sonoassist.preprocess.field_of_view import FieldOfView
from sonoassist.preprocess.screen_network import CONTENTS, MASK_HEIGHT, MASK_WIDTH, Reading
from sonoassist.preprocess.screen_reader import ScreenLook, ScreenReader
from sonoassist.preprocess.split_line import LEAST_SHARE, pane_of, within

WIDTH, HEIGHT = 640, 480
WHOLE = Box(0, 0, WIDTH, HEIGHT)


def tissue(seed: int, level: int) -> Pixels:
    """Speckle without a line, uint8 (HEIGHT, WIDTH, 3)."""
    rng = np.random.default_rng(seed)
    coarse = rng.normal(level, 15, (HEIGHT // 8, WIDTH // 8))
    smooth = cv2.resize(coarse, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
    grey = (smooth + rng.normal(0, 2, (HEIGHT, WIDTH))).clip(0, 255).astype(np.uint8)
    return np.repeat(grey[..., None], 3, axis=2)


def touching(at: int, *, upright: bool) -> Pixels:
    """Two pictures that touch at a column, or at a row."""
    screen, other = tissue(1, 60), tissue(2, 130)
    part = np.s_[:, at:] if upright else np.s_[at:]
    screen[part] = other[part]
    return screen


def field(probability: float = 0.9) -> FieldOfView:
    """All of the screen was taken for the picture."""
    mask = np.full((MASK_HEIGHT, MASK_WIDTH), probability, np.float32)
    return FieldOfView(WHOLE, 0.9, mask, WIDTH, HEIGHT)


def likelier(part: tuple[slice, slice]) -> FieldOfView:
    whole = field(0.6)
    whole.mask[part] = 0.95
    return whole


FIRST_HALF, LAST_HALF = slice(None, 48), slice(48, None)


@given(
    at=st.integers(int(0.35 * WIDTH), int(0.65 * WIDTH)),
    right=st.booleans(),
    grey=st.booleans(),
)
def test_of_two_pictures_side_by_side_the_likelier_one_is_kept(
    at: int, right: bool, grey: bool
) -> None:
    screen = touching(at, upright=True)
    columns = slice(64, None) if right else slice(None, 64)
    pane = pane_of(likelier(np.s_[:, columns]), screen[..., 0] if grey else screen)
    assert pane is not None
    edge, outer = (pane.left, pane.right) if right else (pane.right, pane.left)
    assert edge == pytest.approx(at, abs=2)
    assert outer == (WIDTH if right else 0)
    assert (pane.top, pane.bottom) == (0, HEIGHT)


@pytest.mark.parametrize("lower", [False, True])
def test_of_two_pictures_one_above_the_other(lower: bool) -> None:
    rows = LAST_HALF if lower else FIRST_HALF
    pane = pane_of(likelier((rows, slice(None))), touching(250, upright=False))
    assert pane is not None
    assert (pane.top if lower else pane.bottom) == pytest.approx(250, abs=2)
    assert (pane.left, pane.right) == (0, WIDTH)


def test_one_picture_has_no_line() -> None:
    assert pane_of(field(), tissue(1, 80)) is None


def test_a_line_through_half_of_the_picture_is_tissue() -> None:
    screen = tissue(1, 60)
    screen[: HEIGHT // 2, 300:] = tissue(2, 130)[: HEIGHT // 2, 300:]
    assert pane_of(field(), screen) is None


@pytest.mark.parametrize("at", [4, WIDTH - 5])
def test_a_line_at_the_rim_means_nothing(at: int) -> None:
    assert pane_of(field(), touching(at, upright=True)) is None


def test_a_strip_is_no_picture() -> None:
    """The likelier side is too small for one: nothing is cut off."""
    at = int(0.5 * LEAST_SHARE * WIDTH)
    screen = touching(at, upright=True)
    assert pane_of(likelier(np.s_[:, : int(at / WIDTH * MASK_WIDTH)]), screen) is None
    assert pane_of(likelier(np.s_[:, 40:]), screen) is not None


@pytest.mark.parametrize("side_px", [1, 8, 20])
def test_a_tiny_field_is_left_as_it_is(side_px: int) -> None:
    tiny = FieldOfView(Box(5, 5, 5 + side_px, 5 + side_px), 0.9, field().mask, WIDTH, HEIGHT)
    assert pane_of(tiny, touching(10, upright=True)) is None


def test_what_lies_beyond_the_line_is_cut_off_mask_box_and_outline() -> None:
    outline = np.array([(0, 0), (WIDTH, 0), (WIDTH, HEIGHT), (0, HEIGHT)], np.float64)
    whole = FieldOfView(WHOLE, 0.9, field().mask, WIDTH, HEIGHT, outline)
    pane = Box(320, 0, WIDTH, HEIGHT)
    cut = within(whole, pane)
    assert cut.box == pane
    assert not cut.mask[:, :64].any()
    np.testing.assert_array_equal(cut.mask[:, 64:], whole.mask[:, 64:])
    assert cut.fitted_outline is not None
    assert cut.fitted_outline[:, 0].min() == 320
    assert within(whole, WHOLE) is whole


class _TakesBoth:
    """A network that takes both pictures of a split screen for the live one."""

    def read(self, pixels: Pixels) -> Reading:
        mask = np.full((MASK_HEIGHT, MASK_WIDTH), 0.97, np.float32)
        mask[:, :64] = 0.7
        return Reading(mask, np.eye(len(CONTENTS), dtype=np.float32)[0])


@pytest.mark.parametrize("content", [Content.SPLIT, Content.B_MODE])
def test_only_of_a_split_screen_the_closer_look_keeps_one_picture(content: Content) -> None:
    screen = touching(320, upright=True)
    first = likelier(np.s_[:, 64:])
    closer = ScreenReader(_TakesBoth).closer(ScreenLook(content, 0.9, first), screen).field
    assert closer is not None
    live = Box(320, 0, WIDTH, HEIGHT)
    if content is Content.SPLIT:
        assert closer.box.iou(live) > 0.95
        assert closer.outline()[:, 0].min() >= 318
    else:
        assert closer.box.iou(live) < 0.6


def test_phantom_screens_whose_pictures_touch() -> None:
    """With the shipped network, on seeds that were not looked at: more are found than without."""
    reader = ScreenReader()
    found = alone = number = 0
    for seed in range(828_000, 828_040):
        made = draw_screen(seed, size=(800, 600), kind="split")
        if made.shape != "cropped" or made.box is None:
            continue
        look = reader.look(made.pixels)
        if look.content is not Content.SPLIT or look.field is None:
            continue
        number += 1
        closer = reader.closer(look, made.pixels).field
        assert closer is not None
        found += closer.box.iou(made.box) >= 0.9
        alone += look.field.box.iou(made.box) >= 0.9
    assert number >= 8
    assert found >= max(alone, 0.7 * number)
