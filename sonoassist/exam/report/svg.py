"""The timeline as inline SVG: no script, no font and no file from elsewhere."""

from __future__ import annotations

from html import escape

from sonoassist.core.percent import percent
from sonoassist.exam.exam_clock import clock
from sonoassist.exam.report.timeline import CaptureMark, ReportTimeline, Run

WIDTH_PX = 1060.0
NAME_PX = 112.0
ROW_PX, BAR_PX = 24.0, 16.0
AXIS_PX = 30.0
MARK_PX = 5.0


def timeline_svg(line: ReportTimeline) -> str:
    """A row for each plane: how sure the network was of it, and where captures were made."""
    wide, high = WIDTH_PX - NAME_PX - 12, ROW_PX * len(line.planes)
    parts = [part for row in range(len(line.planes)) for part in _row(line, row, wide)]
    parts += _axis(line, wide, high)
    parts += [_mark(line, mark, wide) for mark in line.marks]
    about = "Confidence of each plane over the exam, and where captures were made"
    return (
        f'<svg viewBox="0 0 {WIDTH_PX:.0f} {high + AXIS_PX:.0f}" role="img" '
        f'aria-label="{escape(about)}">{"".join(parts)}</svg>'
    )


def _row(line: ReportTimeline, row: int, wide: float) -> list[str]:
    plane, top = line.planes[row], row * ROW_PX + (ROW_PX - BAR_PX) / 2
    name = (
        f'<text x="{NAME_PX - 10:.0f}" y="{top + BAR_PX - 4:.1f}" text-anchor="end">'
        f"{escape(plane.label)}</text>"
    )
    track = (
        f'<rect x="{NAME_PX:.0f}" y="{top:.1f}" width="{wide:.1f}" height="{BAR_PX:.0f}" rx="2" '
        'class="track"/>'
    )
    return [name, track, *(_run(line, row, run, top, wide) for run in line.runs(row))]


def _run(line: ReportTimeline, row: int, run: Run, top: float, wide: float) -> str:
    x, width = NAME_PX + run.begin * wide, (run.end - run.begin) * wide
    begin, end = clock(run.begin * line.length_s), clock(run.end * line.length_s)
    shade = line.shade(run.confidence, run.begin * line.length_s)
    hint = f"{line.planes[row].label}: about {percent(run.confidence)}, {begin} to {end}"
    return (
        f'<rect x="{x:.1f}" y="{top:.1f}" width="{width:.1f}" height="{BAR_PX:.0f}" '
        f'fill="{line.planes[row].colour}" fill-opacity="{shade:.2f}">'
        f"<title>{escape(hint)}</title></rect>"
    )


def _axis(line: ReportTimeline, wide: float, high: float) -> list[str]:
    parts = []
    for tick_s in line.ticks_s() if line.length_s else []:
        x = NAME_PX + wide * tick_s / line.length_s
        parts.append(
            f'<line x1="{x:.1f}" y1="0" x2="{x:.1f}" y2="{high + 4:.1f}" class="grid"/>'
            f'<text x="{x:.1f}" y="{high + 19:.1f}" text-anchor="middle" class="small">'
            f"{clock(tick_s)}</text>"
        )
    return parts


def _mark(line: ReportTimeline, mark: CaptureMark, wide: float) -> str:
    x = NAME_PX + wide * mark.at_s / max(line.length_s, 1e-9)
    y = (mark.row + 0.5) * ROW_PX
    word = "kept" if mark.kept else "not reviewed"
    hint = f"{line.planes[mark.row].label} captured at {clock(mark.at_s)}, {word}"
    kind = "mark kept" if mark.kept else "mark"
    return (
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{MARK_PX:.0f}" class="{kind}">'
        f"<title>{escape(hint)}</title></circle>"
    )
