"""From a frame to the network's input: field of view, content, geometry."""

PREPROCESSING = 3
"""Counts up when a frame may give another input for the network, or be taken for another kind of
picture, than before. Whatever keeps results keeps this with them."""
