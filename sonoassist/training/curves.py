"""curves.png: the losses, the validation accuracy and the learning rate over the iterations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sonoassist.core.errors import OutputError
from sonoassist.core.files import write_bytes
from sonoassist.core.opencv import cv2
from sonoassist.training.log import LogRow

NAME = "curves.png"
WIDTH_PX, HEIGHT_PX = 1200, 420
LEFT, RIGHT, TOP, BOTTOM = 80, 30, 56, 52
INK, GRID = (40, 40, 40), (225, 225, 225)
BLUE, ORANGE, GREEN = (180, 100, 20), (10, 110, 235), (60, 140, 50)  # BGR, as OpenCV wants it
POINTS = 600
"""A longer curve is averaged down to so many points."""

Canvas = NDArray[np.uint8]
Colour = tuple[int, int, int]


@dataclass(frozen=True)
class CurveLine:
    """One curve.

    Attributes:
        label: For the legend.
        colour: BGR.
        x: Iterations.
        y: Values.
    """

    label: str
    colour: Colour
    x: Sequence[float]
    y: Sequence[float]


def draw_curves(rows: Sequence[LogRow]) -> Canvas:
    """The picture of a run, uint8 (1260, 1200, 3) BGR."""
    learnt = [row for row in rows if row.loss is not None]
    iterations = [float(row.iteration) for row in learnt]
    checked = [row for row in rows if row.val_loss is not None and row.val_accuracy is not None]
    when = [float(row.iteration) for row in checked]
    losses = CurveLine(
        "training", BLUE, *_averaged(iterations, [row.loss or 0.0 for row in learnt])
    )
    panels = [
        _panel(
            "Loss",
            [
                losses,
                CurveLine("validation", ORANGE, when, [row.val_loss or 0.0 for row in checked]),
            ],
            low=0.0,
        ),
        _panel(
            "Validation accuracy, mean over the classes",
            [CurveLine("", ORANGE, when, [row.val_accuracy or 0.0 for row in checked])],
            low=0.0,
            high=1.0,
        ),
        _panel(
            "Learning rate (power of ten)",
            [CurveLine("", GREEN, iterations, [float(np.log10(row.lr)) for row in learnt])],
        ),
    ]
    return np.vstack(panels)


def write_curves(out: Path, rows: Sequence[LogRow]) -> None:
    """Draw the curves into `out`; nothing is drawn before the first iteration.

    Raises:
        OutputError: The operating system refuses.
    """
    if not rows:
        return
    done, data = cv2.imencode(".png", draw_curves(rows))
    if not done:
        raise OutputError(f"cannot draw {NAME}")
    write_bytes(out / NAME, data.tobytes())


def _averaged(x: Sequence[float], y: Sequence[float]) -> tuple[list[float], list[float]]:
    """Means of runs of equal length: a curve of single batches is a band of noise."""
    step = max(len(x) // POINTS, 1)
    starts = range(0, len(x), step)
    return (
        [float(np.mean(x[n : n + step])) for n in starts],
        [float(np.mean(y[n : n + step])) for n in starts],
    )


def _panel(
    title: str, lines: Sequence[CurveLine], low: float | None = None, high: float | None = None
) -> Canvas:
    canvas = np.full((HEIGHT_PX, WIDTH_PX, 3), 255, np.uint8)
    values = [value for line in lines for value in line.y if np.isfinite(value)] or [0.0, 1.0]
    low = min(values) if low is None else low
    high = max(values) if high is None else high
    high = high if high > low else low + 1.0
    last = max((x for line in lines for x in line.x), default=1.0) or 1.0
    _axes(canvas, title, low, high, last)
    for number, line in enumerate(lines):
        _curve(canvas, line, low, high, last)
        if line.label:
            _write(canvas, line.label, (WIDTH_PX - 330 + 160 * number, 34), line.colour)
    return canvas


def _axes(canvas: Canvas, title: str, low: float, high: float, last: float) -> None:
    _write(canvas, title, (LEFT, 34), INK, 0.7)
    for value in ticks(low, high):
        part = (value - low) / (high - low)
        row = round(HEIGHT_PX - BOTTOM - part * (HEIGHT_PX - TOP - BOTTOM))
        cv2.line(canvas, (LEFT, row), (WIDTH_PX - RIGHT, row), GRID, 1)
        _write(canvas, f"{value:g}", (12, row + 5), INK)
    for value in ticks(0.0, last, whole=True):
        column = round(LEFT + value / last * (WIDTH_PX - LEFT - RIGHT))
        _write(canvas, f"{value:.0f}", (column - 4 * len(f"{value:.0f}"), HEIGHT_PX - 20), INK)


def ticks(low: float, high: float, *, whole: bool = False) -> list[float]:
    """Round values of an axis, three to eleven: each is written as it is and stands where it is.

    Args:
        low: Lower end of the axis.
        high: Upper end, above it.
        whole: Only whole numbers.
    """
    least = (high - low) / 10
    power = 10.0 ** np.floor(np.log10(least))
    step = next(float(one * power) for one in (1, 2, 5, 10) if one * power >= least * (1 - 1e-9))
    step = max(step, 1.0) if whole else step
    first, last = int(np.ceil(low / step - 1e-9)), int(np.floor(high / step + 1e-9))
    digits = max(-int(np.floor(np.log10(step))), 0)
    return [round(number * step, digits) for number in range(first, last + 1)]


def _curve(canvas: Canvas, line: CurveLine, low: float, high: float, last: float) -> None:
    if not len(line.x):
        return
    x = LEFT + np.asarray(line.x) / last * (WIDTH_PX - LEFT - RIGHT)
    share = np.clip((np.nan_to_num(np.asarray(line.y)) - low) / (high - low), 0, 1)
    y = HEIGHT_PX - BOTTOM - share * (HEIGHT_PX - TOP - BOTTOM)
    points = np.rint(np.column_stack([x, y])).astype(np.int32)
    cv2.polylines(canvas, [points[:, None]], False, line.colour, 2, cv2.LINE_AA)
    if len(points) <= 40:
        for place in points:
            cv2.circle(canvas, (int(place[0]), int(place[1])), 3, line.colour, -1, cv2.LINE_AA)


def _write(
    canvas: Canvas, text: str, at: tuple[int, int], colour: Colour, size: float = 0.5
) -> None:
    cv2.putText(canvas, text, at, cv2.FONT_HERSHEY_SIMPLEX, size, colour, 1, cv2.LINE_AA)
