"""The label of each frame of a recording, steadied over time."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import numpy as np

from sonoassist.core.packets import SteadyState
from sonoassist.recordings.table import STATES, FrameColumns
from sonoassist.temporal.steady import SteadyLabel


def steady_states(
    columns: FrameColumns, threshold: float, stills: Collection[int] = ()
) -> Iterator[tuple[int, SteadyState]]:
    """The steady label at each frame that could be read, in order, with the frame's index.

    Args:
        columns: Results of the frames.
        threshold: Softmax a plane needs to be named.
        stills: Frames that are pictures by themselves: none of them follows another.
    """
    label = SteadyLabel(threshold)
    for index in np.flatnonzero(columns.readable):
        state = STATES[int(columns.states[index])]
        if state is None:
            continue
        if index in stills:
            label.reset()
        time_s = float(columns.times_s[index])
        yield int(index), label.follow(time_s, state, columns.probabilities[index])
