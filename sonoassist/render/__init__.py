"""Pictures with the results drawn in, and videos of them, without a window."""
