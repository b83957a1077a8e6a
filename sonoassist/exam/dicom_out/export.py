"""An exam into a folder of DICOM files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sonoassist.core.errors import UsageError
from sonoassist.core.files import ensure_folder, replacing
from sonoassist.core.planes import BY_KEY
from sonoassist.core.progress import Meter
from sonoassist.exam.capture_words import item_of, plane_of
from sonoassist.exam.dicom_out.exported import ExportedCapture, NothingShownError
from sonoassist.exam.dicom_out.options import DicomOptions, chosen
from sonoassist.exam.exam import Exam
from sonoassist.exam.records import Capture

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

__all__ = ["DicomOptions", "dicom_steps", "export_dicom"]

NO_ULTRASOUND = "no ultrasound picture was surely found on it"


def dicom_steps(exam: Exam, options: DicomOptions) -> int:
    """Pictures that `export_dicom` will count.

    Raises:
        UsageError: There is nothing to export.
        RecordError: The record is damaged.
    """
    from sonoassist.exam.dicom_out.clips import clip_steps

    captures = chosen(exam.captures(), options)
    clips = [one for one in captures if options.clips and one.clip]
    return len(captures) + sum(clip_steps(exam, one, mask=options.masked) for one in clips)


def export_dicom(
    exam: Exam,
    folder: Path,
    options: DicomOptions | None = None,
    warned: Callable[[str], None] = lambda sentence: None,
    meter: Meter | None = None,
) -> list[Path]:
    """Write an exam as DICOM files: a still and a clip of each capture, and one report.

    The same export twice gives the same files. Nothing in them names a person, as long as the
    pictures themselves do not: see `DicomOptions.masked`.

    Args:
        exam: Open.
        folder: Made where it is missing; older files of the same names are replaced.
        options: What is exported; None for what the user kept, with clips, masked.
        warned: Is told of each still and clip that is left out.
        meter: Counts the pictures, see `dicom_steps`.

    Returns:
        The files, the report last.

    Raises:
        UsageError: There is nothing to export, or nothing of it may be shown.
        RecordError: A picture or a clip of the record cannot be read.
        OutputError: The operating system refuses, or something is too large for DICOM.
    """
    # pydicom and highdicom take seconds to import, and only this needs them.
    from sonoassist.exam.dicom_out.report import report_object

    options = options or DicomOptions()
    captures = chosen(exam.captures(), options)
    ensure_folder(folder)
    paths: list[Path] = []
    left_out: list[str] = []
    parts = _Parts(exam, folder, options, paths, left_out, meter or Meter())
    found = map(parts.write, captures)
    exported = [one for one in found if one is not None]
    for sentence in left_out:
        warned(sentence)
    if not exported:
        raise UsageError(
            "no ultrasound picture was surely found on any capture, so none may be shown",
            "Look at the captures; without masking all of the screen is exported",
        )
    report = folder / "report.dcm"
    _write(report, report_object(exam.info(), exported, left_out))
    return [*paths, report]


@dataclass(slots=True)
class _Parts:
    """Writes capture by capture what may be shown of it."""

    exam: Exam
    folder: Path
    options: DicomOptions
    paths: list[Path]
    left_out: list[str]
    meter: Meter

    def write(self, capture: Capture) -> ExportedCapture | None:
        """Write a capture; None for one that is left out as a whole."""
        from sonoassist.exam.dicom_out.stills import still_object

        try:
            still = still_object(self.exam, self.exam.info(), capture, mask=self.options.masked)
        except NothingShownError:
            self.left_out.append(f"Capture {capture.capture_id} is left out: {NO_ULTRASOUND}")
            return None
        still = _write_object(self.folder, f"still-{self._end(capture)}", still, self.paths)
        self.meter.step()
        return ExportedCapture(capture, still, self._clip(capture))

    def _clip(self, capture: Capture) -> Dataset | None:
        from sonoassist.exam.dicom_out.clips import clip_object

        if not self.options.clips or not capture.clip:
            return None
        try:
            clip = clip_object(
                self.exam, self.exam.info(), capture, mask=self.options.masked, meter=self.meter
            )
        except NothingShownError:
            self.left_out.append(
                f"The clip of capture {capture.capture_id} is left out: {NO_ULTRASOUND}"
            )
            return None
        return _write_object(self.folder, f"clip-{self._end(capture)}", clip, self.paths)

    def _end(self, capture: Capture) -> str:
        plane = plane_of(capture.shot, item_of(capture.shot, self.exam.info().start.items))
        return f"{capture.capture_id:03}-{plane if plane in BY_KEY else 'capture'}.dcm"


def _write_object(folder: Path, name: str, dataset: Dataset, paths: list[Path]) -> Dataset:
    """Write an object; what is returned is the same without its pixels."""
    path = folder / name
    _write(path, dataset)
    paths.append(path)
    del dataset.PixelData
    return dataset


def _write(path: Path, dataset: Dataset) -> None:
    with replacing(path, private=True) as temporary:
        dataset.save_as(temporary, enforce_file_format=True)
