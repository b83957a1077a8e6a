"""benchmark.png: frames a second as bars, the paper's GTX 1080 as marks, and the roofline."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from sonoassist.benchmark.candidates import NAIVE, NetworkRunner
from sonoassist.benchmark.drawing import (
    GRID,
    INK,
    SOFT,
    Area,
    ChartCanvas,
    Colour,
    LogAxis,
    colour,
    short,
    text_width,
    tick,
)
from sonoassist.benchmark.figures import SpeedRow
from sonoassist.benchmark.report import Networks, Report
from sonoassist.benchmark.roof_picture import draw_roof
from sonoassist.benchmark.text import machine_line
from sonoassist.benchmark.work import Pass
from sonoassist.core.packets import Pixels
from sonoassist.core.wording import counted
from sonoassist.evaluation import paper
from sonoassist.evaluation.text_tables import UNKNOWN

WIDTH_PX, PANEL_PX, ROOF_PX, HEAD_PX, LEGEND_PX = 1760, 400, 560, 96, 28
RIM_PX = 32
TITLES = {Pass.DETECTION: "Detection", Pass.LOCALISATION: "Localisation", Pass.BOTH: "Both"}
SHADES: Mapping[tuple[str, bool], Mapping[str, str]] = {
    (NAIVE, True): {"f32": "#a7adb4"},
    (NAIVE, False): {"f32": "#6c737b"},
    ("OpenVINO", True): {"f32": "#f3b27a", "bf16": "#d9660a", "f32/int8": "#b3470a"},
    ("torch", True): {"f32": "#9cc5e8", "bf16": "#2b74b8", "f16": "#123f6b"},
    ("torch", False): {"f32": "#a5d7a0", "bf16": "#3a9a48", "f16": "#14592a"},
}
"""By engine and whether it runs on the processor, then by precision."""
SPARE = ("#8e5ea8", "#c9a3d8", "#1f9e9e", "#c23b63", "#8a6d1f")
"""For runners without a colour of their own."""


def draw_report(report: Report) -> Pixels:
    """Draw the networks of a report; of several batches the smallest is shown.

    Returns:
        uint8, (height, 1760, 3), BGR; the height depends on how many networks there are.

    Raises:
        ValueError: The report holds no rows.
    """
    found = report.networks
    if found is None or not found.rows:
        raise ValueError("a report without rows has no picture")
    batch = min(row.batch for row in found.rows)
    rows = [row for row in found.rows if row.batch == batch]
    colours = colours_of([row.runner for row in rows])
    networks = list(dict.fromkeys(row.network for row in rows))
    legend = _legend_lines([*colours, None] if batch == 1 else [*colours])
    lines, columns = math.ceil(len(networks) / 2), min(len(networks), 2)
    top = HEAD_PX + LEGEND_PX * len(legend)
    roofed = bool(found.roof.ceilings)
    height = top + PANEL_PX * lines + (ROOF_PX if roofed else 0) + RIM_PX // 2
    canvas = ChartCanvas(WIDTH_PX, height)
    _heading(canvas, report, found, batch)
    _legend(canvas, legend, colours)
    wide = (WIDTH_PX - 2 * RIM_PX) / columns
    for number, network in enumerate(networks):
        left, above = RIM_PX + wide * (number % columns), top + PANEL_PX * (number // columns)
        area = Area(left, above, left + wide, above + PANEL_PX)
        shown = [row for row in rows if row.network == network]
        _panel(canvas, area, shown, colours, with_paper=batch == 1)
    if roofed:
        area = Area(RIM_PX, top + PANEL_PX * lines, WIDTH_PX - RIM_PX, height)
        draw_roof(canvas, area, rows, found.roof, colours)
    return canvas.pixels


def colours_of(runners: Sequence[NetworkRunner]) -> dict[NetworkRunner, Colour]:
    """One colour a runner, light for f32 and stronger for the smaller precisions."""
    spare = iter(SPARE * (len(runners) // len(SPARE) + 1))
    made: dict[NetworkRunner, Colour] = {}
    for runner in dict.fromkeys(runners):
        shades = SHADES.get((runner.engine, runner.device == "CPU"), {})
        made[runner] = colour(shades.get(runner.precision) or next(spare))
    return made


def _heading(canvas: ChartCanvas, report: Report, found: Networks, batch: int) -> None:
    how = "one frame at a time" if batch == 1 else f"{counted(batch, 'frame')} at a time"
    title = f"SonoAssist benchmark: frames a second, {how}"
    canvas.text((RIM_PX, 40), title + (" (stopped early)" * report.stopped), size=0.9, bold=True)
    gpu = f"  |  {', '.join(report.machine.gpu)}" if report.machine.gpu else ""
    canvas.text((RIM_PX, 66), f"{machine_line(report.machine)}{gpu}", ink=SOFT)
    noise = found.noise
    line = f"{report.machine.date[:10]}  |  noise: {noise.verdict}"
    canvas.text((RIM_PX, 87), line, ink=SOFT)


_PAPER = "paper (GTX 1080)"


def _legend_lines(entries: Sequence[NetworkRunner | None]) -> list[list[NetworkRunner | None]]:
    """The entries of the legend, None for the paper, in lines that fit the picture."""
    lines: list[list[NetworkRunner | None]] = [[]]
    used = 0.0
    for entry in entries:
        wide = 52 + text_width(_legend_text(entry), 0.5)
        if lines[-1] and used + wide > WIDTH_PX - 2 * RIM_PX:
            lines.append([])
            used = 0.0
        lines[-1].append(entry)
        used += wide
    return lines


def _legend_text(entry: NetworkRunner | None) -> str:
    return entry.label if entry else _PAPER


def _legend(
    canvas: ChartCanvas,
    lines: Sequence[Sequence[NetworkRunner | None]],
    colours: Mapping[NetworkRunner, Colour],
) -> None:
    for number, line in enumerate(lines):
        x, y = float(RIM_PX), HEAD_PX + 18.0 + LEGEND_PX * number
        for entry in line:
            if entry is None:
                canvas.line((x, y - 5), (x + 20, y - 5), INK, 2)
                canvas.mark((x + 20, y - 5), -4, INK, filled=True, size=6)
            else:
                canvas.fill(Area(x, y - 13, x + 20, y + 2), colours[entry])
            canvas.text((x + 30, y), _legend_text(entry))
            x += 52 + text_width(_legend_text(entry), 0.5)


def _panel(
    canvas: ChartCanvas,
    area: Area,
    rows: Sequence[SpeedRow],
    colours: Mapping[NetworkRunner, Colour],
    *,
    with_paper: bool,
) -> None:
    """One network: a group of bars a pass."""
    plot = area.inside(46, 56, 14, 44)
    known = _paper_fps(rows[0].network) if with_paper else {}
    values = [row.fps for row in rows if row.fps > 0] + list(known.values())
    axis = LogAxis(_below(min(values)), _above(max(values)), plot.bottom, plot.top)
    canvas.text((plot.left, area.top + 32), rows[0].title, size=0.7, bold=True)
    canvas.text(
        (plot.right, area.top + 32), "frames a second, logarithmic", size=0.42, ink=SOFT, anchor=1
    )
    for value in axis.ticks():
        y = axis.at(value)
        canvas.line((plot.left, y), (plot.right, y), GRID)
        canvas.text((plot.left - 8, y + 5), tick(value), size=0.42, ink=SOFT, anchor=1)
    wide = plot.width / len(Pass)
    for number, what in enumerate(Pass):
        slot = Area(
            plot.left + wide * number, plot.top, plot.left + wide * (number + 1), plot.bottom
        )
        shown = [row for row in rows if row.work == what.value]
        bars = _bars(slot, shown, colours, axis)
        for bar, runner, _ in bars:
            canvas.fill(bar, colours[runner])
        if what in known:
            _paper_mark(canvas, slot, axis.at(known[what]), known[what])
        _bar_labels(canvas, bars)
        middle = slot.left + 0.42 * slot.width
        canvas.text((middle, plot.bottom + 24), TITLES[what], anchor=0.5)
    canvas.line((plot.left, plot.bottom), (plot.right, plot.bottom), SOFT)


def _paper_fps(network: str) -> dict[Pass, float]:
    known = paper.TABLE_4[network]
    return {
        Pass.DETECTION: known.detection,
        Pass.LOCALISATION: known.localisation,
        Pass.BOTH: known.both,
    }


def _below(value: float) -> float:
    """A round value below, so that the shortest bar is seen."""
    return math.pow(10, math.floor(3 * math.log10(value / 1.3)) / 3)


def _above(value: float) -> float:
    return value * 1.25


def _bars(
    slot: Area, rows: Sequence[SpeedRow], colours: Mapping[NetworkRunner, Colour], axis: LogAxis
) -> list[tuple[Area, NetworkRunner, float]]:
    """Where each bar is, whose it is, and its frames a second."""
    left, wide = slot.left + 0.03 * slot.width, 0.78 * slot.width / len(colours)
    bars = []
    for number, runner in enumerate(colours):
        row = next((one for one in rows if one.runner == runner), None)
        if row is None:
            continue
        x = left + wide * number
        # A difference lost in the noise has no bar, only a dash.
        top = axis.at(row.fps) if row.fps > 0 else slot.bottom
        area = Area(x + 1.5, top, x + wide - 1.5, slot.bottom)
        bars.append((area, runner, row.fps))
    return bars


def _bar_labels(canvas: ChartCanvas, bars: Sequence[tuple[Area, NetworkRunner, float]]) -> None:
    for area, _, fps in bars:
        size = min(0.45, max(0.36, 0.0132 * area.width))
        middle = (area.left + area.right) / 2, area.top - 6
        words = short(fps) if fps > 0 else UNKNOWN
        canvas.text(middle, words, size=size, anchor=0.5, plate=True)


def _paper_mark(canvas: ChartCanvas, slot: Area, y: float, value: float) -> None:
    left, right = slot.left + 0.01 * slot.width, slot.left + 0.83 * slot.width
    canvas.line((left, y), (right, y), INK, 2)
    canvas.mark((right, y), -4, INK, filled=True, size=6)
    canvas.text((right + 10, y + 5), short(value), size=0.45, bold=True)
