"""From saliency to a box around the anatomy."""

LOCALISER = 1
"""Counts up when the same saliency may give another box than before. Boxes are kept with it."""
