"""Scaling for the screen, and the thread it happens on."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from gui_fakes import make_pixels
from hypothesis import given
from hypothesis import strategies as st
from PyQt6.QtCore import QSize
from PyQt6.QtGui import QColor, QImage
from pytestqt.qtbot import QtBot

from sonoassist.gui.fitter import Fitter, fit
from waiting import LIMIT_S, wait_until


@given(
    st.integers(1, 60), st.integers(1, 60), st.integers(1, 90), st.integers(1, 90), st.booleans()
)
def test_a_plain_picture_stays_plain_in_every_size(
    wide: int, high: int, to_wide: int, to_high: int, grey: bool
) -> None:
    pixels = np.empty((high, wide) if grey else (high, wide, 3), np.uint8)
    pixels[...] = 77 if grey else (200, 100, 50)
    fitted = fit(pixels, QSize(to_wide, to_high))
    assert (fitted.image.width(), fitted.image.height()) == (to_wide, to_high)
    assert fitted.image.format() == QImage.Format.Format_RGB32
    expected = QColor(77, 77, 77) if grey else QColor(200, 100, 50)
    for x, y in ((0, 0), (to_wide - 1, to_high - 1), (to_wide // 2, to_high // 2)):
        assert fitted.image.pixelColor(x, y) == expected


@pytest.mark.parametrize("side", [12, 37, 61, 99])
@pytest.mark.parametrize("of", [200, 203])
def test_no_pixel_is_passed_over_where_many_fall_into_one(side: int, of: int) -> None:
    rows, columns = np.indices((of, of))
    checks = np.where((rows + columns) % 2, 255, 0).astype(np.uint8)
    image = fit(checks, QSize(side, side)).image
    levels = [image.pixelColor(x, y).red() for x in range(side) for y in range(side)]
    assert max(abs(level - 127.5) for level in levels) < 10


def test_a_picture_of_the_right_size_keeps_every_pixel() -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (7, 9, 3), np.uint8)
    image = fit(pixels, QSize(9, 7)).image
    for y in range(7):
        for x in range(9):
            assert image.pixelColor(x, y).getRgb()[:3] == tuple(pixels[y, x])


def test_a_fitted_picture_knows_what_it_is_of() -> None:
    one, other = make_pixels(), make_pixels()
    fitted = fit(one, QSize(20, 10))
    assert fitted.is_of(one, QSize(20, 10))
    assert not fitted.is_of(other, QSize(20, 10))
    assert not fitted.is_of(one, QSize(20, 11))


@pytest.fixture
def ready() -> threading.Event:
    return threading.Event()


def test_the_newest_wish_of_each_role_is_done_on_another_thread(
    qtbot: QtBot, ready: threading.Event
) -> None:
    threads: list[str] = []

    def done() -> None:
        threads.append(threading.current_thread().name)
        ready.set()

    fitter = Fitter(done)
    assert not fitter.alive
    many = [make_pixels(value=value) for value in range(20)]
    for pixels in many:
        fitter.ask("large", pixels, QSize(50, 40))
    fitter.ask("small", many[3], QSize(8, 6))
    fitter.start()
    assert fitter.alive
    got = {}

    def both() -> bool:
        got.update(fitter.take())
        return set(got) == {"large", "small"}

    wait_until(both)
    fitter.stop()
    assert not fitter.alive
    assert "fitter" not in {thread.name for thread in threading.enumerate()}
    assert got["large"].is_of(many[-1], QSize(50, 40))
    assert got["small"].is_of(many[3], QSize(8, 6))
    assert set(threads) == {"fitter"}
    assert len(threads) == 2


def test_a_prepared_picture_is_there_when_it_is_wanted_and_nobody_is_told(
    ready: threading.Event,
) -> None:
    fitter = Fitter(ready.set)
    fitter.start()
    first, second, third = (make_pixels(value=value) for value in (10, 20, 30))
    size = QSize(50, 40)
    for pixels in (first, second):
        fitter.prepare(pixels, size)
        wait_until(lambda pixels=pixels: fitter.prepared(pixels, size))  # type: ignore[misc]
    found = fitter.prepared(first, size)  # that of the frame before is still there
    assert found is not None
    assert found.is_of(first, size)
    assert found.image.pixelColor(3, 3).red() == 10
    assert fitter.prepared(first, QSize(50, 41)) is None
    assert fitter.prepared(third, size) is None
    assert not ready.is_set()
    assert fitter.take() == {}
    fitter.ask("large", second, size)
    assert ready.wait(LIMIT_S)
    assert fitter.take() == {"large": fitter.prepared(second, size)}
    fitter.prepare(third, size)
    wait_until(lambda: fitter.prepared(third, size))
    assert fitter.prepared(first, size) is None  # two are kept
    fitter.stop()
    assert fitter.prepared(third, size) is None


def test_a_picture_wanted_before_it_was_prepared_is_scaled_once(
    ready: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    scaled: list[object] = []

    def watched(*args: object) -> object:
        scaled.append(args[0])
        return fit(*args)  # type: ignore[arg-type]

    monkeypatch.setattr("sonoassist.gui.fitter.fit", watched)
    fitter, pixels, size = Fitter(ready.set), make_pixels(), QSize(50, 40)
    fitter.prepare(pixels, size)
    fitter.ask("large", pixels, size)
    fitter.start()
    assert ready.wait(LIMIT_S)
    fitter.stop()
    assert scaled == [pixels]


def test_it_can_be_started_again(ready: threading.Event) -> None:
    fitter = Fitter(ready.set)
    for _ in range(2):
        fitter.start()
        fitter.start()
        ready.clear()
        fitter.ask("large", make_pixels(), QSize(5, 5))
        assert ready.wait(LIMIT_S)
        fitter.stop()
        assert fitter.take() == {}
    fitter.stop()
