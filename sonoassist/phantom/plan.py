"""What happens in an exam, and when: searching, near misses, planes held, other pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from sonoassist.core.errors import UsageError
from sonoassist.core.flaws import Flaw
from sonoassist.phantom.catalogue import BACKGROUND_KEYS, PLANE_KEYS

State = Literal["plane", "background", "near_miss", "doppler", "split", "frozen", "no_signal"]
"""What a frame shows. Only "plane" and "frozen" have a plane and a box."""

USUAL_S = 90.0
MIN_HOLD_S = 1.0
MOVE_S = 0.6
"""At the start of each leg the probe comes over from the one before."""
NEAR = 0.9
"""From this nearness on the picture counts as the plane (see `nearness`)."""
ARRIVE_S = 0.805 * MOVE_S
"""After that time `nearness` passes `NEAR`; a hold is longer by it."""
LEAVE_S = MOVE_S - ARRIVE_S
"""For that time into the next leg the plane left behind still counts."""
LATE_S = ARRIVE_S - LEAVE_S
"""A leg that shows a plane is longer by it than the plane counts."""
MIN_GAP_S = 0.5
MAX_BACKGROUND = 0.99


@dataclass(frozen=True, slots=True)
class Leg:
    """A stretch of the exam with one thing in the picture.

    Attributes:
        start_s: In the exam.
        end_s: In the exam.
        kind: Key of what is shown (see `sonoassist.phantom.catalogue`).
        state: Of its frames.
        seed: Of its anatomy and framing.
        flaw: What is done wrong in it; None for nothing (see `phantom.flaws`).
    """

    start_s: float
    end_s: float
    kind: str
    state: State
    seed: int
    flaw: Flaw | None = None


@dataclass(frozen=True, slots=True)
class ExamPlan:
    """A whole exam.

    Attributes:
        seed: Of everything random.
        legs: In order, without gaps.
    """

    seed: int
    legs: tuple[Leg, ...]

    @property
    def duration_s(self) -> float:
        """Length of the exam."""
        return self.legs[-1].end_s

    @property
    def background_share(self) -> float:
        """Part of the time without a plane."""
        held_s = sum(
            leg.end_s - leg.start_s - (LATE_S if leg.state == "plane" else 0.0)
            for leg in self.legs
            if leg.state in ("plane", "frozen")
        )
        return 1 - held_s / self.duration_s


def plan_exam(
    seed: int,
    *,
    seconds: float | None = None,
    background_share: float = 0.5,
    extras: bool = False,
) -> ExamPlan:
    """Plan an exam that holds all 13 planes, each once, in random order.

    Args:
        seed: The same seed gives the same plan.
        seconds: Length; None: 90 s, or more where that is too short for `background_share`.
        background_share: Part of the time without a plane; 0.96 is the real ratio of 1:24.
        extras: Also colour Doppler, split screen, freeze and lost signal.

    Raises:
        UsageError: The share is out of range, or the exam is too short for it.
    """
    if not 0.1 <= background_share <= MAX_BACKGROUND:
        raise UsageError(
            f"a background share of {background_share:g} is out of range",
            f"Choose 0.1 to {MAX_BACKGROUND:g}",
        )
    needed_s = len(PLANE_KEYS) * max(
        MIN_HOLD_S / (1 - background_share), (MIN_GAP_S + LATE_S) / background_share
    )
    length_s = max(USUAL_S, needed_s) if seconds is None else float(seconds)
    if not needed_s <= length_s < 24 * 3600:
        raise UsageError(
            f"{length_s:g} s are too short or too long for this background share",
            f"Choose {needed_s:.0f} s to 24 hours, or less background",
        )
    return ExamPlan(seed, tuple(_Planner(seed, length_s, background_share, extras).legs))


def nearness(into_s: float) -> float:
    """How near the probe is to what a leg shows: 0 at its start, 1 after `MOVE_S`; smooth."""
    part = min(max(into_s / MOVE_S, 0.0), 1.0)
    return part * part * (3 - 2 * part)


class _Planner:
    """Lays legs one after another."""

    def __init__(self, seed: int, length_s: float, background_share: float, extras: bool) -> None:
        self._rng = np.random.default_rng((seed, 11))
        self.legs: list[Leg] = []
        order = [str(key) for key in self._rng.permutation(PLANE_KEYS)]
        hold_s = length_s * (1 - background_share) / len(order)
        free_s = length_s * background_share - len(order) * (LATE_S + MIN_GAP_S)
        gaps_s = MIN_GAP_S + self._rng.dirichlet(np.full(len(order), 12.0)) * free_s
        others = self._others(len(order)) if extras else {}
        for number, (key, gap_s) in enumerate(zip(order, gaps_s, strict=True)):
            self._search(float(gap_s), key, others.get(number))
            self._hold(key, hold_s, extras)

    def _others(self, gaps: int) -> dict[int, State]:
        """In which gaps the picture is no B-mode picture."""
        kinds: list[State] = ["doppler", "doppler", "split", "no_signal"]
        where = self._rng.permutation(gaps)[: len(kinds)]
        return {int(gap): kind for gap, kind in zip(where, kinds, strict=True)}

    def _search(self, seconds: float, coming: str, other: State | None) -> None:
        end_s = self._now() + seconds
        if other is not None:
            self._add(seconds * 0.45, str(self._rng.choice(BACKGROUND_KEYS)), other)
        while end_s - self._now() > 1e-6:
            left_s = end_s - self._now()
            part_s = float(self._rng.uniform(1.0, 3.5))
            if left_s - part_s < 1.0:
                part_s = left_s
            last = part_s == left_s
            if last and self._rng.random() < 0.6:
                self._add(part_s, coming, "near_miss")
            elif self._rng.random() < 0.25:
                self._add(part_s, str(self._rng.choice(PLANE_KEYS)), "near_miss")
            else:
                self._add(part_s, str(self._rng.choice(BACKGROUND_KEYS)), "background")

    def _hold(self, key: str, seconds: float, extras: bool) -> None:
        if not extras or seconds < 2 * MIN_HOLD_S or self._rng.random() < 0.4:
            self._add(seconds + LATE_S, key, "plane")
            return
        self._add(seconds * 0.7 + LATE_S, key, "plane")
        held = self.legs[-1]
        self.legs.append(Leg(held.end_s, held.end_s + seconds * 0.3, key, "frozen", held.seed))

    def _now(self) -> float:
        return self.legs[-1].end_s if self.legs else 0.0

    def _add(self, seconds: float, kind: str, state: State) -> None:
        start_s = self._now()
        seed = int(self._rng.integers(2**31))
        self.legs.append(Leg(start_s, start_s + seconds, kind, state, seed))
