"""From saliency to a box around the anatomy."""
