"""Synthetic exams: a folder with `exam.mp4` and `truth.csv`, or a folder of such folders."""

from __future__ import annotations

from pathlib import Path

from sonoassist.core.errors import SourceError
from sonoassist.core.flaws import Flaw
from sonoassist.core.planes import BY_KEY
from sonoassist.core.wording import counted
from sonoassist.datasets.collecting import Collector, Openings, known
from sonoassist.datasets.folders import subfolders
from sonoassist.datasets.label_map import LabelMap, load_label_map
from sonoassist.datasets.labels import Dataset, LabelledFrame
from sonoassist.datasets.tables import Row, RowError, check_inside, read_rows
from sonoassist.sources.base import SourceInfo

LAYOUT = "phantom"
VIDEO, TABLE = "exam.mp4", "truth.csv"
COLUMNS = ("frame", "plane")

AS_LABELLED = ("", "plane", "background", "near_miss")
NO_EXAMPLE = ("doppler", "split", "frozen", "no_signal")
"""States whose frames are neither trained on nor classified."""


def is_exam(folder: Path) -> bool:
    """Whether a folder holds one exam."""
    return (folder / VIDEO).is_file() and (folder / TABLE).is_file()


def read(folder: Path, mapping: Path | None) -> Dataset:
    """Read one exam, or all exams in a folder; a case is an exam, named after its folder.

    Raises:
        SourceError: There is no frame that can be used.
        UsageError: The mapping cannot be used.
    """
    reader = _Reader(Collector(folder.name, LAYOUT), load_label_map(LAYOUT, mapping))
    for exam in [folder] if is_exam(folder) else subfolders(folder):
        reader.read_exam(exam)
    return reader.collected.finish()


class _Reader:
    def __init__(self, collected: Collector, classes: LabelMap) -> None:
        self.collected, self._classes = collected, classes
        self._openings = Openings()

    def read_exam(self, exam: Path) -> None:
        file = f"{exam.name}/{TABLE}"
        try:
            rows = read_rows(exam / TABLE, COLUMNS)
            info = self._openings.info(exam / VIDEO)
        except (SourceError, RowError) as error:
            self.collected.problem(file, error)
            return
        self.collected.rows(file, rows, lambda row, where: self._take(exam, info, row, where))

    def _take(self, exam: Path, info: SourceInfo, row: Row, where: str) -> None:
        state = row.cell("state").casefold()
        if state not in AS_LABELLED + NO_EXAMPLE:
            raise RowError(f"the state {state!r} is not known")
        index = row.count("frame")
        if info.frame_count is not None and index >= info.frame_count:
            raise RowError(
                f"frame {index} lies behind the end ({counted(info.frame_count, 'frame')})"
            )
        box = row.box()
        check_inside(box, info.width_px, info.height_px)
        # What nearly shows a plane is background, whichever plane it was that was missed.
        name = "background" if state == "near_miss" else row.text("plane")
        accepted = known(self._classes.accepted(name), name)
        frame = LabelledFrame(exam.name, exam / VIDEO, index, accepted, box, flaws=_flaws(row))
        if not accepted:
            self.collected.leave_out(name)
        elif state in NO_EXAMPLE:
            self.collected.leave_out(state)
            if state == "frozen" and not BY_KEY[accepted[0]].is_background:
                self.collected.shown.append(frame)
        else:
            self.collected.add(frame, where)


def _flaws(row: Row) -> frozenset[Flaw] | None:
    """What is wrong with a picture; None for exams of earlier programs, which do not tell.

    Raises:
        RowError: There is no such flaw.
    """
    if "flaws" not in row.cells:
        return None
    try:
        return frozenset(Flaw(name) for name in row.cell("flaws").split("|") if name)
    except ValueError as error:
        raise RowError(f"{error}") from None
