"""What names a patient is black, the ultrasound is not, and in doubt everything is black."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from preprocess.screens_made import fan_mask, screen
from sonoassist.core.opencv import cv2
from sonoassist.core.packets import Box, Pixels
from sonoassist.phantom import screen as phantom_screen
from sonoassist.phantom.exam import PhantomExam
from sonoassist.preprocess.channels import strongest
from sonoassist.preprocess.masking import (
    LAST_SCENES,
    SequenceMask,
    masked,
    ultrasound_field,
    with_mask,
)
from sonoassist.preprocess.text_lines import text_lines
from sonoassist.sources import open_source

NAME = "MUSTERFRAU ERIKA 12.08.1964"
NOISE = 24
"""Grey levels of an empty bar, which says nothing."""
SIZE, APEX, RADIUS = (960, 720), (480, 90), 560


def whole(picture: Pixels) -> Box:
    return Box(0, 0, picture.shape[1], picture.shape[0])


def write(picture: Pixels, text: str, at: tuple[int, int], size: float = 0.6) -> None:
    cv2.putText(picture, text, at, cv2.FONT_HERSHEY_SIMPLEX, size, (235,) * 3, 1, cv2.LINE_AA)


def fan(*, name_at: tuple[int, int] | None = None) -> tuple[Pixels, NDArray[np.bool_]]:
    picture, _ = screen(SIZE, APEX, RADIUS)
    if name_at:
        write(picture, NAME, name_at)
    return picture, fan_mask(SIZE[1], SIZE[0], APEX, RADIUS)


@pytest.mark.parametrize("at", [(20, 40), (16, 120), (700, 110), (16, 700), (640, 690)])
def test_a_name_beside_the_fan_is_black(at: tuple[int, int]) -> None:
    picture, inside = fan(name_at=at)
    shown = masked(picture, whole(picture))
    hull = np.zeros(inside.shape, np.uint8)  # dark in front of the probe's face belongs to it
    corners = cv2.convexHull(cv2.findNonZero(inside.astype(np.uint8)))
    near = cv2.dilate(cv2.fillConvexPoly(hull, corners, 1), np.ones((9, 9), np.uint8)) > 0
    assert not shown[~near].any()
    kept = (shown == picture).all(axis=2)
    assert kept[inside].mean() > 0.92  # a little is left out along the rim
    assert (picture[~near] > 100).any()  # there was something to hide


def test_a_name_on_the_picture_is_black() -> None:
    picture, _ = fan()
    dark = picture // 3
    named = dark.copy()
    write(named, NAME, (340, 420), 0.7)
    shown = masked(named, whole(named))
    ink = strongest(named).astype(int) - strongest(dark) > 60
    assert ink.sum() > 500
    assert (strongest(shown)[ink] > 0).mean() < 0.03
    assert text_lines(dark[200:600, 300:660]) == []


@pytest.mark.parametrize("seed", range(6))
def test_a_phantom_keeps_its_picture_and_loses_its_screen(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(phantom_screen, "BANNER", NAME)
    exam = PhantomExam(seed, fps=2)
    frame = next(f for f in map(exam.frame, range(20, len(exam))) if f.state == "plane")
    layout, shown = exam.layout, masked(frame.pixels, whole(frame.pixels))
    assert not shown[: round(layout.top_px * 0.8)].any()
    assert shown[layout.bottom_px + 6 :].max(initial=0) <= NOISE
    assert frame.box is not None
    box = np.s_[
        round(frame.box.top) : round(frame.box.bottom),
        round(frame.box.left) : round(frame.box.right),
    ]
    assert (shown[box] == frame.pixels[box]).all(axis=2).mean() > 0.97


def page() -> Pixels:
    """A list of patients: grey panels and rows of names, no ultrasound."""
    picture = np.full((720, 960, 3), 236, np.uint8)
    picture[80:660, 40:920] = 205
    for row in range(120, 640, 34):
        cv2.putText(picture, f"{NAME}  4711-{row}", (60, row), 0, 0.6, (20,) * 3, 1, cv2.LINE_AA)
    return picture


@pytest.mark.parametrize(
    "picture",
    [
        np.zeros((480, 640, 3), np.uint8),
        np.full((480, 640), 255, np.uint8),
        np.full((16, 16, 3), 90, np.uint8),
        page(),
        255 - page(),
    ],
    ids=["black", "white", "tiny", "list", "dark list"],
)
def test_without_ultrasound_nothing_is_shown(picture: Pixels) -> None:
    assert not masked(picture, whole(picture)).any()
    assert ultrasound_field([picture]) is None


def test_nothing_outside_of_the_field_is_shown() -> None:
    picture, _ = fan()
    field = Box(400.4, 200, 500, 399.6)
    shown = masked(picture, field)
    assert shown[200:399, 401:500].any()
    outside = np.ones(picture.shape[:2], np.bool_)
    outside[200:399, 401:500] = False
    assert not shown[outside].any()
    assert not masked(picture, Box(0, 0, 0, 0)).any()


def test_a_grey_picture_and_a_copy() -> None:
    picture, _ = fan(name_at=(16, 120))
    grey = np.ascontiguousarray(picture[..., 0])
    grey.flags.writeable = False
    shown = masked(grey, whole(grey))
    assert shown.shape == grey.shape
    assert (shown == masked(picture, whole(picture))[..., 0]).mean() > 0.999
    assert grey[100:125, 16:200].max() > 200


def test_the_mask_of_a_sequence_does_not_tremble_and_lets_no_name_in() -> None:
    picture, inside = fan(name_at=(16, 130))
    rng = np.random.default_rng(3)
    mask = SequenceMask()
    for _ in range(4):
        noisy = np.clip(picture + rng.normal(0, 6, picture.shape), 0, 255).astype(np.uint8)
        mask.add(noisy)
    masks = [mask.mask(number) for number in range(4)]
    assert all(one is masks[0] for one in masks)
    assert masks[0] is not None
    assert masks[0][inside].mean() > 0.92
    assert not with_mask(picture, masks[0])[110:140, 10:300].any()


def test_a_page_that_opens_is_black_at_once_and_the_picture_comes_back() -> None:
    picture, inside = fan()
    mask = SequenceMask()
    shown = [mask.add(one).copy() for one in (picture, page(), 255 - page(), picture)]
    assert shown[0].any()
    assert not shown[1].any()
    assert not shown[2].any()
    assert shown[3][inside].mean() > 0.92
    assert mask.shows_any


def test_text_that_comes_later_is_black_from_the_first_frame_on() -> None:
    picture, _ = fan()
    named = picture // 3
    write(named, NAME, (340, 420), 0.7)
    mask = SequenceMask()
    for number in range(8):
        mask.add(named if number >= 5 else picture // 3)
    ink = strongest(named).astype(int) - strongest(picture // 3) > 60
    first = mask.mask(0)
    assert first is not None
    assert (strongest(with_mask(named, first))[ink] > 0).mean() < 0.03


def test_a_sequence_that_moves_on_to_another_picture_has_two_masks() -> None:
    small, _ = screen(SIZE, APEX, 330)
    large, inside = fan()
    mask = SequenceMask()
    for picture in (small, large):
        mask.add(picture)
    one, other = mask.mask(0), mask.mask(1)
    assert one is not None
    assert other is not None
    assert not one[460:].any()
    assert other[inside].mean() > 0.92


def test_the_field_is_where_the_fan_is() -> None:
    picture, inside = fan()
    found = ultrasound_field([picture])
    rows, columns = np.flatnonzero(inside.any(1)), np.flatnonzero(inside.any(0))
    assert found is not None
    assert found.iou(Box(columns[0], rows[0], columns[-1] + 1, rows[-1] + 1)) > 0.94


@settings(max_examples=60, deadline=None)
@given(
    hnp.arrays(
        np.uint8,
        st.tuples(st.integers(16, 80), st.integers(16, 80))
        | st.tuples(st.integers(16, 60), st.integers(16, 60), st.just(3)),
        elements=st.sampled_from([0, 3, 20, 40, 128, 255]),
        fill=st.sampled_from([0, 60, 255]),
    ),
    st.tuples(*[st.floats(-20, 100)] * 4),
)
def test_any_picture_and_field(picture: Pixels, edges: tuple[float, ...]) -> None:
    field = Box(*edges)
    shown = masked(picture, field)
    assert shown.shape == picture.shape
    assert ((shown == picture) | (shown == 0)).all()
    visible = np.argwhere(shown.reshape(*shown.shape[:2], -1).any(axis=2))
    for row, column in visible[:: max(len(visible) // 20, 1)]:
        assert field.left <= column <= field.right
        assert field.top <= row <= field.bottom


def cine(test_data: Path) -> list[Pixels]:
    with open_source(str(test_data / "dicom" / "GREYSCALE_CINE.zip")) as source:
        frames = []
        for index in (0, 13, 26):
            source.seek(index)
            frame = source.read()
            assert frame is not None
            frames.append(frame.pixels)
    return frames


@pytest.mark.real
def test_a_burned_in_identity_is_black(test_data: Path) -> None:
    """Its bar names a made-up patient; its picture is the rectangle below.

    The probe is in the air: whether that is a picture is in doubt, so it may be left out.
    """
    for frame in cine(test_data):
        assert (frame[:20] > 150).sum() > 500
        shown = masked(frame, whole(frame))
        assert not shown[:65].any()  # identity, date, presets
        assert not shown[:, :70].any()
        assert not shown[:, 730:].any()
        picture = np.s_[80:560, 110:640]
        assert not shown.any() or (shown[picture] == frame[picture]).mean() > 0.97


@pytest.mark.real
def test_published_screens_lose_their_dates(test_data: Path) -> None:
    for path in sorted((test_data / "planes").glob("*.tiff")):
        picture = np.asarray(cv2.imread(str(path)), np.uint8)
        assert (picture[:72] > 150).sum() > 500
        shown = masked(picture, whole(picture))
        assert not shown[:72].any()
        # The middle of the fan is tissue on each of them.
        middle = np.s_[110:680, 330:640]
        assert (shown[middle] == picture[middle]).all(axis=2).mean() > 0.99, path.name


def test_a_long_sequence_is_not_remembered() -> None:
    mask = SequenceMask(keeps=False)
    picture, inside = fan()
    for radius in range(280, 560, 14):
        mask.add(screen(SIZE, APEX, radius)[0])
        assert len(mask) == 1
        assert len(mask._scenes) <= LAST_SCENES
    assert mask.add(picture)[inside].mean() > 0.92
