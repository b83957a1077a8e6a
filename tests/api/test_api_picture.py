"""Single pictures: the plane, its box, and the evidence."""

from __future__ import annotations

import dataclasses
import math
import pickle
import threading
from collections.abc import Iterator

import numpy as np
import pytest
from api_made import made_model, runs_of
from hypothesis import given
from hypothesis import strategies as st

import sonoassist as sa
from review.review_made import picture


@pytest.fixture
def model() -> Iterator[sa.Model]:
    with made_model() as made:
        yield made


def test_a_picture_with_a_plane(model: sa.Model) -> None:
    result = model.analyse(picture("femur", 0))
    assert (result.state, result.plane, result.sure) == ("plane", "femur", True)
    assert result.probabilities.shape == (14,)
    assert result.probabilities.dtype == np.float32
    assert result.probabilities.sum() == pytest.approx(1)
    assert result.confidence == result.probabilities[sa.PLANE_KEYS.index("femur")] > 0.7
    assert result.box is not None
    assert 0 <= result.box.left < result.box.right <= 224
    assert 0 <= result.box.top < result.box.bottom <= 192
    assert "plane='femur'" in repr(result)


def test_below_the_threshold_it_is_not_sure() -> None:
    with made_model(threshold=1.0) as model:
        result = model.analyse(picture("femur", 0))
    assert (result.state, result.plane, result.sure) == ("unsure", "femur", False)


def test_the_background_has_no_box(model: sa.Model) -> None:
    result = model.localise(picture("background", 0))
    assert (result.state, result.plane, result.box) == ("background", "background", None)
    assert not result.heat_map.any()


def test_what_is_not_judged_names_nothing(model: sa.Model) -> None:
    result = model.localise(np.zeros((192, 224), np.uint8))
    assert (result.state, result.plane, result.sure) == ("no_signal", "", False)
    assert math.isnan(result.confidence)
    assert result.box is None
    assert not result.heat_map.any()


def test_the_heat_map_lies_on_the_picture(model: sa.Model) -> None:
    pixels = picture("femur", 0)
    result = model.localise(pixels)
    known = model.analyse(pixels)
    np.testing.assert_array_equal(result.probabilities, known.probabilities)
    assert (result.box, result.crop, result.state) == (known.box, known.crop, known.state)
    heat, crop, box = result.heat_map, result.crop, result.box
    assert box is not None
    assert heat.shape == pixels.shape[:2]
    assert heat.dtype == np.float32
    assert (heat.min(), heat.max()) == (0, pytest.approx(1, abs=0.01))
    inside = np.zeros(heat.shape, bool)
    inside[round(crop.top) : round(crop.bottom), round(crop.left) : round(crop.right)] = True
    assert not heat[~inside].any()
    rows, columns = np.nonzero(heat > 0.5)
    assert box.left - 2 <= columns.min() < columns.max() <= box.right + 2
    assert box.top - 2 <= rows.min() < rows.max() <= box.bottom + 2


@given(
    height=st.integers(16, 90),
    width=st.integers(16, 90),
    grey=st.booleans(),
    cell=st.sampled_from(sa.PLANE_KEYS),
)
def test_pictures_of_any_size(height: int, width: int, grey: bool, cell: str) -> None:
    pixels = np.resize(picture(cell, 1), (height, width, 3))
    with made_model() as model:
        result = model.localise(pixels[..., 0] if grey else pixels)
    assert result.heat_map.shape == (height, width)
    assert np.isfinite(result.heat_map).all()
    if result.box is not None:
        assert -1e-3 <= result.box.left < result.box.right <= width + 1e-3
        assert -1e-3 <= result.box.top < result.box.bottom <= height + 1e-3


def test_the_picture_may_lie_in_memory_in_any_way(model: sa.Model) -> None:
    pixels = picture("lips", 3)
    wanted = model.analyse(pixels).probabilities
    wide = np.zeros((192, 448, 3), np.uint8)
    wide[:, ::2] = pixels
    locked = pixels.copy()
    locked.flags.writeable = False
    for other in (np.asfortranarray(pixels), wide[:, ::2], pixels[::-1].copy()[::-1], locked):
        np.testing.assert_array_equal(model.analyse(other).probabilities, wanted)


def test_the_picture_is_not_changed_and_not_locked(model: sa.Model) -> None:
    pixels = picture("femur", 0)
    before = pixels.copy()
    model.localise(pixels)
    np.testing.assert_array_equal(pixels, before)
    pixels[:] = 7  # it is the user's own


def test_a_buffer_that_is_used_again(model: sa.Model) -> None:
    """As a camera's: results are of what is in it at the call, not of what was there before."""
    buffer = picture("femur", 0)
    first = model.analyse(buffer)
    buffer[:] = picture("lips", 1)
    second = model.analyse(buffer)
    assert (first.plane, second.plane) == ("femur", "lips")


def test_each_picture_is_judged_by_itself(model: sa.Model) -> None:
    pixels = picture("femur", 0)
    alone = model.localise(pixels)
    model.analyse(picture("background", 5))
    model.analyse(picture("4ch", 6))
    again = model.localise(pixels)
    np.testing.assert_array_equal(again.probabilities, alone.probabilities)
    np.testing.assert_array_equal(again.heat_map, alone.heat_map)
    assert (again.box, again.state) == (alone.box, alone.state)


def test_results_cannot_be_changed(model: sa.Model) -> None:
    result = model.localise(picture("femur", 0))
    for array in (result.probabilities, result.heat_map):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0
    with pytest.raises(dataclasses.FrozenInstanceError):
        result.state = "plane"  # type: ignore[misc]
    copy = pickle.loads(pickle.dumps(result))
    np.testing.assert_array_equal(copy.heat_map, result.heat_map)
    assert copy.box == result.box


def test_several_threads_wait_for_each_other(model: sa.Model) -> None:
    wanted = {key: model.analyse(picture(key, 2)).probabilities for key in ("femur", "lips", "4ch")}
    wrong: list[str] = []

    def work(key: str) -> None:
        for _ in range(10):
            if not np.array_equal(model.analyse(picture(key, 2)).probabilities, wanted[key]):
                wrong.append(key)

    threads = [threading.Thread(target=work, args=(key,)) for key in wanted]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert runs_of(model) >= 30


def test_what_made_it(model: sa.Model) -> None:
    info = model.info
    assert (info.name, info.domain, info.crop, info.threshold) == (
        "sononet16",
        "published",
        "full",
        0.7,
    )
    assert (info.engine, info.precision, info.device) == ("bright", "f32", "CPU")
    assert "sononet16" in repr(model)


def test_what_the_engine_has_to_say_is_a_warning(
    model: sa.Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    news = ["the card has failed; the processor goes on"]
    engine = type(model._analyser.engine)
    monkeypatch.setattr(engine, "take_notices", lambda _: [news.pop()] if news else [])
    with pytest.warns(sa.SonoAssistWarning, match="the card has failed") as caught:
        model.analyse(picture("femur", 0))
    assert caught[0].filename == __file__
    model.analyse(picture("femur", 0))
