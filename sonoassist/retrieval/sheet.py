"""The contact sheet: the frames retrieved from one exam side by side (paper, Fig. 7)."""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from sonoassist.core.opencv import cv2
from sonoassist.core.packets import Box, Pixels
from sonoassist.core.percent import percent
from sonoassist.core.planes import Plane
from sonoassist.core.wording import counted
from sonoassist.retrieval.counts import PLANES, Counts

NOTICE = "Research and training only. Not for diagnosis."
BACK, PANEL, LINE = "#0d1117", "#12171e", "#2c3643"
TEXT, MUTED, WARNING = "#dfe4ea", "#93a0b0", "#e0ab4b"

COLUMNS = 5
TILE_PX = (342, 266)
"""Width and height of a picture: the aspect of the network input."""
CAPTION_PX, GAP_PX, RIM_PX, HEAD_PX = 62, 18, 32, 104
BIG_PX, NAME_PX, SMALL_PX = 32, 21, 16
DASH_PX = 9
PNG_EFFORT = 3
"""Of zlib. Its usual 6 takes two and a half times as long, for a file within 1 % of this one."""

_ALIKE = str.maketrans({"–": "-", "—": "-", "’": "'", "‘": "'", "“": '"', "”": '"', "ß": "ss"})
_MORE = "·"

_Font = ImageFont.FreeTypeFont | ImageFont.ImageFont
_Corner = tuple[int, int]


@dataclass(frozen=True, slots=True)
class SheetTile:
    """One frame on the sheet.

    Attributes:
        picture: uint8, (H, W, 3) RGB or (H, W).
        crop: The part of it that is shown, in frame pixels.
        confidence: Softmax of the plane.
        time_s: In the exam.
        doubt: Why it is not sure, a few words; "" where it is.
    """

    picture: Pixels
    crop: Box
    confidence: float
    time_s: float
    doubt: str


@dataclass(frozen=True, slots=True)
class Heading:
    """What the sheet says of the exam.

    Attributes:
        title: Its name.
        about: Second line: model, rule, length.
        notes: What else must be known, a line each.
    """

    title: str
    about: str
    notes: Sequence[str] = ()


def contact_sheet(heading: Heading, tiles: Mapping[str, SheetTile]) -> bytes:
    """Draw the sheet.

    Args:
        heading: Of the exam.
        tiles: By key of the plane; a plane without one is shown as missing.

    Returns:
        The bytes of a PNG file; the same for the same exam.
    """
    sheet = _Sheet()
    sheet.head(heading, tiles)
    for place, plane in enumerate(PLANES):
        corner = sheet_corner(place)
        tile = tiles.get(plane.key)
        if tile is None:
            sheet.missing(corner, plane)
        else:
            sheet.tile(corner, plane, tile)
    sheet.foot(sheet_corner(len(PLANES)), heading.notes)
    return sheet.png()


def clock(time_s: float) -> str:
    """A time in an exam for people: "07:13.8"."""
    tenths = round(time_s * 10)
    minutes, rest = divmod(tenths, 600)
    hours, minutes = divmod(minutes, 60)
    text = f"{minutes:02d}:{rest // 10:02d}.{rest % 10}"
    return f"{hours}:{text}" if hours else text


def sheet_corner(place: int) -> _Corner:
    """Left upper corner of the picture in a place of the sheet, in pixels."""
    row, column = divmod(place, COLUMNS)
    left = RIM_PX + column * (TILE_PX[0] + GAP_PX)
    return left, HEAD_PX + row * (TILE_PX[1] + CAPTION_PX + GAP_PX)


def drawable(text: str) -> str:
    """A text in the letters of the font that comes with Pillow: others would be empty boxes.

    A font of the computer would know more of them, but the sheet would differ from one computer
    to the next.
    """
    plain = unicodedata.normalize("NFKD", text.translate(_ALIKE))
    known = (one for one in plain if not unicodedata.combining(one))
    return "".join(one if one.isascii() or one in _MORE else "?" for one in known)


