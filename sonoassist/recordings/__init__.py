"""What a recorded exam is to every feature: frames, results that are kept, a person's words."""
