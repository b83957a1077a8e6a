"""Labelled data: which frame of which case shows which plane, and where."""
