"""Synthetic freehand exams with exact truth: anatomy, ultrasound physics, scanner screen."""
