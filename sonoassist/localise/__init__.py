"""From saliency to a box around the anatomy."""

LOCALISER = 1
"""Boxes by the paper's rules are kept with it, as earlier programs did. To be counted up with each
change by which the same saliency may give another component, or another box around it."""
METHODS = 2
"""Boxes by rules of a model are kept with it, too. To be counted up with each change by which the
same saliency and picture may give another ellipse or line, or with a limit of theirs."""
