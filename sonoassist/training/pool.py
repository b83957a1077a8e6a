"""The pictures to learn from, by plane, and the balanced batches drawn from them (II-D)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonoassist.core.packets import Pixels
from sonoassist.core.planes import BACKGROUND_INDEX, KEYS
from sonoassist.training.cache import CachedCase

Indexes = NDArray[np.int64]
Masks = NDArray[np.bool_]


@dataclass(frozen=True)
class PicturePool:
    """Pictures of several cases, numbered through.

    Attributes:
        cases: Where they are.
        places: int64 (n, 2): number of the case and of the picture in it.
        accepted: bool (n, 14): the planes that each picture's label accepts.
    """

    cases: tuple[CachedCase, ...]
    places: Indexes
    accepted: Masks

    def __len__(self) -> int:
        return len(self.places)

    def image(self, number: int) -> Pixels:
        """Picture `number`, uint8 (224, 288).

        Raises:
            SourceError: Its file has gone.
        """
        case, place = self.places[number]
        return self.cases[int(case)].image(int(place))

    def subset(self, numbers: Indexes) -> PicturePool:
        """The pool of these pictures only."""
        return PicturePool(self.cases, self.places[numbers], self.accepted[numbers])

    def of_plane(self, plane: int) -> Indexes:
        """Numbers of the pictures whose label accepts a plane (its index)."""
        return np.flatnonzero(self.accepted[:, plane])

    def counts(self) -> dict[str, int]:
        """Pictures of each plane, every key present."""
        return {key: int(count) for key, count in zip(KEYS, self.accepted.sum(0), strict=True)}

    def empty_planes(self) -> list[str]:
        """Planes without any picture."""
        return [key for key, count in self.counts().items() if not count]


def make_pool(cases: Sequence[CachedCase]) -> PicturePool:
    """All pictures of these cases."""
    places = [(number, place) for number, case in enumerate(cases) for place in range(len(case))]
    bits = np.concatenate([np.zeros(0, np.uint16), *(case.labels for case in cases)])
    accepted = (bits[:, None] >> np.arange(len(KEYS)) & 1).astype(np.bool_)
    return PicturePool(tuple(cases), np.array(places, np.int64).reshape(-1, 2), accepted)


def split_pictures(pool: PicturePool, share: float, seed: int) -> tuple[PicturePool, PicturePool]:
    """Training and validation pictures of the same cases, the share taken from each plane.

    Only for data of a single training case, where cases cannot be split.
    """
    rng = np.random.default_rng([seed, 2])
    held = np.zeros(len(pool), np.bool_)
    for plane in range(len(KEYS)):
        free = pool.of_plane(plane)
        free = free[~held[free]]
        held[rng.permutation(free)[: round(share * len(free))]] = True
    return pool.subset(np.flatnonzero(~held)), pool.subset(np.flatnonzero(held))


class BatchPlan:
    """Which pictures each batch is made of.

    The batch of an iteration depends on the seed and its number alone: a resumed run, any
    number of threads and any number of processes draw the same ones.

    Args:
        pool: Training pictures.
        planes: Pictures of each standard plane in a batch; planes without any are left out.
        background: Pictures of the background.
        seed: Of the draws.
    """

    def __init__(self, pool: PicturePool, planes: int, background: int, seed: int) -> None:
        self._seed = seed
        wanted = [background if n == BACKGROUND_INDEX else planes for n in range(len(KEYS))]
        found = [pool.of_plane(plane) for plane in range(len(KEYS))]
        self._draws = [
            (numbers, count) for numbers, count in zip(found, wanted, strict=True) if len(numbers)
        ]

    def __len__(self) -> int:
        """Pictures in a batch."""
        return sum(count for _, count in self._draws)

    def batch(self, iteration: int) -> Indexes:
        """Numbers of the pictures of an iteration; none comes twice while there are enough."""
        rng = np.random.default_rng([self._seed, iteration])
        drawn = [
            rng.choice(numbers, count, replace=len(numbers) < count)
            for numbers, count in self._draws
        ]
        return np.concatenate(drawn)

    def generator(self, iteration: int, position: int) -> np.random.Generator:
        """The random numbers for the augmentation of one picture of a batch."""
        return np.random.default_rng([self._seed, iteration, position + 1])
