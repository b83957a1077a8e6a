"""Batches made ahead of the training by threads (OpenCV and numpy let go of Python's lock)."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from types import TracebackType

import numpy as np
from typing_extensions import Self

from sonoassist.core.packets import Floats
from sonoassist.training.augment import training_patch
from sonoassist.training.options import TrainOptions
from sonoassist.training.pool import BatchPlan, Masks, PicturePool

AHEAD = 4


@dataclass(frozen=True, slots=True)
class Batch:
    """What one process learns from in one iteration.

    Attributes:
        iteration: Counts from 1.
        inputs: float32 (n, 1, size, size), normalised.
        accepted: bool (n, 14).
        total: Pictures of the iteration in all processes together.
    """

    iteration: int
    inputs: Floats
    accepted: Masks
    total: int


class Batches:
    """Gives the batches of a range of iterations in order.

    Args:
        pool: Training pictures.
        options: Of the run.
        first: First iteration.
        rank: Number of this process.
        world: Number of processes; each takes every `world`-th picture of a batch.
    """

    def __init__(
        self, pool: PicturePool, options: TrainOptions, first: int, rank: int = 0, world: int = 1
    ) -> None:
        self._pool, self._options = pool, options
        self._rank, self._world = rank, world
        self._plan = BatchPlan(pool, options.batch_planes, options.batch_background, options.seed)
        self._next = first
        self._threads = ThreadPoolExecutor(max(options.workers, 1), "batches")
        self._coming: deque[Future[Batch]] = deque()

    def get(self) -> Batch:
        """The next batch.

        Raises:
            SourceError: A prepared picture has gone.
        """
        while len(self._coming) < AHEAD:
            self._coming.append(self._threads.submit(self.make, self._next))
            self._next += 1
        return self._coming.popleft().result()

    def make(self, iteration: int) -> Batch:
        """The batch of an iteration (this process's share of it)."""
        numbers = self._plan.batch(iteration)
        size_px = self._options.patch_at(iteration)
        positions = range(self._rank, len(numbers), self._world)
        patches = [
            training_patch(
                self._pool.image(int(numbers[at])), self._plan.generator(iteration, at), size_px
            )
            for at in positions
        ]
        inputs = np.stack(patches)[:, None]
        accepted = self._pool.accepted[numbers[list(positions)]]
        return Batch(iteration, inputs, accepted, len(numbers))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._threads.shutdown(wait=True, cancel_futures=True)
