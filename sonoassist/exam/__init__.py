"""The exam record: what was seen, captured and ticked, kept so that a crash loses nothing."""
