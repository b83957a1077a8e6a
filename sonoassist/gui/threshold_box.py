"""The box in which the threshold is set, in per cent."""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtWidgets import QSpinBox

from sonoassist.core.percent import whole_percent
from sonoassist.core.settings import LEAST_THRESHOLD, MOST_THRESHOLD


class ThresholdBox(QSpinBox):
    """Shows the threshold in force; its steps are those of the keys.

    Args:
        step: Called with a number of steps, up or down.
    """

    def __init__(self, step: Callable[[int], None]) -> None:
        super().__init__()
        self._step = step
        self.setSuffix(" %")
        self.setKeyboardTracking(False)

    def show_share(self, share: float) -> None:
        """Show a threshold of 0 to 1; a model's own may be more or less than a user can set."""
        value = whole_percent(share)
        least, most = whole_percent(LEAST_THRESHOLD), whole_percent(MOST_THRESHOLD)
        self.setRange(min(least, value), max(most, value))
        self.setValue(value)

    def stepBy(self, steps: int) -> None:
        """Called by Qt for the arrows beside it, the arrow keys and the wheel."""
        self._step(steps)
