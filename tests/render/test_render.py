from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from made_analyses import analysis_of, shares_of
from real_models import frame_of
from sonoassist.core.box_age import BoxAge
from sonoassist.core.errors import OutputError
from sonoassist.core.packets import Analysis, Box, State, SteadiedBox
from sonoassist.core.planes import BY_KEY, PLANES
from sonoassist.render.encoder import VideoEncoder
from sonoassist.render.overlay import annotate, caption, rgb_of

BOX = Box(200, 250, 420, 500)


def seen(
    key: str = "femur", state: State = State.PLANE, box: Box | None = BOX, grey: bool = False
) -> Analysis:
    shape = (720, 960) if grey else (720, 960, 3)
    frame = frame_of(np.full(shape, 90, np.uint8))
    frame.pixels.flags.writeable = False
    return analysis_of(frame, shares_of(key, 0.93), state, box)


def changed(analysis: Analysis) -> NDArray[np.bool_]:
    """Where the picture differs from the plain one, in the middle, clear of the captions."""
    different = (annotate(analysis) != 90).any(axis=2)
    different[:120] = different[-80:] = False
    return different


@pytest.mark.parametrize("plane", [one for one in PLANES if not one.is_background])
def test_the_box_has_the_colour_of_its_plane(plane: object) -> None:
    picture = annotate(seen(plane.key))
    for row, column in ((250, 300), (499, 300), (400, 200), (400, 419)):
        assert tuple(picture[row, column]) == rgb_of(plane)
    assert tuple(picture[400, 300]) == (90, 90, 90)


def test_the_box_lies_where_it_says() -> None:
    rows, columns = np.nonzero(changed(seen()))
    assert abs(rows.min() - 250) <= 2
    assert abs(rows.max() - 499) <= 2
    assert abs(columns.min() - 200) <= 2
    assert abs(columns.max() - 419) <= 2


@pytest.mark.parametrize("sure", [True, False])
def test_a_steadied_box_is_drawn_in_the_place_of_its_own_and_broken_where_not_sure(
    sure: bool,
) -> None:
    place = Box(300, 200, 500, 420)
    picture = annotate(seen(), steadied=SteadiedBox(place, sure))
    colour = rgb_of(BY_KEY["femur"])
    for line in (picture[200, 300:500], picture[200:420, 300], picture[419, 300:500]):
        drawn = (np.abs(line.astype(int) - colour) < 40).all(axis=1)
        assert drawn[:4].all()
        assert drawn[-4:].all()
        assert drawn.all() == sure
        assert drawn.mean() > 0.4
    assert tuple(picture[499, 250]) == (90, 90, 90)  # its own


@pytest.mark.parametrize("steadied", [None, SteadiedBox(BOX, sure=True)])
def test_a_box_that_its_own_frame_doubts_is_broken(steadied: SteadiedBox | None) -> None:
    analysis = seen()
    doubted = replace(analysis, localisation=replace(analysis.localisation, sure=False))
    line = annotate(doubted, steadied=steadied)[499, 200:420]
    drawn = (np.abs(line.astype(int) - rgb_of(BY_KEY["femur"])) < 40).all(axis=1)
    assert drawn[:4].all()
    assert 0.4 < drawn.mean() < 1


def test_nothing_steadied_is_drawn_on_a_frame_without_a_box() -> None:
    steadied = SteadiedBox(BOX, sure=True)
    assert np.array_equal(annotate(seen(box=None), steadied=steadied), annotate(seen(box=None)))


def carried(age_s: float, box: Box = BOX) -> Analysis:
    analysis = seen(box=box)
    return replace(analysis, localisation=replace(analysis.localisation, age_s=age_s))


def test_a_carried_box_is_fainter_and_says_so() -> None:
    own, fresh, old = (annotate(carried(age_s)) for age_s in (0.0, 0.08, 0.4))
    assert np.array_equal(own, fresh)
    colour = np.array(rgb_of(BY_KEY["femur"]), float)
    expected = 90 + BoxAge(0.4).strength * (colour - 90)
    assert old[400, 200] == pytest.approx(expected, abs=2)
    rows, columns = np.nonzero((old != own).any(axis=2))
    words = (rows > 502) & (columns < 420)
    assert words.sum() > 300
    assert rows[words].max() < 540


def test_the_words_of_a_carried_box_stay_in_the_picture() -> None:
    box = Box(930, 500, 960, 720)
    old, own = annotate(carried(0.4, box)), annotate(carried(0.0, box))
    rows, columns = np.nonzero((old != own).any(axis=2))
    assert (columns < 900).sum() > 300
    assert rows.max() < 720


