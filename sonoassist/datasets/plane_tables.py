"""Single pictures with a table beside them that says which plane each shows, and where.

    image,plane,left_px,top_px,right_px,bottom_px,patient
    Patient00305_Plane2_1_of_2.png,abdominal,366,283,802,656,305

The box may be left out, a column `frame` (from 0 on) names the picture of a file of many, and a
column `patient` or `case` says which pictures belong together; without it each file is a case. The
names of planes are those of `labels.csv` (`resources/label_maps/exams.toml`) or of a mapping.
"""

from __future__ import annotations

from pathlib import Path

from sonoassist.core.wording import counted
from sonoassist.datasets import exams
from sonoassist.datasets.collecting import Collector, Openings, beside, known
from sonoassist.datasets.label_map import LabelMap, load_label_map
from sonoassist.datasets.labels import Dataset, LabelledFrame
from sonoassist.datasets.tables import Row, RowError, check_inside, read_rows

LAYOUT = "planes"
COLUMNS = ("image", "plane")


def read(file: Path, mapping: Path | None) -> Dataset:
    """Read the table.

    Args:
        file: The table.
        mapping: The user's own mapping from its classes to planes.

    Raises:
        SourceError: It cannot be read, or has no row that can be used.
        UsageError: The mapping cannot be used.
    """
    reader = _Reader(
        Collector(file.parent.name, LAYOUT), load_label_map(exams.LAYOUT, mapping), file.parent
    )
    reader.collected.rows(file.name, read_rows(file, COLUMNS), reader.take)
    return reader.collected.finish()


class _Reader:
    def __init__(self, collected: Collector, classes: LabelMap, folder: Path) -> None:
        self.collected, self._classes, self._folder = collected, classes, folder
        self._openings = Openings()

    def take(self, row: Row, where: str) -> None:
        name = row.text("plane")
        accepted = known(self._classes.accepted(name), name)
        if not accepted:
            self.collected.leave_out(name)
            return
        path = beside(self._folder, row.text("image"))
        index = row.count("frame") if row.cell("frame") else 0
        box = row.box()
        info = self._openings.info(path)
        if info.frame_count is not None and index >= info.frame_count:
            raise RowError(
                f"frame {index} lies behind the end ({counted(info.frame_count, 'frame')})"
            )
        check_inside(box, info.width_px, info.height_px)
        case = row.cell("patient") or row.cell("case") or path.stem
        self.collected.add(LabelledFrame(case, path, index, accepted, box), where)
