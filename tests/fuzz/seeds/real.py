"""Seeds out of the real test data, for runs by hand: nothing of it is in the project."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from fuzz.format import Seed

MOST_BYTES = 1_500_000
MOST_OF_A_FOLDER = 4
_SUFFIXES = {
    "video": (".mp4", ".ts", ".mts", ".mkv", ".avi", ".mov"),
    "dicom": (".dcm",),
    "picture": (".png", ".jpg", ".tif", ".tiff", ".bmp"),
    "zip": (".zip",),
}


def seeds(form: str, data: Path) -> list[Seed]:
    """Some small files of each folder."""
    made: list[Seed] = []
    taken: Counter[Path] = Counter()
    for path in sorted(data.rglob("*")):
        if path.suffix.lower() not in _SUFFIXES.get(form, ()) or not path.is_file():
            continue
        if taken[path.parent] == MOST_OF_A_FOLDER or path.stat().st_size > MOST_BYTES:
            continue
        taken[path.parent] += 1
        made.append(Seed(path.name, {path.name: path.read_bytes()}, (path.name,), refused=None))
    return made
