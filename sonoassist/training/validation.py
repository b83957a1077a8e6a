"""How good the network is on pictures it does not learn from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from sonoassist.core.planes import KEYS
from sonoassist.training.augment import normalise
from sonoassist.training.learner import Learner, label_loss
from sonoassist.training.pool import PicturePool

BATCH_CPU, BATCH_GPU = 8, 64


@dataclass(frozen=True, slots=True)
class ValidationScore:
    """Figures over a set of pictures.

    Attributes:
        accuracy: Mean over the classes that have pictures, so that the large background does
            not drown the planes; 0 to 1.
        loss: Mean over the same classes.
        f1: Mean F1 over the same classes.
        recall: By plane; only planes that have pictures.
        precision: By plane; only planes that have pictures.
        pictures: How many.
    """

    accuracy: float
    loss: float
    f1: float
    recall: dict[str, float]
    precision: dict[str, float]
    pictures: int

    @property
    def error(self) -> float:
        """1 - accuracy."""
        return 1 - self.accuracy


def evaluate(learner: Learner, pool: PicturePool) -> ValidationScore:
    """Whole pictures of 224x288, not augmented; each process takes its share."""
    ranks = learner.ranks
    size = BATCH_GPU if ranks.device.type == "cuda" else BATCH_CPU
    mine = np.arange(ranks.rank, len(pool), ranks.world)
    confusion = torch.zeros((len(KEYS), len(KEYS)), dtype=torch.float64)
    losses = torch.zeros(len(KEYS), dtype=torch.float64)
    for begin in range(0, len(mine), size):
        numbers = mine[begin : begin + size]
        inputs = np.stack([normalise(pool.image(int(number))) for number in numbers])[:, None]
        logits = learner.logits(inputs).cpu()
        accepted = torch.from_numpy(pool.accepted[numbers])
        said = logits.argmax(dim=1)
        true = _truth(said, accepted)
        confusion.index_put_((true, said), torch.ones(len(said)).double(), accumulate=True)
        losses.index_add_(0, true, label_loss(logits, accepted).double())
    # Sums of processes are exact in double precision; MPS has none, but never several of them.
    if ranks.world > 1:
        confusion = ranks.total(confusion.to(ranks.device)).cpu()
        losses = ranks.total(losses.to(ranks.device)).cpu()
    return score(confusion.numpy(), losses.numpy())


def _truth(said: torch.Tensor, accepted: torch.Tensor) -> torch.Tensor:
    """The true plane of each picture; where several are right, the one said if it is of them."""
    right = accepted[torch.arange(len(said)), said]
    return torch.where(right, said, accepted.to(torch.uint8).argmax(dim=1))


def score(confusion: NDArray[np.float64], losses: NDArray[np.float64]) -> ValidationScore:
    """Figures from counts.

    Args:
        confusion: (14, 14), row true, column said.
        losses: (14,), summed over the pictures of each class.
    """
    counts, said, hits = confusion.sum(axis=1), confusion.sum(axis=0), np.diag(confusion)
    there = np.flatnonzero(counts)
    recall = hits[there] / counts[there]
    precision = hits[there] / np.maximum(said[there], 1)
    f1 = 2 * hits[there] / np.maximum(counts[there] + said[there], 1)
    return ValidationScore(
        accuracy=_mean(recall),
        loss=_mean(losses[there] / counts[there]),
        f1=_mean(f1),
        recall={KEYS[n]: float(value) for n, value in zip(there, recall, strict=True)},
        precision={KEYS[n]: float(value) for n, value in zip(there, precision, strict=True)},
        pictures=int(counts.sum()),
    )


def _mean(values: Sequence[float] | NDArray[np.float64]) -> float:
    return float(np.mean(values)) if len(values) else 0.0