class _Sheet:
    def __init__(self) -> None:
        rows = -(-(len(PLANES) + 1) // COLUMNS)
        width = 2 * RIM_PX + COLUMNS * TILE_PX[0] + (COLUMNS - 1) * GAP_PX
        height = HEAD_PX + rows * (TILE_PX[1] + CAPTION_PX + GAP_PX) + RIM_PX - GAP_PX
        self._image = Image.new("RGB", (width, height), BACK)
        self._draw = ImageDraw.Draw(self._image)

    @cached_property
    def _fonts(self) -> dict[int, _Font]:
        return {size: ImageFont.load_default(size) for size in (BIG_PX, NAME_PX, SMALL_PX)}

    def head(self, heading: Heading, tiles: Mapping[str, SheetTile]) -> None:
        """Name of the exam on the left, what was found on the right."""
        doubtful = [key for key, tile in tiles.items() if tile.doubt]
        counts = Counts.of(doubtful, [one.key for one in PLANES if one.key not in tiles])
        right = self._image.width - RIM_PX
        sure = f"{counts.found:,} of {counted(len(PLANES), 'plane')} found"
        wide = self._text((right, 24), sure, BIG_PX, TEXT, anchor="ra")
        lines = [f"{counts.doubtful} doubtful"] if counts.doubtful else []
        if counts.missing:
            lines.append(f"{counts.missing} missing")
        self._text((right, 66), ", ".join(lines), SMALL_PX, WARNING, anchor="ra")
        room = right - RIM_PX - wide - GAP_PX
        title, about = drawable(heading.title), drawable(heading.about)
        self._text((RIM_PX, 24), self._fitting(title, BIG_PX, room), BIG_PX, TEXT)
        self._text((RIM_PX, 66), self._fitting(about, SMALL_PX, room), SMALL_PX, MUTED)

    def tile(self, corner: _Corner, plane: Plane, tile: SheetTile) -> None:
        """A frame with its name, confidence and time."""
        left, top = corner
        width, height = TILE_PX
        self._image.paste(Image.fromarray(_fitted(tile.picture, tile.crop)), corner)
        edge = (left - 2, top - 2, left + width + 1, top + height + 1)
        if tile.doubt:
            self._dashed(edge, WARNING)
        else:
            self._draw.rectangle(edge, outline=plane.colour, width=2)
        self._name(corner, plane, TEXT)
        share, colour = percent(tile.confidence), WARNING if tile.doubt else TEXT
        self._text((left + width, top + height + 10), share, NAME_PX, colour, anchor="ra")
        below = top + height + 37
        self._text((left + 14, below), clock(tile.time_s), SMALL_PX, MUTED)
        self._text((left + width, below), tile.doubt, SMALL_PX, WARNING, anchor="ra")

    def missing(self, corner: _Corner, plane: Plane) -> None:
        """The place of a plane that was not found."""
        left, top = corner
        width, height = TILE_PX
        edge = (left, top, left + width - 1, top + height - 1)
        self._draw.rectangle(edge, fill=PANEL)
        self._dashed(edge, LINE)
        middle = (left + width // 2, top + height // 2)
        self._cross((middle[0], middle[1] - 26))
        self._text((middle[0], middle[1] + 8), "Not found", NAME_PX, MUTED, anchor="ma")
        self._name(corner, plane, MUTED)
        self._text((left + 14, top + height + 37), plane.full_name, SMALL_PX, MUTED)

    def foot(self, corner: _Corner, notes: Sequence[str]) -> None:
        """What else must be known, in the places behind the last plane."""
        left, top = corner
        room = self._image.width - RIM_PX - left
        lines = [(NOTICE, WARNING), *((note, MUTED) for note in notes)]
        for text, colour in lines:
            for line in self._wrapped(drawable(text), SMALL_PX, room):
                self._text((left, top), line, SMALL_PX, colour)
                top += 22
            top += 10

    def png(self) -> bytes:
        """The bytes of the file."""
        file = io.BytesIO()
        self._image.save(file, "PNG", compress_level=PNG_EFFORT)
        return file.getvalue()

    def _name(self, corner: _Corner, plane: Plane, colour: str) -> None:
        left, top = corner[0], corner[1] + TILE_PX[1] + 10
        self._draw.rectangle((left, top + 1, left + 4, top + 44), fill=plane.colour)
        self._text((left + 14, top), plane.label, NAME_PX, colour)

    def _cross(self, middle: _Corner) -> None:
        x, y = middle
        for way in (-1, 1):
            self._draw.line((x - 14, y - 14 * way, x + 14, y + 14 * way), fill=LINE, width=4)

    def _dashed(self, edge: tuple[int, int, int, int], colour: str) -> None:
        left, top, right, bottom = edge
        for x in range(left, right, 2 * DASH_PX):
            until = min(x + DASH_PX, right)
            self._draw.line((x, top, until, top), fill=colour, width=2)
            self._draw.line((x, bottom, until, bottom), fill=colour, width=2)
        for y in range(top, bottom, 2 * DASH_PX):
            until = min(y + DASH_PX, bottom)
            self._draw.line((left, y, left, until), fill=colour, width=2)
            self._draw.line((right, y, right, until), fill=colour, width=2)

    def _text(self, place: _Corner, text: str, size: int, colour: str, anchor: str = "la") -> int:
        """Write a line; returns its width."""
        self._draw.text(place, text, colour, self._fonts[size], anchor)
        return self._width(text, size)

    def _width(self, text: str, size: int) -> int:
        return round(self._draw.textlength(text, self._fonts[size]))

    def _fitting(self, text: str, size: int, room: int) -> str:
        if self._width(text, size) <= room:
            return text
        while text and self._width(f"{text}...", size) > room:
            text = text[:-1]
        return f"{text}..."

    def _wrapped(self, text: str, size: int, room: int) -> list[str]:
        lines = [""]
        for word in text.split():
            longer = f"{lines[-1]} {word}".strip()
            if self._width(longer, size) <= room:
                lines[-1] = longer
            else:
                lines.append(self._fitting(word, size, room))
        return [line for line in lines if line]


def _fitted(picture: Pixels, crop: Box) -> Pixels:
    """The crop of a picture, as large as it fits into a tile, on black; uint8 (h, w, 3)."""
    height, width = picture.shape[:2]
    left, right = (int(np.clip(round(x), 0, width)) for x in (crop.left, crop.right))
    top, bottom = (int(np.clip(round(y), 0, height)) for y in (crop.top, crop.bottom))
    part = picture[top:bottom, left:right]
    if part.ndim == 2:
        part = np.repeat(part[..., None], 3, axis=2)
    factor = min(TILE_PX[0] / part.shape[1], TILE_PX[1] / part.shape[0])
    size = (max(round(part.shape[1] * factor), 1), max(round(part.shape[0] * factor), 1))
    way = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    small = np.asarray(cv2.resize(part, size, interpolation=way), np.uint8)
    tile = np.zeros((TILE_PX[1], TILE_PX[0], 3), np.uint8)
    y, x = (TILE_PX[1] - small.shape[0]) // 2, (TILE_PX[0] - small.shape[1]) // 2
    tile[y : y + small.shape[0], x : x + small.shape[1]] = small
    return tile
