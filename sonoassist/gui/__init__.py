"""The window: the only room with PyQt6."""
