"""Reviewing a recorded exam: all frames analysed, judged and corrected by a person (no Qt)."""
