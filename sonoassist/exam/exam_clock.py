"""Times of an exam as people read them."""

from __future__ import annotations


def clock(time_s: float) -> str:
    """A time in the exam: mm:ss, or h:mm:ss."""
    whole = max(int(time_s), 0)
    hours, minutes, seconds = whole // 3600, whole // 60 % 60, whole % 60
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes:02d}:{seconds:02d}"
