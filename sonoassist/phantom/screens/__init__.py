"""Scanner screens as a frame grabber sees them, with the truth of their field of view."""
