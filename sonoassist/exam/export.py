"""Everything that can be taken out of an exam, into one folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sonoassist.exam.store import ExamStore

PARTS = ("pdf", "html", "tables", "stills", "clips", "dicom")


@dataclass(frozen=True, slots=True)
class Export:
    """What is wanted.

    Attributes:
        parts: Some of `PARTS`.
        boxes: Draw the boxes on the stills.
        masked: Black out everything beside the ultrasound picture.
    """

    parts: frozenset[str]
    boxes: bool = True
    masked: bool = True


def write_export(store: ExamStore, exam_id: str, folder: Path, export: Export) -> list[Path]:
    """placeholder"""
    raise NotImplementedError
