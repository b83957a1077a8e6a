"""Which view each frame of a recording belongs to, by what comes before it and after it.

The forward and the backward pass of the hidden Markov model that the live label follows, see
`view_filter`: a change of view is found where it is, not where it has become sure.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sonoassist.temporal.forward_pass import passed
from sonoassist.temporal.smoothing import WINDOW_S, Reals, covered_s, means_over, spans_of
from sonoassist.temporal.view_filter import WITNESS_S, votes_of

LEAVING_HZ = 6.5
"""Rate at which a view is left. Chosen with `view_filter.DOUBT` and `SHARPNESS` on sequences of
stills that are moved about and on synthetic exams, with noise and dropped frames. The live filter's
is higher: it has nothing but the past, and holds on to a view by other means.
"""
LEAST_VIEW_S = 0.5
"""What is seen for less is the less sure for it: a glimpse is no view."""

Places = NDArray[np.intp]


def likeliest_views(shares: Reals, time_s: Reals) -> Places:
    """The likeliest view at each frame of a sequence, as the index of its class, (n,).

    Args:
        shares: float64, (n, k), what speaks for each class, from 0 on; they need not add up.
        time_s: float64, (n,), not falling.
    """
    likelihoods = _likelihoods(shares, time_s)
    stays = np.exp(-LEAVING_HZ * np.diff(time_s))
    before = passed(likelihoods, stays)
    after = passed(likelihoods[::-1], stays[::-1])[::-1]
    # Both passes hold the frame's own word.
    return np.asarray((before * after / likelihoods).argmax(axis=1), np.intp)


def steady_shares(shares: Reals, time_s: Reals) -> Reals:
    """Means over a window round each frame that do not reach into other views.

    A view that is short between others counts in proportion: what is around it does not thin it
    out, and a glimpse does not become sure by being a view of its own.

    Args:
        shares: float64, (n, k), 0 to 1.
        time_s: float64, (n,), not falling.

    Returns:
        float64, (n, k).
    """
    if not len(time_s):
        return shares
    views = likeliest_views(shares, time_s)
    spans = spans_of(time_s)
    # Views are moved apart, so that no window reaches from one into the next.
    apart_s = 2 * WINDOW_S * np.cumsum(np.diff(views, prepend=views[:1]) != 0)
    own, own_time_s = spans.shifted(apart_s), time_s + apart_s
    least_s = np.minimum(covered_s(spans, time_s, WINDOW_S), LEAST_VIEW_S)
    own_s = covered_s(own, own_time_s, WINDOW_S)
    counts = np.divide(own_s, least_s, out=np.ones_like(own_s), where=least_s > 0)
    means = means_over(shares, own, own_time_s, WINDOW_S)
    return np.asarray(means * np.minimum(counts, 1.0)[:, None], np.float64)


def _likelihoods(shares: Reals, time_s: Reals) -> Reals:
    """What each frame says, the less the sooner it follows the one before; (n, k)."""
    classes = shares.shape[1]
    totals = shares.sum(axis=1, keepdims=True)
    even = np.full_like(shares, 1.0 / classes)
    parts = np.divide(shares, totals, out=even, where=totals > 0)
    counts = np.minimum(np.diff(time_s, prepend=-np.inf) / WITNESS_S, 1.0)
    return np.asarray(votes_of(parts) ** counts[:, None], np.float64)
