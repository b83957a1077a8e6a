"""How many labels and boxes there are a second, in words."""

from __future__ import annotations

from sonoassist.core.packets import LiveStats

_FEW_HZ = 1.95
"""Below this the rate is told with a decimal: "0.4" is not "0"."""


def rates_in_words(stats: LiveStats) -> str:
    """Both rates: labels follow every frame that is analysed, boxes may come less often."""
    return f"labels {per_second(stats.analysis_hz)} a second, boxes {per_second(stats.boxes_hz)}"


def rates_shortly(stats: LiveStats) -> str:
    """The same where there is little room."""
    return f"{labels_and_boxes((stats.analysis_hz, stats.boxes_hz))} /s"


def labels_and_boxes(rates_hz: tuple[float, float]) -> str:
    """The two numbers with what they count, to stand before "a second" or "/s"."""
    labels, boxes = (per_second(rate_hz) for rate_hz in rates_hz)
    return f"{labels} labels, {boxes} boxes"


def per_second(rate_hz: float) -> str:
    """A rate as a number to read at a glance."""
    return f"{rate_hz:.1f}" if 0 < rate_hz < _FEW_HZ else f"{rate_hz:.0f}"
