"""Single screens with a JSON beside them that says which plane each shows, and where.

{"images": {"FEMUR.tiff": {"plane": "Femur",
 "box_frame_px": {"left": 458, "top": 386, "right": 747, "bottom": 430}}}}
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from sonoassist.core.packets import Box
from sonoassist.datasets.collecting import Collector, Openings, beside, known
from sonoassist.datasets.label_map import LabelMap, load_label_map
from sonoassist.datasets.labels import Dataset, LabelledFrame
from sonoassist.datasets.tables import RowError, check_inside, checked_box, read_json

LAYOUT = "planes"
TABLE = "truth.json"


def read(file: Path, mapping: Path | None) -> Dataset:
    """Read the table; each picture is a case of its own.

    Raises:
        SourceError: It cannot be read, or no picture in it can be used.
        UsageError: The mapping cannot be used.
    """
    classes = load_label_map(LAYOUT, mapping)
    collected = Collector(file.parent.name, LAYOUT)
    images = read_json(file).get("images")
    openings = Openings()
    for name, known_of in (images if isinstance(images, dict) else {}).items():
        where = f"{file.name}, {name}"
        try:
            _take(collected, classes, openings, beside(file.parent, name), known_of)
        except RowError as error:
            collected.problem(where, error)
    return collected.finish()


def _take(
    collected: Collector, classes: LabelMap, openings: Openings, path: Path, known_of: Any
) -> None:
    if not isinstance(known_of, dict):
        raise RowError("it is not an object")
    name = str(known_of.get("plane", ""))
    accepted = known(classes.accepted(name), name)
    if not accepted:
        collected.leave_out(name)
        return
    box = _box(known_of.get("box_frame_px"))
    info = openings.info(path)
    check_inside(box, info.width_px, info.height_px)
    collected.add(LabelledFrame(path.stem, path, 0, accepted, box), path.name)


def _box(edges: object) -> Box | None:
    if edges is None:
        return None
    table = edges if isinstance(edges, dict) else {}
    values = [table.get(edge) for edge in ("left", "top", "right", "bottom")]
    numbers = [_number(value) for value in values]
    if not all(map(math.isfinite, numbers)):
        raise RowError("box_frame_px has not four numbers: left, top, right, bottom")
    return checked_box(*numbers)


def _number(value: object) -> float:
    """A number of the file; NaN for what is none, or is too large to be one."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return math.nan
    try:
        return float(value)
    except OverflowError:
        return math.nan
