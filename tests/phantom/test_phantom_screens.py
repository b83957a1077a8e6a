"""Made-up scanners' screens: each kind is drawn, and its truth is where the picture is."""

from __future__ import annotations

import numpy as np
import pytest

from sonoassist.core.packets import Pixels
from sonoassist.datasets.screens import WORDS
from sonoassist.phantom.screens import draw
from sonoassist.phantom.screens.draw import KINDS, draw_screen
from sonoassist.phantom.screens.furniture import ScreenSheet


def test_the_kinds_are_those_of_the_tables() -> None:
    assert set(KINDS) == set(WORDS)


WITHOUT_PICTURE = {"three_d", "menu", "no_signal"}


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_has_its_truth(kind: str) -> None:
    for seed in range(3):
        screen = draw_screen(seed, size=(320, 240), kind=kind)
        assert screen.pixels.shape == (240, 320, 3)
        assert screen.pixels.dtype == np.uint8
        assert screen.content == kind
        assert screen.mask.shape == (240, 320)
        assert (screen.box is None) is (kind in WITHOUT_PICTURE)
        assert bool(screen.shape) is (kind not in WITHOUT_PICTURE)
        assert bool(screen.panes) is (kind == "split")


def test_the_same_seed_gives_the_same_screen() -> None:
    one, same, other = (draw_screen(seed, size=(320, 240)) for seed in (5, 5, 6))
    assert np.array_equal(one.pixels, same.pixels)
    assert np.array_equal(one.mask, same.mask)
    assert not np.array_equal(one.pixels, other.pixels)


def test_most_of_the_light_of_a_bare_picture_is_in_its_field() -> None:
    """Over many screens the truth lies where the picture was drawn, not beside it."""
    inside, outside = [], []
    for seed in range(40, 60):
        screen = draw_screen(seed, size=(320, 240), kind="b_mode")
        grey = screen.pixels.mean(axis=2)
        inside.append(grey[screen.mask].mean())
        outside.append(grey[~screen.mask].mean() if (~screen.mask).any() else 0.0)
    assert np.median(inside) > 1.5 * np.median(outside)


def test_colour_is_seen_on_colour_doppler_and_flow_lies_in_the_field() -> None:
    for seed in range(5):
        screen = draw_screen(seed, size=(480, 360), kind="colour_doppler")
        chroma = np.ptp(screen.pixels.astype(np.int16), axis=2)
        assert (chroma[screen.mask] > 60).mean() > 0.003


def test_nothing_is_drawn_over_the_sign_of_the_live_picture(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Without it nobody could say which of several pictures is live."""
    marked: list[Pixels] = []
    mark = draw._mark_live

    def remembered(sheet: ScreenSheet, *places: object, **border: bool) -> None:
        mark(sheet, *places, **border)  # type: ignore[arg-type]
        marked.append(sheet.pixels.copy())

    monkeypatch.setattr(draw, "_mark_live", remembered)
    for seed in range(6):
        sheet = ScreenSheet(np.zeros((240, 320, 3), np.uint8), np.random.default_rng(seed))
        assert np.array_equal(draw._split(sheet).pixels, marked[-1])
