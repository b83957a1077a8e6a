"""Confidence over time as coloured pixels: one line of pixels for each plane. No Qt."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sonoassist.core.planes import DISPLAY_ORDER, PLANES

_ORDER = np.array([PLANES.index(plane) for plane in DISPLAY_ORDER])
_GAMMA = 1.25
"""A plane at half of its confidence is clearly darker than a sure one."""

Pixels = NDArray[np.uint8]


class StripColours:
    """What a confidence looks like in a theme.

    Args:
        ground: "#rrggbb" of a track that was analysed and shows nothing.
        empty: "#rrggbb" of what was not analysed yet.
    """

    def __init__(self, ground: str, empty: str) -> None:
        low = np.array([_bgr(ground)] * len(DISPLAY_ORDER), np.float32)
        high = np.array([_bgr(plane.colour) for plane in DISPLAY_ORDER], np.float32)
        share = np.linspace(0, 1, 256, dtype=np.float32) ** _GAMMA
        # The background is nearly always sure: at full strength it would drown the planes.
        strength = np.array([0.45 if plane.is_background else 1.0 for plane in DISPLAY_ORDER])
        mixed = share[None, :, None] * strength[:, None, None]
        table = low[:, None] + (high - low)[:, None] * mixed
        self._table = np.full((len(DISPLAY_ORDER), 256, 4), 255, np.uint8)
        self._table[..., :3] = np.rint(table)
        self._empty = np.array([*_bgr(empty), 255], np.uint8)
        self._rows = np.arange(len(DISPLAY_ORDER))[:, None]

    def picture(
        self, columns: NDArray[np.uint8], known: NDArray[np.bool_], reach: float = 0.0
    ) -> Pixels:
        """Lines in display order.

        Args:
            columns: uint8 (width, 14), in the order of `planes.PLANES`.
            known: (width,), whether a column was analysed.
            reach: So many columns behind one that was analysed are painted like it, but pale:
                every so manyth frame is analysed first, and the eye cannot join its lines.

        Returns:
            uint8 (14, width, 4), blue green red alpha, C-contiguous.
        """
        made: Pixels = self._table[self._rows, columns.T[_ORDER]]
        made[:, ~known] = self._empty
        places = np.arange(len(known))
        before = np.maximum.accumulate(np.where(known, places, -1))
        pale = ~known & (before >= 0) & (places - before < reach)
        # The mean of two bytes without a longer type.
        made[:, pale] = made[:, before[pale]] // 2 + self._empty // 2
        made[..., 3] = 255
        return np.ascontiguousarray(made)


def _bgr(colour: str) -> tuple[int, int, int]:
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return blue, green, red
