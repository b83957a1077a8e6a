"""From saliency to a box around the anatomy."""

LOCALISER = 2
"""Boxes are kept with it. To be counted up with each change by which the same saliency may give
another box than before: the ellipse's, the line's or the component's, or a limit of theirs."""
