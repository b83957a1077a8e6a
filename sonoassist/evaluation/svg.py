"""Plots as inline SVG: no script, no font and no file from elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from sonoassist.core.planes import BY_KEY
from sonoassist.core.wording import counted
from sonoassist.evaluation.bootstrap import Score
from sonoassist.evaluation.calibration import Calibration
from sonoassist.evaluation.classes import Group, short_title, title
from sonoassist.evaluation.classification import Classification

ROW_PX = 26
NAME_PX = 150
BAR_PX = 330
CELL_PX = 38
PLOT_PX = 300


def colour_of(group: Group) -> str:
    """The plane's colour; of a group, that of its first plane."""
    return BY_KEY[group[0]].colour


def text(
    x: float, y: float, words: str, anchor: str = "start", kind: str = "", more: str = ""
) -> str:
    """A piece of text."""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" class="{kind}" {more}>'
        f"{escape(words)}</text>"
    )


def rect(
    x: float,
    y: float,
    width: float,
    height: float,
    *,
    kind: str = "",
    style: str = "",
    hint: str = "",
) -> str:
    """A rectangle; `hint` is shown when the pointer rests on it."""
    inner = f"<title>{escape(hint)}</title>" if hint else ""
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 0):.1f}" height="{height:.1f}" '
        f'class="{kind}" style="{style}">{inner}</rect>'
    )


def line(x1: float, y1: float, x2: float, y2: float, kind: str) -> str:
    """A straight line."""
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" class="{kind}"/>'


def canvas(width: float, height: float, parts: Sequence[str], about: str) -> str:
    """A drawing that shrinks with the page."""
    return (
        f'<svg viewBox="0 0 {width:.0f} {height:.0f}" style="max-width:{width:.0f}px" role="img" '
        f'aria-label="{escape(about)}">{"".join(parts)}</svg>'
    )


@dataclass(frozen=True, slots=True)
class Bar:
    """One row of a bar chart: a share from 0 to 1, and the paper's."""

    group: Group
    score: Score
    paper: float | None


def bars(rows: Sequence[Bar], about: str) -> str:
    """Horizontal bars with their intervals as whiskers and the paper's figure as a mark."""
    height = ROW_PX * len(rows) + 30
    parts = []
    for tick in range(0, 101, 20):
        x = NAME_PX + BAR_PX * tick / 100
        parts.append(line(x, 4, x, height - 22, "grid"))
        parts.append(text(x, height - 6, f"{tick / 100:.1f}", "middle", "small"))
    for number, row in enumerate(rows):
        parts += _bar(row, 6 + number * ROW_PX)
    return canvas(NAME_PX + BAR_PX + 56, height, parts, about)


def _bar(row: Bar, top: float) -> list[str]:
    middle, thick = top + ROW_PX / 2 - 3, ROW_PX - 10
    # A value that is not defined has neither a bar nor a number.
    value = row.score.value if row.score.value == row.score.value else None
    parts = [text(NAME_PX - 8, middle + 4, short_title(row.group), "end")]
    if value is not None:
        parts.append(
            rect(
                NAME_PX,
                top + 2,
                BAR_PX * value,
                thick,
                style=f"fill:{colour_of(row.group)}",
                hint=f"{title(row.group)}: {value:.3f}",
            )
        )
        parts.append(text(NAME_PX + BAR_PX + 10, middle + 4, f"{value:.2f}", kind="number"))
    if row.score.low is not None and row.score.high is not None:
        left, right = (NAME_PX + BAR_PX * end for end in (row.score.low, row.score.high))
        # Under the line lies a broader pale one, so that it is seen on every colour of a bar.
        parts += [line(left, middle, right, middle, kind) for kind in ("halo", "whisker")]
        parts += [line(x, middle - 4, x, middle + 4, "whisker") for x in (left, right)]
    if row.paper is not None:
        x = NAME_PX + BAR_PX * row.paper
        parts.append(
            f'<path d="M{x:.1f} {middle - 7:.1f}l5 7-5 7-5-7z" class="paper">'
            f"<title>paper: {row.paper:.2f}</title></path>"
        )
    return parts


def confusion(found: Classification) -> str:
    """Fig. 5 as a map: the shade is the share of the true class."""
    rows, columns = len(found.classes), len(found.columns)
    left, top = NAME_PX, 108.0
    parts = []
    for place, group in enumerate(found.columns):
        x = left + CELL_PX * (place + 0.5)
        turned = f'transform="rotate(-42 {x:.1f} {top - 8:.1f})"'
        parts.append(text(x, top - 8, short_title(group), "start", "small", turned))
    for row, one in enumerate(found.classes):
        y = top + CELL_PX * row
        parts.append(text(left - 8, y + CELL_PX / 2 + 4, short_title(one.group), "end"))
        whole = max(int(found.confusion[row].sum()), 1)
        for column in range(columns):
            count = int(found.confusion[row, column])
            hint = f"{title(one.group)} taken for {title(found.columns[column])}: {count}"
            spot = left + CELL_PX * column, y
            parts += _cell(spot, count, count / whole, row == column, hint)
    about = "Confusion matrix: true classes down, predicted classes across"
    return canvas(left + CELL_PX * columns + 60, top + CELL_PX * rows + 6, parts, about)


def _cell(spot: tuple[float, float], count: int, share: float, right: bool, hint: str) -> list[str]:
    x, y = spot
    kind = "hit" if right else "miss" if count else "quiet"
    shade = f"fill-opacity:{0.06 + 0.94 * share**0.6:.2f}" if count else "fill-opacity:0.12"
    parts = [rect(x + 1, y + 1, CELL_PX - 2, CELL_PX - 2, kind=kind, style=shade, hint=hint)]
    if count:
        word = str(count) if count < 10000 else f"{count / 1000:.0f}k"
        inked = "incell strong" if share > 0.45 else "incell"
        parts.append(text(x + CELL_PX / 2, y + CELL_PX / 2 + 4, word, "middle", inked))
    return parts


def reliability(found: Calibration) -> str:
    """Confidence across, share of right frames up; below, how the frames are spread."""
    left, top, size, low = 56.0, 10.0, float(PLOT_PX), 64.0
    floor = top + size
    most = max((b.count for b in found.bins), default=1)
    parts = []
    for tick in range(0, 11, 2):
        at = size * tick / 10
        parts.append(line(left, floor - at, left + size, floor - at, "grid"))
        parts.append(text(left - 6, floor - at + 4, f"{tick / 10:.1f}", "end", "small"))
        label = text(left + at, floor + low + 30, f"{tick / 10:.1f}", "middle", "small")
        parts.append(label)
    for one in found.bins:
        x, wide = left + size * one.low + 1, size * (one.high - one.low) - 2
        hint = (
            f"{counted(one.count, 'frame')}"
            f", mean confidence {100 * one.confidence:.1f} %, right {100 * one.accuracy:.1f} %"
        )
        high = size * one.accuracy
        parts.append(rect(x, floor - high, wide, high, kind="hit", hint=hint))
        y = floor - size * one.confidence
        parts.append(line(x, y, x + wide, y, "whisker"))
        share = (low - 8) * one.count / most
        parts.append(rect(x, floor + 12 + (low - 8) - share, wide, share, kind="quiet", hint=hint))
    parts.append(line(left, floor, left + size, top, "diagonal"))
    parts.append(line(left, floor, left + size, floor, "axis"))
    parts.append(text(left + size / 2, floor + low + 46, "confidence", "middle", "small"))
    parts.append(text(left - 6, floor + 24, "frames", "end", "small"))
    return canvas(left + size + 16, floor + low + 54, parts, "Reliability diagram")
