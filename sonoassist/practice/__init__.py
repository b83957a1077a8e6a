"""The trainee's session: a recorded exam asks, the trainee answers. No Qt."""
