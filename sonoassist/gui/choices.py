"""The settings with a fixed set of values, and what they are called on screen."""

from __future__ import annotations

from typing import get_args

from sonoassist.core.settings import Settings

_TEXTS: dict[str, dict[str, str]] = {
    "theme": {"dark": "Dark, for a dark room", "light": "Light, for a bright room"},
    "label": {"steady": "Steadied over time", "raw": "Each frame by itself"},
    "engine": {"auto": "Automatic engine", "torch": "PyTorch", "openvino": "OpenVINO"},
    "precision": {"auto": "Automatic precision"},
    "localiser": {
        "plane": "By the model's rule of each plane",
        "paper": "By the paper's rules for all networks",
    },
    "exam_with_source": {
        "always": "With every video and live source",
        "live": "With live sources only",
        "never": "Never",
    },
    "device": {
        "auto": "Automatic device",
        "cpu": "CPU",
        "cuda": "NVIDIA GPU",
        "mps": "Apple GPU",
        "gpu": "Intel graphics",
    },
}


def choices(field: str) -> list[tuple[str, str]]:
    """(value, text) of a setting, in the order of its type."""
    texts = _TEXTS.get(field, {})
    values = get_args(Settings.model_fields[field].annotation)
    return [(value, texts.get(value, value)) for value in values]
