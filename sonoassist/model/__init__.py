"""Networks, weights and their cards, and the reference of the saliency."""
