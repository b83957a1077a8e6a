"""The page where a recorded exam asks and the trainee answers."""
