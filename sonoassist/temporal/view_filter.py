"""Which view is on screen: the forward pass of a hidden Markov model, one frame after another.

Its states are the 13 planes and the background. The probe leaves a view at any moment at one and
the same rate, so that what lies between two frames counts by time: gaps, dropped frames and other
rates change nothing else. What a frame says counts by the time since the one before, too:
neighbours show nearly the same picture and are no independent witnesses. The belief so found is
surer than any frame; it only says which view it is and when it changed. Confidences are means of
those of frames, and never surer than these.

A view is not given up for the background, nor the background for a view, for the first few frames
that speak for it: what the network takes for the one as often as for the other would come and go.
That takes more belief, or some time. From one plane to another there is no such step.

Frames of one view share what the network takes them for, and its errors: a small lead that each of
them has says more of the view than a large one that a single frame has. So what a frame says is a
vote: its lead is raised to a power, and a share of it is taken for chance, which bounds it. That is
a likelihood with outliers (Tukey's contaminated normal, 1960; Huber 1964) on sharpened shares.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from sonoassist.core.packets import Floats
from sonoassist.core.planes import BACKGROUND_INDEX

Belief = NDArray[np.float64]

LEAVING_HZ = 9.0
"""Rate at which a view is left. Probes rest for longer, but at a lower rate a plane that follows
one much like it is found later. `whole_views` has a rate of its own.
"""
LEFT_FROM, ENTERED_FROM = 0.9, 0.7
"""Belief in the background from which on a view is given up for it at once, and belief in anything
but the background from which on that is. Chosen with the rate above on 36 stills of FETAL_PLANES_DB
that were moved about, against none of it at 6.5 a second: with noise of 10 grey levels 1.74 changes
a view (1.75), 85.1 % of the frames right (84.9), 86.5 % of the views within 0.33 s (86.5); of 20
grey levels 1.73 (1.71), 62.1 % (61.6), 64.1 % (62.8).
"""
DOUBTED_S = 0.4
"""What has been likelier for so long without a break is taken, however sure it is."""
WITNESS_S = 0.07
"""A frame so long after the last one counts in full."""
DOUBT = 0.2
"""Share of frames that say anything whatever the view is: so little may one of them change."""
SHARPNESS = 2.0
"""Power of what a frame says. Chosen on stills with noise of 20 grey levels, at 5 to 25 frames a
second of which a fifth is lost; both halves of them served the choice. Named rightly within 0.33 s:
76 and 78 % of the views at a power of 1, 78 and 81 % at 2, with more frames named rightly, for 6
and 9 % more changes. More hardly gains; from 3 on pictures without a fetus are named more often.
"""
RECENT_S = 0.05
"""Time constant of the mean over the newest frames."""
SHORTEST_S, LONGEST_S = 0.08, 0.8
"""Least and greatest time constant of the mean over a view."""
VIEW_SHARE = 0.5
"""That of a view which is younger, as a share of its age."""


def votes_of(shares: NDArray[np.floating]) -> Belief:
    """What frames say of the view that they are of, by themselves: bounded, and above 0.

    Args:
        shares: (..., k), 0 to 1, of each class; some of each frame's are above 0.

    Returns:
        float64, (..., k); each frame's add up to 1.
    """
    sharp = shares.astype(np.float64) ** SHARPNESS
    sharp /= sharp.sum(axis=-1, keepdims=True)
    return np.asarray((1 - DOUBT) * sharp + DOUBT / shares.shape[-1], np.float64)


class ViewFilter:
    """Follows the frames of one sequence.

    Args:
        probabilities: float32, (14,), the softmax of the first frame.

    Attributes:
        view: Index of the view that is on screen, in the order of `PLANES`: the likeliest one, or
            the one before for as long as that takes (see `LEFT_FROM`).
        recent: float32, (14,), mean of the softmax over the newest frames.
        mean: float32, (14,), mean of the softmax over the view, as far back as it says anything
            of now.
    """

    def __init__(self, probabilities: Floats) -> None:
        self._belief = votes_of(probabilities)
        self.view = int(self._belief.argmax())
        self.recent = probabilities
        self.mean = probabilities
        self._age_s = self._missed_s = self._doubted_s = 0.0

    @property
    def missed_s(self) -> float:
        """Time from the last frame that was taken to the last one that was missed, or 0."""
        return self._missed_s

    def miss(self, gap_s: float) -> None:
        """A frame comes of which nothing may be said: the time up to it makes the view less sure.

        Args:
            gap_s: Time since the frame before, in seconds.
        """
        self._belief = _later(self._belief, gap_s)
        self._missed_s += gap_s

    def take(self, probabilities: Floats, gap_s: float) -> None:
        """Take the next frame.

        Args:
            probabilities: float32, (14,), its softmax.
            gap_s: Time since the frame before, in seconds, be that one missed or not.
        """
        before = _later(self._belief, gap_s)
        belief = before * votes_of(probabilities) ** min(gap_s / WITNESS_S, 1.0)
        self._belief = belief / belief.sum()
        self._follow(probabilities, gap_s + self._missed_s)
        self._missed_s = 0.0

    def _next_view(self, gap_s: float) -> int:
        """The likeliest view, or the one before where that is not given up yet."""
        view = int(self._belief.argmax())
        background = float(self._belief[BACKGROUND_INDEX])
        leaves, enters = view == BACKGROUND_INDEX, self.view == BACKGROUND_INDEX
        if leaves == enters:  # neither, or the background goes on
            self._doubted_s = 0.0
            return view
        self._doubted_s += gap_s
        sure = background >= LEFT_FROM if leaves else 1 - background >= ENTERED_FROM
        if not sure and self._doubted_s < DOUBTED_S:
            return self.view
        self._doubted_s = 0.0
        return view

    def _follow(self, probabilities: Floats, gap_s: float) -> None:
        """Take a frame into the means, so long after the one before that was taken."""
        self.recent = _mean(self.recent, probabilities, gap_s, RECENT_S)
        view = self._next_view(gap_s)
        if view != self.view:
            self.view = view
            self.mean, self._age_s = self.recent, 0.0
            return
        self._age_s += gap_s
        within_s = min(max(VIEW_SHARE * self._age_s, SHORTEST_S), LONGEST_S)
        self.mean = _mean(self.mean, probabilities, gap_s, within_s)


def _later(belief: Belief, gap_s: float) -> Belief:
    """What is believed when time has gone by, and nothing was seen in it."""
    stays = math.exp(-LEAVING_HZ * gap_s)
    return stays * belief + (1 - stays) / len(belief)


def _mean(before: Floats, fresh: Floats, gap_s: float, within_s: float) -> Floats:
    keep = math.exp(-gap_s / within_s)
    return np.asarray(keep * before + (1 - keep) * fresh, np.float32)
