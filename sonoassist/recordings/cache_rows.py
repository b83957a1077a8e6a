"""Between the results of frames and the rows of a database."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sonoassist.core.packets import Box, Floats, State, frozen
from sonoassist.core.planes import PLANES
from sonoassist.core.wording import counted
from sonoassist.recordings.records import FrameResult
from sonoassist.recordings.table import NOT_LOOKED, STATES, ResultBlock
from sonoassist.temporal.quality import Quality

FRAME_COLUMNS = (
    "frame, state, probabilities, left_px, top_px, right_px, bottom_px, localiser,"
    " crop_left_px, crop_top_px, crop_right_px, crop_bottom_px, quality, stillness, frozen"
)
DAMAGED = "damaged"
NEVER_BOXED = 0
"""In the place of the localiser's number, where a box was never looked for."""
_SINGLE, _HALF = np.dtype("<f4"), np.dtype("<f2")
"""How probabilities are kept; in half precision by earlier programs.

Half precision cannot tell sure frames apart: near 1 its steps are 0.0005.
"""
_FAR_PX = 1e9
"""No picture reaches so far."""

Row = tuple[object, ...]


def values_of(result: FrameResult, localiser: int) -> Row:
    """In the order of `FRAME_COLUMNS`.

    Args:
        result: To be kept.
        localiser: What boxes are made by now, see `localise.choice`.
    """
    return (
        int(result.index),
        DAMAGED if result.state is None else result.state.value,
        result.probabilities.astype(_SINGLE).tobytes(),
        *_edges(result.box),
        localiser if result.boxed else NEVER_BOXED,
        *_edges(result.crop),
        _known(result.quality),
        _known(result.stillness),
        None if result.frozen is None else int(result.frozen),
    )


def measure_values(quality: Quality, repeats: bool | None) -> Row:
    """Quality, stillness and frozen."""
    return (
        _known(quality.sharpness),
        _known(quality.stillness),
        None if repeats is None else int(repeats),
    )


def result_of_row(row: Row, localiser: int) -> FrameResult:
    """From columns in the order of `FRAME_COLUMNS`.

    Args:
        row: As it was kept.
        localiser: Boxes of another one are none.

    Raises:
        ValueError, TypeError, KeyError, AttributeError: It is not what `values_of` made.
    """
    boxed = row[7] == localiser
    return FrameResult(
        index=int(str(row[0])),
        state=None if row[1] == DAMAGED else State(row[1]),
        probabilities=shares_of(row[2]),
        box=box_of(row[3:7]) if boxed else None,
        quality=_measure(row[12]),
        stillness=_measure(row[13]),
        crop=box_of(row[8:12]),
        boxed=boxed,
        frozen=None if row[14] is None else bool(row[14]),
    )


def block_of_rows(rows: Sequence[Row], localiser: int) -> ResultBlock:
    """Many rows at once, from columns in the order of `FRAME_COLUMNS`; at least one.

    Args:
        rows: As they were kept.
        localiser: Boxes of another one are none.

    Raises:
        ValueError, TypeError, KeyError, AttributeError: One is not what `values_of` made.
    """
    try:
        return _block(rows, localiser)
    except (ValueError, TypeError, KeyError, AttributeError):
        return ResultBlock.of(
            [result_of_row(row, localiser) for row in rows]
        )  # slower, and says what is bad


_NUMBER_OF_STATE = {
    DAMAGED if state is None else state.value: number for number, state in enumerate(STATES)
}


def _block(rows: Sequence[Row], localiser: int) -> ResultBlock:
    columns = list(zip(*rows, strict=True))
    shares: Floats = np.frombuffer(b"".join(columns[2]), _SINGLE).reshape(len(rows), len(PLANES))
    if not bool(((shares >= 0) & (shares <= 1)).all()):
        shares = np.clip(np.nan_to_num(shares), 0, 1)  # a bit of it has turned over
    boxed = np.array(columns[7]) == localiser
    boxes = _edges_of(columns[3:7])
    boxes[~boxed] = np.nan
    return ResultBlock(
        indexes=np.array(columns[0], np.int64),
        states=np.array([_NUMBER_OF_STATE[state] for state in columns[1]], np.uint8),
        probabilities=shares.astype(np.float32),
        boxes=boxes,
        boxed=boxed,
        crops=_edges_of(columns[8:12]),
        quality=_measures(columns[12]),
        stillness=_measures(columns[13]),
        frozen=np.array(
            [NOT_LOOKED if one is None else int(bool(one)) for one in columns[14]], np.int8
        ),
    )


def _edges_of(columns: Sequence[Row]) -> Floats:
    """Four columns as float32 (n, 4); nan where there is no box.

    Raises:
        ValueError, TypeError: One is no box.
    """
    edges: NDArray[np.float64] = np.array(columns, np.float64).T
    known = ~np.isnan(edges)
    if (known.any(axis=1) != known.all(axis=1)).any() or (np.abs(edges[known]) >= _FAR_PX).any():
        raise ValueError("a box lies nowhere")
    return np.asarray(edges, np.float32)


def _measures(column: Row) -> Floats:
    numbers = np.array(column, np.float64)
    numbers[~((numbers >= 0) & (numbers <= 1))] = np.nan
    return numbers.astype(np.float32)


def shares_of(data: object) -> Floats:
    """Probabilities, float32 (14,), from a column.

    Raises:
        ValueError, TypeError: They are something else.
    """
    if not isinstance(data, bytes):
        raise TypeError("the probabilities are missing")
    kept = _HALF if len(data) == _HALF.itemsize * len(PLANES) else _SINGLE
    shares: Floats = np.frombuffer(data, kept).astype(np.float32)
    if len(shares) != len(PLANES):
        raise ValueError(f"there are {counted(len(shares), 'probability', 'probabilities')}")
    if not bool(((shares >= 0) & (shares <= 1)).all()):
        shares = np.clip(np.nan_to_num(shares), 0, 1)  # a bit of it has turned over
    return frozen(shares)


def box_of(row: Row) -> Box | None:
    """Four columns as a box.

    Raises:
        ValueError: They are no numbers.
    """
    if row[0] is None:
        return None
    edges = [float(str(value)) for value in row]
    if not all(abs(edge) < _FAR_PX for edge in edges):
        raise ValueError("a box lies nowhere")
    return Box(*edges)


def _edges(box: Box | None) -> tuple[float | None, float | None, float | None, float | None]:
    if box is None:
        return (None,) * 4
    return float(box.left), float(box.top), float(box.right), float(box.bottom)


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _measure(value: object) -> float:
    """The inverse of `_known`; what is no share was not measured."""
    number = np.nan if value is None else float(str(value))
    return number if 0 <= number <= 1 else np.nan
