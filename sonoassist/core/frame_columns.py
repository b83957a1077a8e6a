"""What every table of analysed frames says of a frame, in the order of its columns."""

from __future__ import annotations

from sonoassist.core.planes import KEYS

FRAME_COLUMNS = (
    "frame",
    "time_s",
    "state",
    "plane",
    "confidence",
    "steady_plane",
    "left_px",
    "top_px",
    "right_px",
    "bottom_px",
    *(f"p_{key}" for key in KEYS),
)
"""In front of them stands whose frame it is, or when it was seen."""
