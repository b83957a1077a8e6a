"""Capture and analysis workers, newest-only slots, rates. No Qt."""
