"""Small pictures in rows, each with what is to be said of it; one painted widget."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PyQt6.QtCore import QPointF, QRectF, QSize, Qt, pyqtSignal
from PyQt6.QtGui import (
    QColor,
    QFontMetricsF,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
)
from PyQt6.QtWidgets import QSizePolicy, QWidget

from sonoassist.core.flaws import Hints
from sonoassist.gui.overlay import rounded
from sonoassist.gui.theme import DARK, Look

ASPECT = 4 / 3
HINT_FROM_PX = 56
"""A picture has to be so high for words on it."""
LOW_PX, HIGH_PX = 62, 84
"""A row is at least so high: in a low window, and else."""
UNSURE = "unsure"
"""Said of a picture that may show something else."""


@dataclass(frozen=True, slots=True)
class PictureTile:
    """One of the pictures.

    Attributes:
        key: What a click on it tells.
        frame: Of the picture; -1 where there is none.
        title: Bold words below it.
        detail: Further words.
        colour: "#rrggbb" of its plane.
        current: It is the one looked at.
        done: A person chose it.
        tone: Colour of the palette for the detail.
        hints: What could be better in the picture.
    """

    key: str
    frame: int
    title: str
    detail: str
    colour: str
    current: bool = False
    done: bool = False
    tone: str = "muted"
    hints: Hints = ()


def hint_mark(hints: Hints) -> str:
    """The gravest hint in words, and how many more there are, e.g. "too small +1"."""
    gravest = max(hints, key=lambda one: one.strength)
    more = f" +{len(hints) - 1}" if len(hints) > 1 else ""
    return f"{gravest.flaw.short}{more}"


class Tiles(QWidget):
    """Paints tiles as large as there is room for.

    Args:
        look: Theme and size.
        rows: Rows of tiles.
        most_px: Width of a tile at most, at scale 1.
        name: For screen readers.
        over: Write the detail over the picture, which leaves the line below to the title.

    Signals:
        clicked: A tile was clicked; arg: its key.
        opened: The same by a double click.
    """

    clicked = pyqtSignal(str)
    opened = pyqtSignal(str)

    def __init__(
        self, look: Look, *, rows: int, most_px: int, name: str, over: bool = False
    ) -> None:
        super().__init__()
        self._look = look
        self._rows, self._low = rows, False
        self._most_px = most_px
        self._over = over
        self._tiles: tuple[PictureTile, ...] = ()
        self._pictures: dict[int, QPixmap] = {}
        self._empty_text = ""
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(name)

    def set_look(self, look: Look) -> None:
        """Change theme or size."""
        self._look = look
        self._fit()

    def set_low(self, low: bool, rows: int) -> None:
        """Smaller pictures and so many rows, for a low window."""
        if (low, rows) != (self._low, self._rows):
            self._low, self._rows = low, rows
            self._fit()

    def _fit(self) -> None:
        self.setMinimumHeight(self._least_px())
        self.updateGeometry()
        self.update()

    def _least_px(self) -> int:
        return self._look.px(LOW_PX if self._low else HIGH_PX) * self._rows

    def sizeHint(self) -> QSize:
        """No more than is needed: a column that can be scrolled asks for this."""
        return QSize(self._look.px(300), self._least_px())

    def show_tiles(self, tiles: Sequence[PictureTile], empty_text: str = "") -> None:
        """Show these from now on.

        Args:
            tiles: In their order.
            empty_text: What is said where there are none.
        """
        if (tuple(tiles), empty_text) != (self._tiles, self._empty_text):
            self._tiles, self._empty_text = tuple(tiles), empty_text
            wanted = {tile.frame for tile in tiles}
            self._pictures = {key: one for key, one in self._pictures.items() if key in wanted}
            self.update()

    @property
    def tiles(self) -> tuple[PictureTile, ...]:
        """What is shown."""
        return self._tiles

    def without_picture(self) -> list[int]:
        """Frames whose picture is wished for."""
        frames = (tile.frame for tile in self.shown() if tile.frame >= 0)
        return [frame for frame in frames if frame not in self._pictures]

    def offer(self, frame: int, picture: QPixmap) -> None:
        """Take the picture of a frame."""
        self._pictures[frame] = picture
        self.update()

    def forget(self) -> None:
        """Another recording: its pictures are others."""
        self._pictures.clear()
        self._tiles = ()
        self.update()

    # -- places ----------------------------------------------------------------------------

    def _words_px(self) -> int:
        return self._look.px(22)

    def tile_width(self) -> float:
        """Width of a tile: the largest that fits."""
        gap, words = self._look.px(8), self._words_px()
        high = (self.height() - gap * (self._rows - 1)) / self._rows - words
        by_height = max(high, 24.0) * ASPECT
        by_row = self.width()
        if self._rows > 1:
            a_row = -(-max(len(self._tiles), 1) // self._rows)
            by_row = int((self.width() - gap * (a_row - 1)) / a_row)
        return float(int(min(by_height, by_row, self._look.px(self._most_px))))

    def _step_px(self) -> float:
        """From one tile to the next: no narrower than the title below it, where there is room."""
        gap, wide = self._look.px(8), self.tile_width()
        if not self._over:
            return wide + gap
        metrics = QFontMetricsF(self._look.font(12, bold=True))
        titles = (metrics.horizontalAdvance(tile.title) for tile in self._tiles)
        named = max(titles, default=0.0) + self._look.px(6)
        if self._rows > 1:  # all of them are to be seen
            a_row = -(-max(len(self._tiles), 1) // self._rows)
            named = min(named, (self.width() - gap * (a_row - 1)) / a_row)
        return max(wide, named) + gap

    def a_row(self) -> int:
        """Tiles in a row."""
        gap = self._look.px(8)
        return max(int((self.width() + gap) // self._step_px()), 1)

    def shown(self) -> tuple[PictureTile, ...]:
        """The tiles there is room for; the one looked at is among them."""
        room = self.a_row() * self._rows
        at = next((n for n, tile in enumerate(self._tiles) if tile.current), 0)
        first = max(min(at - room + 1, len(self._tiles) - room), 0) if at >= room else 0
        return self._tiles[first : first + room]

    def tile_rect(self, number: int) -> QRectF:
        """Where a shown tile lies: its picture, and below it the title, which may be wider."""
        gap = self._look.px(8)
        step, high = self._step_px(), self.tile_width() / ASPECT + self._words_px()
        row, column = divmod(number, self.a_row())
        return QRectF(column * step, row * (high + gap), step - gap, high)

    def _at(self, event: QMouseEvent | None) -> PictureTile | None:
        if event is None:
            return None
        for number, tile in enumerate(self.shown()):
            if self.tile_rect(number).contains(event.position()):
                return tile
        return None

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        """Tell which one was clicked."""
        tile = self._at(event)
        if tile is not None:
            self.clicked.emit(tile.key)

    def mouseDoubleClickEvent(self, event: QMouseEvent | None) -> None:
        """Tell which one was clicked twice."""
        tile = self._at(event)
        if tile is not None:
            self.opened.emit(tile.key)

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        """Show what can be clicked."""
        over = self._at(event) is not None
        self.setCursor(Qt.CursorShape.PointingHandCursor if over else Qt.CursorShape.ArrowCursor)

    # -- painting --------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Paint the tiles."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        if not self._tiles and self._empty_text:
            painter.setFont(self._look.font(14))
            painter.setPen(self._look.colour("muted"))
            flags = int(Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap)
            painter.drawText(QRectF(self.rect()), flags, self._empty_text)
        for number, tile in enumerate(self.shown()):
            self._paint(painter, self.tile_rect(number), tile)
        painter.end()

    def _paint(self, painter: QPainter, rect: QRectF, tile: PictureTile) -> None:
        look, px = self._look, self._look.px
        picture = self._picture_in(rect)
        shape = rounded(picture.adjusted(1, 1, -1, -1), px(5))
        found = self._pictures.get(tile.frame)
        painter.fillPath(shape, look.colour("raised" if tile.frame >= 0 else "panel"))
        if found is not None and tile.frame >= 0:
            painter.save()
            painter.setClipPath(shape)
            painter.drawPixmap(picture, found, QRectF(found.rect()))
            painter.restore()
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(self._edge(tile))
        painter.drawPath(shape)
        if tile.done:
            self._paint_done(painter, picture)
        if tile.hints:
            self._paint_hints(painter, picture, tile)
        self._paint_words(painter, rect, tile)

    def _picture_in(self, rect: QRectF) -> QRectF:
        return QRectF(rect.left(), rect.top(), self.tile_width(), rect.height() - self._words_px())

    def _edge(self, tile: PictureTile) -> QPen:
        if tile.current:
            return QPen(QColor(tile.colour), self._look.px(3))
        if tile.frame < 0:
            return QPen(self._look.colour(tile.tone), 1, Qt.PenStyle.DashLine)
        return QPen(self._look.colour("line"), 1)

    def _paint_done(self, painter: QPainter, picture: QRectF) -> None:
        side = self._look.px(20)
        at = QRectF(picture.right() - side - 4, picture.top() + 4, side, side)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._look.colour("good"))
        painter.drawEllipse(at)
        ratio = self.devicePixelRatioF()
        icon = self._look.pixmap("check", "#0b0f14", self._look.px(14), ratio)
        inner = self._look.px(3)
        painter.drawPixmap(
            at.topLeft().toPoint().x() + inner, at.topLeft().toPoint().y() + inner, icon
        )

    def _paint_hints(self, painter: QPainter, picture: QRectF, tile: PictureTile) -> None:
        """On dark ground in the upper corner; a low picture has no room for them."""
        px, font = self._look.px, self._look.font(12)
        metrics = QFontMetricsF(font)
        words = hint_mark(tile.hints)
        room = picture.width() - px(18) - (px(24) if tile.done else 0)
        if picture.height() < px(HINT_FROM_PX):
            return
        if metrics.horizontalAdvance(words) > room:
            words = "!"
        chip = QRectF(0, 0, metrics.horizontalAdvance(words) + px(10), px(18))
        chip.moveTopLeft(picture.topLeft() + QPointF(px(4), px(4)))
        painter.fillPath(rounded(chip, px(4)), QColor(10, 14, 19, 200))
        painter.setFont(font)
        painter.setPen(QColor(DARK.warning))
        painter.drawText(chip, Qt.AlignmentFlag.AlignCenter, words)

    def _paint_words(self, painter: QPainter, rect: QRectF, tile: PictureTile) -> None:
        """The title at the left, the detail at the right or over the picture."""
        look, px = self._look, self._look.px
        words = rect.adjusted(px(2), rect.height() - self._words_px(), -px(2), 0)
        small = look.font(12)
        detail = QFontMetricsF(small).horizontalAdvance(tile.detail)
        bold = look.font(12, bold=True)
        beside = words.width() - detail - px(6)
        # Where there is no room for both, the title counts.
        alone = self._over or QFontMetricsF(bold).horizontalAdvance(tile.title) > beside
        room = words.width() if alone else beside
        painter.setFont(bold)
        painter.setPen(look.colour("text" if tile.frame >= 0 else "muted"))
        title = _fitting(tile.title, QFontMetricsF(bold), room)
        painter.drawText(words, Qt.AlignmentFlag.AlignVCenter, title)
        painter.setFont(small)
        if self._over:
            self._paint_detail(painter, rect, tile, detail)
        elif not alone:
            painter.setPen(look.colour(tile.tone))
            right = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
            painter.drawText(words, right, tile.detail)

    def _paint_detail(
        self, painter: QPainter, rect: QRectF, tile: PictureTile, wide: float
    ) -> None:
        """On dark ground in a corner of the picture; in the middle where there is none."""
        px = self._look.px
        picture = self._picture_in(rect)
        if tile.frame < 0:
            painter.setPen(self._look.colour(tile.tone))
            painter.drawText(picture, Qt.AlignmentFlag.AlignCenter, tile.detail)
            return
        words, room = tile.detail, rect.width() - px(18)
        if wide > room:  # "chosen, in doubt": the doubt counts
            metrics = QFontMetricsF(self._look.font(12))
            last = words.rpartition(", ")[2]
            words = _fitting(last, metrics, room)
            wide = metrics.horizontalAdvance(words)
        chip = QRectF(0, 0, wide + px(10), px(18))
        chip.moveBottomLeft(picture.bottomLeft() + QPointF(px(4), -px(4)))
        painter.fillPath(rounded(chip, px(4)), QColor(10, 14, 19, 200))
        painter.setPen(QColor(getattr(DARK, "text" if tile.tone == "muted" else tile.tone)))
        painter.drawText(chip, Qt.AlignmentFlag.AlignCenter, words)


def _fitting(words: str, metrics: QFontMetricsF, room: float) -> str:
    """Words as far as there is room; of how sure a doubtful one is, that it is doubtful."""
    if metrics.horizontalAdvance(words) > room and words.startswith(f"{UNSURE} "):
        words = UNSURE
    return metrics.elidedText(words, Qt.TextElideMode.ElideRight, room)
