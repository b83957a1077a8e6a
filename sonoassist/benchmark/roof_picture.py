"""The roofline: how near each network comes to what the machine can do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from sonoassist.benchmark.candidates import NetworkRunner
from sonoassist.benchmark.ceilings import Roof
from sonoassist.benchmark.drawing import (
    GRID,
    INK,
    SOFT,
    Area,
    ChartCanvas,
    Colour,
    LogAxis,
    short,
    tick,
)
from sonoassist.benchmark.figures import SpeedRow
from sonoassist.benchmark.work import Pass

MARKS = {"sononet64": 4, "sononet32": 0, "sononet16": 3, "smallnet": -4}
"""Sides of each network's mark, as `Canvas.mark` wants them."""


def draw_roof(
    canvas: ChartCanvas,
    area: Area,
    rows: Sequence[SpeedRow],
    roof: Roof,
    colours: Mapping[NetworkRunner, Colour],
) -> None:
    """Operations a second over operations a byte, both logarithmic.

    Args:
        canvas: To draw on.
        area: Where.
        rows: Detection and both are shown: filled and hollow marks.
        roof: The limits, one line a device and precision.
        colours: Of the runners.
    """
    shown = [row for row in rows if row.work != Pass.LOCALISATION.value and row.gflops > 0]
    lines = list(_roofs(shown, roof))
    if not shown or not lines:
        return
    plot = area.inside(64, 64, 14, 60)
    across, up = _axes(plot, shown, lines)
    _frame(canvas, area, plot, across, up)
    for device, _, peak in lines:
        _roof_line(canvas, across, up, peak, roof.bandwidth_gbytes_hz(device))
    _roof_labels(canvas, plot, up, lines)
    for device in dict.fromkeys(device for device, *_ in lines):
        _slope_label(canvas, across, up, device, roof.bandwidth_gbytes_hz(device))
    for row in shown:
        at = across.at(row.flop_per_byte), up.at(row.gflops)
        filled = row.work == Pass.DETECTION.value
        canvas.mark(at, MARKS[row.network], colours[row.runner], filled=filled)
    _mark_legend(canvas, area, shown)


def _roofs(rows: Sequence[SpeedRow], roof: Roof) -> Iterator[tuple[str, str, float]]:
    """Device, precision and peak of each limit that a row belongs to and that was measured."""
    for device, precision in dict.fromkeys((row.device, row.precision) for row in rows):
        peak = roof.peak_gflops(device, precision)
        if peak > 0 and roof.bandwidth_gbytes_hz(device) > 0:
            yield device, precision, peak


def _axes(
    plot: Area, rows: Sequence[SpeedRow], lines: Sequence[tuple[str, str, float]]
) -> tuple[LogAxis, LogAxis]:
    intensities = [row.flop_per_byte for row in rows]
    heights = [row.gflops for row in rows] + [peak for *_, peak in lines]
    return (
        LogAxis(min(intensities) / 8, max(intensities) * 2, plot.left, plot.right),
        LogAxis(min(heights) / 1.6, max(heights) * 1.6, plot.bottom, plot.top),
    )


def _frame(canvas: ChartCanvas, area: Area, plot: Area, across: LogAxis, up: LogAxis) -> None:
    canvas.text((plot.left - 18, area.top + 34), "Roofline", size=0.7, bold=True)
    for value in across.ticks():
        x = across.at(value)
        canvas.line((x, plot.top), (x, plot.bottom), GRID)
        canvas.text((x, plot.bottom + 20), tick(value), size=0.42, ink=SOFT, anchor=0.5)
    for value in up.ticks():
        y = up.at(value)
        canvas.line((plot.left, y), (plot.right, y), GRID)
        canvas.text((plot.left - 8, y + 5), tick(value), size=0.42, ink=SOFT, anchor=1)
    canvas.line((plot.left, plot.bottom), (plot.right, plot.bottom), SOFT)
    canvas.text(
        (plot.right, plot.bottom + 42), "operations a byte moved (FLOP/byte)", size=0.45, anchor=1
    )
    canvas.text((plot.left - 44, plot.top - 10), "GFLOP/s", size=0.45)


def _roof_line(
    canvas: ChartCanvas, across: LogAxis, up: LogAxis, peak: float, bandwidth: float
) -> None:
    """The slope of the memory up to the peak, then level."""
    ridge = peak / bandwidth
    first = max(across.low, up.low / bandwidth)
    if first < ridge:
        end = min(ridge, across.high)
        canvas.line(
            (across.at(first), up.at(first * bandwidth)),
            (across.at(end), up.at(end * bandwidth)),
            INK,
            2,
        )
    if ridge < across.high:
        start = max(ridge, across.low)
        canvas.line((across.at(start), up.at(peak)), (across.end, up.at(peak)), INK, 2)


def _roof_labels(
    canvas: ChartCanvas, plot: Area, up: LogAxis, lines: Sequence[tuple[str, str, float]]
) -> None:
    """Above each line; a line close under another one is labelled further to the left."""
    x, last = plot.right - 4, float("-inf")
    for device, precision, peak in sorted(lines, key=lambda line: -line[2]):
        y = up.at(peak) - 8
        words = f"{device} {precision}: {short(peak)} GFLOP/s"
        x = x - 280 if y - last < 16 else plot.right - 4
        canvas.text((x, y), words, size=0.45, anchor=1)
        last = y


def _slope_label(
    canvas: ChartCanvas, across: LogAxis, up: LogAxis, device: str, bandwidth: float
) -> None:
    value = max(across.low, up.low / bandwidth)
    at = across.at(value) + 24, up.at(value * bandwidth) + 18
    canvas.text(at, f"memory of {device}: {short(bandwidth)} GB/s", size=0.45)


def _mark_legend(canvas: ChartCanvas, area: Area, rows: Sequence[SpeedRow]) -> None:
    x, y = area.left + 180, area.top + 34
    for network, title in dict.fromkeys((row.network, row.title) for row in rows):
        canvas.mark((x, y - 5), MARKS[network], SOFT, filled=True)
        canvas.text((x + 16, y), title)
        x += 130
    for filled, words in ((True, "detection"), (False, "detection and localisation")):
        canvas.mark((x, y - 5), 0, SOFT, filled=filled)
        canvas.text((x + 16, y), words)
        x += 120
