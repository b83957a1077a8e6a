from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sonoassist.core.planes import PLANES
from sonoassist.recordings.pyramid import FULL, Pyramid


@st.composite
def filled(draw: st.DrawFn) -> tuple[Pyramid, np.ndarray, np.ndarray]:
    """A pyramid filled in some steps, some frames more than once, and its values by hand."""
    frames = draw(st.integers(1, 300))
    rng = np.random.default_rng(draw(st.integers(0, 2**31)))
    made = Pyramid(frames)
    values = np.zeros((frames, len(PLANES)), np.uint8)
    known = np.zeros(frames, bool)
    for _ in range(draw(st.integers(0, 5))):
        indexes = rng.choice(frames, int(rng.integers(0, frames + 1)), replace=False)
        indexes = indexes[~known[indexes]]  # results are never lowered
        shares = rng.random((len(indexes), len(PLANES)))
        made.update(indexes, shares)
        values[indexes] = np.rint(shares * FULL)
        known[indexes] = True
    return made, values, known


@given(filled(), st.data())
def test_every_zoom_has_the_maxima_of_the_frames_themselves(
    case: tuple[Pyramid, np.ndarray, np.ndarray], data: st.DataObject
) -> None:
    made, values, known = case
    frames = len(values)
    first = data.draw(st.integers(0, frames - 1))
    last = data.draw(st.integers(first + 1, frames))
    width = data.draw(st.integers(1, 2 * frames))
    columns, seen = made.columns(first, last, width)
    edges = [first + (last - first) * step / width for step in range(width + 1)]
    for column in range(width):
        low = int(np.floor(edges[column] + 1e-9))
        high = max(int(np.ceil(edges[column + 1] - 1e-9)), low + 1)
        assert np.array_equal(columns[column], values[low:high].max(axis=0))
        assert seen[column] == known[low:high].any()


def test_one_sure_frame_among_67500_is_seen_from_afar() -> None:
    made = Pyramid(67_500)
    shares = np.zeros((1, len(PLANES)))
    shares[0, 6] = 1.0
    made.update(np.array([41_111]), shares)
    columns, known = made.columns(0, 67_500, 1200)
    assert np.flatnonzero(columns[:, 6]).tolist() == [41_111 * 1200 // 67_500]
    assert known.sum() == 1
    assert columns[:, 6].max() == FULL


def test_nothing_outside_of_the_recording() -> None:
    made = Pyramid(10)
    made.update(np.arange(10), np.ones((10, len(PLANES))))
    columns, known = made.columns(8, 14, 6)
    assert known.tolist() == [True, True, False, False, False, False]
    assert columns[2:].max() == 0
