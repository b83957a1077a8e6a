"""Everything that can be taken out of an exam, into one folder."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sonoassist import __version__
from sonoassist.core.errors import OutputError, SonoAssistError, UsageError
from sonoassist.core.files import ensure_folder, output_error, write_text
from sonoassist.core.progress import Meter
from sonoassist.exam.exam import Exam
from sonoassist.exam.in_use import in_use, marks, used
from sonoassist.exam.store import ExamStore

if TYPE_CHECKING:
    from sonoassist.exam.dicom_out.options import DicomOptions
    from sonoassist.exam.report.data import ReportOptions

PARTS = ("pdf", "html", "csv", "json", "stills", "clips", "dicom")
TABLES = "tables"
"""Short for "csv" and "json"."""
LABEL = "exam.txt"
"""Says which exam a folder holds."""

_WHOSE = "Exam "
_HIDDEN = ".writing-"
_QUIET_S, _OLD_S = 60.0, 86_400.0
"""Nobody has written to a leftover for so long: one with a mark, and one without."""
_BY_REPORT = ("pdf", "html", "csv", "json", "stills")
_NOTICE = "Research and training only. Not for diagnosis."


@dataclass(frozen=True, slots=True)
class Export:
    """What is wanted.

    Attributes:
        parts: Some of `PARTS`, and `TABLES`.
        boxes: Draw the boxes on the stills.
        masked: Black out everything beside the ultrasound picture.
        unreviewed: Pictures that nobody has reviewed go into DICOM too.
    """

    parts: frozenset[str]
    boxes: bool = True
    masked: bool = True
    unreviewed: bool = False


def write_export(
    store: ExamStore,
    exam_id: str,
    folder: Path,
    export: Export,
    told: Callable[[Path], None] = lambda path: None,
    warned: Callable[[str], None] = lambda sentence: None,
    meter: Meter | None = None,
) -> list[Path]:
    """Write what is wanted of an exam into a folder; returns the files.

    The files are made in a hidden folder beside and come into sight together: an export that a
    person ends leaves nothing, and an older one in the folder is as it was. Where one file cannot
    be made, all before it are kept.

    The tables and the report lie in the folder itself, the rest in stills/, clips/ and dicom/.

    Args:
        store: Where the exam is.
        exam_id: Its name.
        folder: Made where it is missing; older files of the same exam are replaced.
        export: What is wanted.
        told: Called with each file that is written.
        warned: Called with a sentence on each picture and clip that is left out.
        meter: Counts the pictures that were worked on, and ends the export when told to.

    Raises:
        CancelledError: A person has ended it.
        UsageError: There is no such exam, a part is not known, the folder holds another exam, or
            there is nothing for DICOM.
        RecordError: The record is damaged.
        OutputError: The operating system refuses, or a picture cannot be written.
    """
    parts = _parts(export)
    with store.held(exam_id), store.open(exam_id) as exam:
        exam.info()  # a damaged record leaves no folder behind
        _check_empty_or_own(exam, folder)
        meter = meter or Meter()
        meter.expect(_steps(exam, parts, export))
        made: list[Path] = []
        with _in_sight_together(folder, made) as hidden:
            made.append(_label(exam, hidden, export))
            for path in _write(exam, hidden, parts, export, warned, meter):
                made.append(path)
        written = [folder / path.relative_to(hidden) for path in made]
        for path in written[1:]:
            told(path)
    return written


def _steps(exam: Exam, parts: frozenset[str], export: Export) -> int:
    """Pictures that will be worked on."""
    from sonoassist.exam.clip_export import clip_steps
    from sonoassist.exam.report.data import still_count

    formats = _formats(parts)
    steps = still_count(exam, _report_options(export, formats)) if formats else 0
    if "dicom" in parts:
        with suppress(UsageError):  # nothing for DICOM: told when its turn comes
            steps += dicom_pictures(exam, export)
    return steps + (clip_steps(exam, mask=export.masked) if "clips" in parts else 0)


@contextmanager
def _in_sight_together(folder: Path, made: list[Path]) -> Iterator[Path]:
    """Give a hidden folder in `folder`; what was made in it is moved out at the end.

    Args:
        folder: Made where it is missing; taken away again where nothing came into it.
        made: The files, in order; those of a work that failed in the middle come out too.
    """
    fresh = _missing(folder)
    ensure_folder(folder)
    _sweep(folder)
    try:
        hidden = Path(tempfile.mkdtemp(prefix=_HIDDEN, dir=folder))
    except OSError as error:
        raise output_error(folder, error) from error
    try:
        with in_use(hidden):
            try:
                yield hidden
            except SonoAssistError:
                _move(made, hidden, folder)
                raise
            _move(made, hidden, folder)
    finally:
        shutil.rmtree(hidden, ignore_errors=True)
        for one in fresh:
            if not any(one.iterdir()):
                one.rmdir()


def _sweep(folder: Path) -> None:
    """Remove what exports into a folder left there when the program was killed."""
    for left in folder.glob(f"{_HIDDEN}*"):
        with suppress(OSError, UnicodeDecodeError):
            if left.is_dir() and not left.is_symlink() and _abandoned(left):
                shutil.rmtree(left, ignore_errors=True)


def _abandoned(hidden: Path) -> bool:
    """Whether it is surely an export of this program, and nobody writes it any more."""
    quiet_s = time.time() - hidden.stat().st_mtime
    if marks(hidden):
        return quiet_s > _QUIET_S and not used(hidden)
    label = hidden / LABEL  # of a version that left no mark
    return quiet_s > _OLD_S and label.is_file() and _whose_are(label).startswith(_WHOSE)


def _missing(folder: Path) -> list[Path]:
    """The folders that have to be made for it, the innermost first."""
    return [one for one in (folder, *folder.parents) if not one.exists()]


def _move(made: list[Path], hidden: Path, folder: Path) -> None:
    for path in made:
        target = folder / path.relative_to(hidden)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            path.replace(target)
        except OSError as error:
            raise output_error(target, error) from error


def _parts(export: Export) -> frozenset[str]:
    parts = export.parts - {TABLES} | ({"csv", "json"} if TABLES in export.parts else set())
    unknown = sorted(parts - set(PARTS))
    if unknown or not parts:
        what = f"'{unknown[0]}' cannot be exported" if unknown else "nothing is to be exported"
        raise UsageError(what, f"Known: {', '.join(PARTS)}")
    return parts


def _check_empty_or_own(exam: Exam, folder: Path) -> None:
    """Pictures of two exams must not get mixed up."""
    path = folder / LABEL
    try:
        first = _whose_are(path) if path.exists() else ""
    except (OSError, UnicodeDecodeError) as error:
        raise OutputError(f"{path} cannot be read: {error}", "Choose another folder") from error
    if first and first != _whose(exam):
        raise UsageError(f"{folder} holds another exam: {first}", "Choose another folder")


def _whose(exam: Exam) -> str:
    return f"{_WHOSE}{exam.exam_id}"


def _whose_are(label: Path) -> str:
    """The first line of a label."""
    return label.read_text(encoding="utf-8").partition("\n")[0]


def _label(exam: Exam, folder: Path, export: Export) -> Path:
    """Write down whose the files are."""
    path = folder / LABEL
    pictures = "masked" if export.masked else "NOT masked: texts on them may name a person"
    lines = (_whose(exam), f"Written by SonoAssist {__version__}", f"Pictures: {pictures}", _NOTICE)
    write_text(path, "\n".join(lines) + "\n")
    return path


def _write(
    exam: Exam,
    folder: Path,
    parts: frozenset[str],
    export: Export,
    warned: Callable[[str], None],
    meter: Meter,
) -> Iterator[Path]:
    """In the order of what is most likely to succeed: whatever is done stays."""
    from sonoassist.exam.report.write import write_report

    formats = _formats(parts)
    if formats:
        yield from write_report(exam, folder, _report_options(export, formats), meter)
    if "csv" in parts:
        from sonoassist.exam.raw_tables import write_tables

        yield from write_tables(exam, folder)
    if "dicom" in parts:
        yield from export_as_dicom(exam, folder / "dicom", export, warned, meter)
    if "clips" in parts:
        from sonoassist.exam.clip_export import write_clips

        yield from write_clips(
            exam, folder / "clips", mask=export.masked, warned=warned, meter=meter
        )


def _formats(parts: frozenset[str]) -> tuple[str, ...]:
    return tuple(name for name in _BY_REPORT if name in parts)


def _report_options(export: Export, formats: tuple[str, ...]) -> ReportOptions:
    from sonoassist.exam.report.data import ReportOptions

    return ReportOptions(boxes=export.boxes, mask=export.masked, formats=formats)


def _dicom_options(export: Export) -> DicomOptions:
    from sonoassist.exam.dicom_out.options import DicomOptions

    return DicomOptions(unjudged=export.unreviewed, masked=export.masked)


def export_as_dicom(
    exam: Exam,
    folder: Path,
    export: Export,
    warned: Callable[[str], None],
    meter: Meter | None = None,
) -> list[Path]:
    """Write an exam as DICOM files; returns them.

    Args:
        exam: Open.
        folder: Made where it is missing.
        export: Which pictures, and whether they are masked.
        warned: See `write_export`.
        meter: Counts the pictures, see `dicom_out.export.dicom_steps`.

    Raises:
        UsageError: There is nothing to export.
        RecordError: A picture of the record cannot be read.
        OutputError: The operating system refuses.
    """
    from sonoassist.exam.dicom_out.export import export_dicom

    return export_dicom(exam, folder, _dicom_options(export), warned, meter)


def dicom_files(exam: Exam, export: Export) -> int:
    """Files that `export_as_dicom` writes at most, the report among them.

    Raises:
        UsageError: There is nothing to export.
        RecordError: The record is damaged.
    """
    from sonoassist.exam.dicom_out.options import chosen

    captures = chosen(exam.captures(), _dicom_options(export))
    return len(captures) + sum(bool(one.clip) for one in captures) + 1


def dicom_pictures(exam: Exam, export: Export) -> int:
    """Pictures that `export_as_dicom` will count.

    Raises:
        UsageError: There is nothing to export.
        RecordError: The record is damaged.
    """
    from sonoassist.exam.dicom_out.export import dicom_steps

    return dicom_steps(exam, _dicom_options(export))
