"""When boxes are looked for: every frame where there is time, else as often as there is."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonoassist.analysis.box_wish import BoxWish
from sonoassist.live.cadence import DWELL_S, LEAST_SHARE, Cadence


class Machine:
    """A source and an analysis that take the times they are told; newest frame only."""

    def __init__(self, interval_s: float, label_s: float, early_s: float, box_s: float) -> None:
        self.interval_s, self.label_s, self.early_s, self.box_s = (
            interval_s,
            label_s,
            early_s,
            box_s,
        )
        self.cadence = Cadence()
        self.now_s = 100.0
        self.boxed, self.boxes = True, 0
        self.wishes: list[tuple[float, BoxWish]] = []
        self.latencies_s: list[float] = []

    def run(self, seconds: float) -> Counter[BoxWish]:
        """Play, and count what was asked for."""
        end_s, seen, before = self.now_s + seconds, -1, len(self.wishes)
        while self.now_s < end_s:
            frame = int(self.now_s / self.interval_s)
            if frame == seen:  # wait for the next one
                frame += 1
                self.now_s = frame * self.interval_s
            seen, captured_at_s = frame, frame * self.interval_s
            wish = self.cadence.wish(
                frame, captured_at_s, named=self.boxed, background=not self.boxed, now_s=self.now_s
            )
            self.wishes.append((self.now_s, wish))
            self.now_s += self._takes_s(wish)
            self.cadence.took(wish, self._takes_s(wish), background=not self.boxed)
            self.latencies_s.append(self.now_s - captured_at_s)
            if self.cadence.finishes:
                assert wish is BoxWish.LATER
                self.boxes += 1
                self.now_s += self.box_s
                self.cadence.box_took(self.box_s)
        return Counter(wish for _, wish in self.wishes[before:])

    def _takes_s(self, wish: BoxWish) -> float:
        if wish is BoxWish.CARRIED or not self.boxed:
            return self.label_s
        return self.early_s + (self.box_s if wish is BoxWish.OWN else 0.0)


def test_where_there_is_time_each_frame_has_its_own_box() -> None:
    machine = Machine(0.04, 0.008, 0.012, 0.01)
    assert set(machine.run(10)) == {BoxWish.OWN}


def test_where_labels_leave_time_boxes_take_it_and_no_label_is_lost() -> None:
    machine = Machine(0.04, 0.02, 0.03, 0.02)
    machine.run(3)
    counts = machine.run(10)
    assert sum(counts.values()) == pytest.approx(250, abs=5)
    # A box takes 0.03 s more than a label; half of the time is left for them.
    assert counts[BoxWish.LATER] == pytest.approx(10 * 0.5 / 0.03, rel=0.15)
    assert counts[BoxWish.OWN] == 0


def test_where_labels_leave_none_boxes_take_their_share() -> None:
    machine = Machine(0.04, 0.05, 0.07, 0.04)
    machine.run(3)
    counts = machine.run(20)
    boxes_hz, labels_hz = counts[BoxWish.LATER] / 20, sum(counts.values()) / 20
    assert boxes_hz == pytest.approx(LEAST_SHARE / 0.06, rel=0.2)
    assert labels_hz >= (1 - LEAST_SHARE) / 0.05
    assert max(machine.latencies_s[-100:]) <= 0.04 + 0.07 + 0.04 + 0.01


def test_where_quick_labels_are_mostly_in_doubt_exact_ones_are_taken() -> None:
    """The pass that a box starts from gives the label, too: 0.06 s in place of 0.09 s."""
    machine = Machine(0.04, 0.09, 0.06, 0.04)
    machine.run(5)
    boxes = machine.boxes
    counts = machine.run(20)
    assert counts[BoxWish.LATER] >= 0.9 * sum(counts.values())
    assert counts[BoxWish.CARRIED] > 0  # whether it is still so has to be looked at
    assert sum(counts.values()) / 20 >= (1 - LEAST_SHARE) / 0.065
    assert (machine.boxes - boxes) / 20 == pytest.approx(LEAST_SHARE / 0.04, rel=0.2)
    machine.label_s = 0.02  # they are sure again
    machine.run(20)
    assert machine.run(5)[BoxWish.CARRIED] > 0


def test_a_background_takes_no_boxes_and_the_first_plane_has_one_at_once() -> None:
    machine = Machine(0.04, 0.03, 0.05, 0.03)
    machine.run(3)
    machine.boxed = False
    assert set(machine.run(5)) == {BoxWish.CARRIED}
    machine.boxed = True
    before = len(machine.wishes)
    machine.run(0.1)
    assert BoxWish.LATER in [wish for _, wish in machine.wishes[before : before + 2]]


@given(st.floats(0.6, 1.4), st.integers(0, 2**16))
def test_it_settles_without_flapping(load: float, seed: int) -> None:
    """Whatever the load is, and however the times vary, it changes its mind twice at most."""
    machine = Machine(0.04, 0.4 * load * 0.04, 0.6 * load * 0.04, 0.4 * load * 0.04)
    turns, split = 0, machine.cadence.split
    for step in range(60):
        noise = 1 + 0.1 * ((seed >> (step % 16) & 1) - 0.5)
        machine.label_s, machine.early_s, machine.box_s = (
            share * load * 0.04 * noise for share in (0.4, 0.6, 0.4)
        )
        machine.run(0.5)
        turns += machine.cadence.split is not split
        split = machine.cadence.split
    assert turns <= 2
    if load > 1.1:
        assert split
    if load < 0.7:
        assert not split


def test_when_the_machine_is_free_again_each_frame_has_its_own_box() -> None:
    machine = Machine(0.04, 0.04, 0.06, 0.04)
    machine.run(5)
    assert machine.cadence.split
    machine.label_s, machine.early_s, machine.box_s = 0.008, 0.012, 0.01
    machine.run(2 * DWELL_S + 3)
    assert not machine.cadence.split
    assert set(machine.run(5)) == {BoxWish.OWN}


def test_after_a_break_frames_are_not_one_sequence() -> None:
    machine = Machine(0.04, 0.008, 0.012, 0.01)
    machine.run(1)
    machine.cadence.restart()
    machine.now_s += 60
    assert set(machine.run(2)) == {BoxWish.OWN}
