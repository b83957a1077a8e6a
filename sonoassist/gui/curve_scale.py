"""What stands on the axes of curves: times back from now, shares, milliseconds. No Qt."""

from __future__ import annotations

from sonoassist.core.percent import threshold_percent

Ticks = tuple[tuple[float, str], ...]
"""(value, words) of each."""
_COUNT_STEPS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
_STEPS_S = (1, 5, 15, 30, 60, 120, 300)


def back_words(back_s: int) -> str:
    """So many seconds ago: "now", "−15 s", "−2 min"."""
    if not back_s:
        return "now"
    return f"−{back_s // 60} min" if back_s % 60 == 0 else f"−{back_s} s"


def back_ticks(span_s: float, most: int = 6) -> Ticks:
    """Of an axis that ends now.

    Args:
        span_s: How far back it begins, in seconds.
        most: So many at most.
    """
    step = next((step for step in _STEPS_S if span_s / step <= most), _STEPS_S[-1])
    return tuple((-float(back), back_words(back)) for back in range(0, int(span_s) + 1, step))


def share_ticks(threshold: float, apart: float) -> Ticks:
    """Of an axis from 0 to 1, with the threshold among them.

    Args:
        threshold: 0 to 1.
        apart: Words nearer to each other than this would touch.
    """
    round_ones = (share for share in (0.0, 0.5, 1.0) if abs(share - threshold) >= apart)
    return tuple((share, threshold_percent(share)) for share in sorted((*round_ones, threshold)))


def even_ticks(top: float, unit: str, steps: int = 4) -> Ticks:
    """Of an axis from 0, the unit at its upper end only."""
    values = [top * number / steps for number in range(steps + 1)]
    words = [f"{value:g}" for value in values]
    words[-1] = f"{words[-1]} {unit}".rstrip()
    return tuple(zip(values, words, strict=True))


def count_ticks(count: int, most: int = 10) -> Ticks:
    """Of an axis from 1 to a number of things: first, last, and even steps between them.

    Args:
        count: How many things, at least one.
        most: So many ticks at most, or one more.
    """
    step = max(-(-count // most), 1)
    step = next(one for one in _COUNT_STEPS if one >= step or one == _COUNT_STEPS[-1])
    between = (at for at in range(step, count, step) if 1 + step / 2 <= at <= count - step / 2)
    return tuple((float(at), str(at)) for at in dict.fromkeys((1, *between, count)))
