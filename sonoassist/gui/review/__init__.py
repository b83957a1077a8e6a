"""The review page: judge and correct the best frames of a recorded exam, with the keyboard."""
