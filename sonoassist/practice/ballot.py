"""Class mode: several people vote on what they see, then the answer is shown."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass

from sonoassist.core.planes import BACKGROUND_INDEX, DISPLAY_ORDER, KEYS

MOST_VOTES = 999
NONE = KEYS[BACKGROUND_INDEX]
_HEAD = (("brain_tv", "brain_cb"), ("lips", "profile"))
_HEART = ("4ch", "lvot", "rvot", "3vv")
_TRUNK = ("abdominal", "kidneys", "femur", "spine_sag", "spine_cor")
"""Planes of one region are easily taken for each other; they are offered together."""
_WITH_TRUNK = 3 / 8
"""A plane of head or heart stands on a ballot with the trunk so often: then three of the eight
planes there are right in three eighths of the cases (5/13 of the planes belong to the trunk)."""


def choices_for(plane: str, seed: int) -> tuple[str, ...]:
    """The planes a class may vote for: the right one, those like it, others, and none.

    There are two kinds of ballots: head and heart, or the trunk with three others, two of them
    alike. Each is drawn so often that no plane on it is likelier to be the right one than another.

    Args:
        plane: Key of the right one.
        seed: The same one gives the same choices.

    Returns:
        Nine keys, in the order of the lists on screen, so that the place tells nothing.
    """
    rng = random.Random(seed)  # not for secrets
    in_trunk = plane in _TRUNK
    if not in_trunk and rng.random() >= _WITH_TRUNK:
        chosen = {key for group in (*_HEAD, _HEART) for key in group}
    else:
        chosen = {*_TRUNK, *_three(None if in_trunk else plane, rng)}
    return tuple(one.key for one in DISPLAY_ORDER if one.key in chosen or one.key == NONE)


def _three(plane: str | None, rng: random.Random) -> tuple[str, ...]:
    """Three planes of head and heart, two of them alike; with `plane`, if it is given."""
    regions = (*_HEAD, _HEART)
    wanted = plane or rng.choice([key for group in regions for key in group])
    own = next(group for group in regions if wanted in group)
    others = [key for group in regions if group is not own for key in group]
    if rng.random() < 1 / 3:  # it is the odd one out as often as each of the others
        first = rng.choice(others)
        group = next(group for group in regions if first in group)
        return wanted, first, rng.choice([key for key in group if key != first])
    return wanted, rng.choice([key for key in own if key != wanted]), rng.choice(others)


@dataclass(frozen=True, slots=True)
class BallotVerdict:
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

    def verdict(self, plane: str) -> BallotVerdict:
        """What it came to.

        Args:
            plane: Key of the right plane.
        """
        total = self.total
        most = max(self._counts.values(), default=0)
        leaders = [key for key, votes in self._counts.items() if votes == most and votes > 0]
        return BallotVerdict(
            counts=dict(self._counts),
            winner=leaders[0] if len(leaders) == 1 else None,
            total=total,
            agreement=most / total if total else 0.0,
            right=self.count(plane) / total if total else 0.0,
        )