@pytest.mark.parametrize("state", [one for one in State if one is not State.PLANE])
def test_only_a_sure_plane_is_named_and_boxed(state: State) -> None:
    analysis = seen(state=state)
    assert not changed(analysis).any()
    assert "Femur" not in caption(analysis)
    assert caption(analysis).isascii()


def test_captions() -> None:
    assert caption(seen()) == "Femur 93 %"
    assert caption(seen(state=State.UNSURE)) == "Unsure"
    assert rgb_of(BY_KEY["femur"]) == (0xB8, 0xF2, 0x5F)


@pytest.mark.parametrize("grey", [False, True])
def test_the_frame_itself_is_not_touched(grey: bool) -> None:
    analysis = seen(grey=grey)
    picture = annotate(analysis)
    assert picture.shape == (720, 960, 3)
    assert picture.dtype == np.uint8
    assert (analysis.frame.pixels == 90).all()
    assert (picture[:60] != 90).any()
    assert (picture[-40:] != 90).any()  # what it is not made for is written at the bottom


@settings(max_examples=30, deadline=None)
@given(st.integers(16, 300), st.integers(16, 300), st.floats(-50, 400), st.floats(1, 400))
def test_any_size_can_be_drawn_on(width: int, height: int, left: float, wide: float) -> None:
    frame = frame_of(np.zeros((height, width), np.uint8))
    box = Box(left, left / 2, left + wide, left / 2 + wide)
    assert annotate(analysis_of(frame, shares_of("lips"), box=box)).shape == (height, width, 3)


def decoded(path: Path) -> list[tuple[float, NDArray[np.uint8]]]:
    with av.open(str(path)) as container:
        return [
            (float(frame.pts * frame.time_base), frame.to_ndarray(format="rgb24"))
            for frame in container.decode(video=0)
        ]


def flat(level: int, height: int = 64, width: int = 96) -> NDArray[np.uint8]:
    return np.full((height, width, 3), level, np.uint8)


def test_times_and_pictures_come_back(tmp_path: Path) -> None:
    times = [0.0, 0.04, 0.1, 1.5, 1.501, 7.25]
    with VideoEncoder(tmp_path / "a.mp4", 96, 64, 25.0) as encoder:
        for number, time_s in enumerate(times):
            encoder.add(flat(40 * number), time_s)
    found = decoded(tmp_path / "a.mp4")
    assert [time_s for time_s, _ in found] == pytest.approx(times, abs=1e-4)
    for number, (_, picture) in enumerate(found):
        assert picture.shape == (64, 96, 3)
        assert abs(float(picture.mean()) - 40 * number) < 6


def test_equal_times_are_moved_on(tmp_path: Path) -> None:
    with VideoEncoder(tmp_path / "a.mp4", 96, 64, 25.0) as encoder:
        for time_s in (0.0, 0.0, 0.0, 0.04):
            encoder.add(flat(100), time_s)
    times = [time_s for time_s, _ in decoded(tmp_path / "a.mp4")]
    assert len(times) == 4
    assert times == sorted(set(times))


def test_odd_and_differing_sizes_are_fitted_in(tmp_path: Path) -> None:
    with VideoEncoder(tmp_path / "a.mp4", 97, 65, 25.0) as encoder:
        encoder.add(flat(200, 65, 97), 0.0)
        encoder.add(flat(200, 20, 30), 0.04)
        encoder.add(flat(200, 1300, 970), 0.08)
    odd, small, large = (picture for _, picture in decoded(tmp_path / "a.mp4"))
    assert odd.shape == (66, 98, 3)
    assert abs(int(odd[30, 40, 0]) - 200) < 8
    assert small[10, 15, 0] > 180
    assert small[50, 80, 0] < 20
    assert large[40, 20, 0] > 180
    assert large[40, 90, 0] < 20


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    def write() -> None:
        with VideoEncoder(tmp_path / "nowhere" / "a.mp4", 96, 64, 25.0) as encoder:
            encoder.add(flat(1), 0.0)

    with pytest.raises(OutputError, match="cannot be written: No such file or directory"):
        write()


def test_the_first_error_is_the_one_told(tmp_path: Path) -> None:
    def fail() -> None:
        with VideoEncoder(tmp_path / "a.mp4", 96, 64, 25.0) as encoder:
            encoder.add(flat(1), 0.0)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
