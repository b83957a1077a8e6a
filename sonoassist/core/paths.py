"""Where things are: user data, bundled models and resources, in a checkout, a wheel or a bundle."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import platformdirs

_PACKAGE = Path(__file__).resolve().parents[1]


def home() -> Path:
    """Folder of all user data; `SONOASSIST_HOME` moves it. Not created here."""
    moved = os.environ.get("SONOASSIST_HOME")
    if moved:
        return Path(moved).expanduser()
    return Path(platformdirs.user_data_dir("SonoAssist", appauthor=False))


def settings_file() -> Path:
    """The settings of the user."""
    return home() / "settings.json"


def screen_layouts() -> Path:
    """The scanner screens whose crop the user has checked."""
    return home() / "screens.json"


def user_models() -> Path:
    """Folder of installed and own models."""
    return home() / "models"


def cache() -> Path:
    """Folder of things that can be made again (compiled graphs, partial downloads)."""
    return home() / "cache"


def exams() -> Path:
    """Folder of the exam records."""
    return home() / "exams"


def analyses() -> Path:
    """The results that are kept of recordings; all of it can be made again."""
    return home() / "analyses"


def reviews() -> Path:
    """Folder of the reviews of recorded exams."""
    return home() / "reviews"


def user_checklists() -> Path:
    """Folder of the user's own checklists."""
    return home() / "checklists"


def log_folder() -> Path:
    """Folder of crash reports."""
    return home() / "logs"


def _shipped(name: str) -> Path:
    bundle = getattr(sys, "_MEIPASS", None)
    candidates = [Path(bundle) / name] if bundle else []
    candidates += [_PACKAGE.parent / name, _PACKAGE / "_data" / name]
    in_checkout = (_PACKAGE.parent / "pyproject.toml").exists()
    if not in_checkout:
        candidates.reverse()
    return next((path for path in candidates if path.is_dir()), candidates[0])


def shipped_models() -> Path:
    """Folder of bundled models and of the registry of published weights."""
    return _shipped("models")


def resources() -> Path:
    """Folder of icons, help texts, presets and the demo exam."""
    return _shipped("resources")


def demo_exam() -> Path | None:
    """The bundled synthetic exam, or None when this build has none."""
    path = resources() / "demo" / "exam.mp4"
    return path if path.is_file() else None
