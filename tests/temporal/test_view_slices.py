from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sonoassist.temporal.view_choice import Worth
from sonoassist.temporal.view_slices import FRAMES, SLICES, ViewSlices

Timed = tuple[float, Worth]
FRAME = st.tuples(
    st.floats(0, 100),
    st.builds(Worth, st.floats(0.5, 1), st.floats(0, 1), st.integers(0, 2)),
)


def slices_of(frames: list[Timed], slice_s: float = 2.0) -> ViewSlices[Timed]:
    slices: ViewSlices[Timed] = ViewSlices(slice_s, lambda one: one[1])
    for one in frames:
        slices.add(one[0], one)
        assert len(slices) <= SLICES * FRAMES
    return slices


@given(st.lists(FRAME, min_size=1, max_size=100))
def test_few_frames_are_held_and_a_surest_one_is_there(frames: list[Timed]) -> None:
    held = list(slices_of(frames))
    surest = max(worth.confidence for _, worth in frames)
    assert max(worth.confidence for _, worth in held) >= surest - 0.02


def test_each_stretch_has_its_own() -> None:
    frames = [(at_s, Worth(0.9 - at_s / 100, 0.5)) for at_s in range(2 * SLICES)]
    held = [at_s for at_s, _ in slices_of(frames)]
    assert sorted(held) == list(range(0, 2 * SLICES, 2))


def test_of_many_stretches_those_with_the_best_frames_stay() -> None:
    frames = [(2.0 * at, Worth(0.5 + 0.03 * (at * 7 % 16), 0.5)) for at in range(16)]
    held = slices_of(frames)
    best = sorted(frames, key=lambda one: -one[1].confidence)[:SLICES]
    assert sorted(held) == sorted(best)


def test_what_is_not_wanted_leaves_its_stretch_free() -> None:
    slices = slices_of([(2.0 * at, Worth(0.9, 0.5)) for at in range(SLICES)])
    slices.keep(lambda one: one[0] > 5)
    assert [at_s for at_s, _ in slices] == [2.0 * at for at in range(3, SLICES)]
    slices.add(0.0, (0.0, Worth(0.3, 0.5)))
    assert len(slices) == SLICES - 2


def test_frames_are_put_anew() -> None:
    slices = slices_of([(0.0, Worth(0.9, 0.5))])
    slices.change(lambda one: (one[0], Worth(0.9, 0.7)))
    assert list(slices) == [(0.0, Worth(0.9, 0.7))]
