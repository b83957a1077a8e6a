"""Hints that stand still: one is shown when it has stood for a while, and goes when it is over."""

from __future__ import annotations

import math

from sonoassist.core.flaws import Flaw, Hint, Hints
from sonoassist.core.packets import Frame, SteadyState

AFTER_S = 1.0
"""A hint is shown when most of the frames of so long had it."""
OVER_S = 0.7
"""It goes when most of the frames have not had it for about so long."""
MOST = 0.8
"""Its level, 1 for a hint on every frame of late, at which it comes; at the rest to 1 it goes."""
GAP_S = 1.0
"""After so long without a frame everything begins anew."""


class SteadyHints:
    """Follows a sequence of frames by their times; causal, and the same at any rate of frames."""

    def __init__(self) -> None:
        self._levels: dict[Flaw, float] = {}
        self._shown: dict[Flaw, Hint] = {}
        self._last: tuple[str, str, float] = ("", "", -math.inf)

    def update(self, steady: SteadyState, hints: Hints | None, frame: Frame) -> Hints:
        """Take the next frame; the hints to be shown with it.

        Args:
            steady: The label up to it; hints are of its plane, and go with it. A frame of which
                nothing may be said shows none and changes nothing for a moment.
            hints: Of the frame itself; None where it has none, which changes nothing for a moment.
            frame: The picture; of a still its own hints are shown at once.
        """
        if not steady.state.judged:
            return ()
        plane = steady.plane.key if steady.plane is not None else ""
        source_id, before, time_s = self._last
        apart_s = frame.time_s - time_s
        self._last = frame.source_id, plane, frame.time_s
        new = (source_id, before) != (frame.source_id, plane) or not 0 <= apart_s <= GAP_S
        if new:
            self._levels, self._shown = {}, {}
        if not plane:
            return ()
        if frame.still:
            return hints or ()
        if hints is not None and not new:
            self._follow(hints, apart_s)
        return tuple(self._shown[flaw] for flaw in Flaw if flaw in self._shown)

    def _follow(self, hints: Hints, apart_s: float) -> None:
        here = {one.flaw: one for one in hints}
        for flaw in Flaw:
            limit_s = OVER_S if flaw in self._shown else AFTER_S
            keep = math.exp(apart_s * math.log(1 - MOST) / limit_s)
            level = keep * self._levels.get(flaw, 0.0) + (1 - keep) * (flaw in here)
            self._levels[flaw] = level
            if level >= MOST - 1e-9 and flaw in here:
                self._shown.setdefault(flaw, here[flaw])
            elif level <= 1 - MOST:
                self._shown.pop(flaw, None)
