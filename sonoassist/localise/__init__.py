"""From saliency to a box around the anatomy."""

LOCALISER = 1
"""Boxes are kept with it. To be counted up with each change by which the same saliency may give
another box by the paper's rules than before."""
METHODS = 3
"""Alike for a model's own rules: to be counted up with each change of what the ellipse's or the
line's method finds, a limit of theirs included. Boxes by the paper's rules stay as they are."""
