"""What the planes are called where they are answers."""

from __future__ import annotations

from sonoassist.core.planes import DISPLAY_ORDER


def answer_label(plane: str) -> str:
    """What a plane is called on the page, e.g. "LVOT"; the background is "none of them"."""
    found = next(one for one in DISPLAY_ORDER if one.key == plane)
    return "None of them" if found.is_background else found.label
