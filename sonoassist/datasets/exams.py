"""A folder of exams: the layout for a hospital's own data.

Each exam is a folder, whose name is the case. In it lie freeze-frame pictures and videos, in
any format the program opens, and `labels.csv`, as any spreadsheet saves it (`tables.read_rows`):

    file,frame,plane,left_px,top_px,right_px,bottom_px
    freeze-01.png,,brain_tv,212,140,688,520
    scan.mp4,1520,femur,,,,
    scan.mp4,310,background,,,,

A video without a row is used for what it shows besides: background, and the frames that the
freeze-frames were taken from.

Further columns crop_left_px, crop_top_px, crop_right_px and crop_bottom_px give the crop of a
frame where it cannot be found in the picture any more, since the rest of the screen is black.

`file` is a name in the folder of the exam (or a path below it), `frame` the frame of a video from
0 on (empty or 0 for a picture, also for a DICOM file of one frame), `plane` a name that
`resources/label_maps/exams.toml` or a mapping of one's own turns into planes; the four edges of
the box may be left out.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from sonoassist.core.errors import SourceError
from sonoassist.core.planes import BACKGROUND_INDEX, KEYS
from sonoassist.core.wording import counted
from sonoassist.datasets.collecting import Collector, Openings, existing, known
from sonoassist.datasets.folders import subfolders
from sonoassist.datasets.label_map import LabelMap, load_label_map
from sonoassist.datasets.labels import Dataset, LabelledFrame
from sonoassist.datasets.spelling import spelled
from sonoassist.datasets.tables import Row, RowError, check_inside, read_rows
from sonoassist.sources.sniff import IMAGE_SUFFIXES, VIDEO_SUFFIXES, is_hidden

LAYOUT = "exams"
TABLE = "labels.csv"
COLUMNS = ("file", "plane")
CROP_COLUMNS = ("crop_left_px", "crop_top_px", "crop_right_px", "crop_bottom_px")
BACKGROUND = KEYS[BACKGROUND_INDEX]


def is_exam(folder: Path) -> bool:
    """Whether a folder holds one exam."""
    return (folder / TABLE).is_file()


def read(folder: Path, mapping: Path | None, tolerance_frames: int = 0) -> Dataset:
    """Read one exam, or all exams in a folder.

    Args:
        folder: The exam, or what holds the exams.
        mapping: The user's own mapping.
        tolerance_frames: A frame of a video that lies so near to one labelled as a plane shows
            that plane too, when it is retrieved.

    Raises:
        SourceError: There is no row that can be used.
        UsageError: The mapping cannot be used.
    """
    classes = load_label_map(LAYOUT, mapping)
    reader = _Reader(Collector(folder.name, LAYOUT), classes, tolerance_frames)
    for exam in [folder] if is_exam(folder) else subfolders(folder):
        reader.read_exam(exam)
    return reader.collected.finish()


class _Reader:
    def __init__(self, collected: Collector, classes: LabelMap, tolerance_frames: int) -> None:
        self.collected, self._classes = collected, classes
        self._tolerance_frames = tolerance_frames
        self._openings = Openings()

    def read_exam(self, exam: Path) -> None:
        file = f"{exam.name}/{TABLE}"
        try:
            rows = read_rows(exam / TABLE, COLUMNS)
        except SourceError as error:
            self.collected.problem(file, error)
            return
        self.collected.rows(file, rows, lambda row, where: self._take(exam, row, where))
        labelled = {frame.path for frame in self.collected.frames}
        self.collected.recordings += (
            (exam.name, path) for path in _videos(exam) if path not in labelled
        )

    def _take(self, exam: Path, row: Row, where: str) -> None:
        self._name(exam, row)
        name = row.text("plane")
        accepted = known(self._classes.accepted(name), name)
        if not accepted:
            self.collected.leave_out(name)
            return
        path = existing(_inside(exam, row.text("file")))
        index = row.count("frame") if row.cell("frame") else 0
        box, crop = row.box(), row.box(CROP_COLUMNS)
        self._check(path, index, row)
        frame = LabelledFrame(exam.name, path, index, accepted, box, crop=crop)
        self.collected.add(frame, where)
        if self._tolerance_frames and path.suffix.lower() not in IMAGE_SUFFIXES:
            self._show_around(frame)

    def _show_around(self, frame: LabelledFrame) -> None:
        if frame.accepted == (BACKGROUND,):
            return
        count = self._openings.info(frame.path).frame_count
        self.collected.show_around(frame, frame.index, self._tolerance_frames, count)

    def _name(self, exam: Path, row: Row) -> None:
        """Remember the frame, whatever may be wrong with the rest of the row."""
        try:
            index = row.count("frame") if row.cell("frame") else 0
            self.collected.named.add((_inside(exam, row.text("file")), index))
        except RowError:
            return  # told when the row is taken

    def _check(self, path: Path, index: int, row: Row) -> None:
        box, crop = row.box(), row.box(CROP_COLUMNS)
        picture = path.suffix.lower() in IMAGE_SUFFIXES
        if picture and index == 0 and box is None and crop is None:
            return  # nothing to be checked that opening each picture would be worth
        info = self._openings.info(path)
        if info.frame_count is not None and index >= info.frame_count:
            raise RowError(
                f"frame {index} lies behind the end ({counted(info.frame_count, 'frame')})"
            )
        # Scanners save a freeze-frame as a DICOM file of one frame.
        picture = picture or info.stills or info.frame_count == 1
        if not picture and not row.cell("frame"):
            raise RowError("frame is empty, and the file is a video")
        check_inside(box, info.width_px, info.height_px)
        check_inside(crop, info.width_px, info.height_px)


def _inside(exam: Path, name: str) -> Path:
    """The named file; refuses names that lead out of the exam's folder."""
    parts = _parts(name)
    if ".." in parts or name.startswith("/") or ":" in name:
        raise RowError(f"the file {name!r} lies outside of the exam's folder")
    return spelled(exam, *parts)


def _parts(name: str) -> tuple[str, ...]:
    return PurePosixPath(name.replace("\\", "/")).parts


def _videos(exam: Path) -> list[Path]:
    """The videos in the folder of an exam, known by their names."""
    found = (path for path in exam.rglob("*") if path.suffix.lower() in VIDEO_SUFFIXES)
    return sorted(
        path for path in found if path.is_file() and not is_hidden(str(path.relative_to(exam)))
    )
