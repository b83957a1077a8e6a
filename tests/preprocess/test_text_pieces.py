"""Pieces of ink are measured as OpenCV measures all of a screen, and groups are whole."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sonoassist.core.opencv import cv2
from sonoassist.preprocess.masking import with_mask
from sonoassist.preprocess.text_lines import _edges, _groups, _Pieces, _pieces


def ink_of(seed: int, share: float, high: int, wide: int) -> np.ndarray:
    return (np.random.default_rng(seed).random((high, wide)) < share).astype(np.uint8)


@given(st.integers(0, 10_000), st.sampled_from([0.0, 0.02, 0.2, 0.6, 1.0]), st.integers(1, 40))
def test_edges_are_those_that_opencv_finds(seed: int, share: float, high: int) -> None:
    ink = ink_of(seed, share, high, 30)
    count, found, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    inked = np.flatnonzero(ink)
    left, top, right, bottom = _edges(found.ravel()[inked], inked, ink.shape, count)
    whole = np.stack([left, top, right - left, bottom - top], axis=1)
    assert np.array_equal(whole[1:], np.asarray(stats)[1:, :4])


@given(st.integers(0, 10_000))
def test_pieces_of_one_group_are_joined_by_neighbours(seed: int) -> None:
    """Groups are found pair by pair in one go; here each piece asks all others."""
    rng = np.random.default_rng(seed)
    left = np.sort(rng.integers(0, 120, 30))
    top, high, wide = rng.integers(0, 40, 30), rng.integers(5, 12, 30), rng.integers(2, 12, 30)
    bright = rng.integers(150, 256, 30)
    pieces = _Pieces(left, top, left + wide, top + high, bright, np.ones(30, np.bool_))
    group = list(range(30))
    for one in range(30):
        for other in range(one + 1, 30):
            if stand_beside(pieces, one, other):
                old, new = group[other], group[one]
                group = [new if each == old else each for each in group]
    expected = [[at for at in range(30) if group[at] == each] for each in sorted(set(group))]
    assert [found.tolist() for found in _groups(pieces)] == expected


def stand_beside(pieces: _Pieces, one: int, other: int) -> bool:
    heights = sorted((int(pieces.height[one]), int(pieces.height[other])))
    widest = max(int(pieces.right[at] - pieces.left[at]) for at in (one, other))
    gap = int(pieces.left[other] - pieces.right[one])
    shared = min(pieces.bottom[one], pieces.bottom[other]) - max(pieces.top[one], pieces.top[other])
    near = -0.5 * widest <= gap <= 1.5 * heights[1]
    level = shared >= 0.6 * heights[0] and heights[1] <= 1.7 * heights[0]
    return bool(near and level and abs(int(pieces.bright[one]) - int(pieces.bright[other])) <= 39)


def test_nothing_is_found_where_there_is_no_ink() -> None:
    empty = np.zeros((20, 30), np.uint8)
    assert not len(_pieces(empty, empty, 1.0).left)


@given(st.integers(0, 10_000), st.sampled_from([(9, 7), (9, 7, 3)]))
def test_a_mask_keeps_its_pixels_and_no_others(seed: int, shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(seed)
    picture = rng.integers(0, 256, shape, np.uint8)
    picture.flags.writeable = False
    mask = rng.random((9, 7)) < 0.5
    shown = with_mask(picture, mask)
    assert np.array_equal(shown[mask], picture[mask])
    assert not shown[~mask].any()
    assert shown.dtype == np.uint8
    assert shown.shape == picture.shape
    assert shown.flags.writeable
