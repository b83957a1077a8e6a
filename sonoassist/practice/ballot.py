"""Class mode: several people vote on what they see, then the answer is shown."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass

from sonoassist.planes import BACKGROUND_INDEX, DISPLAY_ORDER, KEYS

CHOICES = 9
"""As many as there are keys 1 to 9; the last one is "no standard plane"."""
MOST_VOTES = 999
NONE = KEYS[BACKGROUND_INDEX]
_GROUPS = (
    ("brain_tv", "brain_cb"),
    ("lips", "profile"),
    ("abdominal", "kidneys", "femur", "spine_sag", "spine_cor"),
    ("4ch", "lvot", "rvot", "3vv"),
)
"""Planes of one region are easily taken for each other; they are offered together."""


def choices_for(plane: str, seed: int) -> tuple[str, ...]:
    """The planes a class may vote for: the right one, those like it, others, and none.

    Args:
        plane: Key of the right one.
        seed: The same one gives the same choices.

    Returns:
        Nine keys, in the order of the lists on screen, so that the place tells nothing.
    """
    rng = random.Random(seed)  # not for secrets
    region = next((group for group in _GROUPS if plane in group), ())
    near = [key for key in region if key != plane]
    far = [one.key for one in DISPLAY_ORDER if one.key not in (*region, NONE)]
    others = [*rng.sample(near, len(near)), *rng.sample(far, len(far))]
    chosen = {plane, NONE, *others[: CHOICES - 2]}
    return tuple(one.key for one in DISPLAY_ORDER if one.key in chosen)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a vote came to.

    Attributes:
        counts: Key of a plane -> votes.
        winner: The plane with most votes, or None when there is no vote or no clear one.
        total: All votes.
        agreement: Share of the votes for the plane with most, 0 to 1.
        right: Share of the votes for the right plane, 0 to 1.
    """

    counts: Mapping[str, int]
    winner: str | None
    total: int
    agreement: float
    right: float


class Ballot:
    """Counts votes.

    Args:
        choices: Keys of the planes that may be voted for.
    """

    def __init__(self, choices: tuple[str, ...]) -> None:
        self.choices = choices
        self._counts = dict.fromkeys(choices, 0)
        self._order: list[str] = []

    @property
    def total(self) -> int:
        """All votes so far."""
        return sum(self._counts.values())

    def count(self, plane: str) -> int:
        """Votes for a plane."""
        return self._counts.get(plane, 0)

    def vote(self, plane: str) -> bool:
        """One more vote; returns whether it counts."""
        if self._counts.get(plane, MOST_VOTES) >= MOST_VOTES:
            return False
        self._counts[plane] += 1
        self._order.append(plane)
        return True

    def take_back(self) -> str | None:
        """Take the last vote back; returns whose it was, or None when there is none."""
        while self._order:
            plane = self._order.pop()
            if self._counts[plane] > 0:
                self._counts[plane] -= 1
                return plane
        return None

    def enter(self, plane: str, votes: int) -> bool:
        """Enter a number counted by hand; returns whether it can be."""
        if plane not in self._counts or not 0 <= votes <= MOST_VOTES:
            return False
        self._counts[plane] = votes
        return True

    def verdict(self, plane: str) -> Verdict:
        """What it came to.

        Args:
            plane: Key of the right plane.
        """
        total = self.total
        most = max(self._counts.values(), default=0)
        leaders = [key for key, votes in self._counts.items() if votes == most and votes > 0]
        return Verdict(
            counts=dict(self._counts),
            winner=leaders[0] if len(leaders) == 1 else None,
            total=total,
            agreement=most / total if total else 0.0,
            right=self.count(plane) / total if total else 0.0,
        )
