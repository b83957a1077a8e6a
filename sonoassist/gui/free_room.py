"""Where something may lie on the viewport without covering anatomy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from PyQt6.QtCore import QRectF, QSizeF

from sonoassist.gui.theme import Look

MARGIN_PX = 8
CHIP_PX = 36
GAP_PX = 8
WHOLE_PX = 300
"""Beside a picture chips have no more room than this, however long their words are."""
_DEAR_SHARE = 0.15
"""Of the height: a picture gives no more of it for words that can be read in part beside it."""


@dataclass(frozen=True, slots=True)
class Strips:
    """What is left of an area round a rectangle in it; each may be empty."""

    left: QRectF
    right: QRectF
    top: QRectF
    bottom: QRectF


def strips(area: QRectF, taken: QRectF) -> Strips:
    """The free room beside, above and below what is taken.

    Args:
        area: The viewport.
        taken: The field of view on it; empty where there is none.
    """
    taken = taken.intersected(area)
    if taken.isEmpty():
        nothing = QRectF(area.topLeft(), QSizeF(0, 0))
        return Strips(QRectF(area), nothing, nothing, nothing)
    across, down = area.width(), area.height()
    return Strips(
        QRectF(area.left(), area.top(), taken.left() - area.left(), down),
        QRectF(taken.right(), area.top(), area.right() - taken.right(), down),
        QRectF(area.left(), area.top(), across, taken.top() - area.top()),
        QRectF(area.left(), taken.bottom(), across, area.bottom() - taken.bottom()),
    )


def chip_band(look: Look) -> float:
    """Height of a row of chips with its margins."""
    return float(look.px(CHIP_PX) + 2 * look.px(MARGIN_PX))


class Wide(NamedTuple):
    """Widths that a chip may have.

    Attributes:
        whole: With all of its words.
        short: With its short words; the same where it has none.
    """

    whole: float
    short: float


def has_room_for_chips(area: QRectF, taken: QRectF, widths: Sequence[Wide], look: Look) -> bool:
    """Whether chips are better off beside what is taken than above it.

    They are where all of their words fit, or their short words where the picture would become
    much smaller.
    """
    if _whole_strips(area, taken, widths, look):
        return True
    dear = chip_band(look) > _DEAR_SHARE * area.height()
    least = max((one.short for one in widths), default=0.0) + 2 * look.px(MARGIN_PX)
    room = strips(area, taken)
    return dear and max(room.left.width(), room.right.width()) >= least


def _whole_strips(area: QRectF, taken: QRectF, widths: Sequence[Wide], look: Look) -> list[QRectF]:
    """Where all words of chips fit, the best first."""
    room, band = strips(area, taken), chip_band(look)
    most = max((max(min(one.whole, look.px(WHOLE_PX)), one.short) for one in widths), default=0.0)
    widest = most + 2 * look.px(MARGIN_PX)
    above, below = ([one] if one.height() >= band else [] for one in (room.top, room.bottom))
    beside = [one for one in (room.left, room.right) if one.width() >= widest]
    return [*above, *beside, *below]


def _chip_strip(area: QRectF, taken: QRectF, widths: Sequence[Wide], look: Look) -> QRectF | None:
    """Where chips lie; a strip beside has room for an icon at least."""
    room, least = strips(area, taken), chip_band(look)
    narrow = max(room.left, room.right, key=QRectF.width)
    beside = [narrow] if narrow.width() >= least else []
    return next(iter((*_whole_strips(area, taken, widths, look), *beside)), None)


def chip_places(area: QRectF, taken: QRectF, widths: Sequence[Wide], look: Look) -> list[QRectF]:
    """Where chips lie: in a row above or below what is taken, or one below the other beside it.

    Args:
        area: The viewport.
        taken: The field of view on it; empty where there is none.
        widths: Of the chips; places may be narrower.

    Returns:
        A place for each of the first chips; those for which there is no room are left out.
    """
    strip = _chip_strip(area, taken, widths, look)
    if strip is None:
        return []
    margin = look.px(MARGIN_PX)
    inner = strip.adjusted(margin, margin, -margin, -margin)
    if inner.height() < look.px(CHIP_PX):
        return []
    if strip.height() < area.height() or taken.intersected(area).isEmpty():
        return _row(inner, widths, look)
    return _column(inner, widths, look)


def _row(inner: QRectF, widths: Sequence[Wide], look: Look) -> list[QRectF]:
    places, left, high = [], inner.left(), look.px(CHIP_PX)
    for wide in _fitting(widths, inner.width(), look.px(GAP_PX)):
        room = inner.right() - left
        if room < high:
            break
        places.append(QRectF(left, inner.top(), min(wide, room), high))
        left += min(wide, room) + look.px(GAP_PX)
    return places


def _fitting(widths: Sequence[Wide], room: float, gap: float) -> list[float]:
    """As many of the first as can be have all of their words, so that the last have room too."""
    found = [one.whole for one in widths]
    for number in range(len(found) - 1, -1, -1):
        if sum(found) + gap * (len(found) - 1) <= room:
            break
        found[number] = widths[number].short
    return found


def _column(inner: QRectF, widths: Sequence[Wide], look: Look) -> list[QRectF]:
    places, top, high = [], inner.top(), look.px(CHIP_PX)
    for one in widths:
        wide = one.whole if one.whole <= inner.width() else one.short
        if top + high > inner.bottom():
            break
        places.append(QRectF(inner.left(), top, min(wide, inner.width()), high))
        top += high + look.px(GAP_PX)
    return places


def largest_beside(
    area: QRectF, taken: QRectF, most: QSizeF, caption: float, least_width: float
) -> QRectF | None:
    """The largest place of a picture's aspect beside what is taken, at an outer lower corner.

    Args:
        area: The viewport, without its margins.
        taken: The field of view, and whatever else must be seen.
        most: Size that it need not be larger than.
        caption: Height of the words above it.
        least_width: Smaller than this nobody sees anything on it.

    Returns:
        The place of the picture, its caption not included; None where there is no room.
    """
    found = []
    room = strips(area, taken)
    for number, strip in enumerate((room.right, room.left, room.bottom, room.top)):
        scale = min(
            1.0, strip.width() / most.width(), max(strip.height() - caption, 0.0) / most.height()
        )
        wide, high = int(most.width() * scale), int(most.height() * scale)
        if wide >= least_width:
            left = strip.left() if strip == room.left else strip.right() - wide
            place = QRectF(left, strip.bottom() - high, wide, high)
            found.append((wide, -number, place))
    return max(found, key=lambda one: one[:2])[2] if found else None
