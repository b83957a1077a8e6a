"""What is said of a picture that is of another kind than the model knows, in all places."""

from __future__ import annotations

OUTSIDE_TITLE = "Unknown picture"
"""Above the picture, where there is room for two words."""
OUTSIDE = "outside of what the model knows"
"""Behind "the picture is", and wherever a sentence says what the picture is."""
