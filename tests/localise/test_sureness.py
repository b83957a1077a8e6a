"""Which boxes are sure."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonoassist.core.packets import Box
from sonoassist.core.planes import BACKGROUND_INDEX, BY_KEY, PLANES, Plane
from sonoassist.localise.sureness import SELDOM_RIGHT, SIZES, is_plausible, is_sure, touches_border

CROP = Box(100, 50, 388, 274)


def test_every_plane_has_its_sizes() -> None:
    assert set(SIZES) == {one.key for one in PLANES} - {PLANES[BACKGROUND_INDEX].key}


def test_a_head_in_the_middle_is_sure() -> None:
    assert is_sure(Box(160, 90, 330, 230), CROP, BY_KEY["brain_tv"])


@pytest.mark.parametrize("plane", [one for one in PLANES if not one.is_background])
def test_no_box_of_an_outflow_tract_is_sure(plane: Plane) -> None:
    """Wherever boxes were measured theirs were wrong the most."""
    assert is_sure(Box(200, 120, 300, 200), CROP, plane) is (plane.key not in ("lvot", "rvot"))


@pytest.mark.parametrize(
    "box",
    [
        Box(100, 90, 270, 230),
        Box(160, 51, 330, 190),
        Box(220, 90, 388, 230),
        Box(160, 130, 330, 280),
    ],
)
def test_what_reaches_the_border_is_not(box: Box) -> None:
    assert touches_border(box, CROP)
    assert not is_sure(box, CROP, BY_KEY["brain_tv"])


@pytest.mark.parametrize(
    ("box", "key"),
    [
        (Box(200, 150, 210, 160), "brain_tv"),
        (Box(110, 60, 370, 260), "4ch"),
        (Box(200, 150, 200, 160), "lips"),
    ],
)
def test_a_size_that_the_plane_never_has_is_not(box: Box, key: str) -> None:
    assert not touches_border(box, CROP)
    assert not is_plausible(box, CROP, BY_KEY[key])
    assert not is_sure(box, CROP, BY_KEY[key])


@given(
    key=st.sampled_from(sorted(SIZES)),
    x=st.floats(0.05, 0.5),
    y=st.floats(0.05, 0.5),
    side=st.floats(0.01, 0.6),
    zoom=st.floats(0.3, 8),
    shift=st.floats(-100, 900),
)
def test_it_does_not_depend_on_the_pixels_of_the_frame(
    key: str, x: float, y: float, side: float, zoom: float, shift: float
) -> None:
    def placed(crop: Box) -> bool:
        wide, high = crop.width, crop.height
        left, top = crop.left + x * wide, crop.top + y * high
        box = Box(left, top, left + side * wide, top + side * high)
        return is_sure(box, crop, BY_KEY[key])

    other = Box(shift, shift, shift + zoom * CROP.width, shift + zoom * CROP.height)
    near = min(abs(side - edge) for edge in SIZES[key]) < 1e-6
    near = near or min(abs(1 - part - side - 0.006) for part in (x, y)) < 1e-2
    assert near or placed(CROP) == placed(other)


def test_the_help_names_the_planes_whose_boxes_are_never_sure() -> None:
    page = Path(__file__).parents[2] / "resources" / "help" / "live.md"
    (said,) = re.findall(r"boxes of the outflow tracts \(([^)]*)\)", page.read_text("utf-8"))
    assert set(said.split()) - {"and"} == {BY_KEY[key].label for key in SELDOM_RIGHT}
