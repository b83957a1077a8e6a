"""The learning rate: warm-up, then divided by 10 whenever validation stops improving (II-D)."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from sonoassist.training.options import TrainOptions


@dataclass(slots=True)
class Plateau:
    """What the validations have said so far; goes into the checkpoint as it is.

    Attributes:
        best_error: Lowest mean error over the classes, 0 to 1.
        best_loss: Loss of the same validation; the tie-break.
        best_iteration: When that was; 0 before the first validation.
        waited: Validations since then, or since the last division.
        drops: How often the rate was divided.
        stopped: No further division is left: the training is at its end.
    """

    best_error: float = 2.0
    best_loss: float = 1e300
    best_iteration: int = 0
    waited: int = 0
    drops: int = 0
    stopped: bool = False

    def begin_at(self, error: float, loss: float) -> None:
        """Fine-tuning: only what is better than the start counts as best."""
        self.best_error, self.best_loss = error, loss

    def update(self, iteration: int, error: float, loss: float, options: TrainOptions) -> bool:
        """Take a validation; says whether it is the best so far."""
        if (error, loss) < (self.best_error, self.best_loss):
            self.best_error, self.best_loss, self.best_iteration = error, loss, iteration
            self.waited = 0
            return True
        if iteration <= options.warm_up_iterations:
            return False  # the rate is not yet the one that patience is about
        if options.drop_at:
            return False
        self.waited += 1
        if self.waited >= options.patience:
            self.waited = 0
            self.stopped = self.drops >= options.drops
            self.drops = min(self.drops + 1, options.drops)
        return False

    def lr(self, iteration: int, options: TrainOptions) -> float:
        """Learning rate of an iteration (the first is 1)."""
        if iteration <= options.warm_up_iterations:
            return options.warm_up_lr(iteration)
        drops = self.drops
        if options.drop_at:
            drops = sum(iteration > at for at in options.drop_at)
        return float(options.first_lr / 10.0**drops)

    def state(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)
