"""All formats of the net; what one needs is imported when it is asked for."""

from __future__ import annotations

import importlib

from fuzz.format import Format

_PLACES = {
    "video": ("pixels", "videos", "opened", "use"),
    "dicom": ("pixels", "dicoms", "opened", "use"),
    "picture": ("pixels", "pictures", "opened", "use"),
    "zip": ("pixels", "archives", "opened", "use"),
    "folder": ("pixels", "folders", "opened", "use"),
    "weights": ("weights", "weights", "weights", "use_weights"),
    "checkpoint": ("checkpoints", "checkpoints", "checkpoints", "use"),
    "settings": ("settings", "homes", "settings", "use"),
    "card": ("cards", "cards", "cards", "use"),
    "table": ("tables", "tables", "tables", "use"),
    "exam": ("exams", "exams", "exams", "use"),
    "review": ("reviews", "reviews", "reviews", "use"),
    "cache": ("caches", "caches", "caches", "use"),
    "practice": ("histories", "histories", "histories", "use"),
}
"""Name -> the module and the function that make the seeds, and those that use an input."""

NAMES = tuple(_PLACES)


def format_of(name: str) -> Format:
    """One of the formats."""
    maker, seeds, user, use = _PLACES[name]
    return Format(
        name,
        getattr(importlib.import_module(f"fuzz.seeds.{maker}"), seeds),
        getattr(importlib.import_module(f"fuzz.seeds.{user}"), use),
    )
