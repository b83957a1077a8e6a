"""What needs more than one frame: the steady label."""
