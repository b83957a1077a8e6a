"""Pictures of fetal heads with boxes: `truth.csv` with image,left_px,top_px,right_px,bottom_px.

The class of all of them is "head" in the mapping. A name like `223_2HC.png` is the second
picture of case 223, as in the HC18 challenge. A table of boxes is taken for one of heads by a
column `head_circumference_mm` or by such names, never because it says nothing else.
"""

from __future__ import annotations

import re
from pathlib import Path

from sonoassist.core.texts import read_text
from sonoassist.datasets.collecting import Collector, Openings, beside
from sonoassist.datasets.label_map import load_label_map, need
from sonoassist.datasets.labels import Dataset, LabelledFrame
from sonoassist.datasets.tables import BOX_COLUMNS, Row, check_inside, header_of, read_rows

LAYOUT = "heads"
TABLE = "truth.csv"
COLUMNS = ("image", *BOX_COLUMNS)
CIRCUMFERENCE, PIXEL_SIZE = "head_circumference_mm", "pixel_size_mm"
CLASS = "head"

_HC18 = re.compile(r"^(\d+)_\d*HC$")


def read(file: Path, mapping: Path | None) -> Dataset:
    """Read the table.

    Raises:
        SourceError: It cannot be read, or has no row that can be used.
        UsageError: The mapping cannot be used.
    """
    accepted = need(load_label_map(LAYOUT, mapping).accepted(CLASS), CLASS)
    collected = Collector(file.parent.name, LAYOUT)
    openings = Openings()

    def take(row: Row, where: str) -> None:
        path = beside(file.parent, row.text("image"))
        box = row.box()
        info = openings.info(path)
        check_inside(box, info.width_px, info.height_px)
        collected.add(LabelledFrame(case_of(path.stem), path, 0, accepted, box), where)

    collected.rows(file.name, read_rows(file, COLUMNS), take)
    return collected.finish()


def tells_of_heads(file: Path) -> bool:
    """Whether a table with the columns of this layout says that its pictures show heads.

    Args:
        file: The table.

    Raises:
        SourceError: It cannot be read.
    """
    columns, _ = header_of(read_text(file))
    if CIRCUMFERENCE in columns:
        return True
    others = set(columns) - {*COLUMNS, PIXEL_SIZE, ""}
    rows = read_rows(file, COLUMNS)
    return not others and any(_HC18.match(Path(row.cell("image")).stem) for row in rows)


def case_of(stem: str) -> str:
    """The case a picture belongs to."""
    hc18 = _HC18.match(stem)
    return hc18[1] if hc18 else stem
