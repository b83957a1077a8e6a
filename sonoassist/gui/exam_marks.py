"""How the state of a checklist item is said and painted, the same in every list."""

from __future__ import annotations

from collections.abc import Mapping

from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QImage, QPainter, QPainterPath, QPen, QPixmap

from sonoassist.core.packets import Pixels
from sonoassist.core.wording import counted
from sonoassist.exam.capture_words import (
    capture_words,
    chosen_by_hand,
    hint_words,
    own_share,
    why_words,
)
from sonoassist.exam.checklist import ItemState, Line
from sonoassist.exam.records import How
from sonoassist.gui.acts import Act
from sonoassist.gui.keymap import Keymap
from sonoassist.gui.overlay import rounded
from sonoassist.gui.theme import Look
from sonoassist.gui.timeline import clock

_TEXTS = {
    ItemState.MISSING: "missing",
    ItemState.REJECTED: "rejected, missing",
    ItemState.BEST: "best so far",
    ItemState.TICKED: "ticked",
    ItemState.KEPT: "kept",
}


def state_text(line: Line, *, chosen: bool = True) -> str:
    """The state in a word or two; several captures are counted.

    Args:
        line: Of the checklist.
        chosen: Say that a person chose the item other than the network saw.
    """
    text = _TEXTS[line.state]
    if not line.state.found and not line.item.required:
        text = "optional"
    if chosen and line.shown is not None and chosen_by_hand(line.shown.shot, line.item):
        text += ", by hand"
    return f"{text} · {counted(line.captures, 'picture')}" if line.captures > 1 else text


def state_tone(line: Line) -> str:
    """Name of the palette's colour for the state."""
    if line.state.done:
        return "good"
    if line.state.found or not line.item.required:
        return "muted"
    return "warning"


def share_text(line: Line) -> str:
    """Confidence of the capture that stands for the item, or ""."""
    return own_share(line.shown.shot, line.item) if line.shown is not None else ""


def judging_text(keys: Keymap, *, looking: bool = False) -> str:
    """The keys that judge a capture, and the one that shows it where it is not looked at."""
    look, keep, reject = (keys.text(act) for act in (Act.LOOK, Act.KEEP, Act.REJECT))
    judging = f"{keep} keeps it · {reject} rejects it"
    return judging if looking else f"{look} looks at it · {judging}"


def tip_text(line: Line, keys: Keymap, *, looking: bool = False) -> str:
    """What is said of an item on hover, or under its picture: what was captured, and why."""
    if line.shown is None:
        tick, capture = keys.text(Act.KEEP), keys.text(Act.CAPTURE)
        key = (
            f"{tick} ticks it" if line.item.manual else f"{capture} captures the picture on screen"
        )
        return f"{line.item.label}: {state_text(line)}.  {key}"
    shot = line.shown.shot
    hints = hint_words(shot, line.item)
    who = "by hand" if shot.how is How.HAND else "automatically"
    said = [
        f"{line.item.label}: {state_text(line)}, captured {who} at {clock(shot.at_s)}",
        capture_words(shot, line.item),
        f"Why: {why_words(shot)}" if shot.how is How.AUTO else "",
        f"Could be better: {hints}" if looking and hints else "",
        "" if line.state.done else f"Not reviewed.  {judging_text(keys, looking=looking)}",
    ]
    return "\n".join(one for one in said if one)


def paint_mark(painter: QPainter, rect: QRectF, line: Line, look: Look) -> None:
    """A tick for what is done, a dot for what was found, a dashed ring for what is missing."""
    colour = look.colour(state_tone(line))
    thick = max(rect.width() * 0.16, 1.5)
    inner = rect.adjusted(thick, thick, -thick, -thick)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    if line.state.done:
        pen = QPen(colour, thick * 1.2)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        painter.setPen(pen)
        path = QPainterPath(QPointF(inner.left(), inner.center().y()))
        path.lineTo(inner.left() + inner.width() * 0.36, inner.bottom() - inner.height() * 0.1)
        path.lineTo(inner.right(), inner.top() + inner.height() * 0.08)
        painter.drawPath(path)
    elif line.state.found:
        painter.setPen(QPen(colour, thick * 0.7))
        painter.drawEllipse(inner)
        painter.setBrush(colour)
        shrink = inner.width() * 0.28
        painter.drawEllipse(inner.adjusted(shrink, shrink, -shrink, -shrink))
    else:
        painter.setPen(QPen(colour, thick * 0.7, Qt.PenStyle.DotLine))
        painter.drawEllipse(inner)


def paint_thumbnail(
    painter: QPainter, rect: QRectF, line: Line, picture: QPixmap | None, look: Look
) -> None:
    """The capture, framed by its state; an empty dashed frame where there is none."""
    radius = look.px(4)
    if picture is None:
        tone = look.colour("warning" if line.item.required else "muted")
        tone.setAlpha(150)
        painter.setPen(QPen(tone, 1, Qt.PenStyle.DashLine))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(rounded(rect.adjusted(0.5, 0.5, -0.5, -0.5), radius))
        return
    painter.save()
    painter.setClipPath(rounded(rect, radius))
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.drawPixmap(rect, picture, QRectF(picture.rect()))
    painter.restore()
    if line.state.done:
        painter.setPen(QPen(QColor(look.colour("good")), look.px(2)))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(rounded(rect.adjusted(0.5, 0.5, -0.5, -0.5), radius))


class Thumbnails:
    """Pictures of captures as Qt wants them, made once each."""

    def __init__(self) -> None:
        self._made: dict[int, QPixmap] = {}

    def update(self, pictures: Mapping[int, Pixels]) -> None:
        """Take the pictures there are now.

        Args:
            pictures: Capture id -> uint8, (h, w, 3) RGB.
        """
        gone = [key for key in self._made if key not in pictures]
        for key in gone:
            del self._made[key]
        for key, pixels in pictures.items():
            if key not in self._made:
                self._made[key] = pixmap_of(pixels)

    def of(self, line: Line) -> QPixmap | None:
        """The picture that stands for an item."""
        return self._made.get(line.shown.capture_id) if line.shown is not None else None


def pixmap_of(pixels: Pixels) -> QPixmap:
    """A picture, uint8 (h, w, 3) RGB, as a pixmap."""
    height, width = pixels.shape[:2]
    image = QImage(pixels.tobytes(), width, height, 3 * width, QImage.Format.Format_RGB888)
    return QPixmap.fromImage(image)
