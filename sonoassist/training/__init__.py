"""Training as in the paper, Section II-D."""
