"""The pictures of a report: opened, masked, with the box drawn."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sonoassist.core.errors import OutputError
from sonoassist.core.opencv import cv2
from sonoassist.core.packets import Box, Pixels
from sonoassist.core.planes import BY_KEY
from sonoassist.exam.capture_words import box_is_sure, own_box
from sonoassist.exam.records import Capture, Item, Judgement
from sonoassist.preprocess.channels import strongest
from sonoassist.preprocess.masking import masked
from sonoassist.preprocess.screen_reader import ScreenReader
from sonoassist.render.overlay import pieces_of, rgb_of

GONE = "The picture is missing in the record"
LEFT_OUT = "Left out: no ultrasound picture was surely found on it"
ROOM = 0.012
"""Room round what is left of a masked picture, as a share of its width."""
LINE_SHARE = 1 / 320
"""Width of a box's line, as a share of the picture's width."""
DASH = 5
"""Length of a broken line's pieces and gaps, in the line's widths."""
NO_PLANE_RGB = (170, 176, 186)


@dataclass(frozen=True, slots=True)
class Still:
    """A capture as it is shown.

    Attributes:
        capture: Of the record.
        label: Of the checklist item, or of what it shows.
        item: Of the checklist that it is for, or None.
        picture: uint8 (H, W, 3) RGB, the whole frame; None when it cannot be shown.
        trouble: Why it is not shown or all black, or "".
    """

    capture: Capture
    label: str
    item: Item | None
    picture: Pixels | None
    trouble: str = ""

    @property
    def reviewed(self) -> bool:
        """Whether a person has kept it."""
        return self.capture.judgement is Judgement.KEPT

    @property
    def file(self) -> str:
        """Name of its file among the stills."""
        item = self.capture.shot.item or self.capture.shot.plane or "capture"
        return f"{item}-{self.capture.capture_id:03d}.png"


def open_still(
    media: Path,
    capture: Capture,
    label: str,
    item: Item | None,
    mask: bool,
    boxes: bool,
    reader: ScreenReader | None = None,
) -> Still:
    """Open the picture of a capture for a report; one that is gone is told, no error.

    Args:
        media: Folder of the exam's pictures.
        capture: Of the record.
        label: Of the checklist item, or of what it shows.
        item: Of the checklist that it is for, or None.
        mask: Black out what is not ultrasound.
        boxes: Draw the box.
        reader: Looks for what is to be masked; left out: one of its own.
    """
    picture = _read(media / capture.still)
    if picture is None:
        return Still(capture, label, item, None, GONE)
    if mask:
        picture = masked(picture, capture.shot.field, reader)
        if not picture.any():
            return Still(capture, label, item, None, LEFT_OUT)
    box = own_box(capture.shot, item)
    if boxes and box is not None:
        _draw(picture, box, capture.shot.plane, sure=box_is_sure(capture.shot))
    return Still(capture, label, item, picture)


def _read(path: Path) -> Pixels | None:
    try:
        data = np.frombuffer(path.read_bytes(), np.uint8)
    except OSError:
        return None
    try:
        picture = cv2.imdecode(data, cv2.IMREAD_COLOR) if data.size else None
    except cv2.error:  # it says that it is larger than any picture
        return None
    if picture is None:
        return None
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), np.uint8)


def _draw(picture: Pixels, box: Box, plane: str, *, sure: bool) -> None:
    """With whole lines, or broken ones where the box is not sure."""
    colour = rgb_of(BY_KEY[plane]) if plane in BY_KEY else NO_PLANE_RGB
    thick = max(round(picture.shape[1] * LINE_SHARE), 1)
    dash = 0.0 if sure else DASH * thick
    left, top = round(box.left), round(box.top)
    right, bottom = round(box.right) - 1, round(box.bottom) - 1
    corners = ((left, top), (right, top), (right, bottom), (left, bottom), (left, top))
    lines = [piece for ends in itertools.pairwise(corners) for piece in pieces_of(*ends, dash)]
    # Under the line lies a broader black one, so that it is seen on bright bone too.
    for shade, wide in (((0, 0, 0), 2 * thick + 1), (colour, thick)):
        for start, end in lines:
            cv2.line(picture, start, end, shade, wide, cv2.LINE_AA)


def without_margins(picture: Pixels) -> Pixels:
    """What is left of a masked picture, without the black round it: larger on the page."""
    lit = strongest(picture) > 0
    rows, columns = np.flatnonzero(lit.any(axis=1)), np.flatnonzero(lit.any(axis=0))
    if not len(rows):
        return picture
    room = round(ROOM * picture.shape[1])
    top, left = max(int(rows[0]) - room, 0), max(int(columns[0]) - room, 0)
    return picture[top : int(rows[-1]) + 1 + room, left : int(columns[-1]) + 1 + room]


def in_frame(picture: Pixels, height_over_width: float) -> Pixels:
    """A picture in the middle of a black one of another shape; nothing is cut or stretched."""
    height, width = picture.shape[:2]
    wide = max(width, round(height / height_over_width))
    high = max(height, round(width * height_over_width))
    framed = np.zeros((high, wide, 3), np.uint8)
    top, left = (high - height) // 2, (wide - width) // 2
    framed[top : top + height, left : left + width] = picture
    return framed


def as_jpeg(picture: Pixels, widest_px: int, quality: int = 90) -> bytes:
    """A picture as a JPEG file, not wider or higher than `widest_px`.

    Raises:
        OutputError: It cannot be encoded.
    """
    height, width = picture.shape[:2]
    scale = min(widest_px / max(height, width), 1.0)
    if scale < 1:
        size = (max(round(width * scale), 1), max(round(height * scale), 1))
        picture = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
    return _encoded(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])


def as_png(picture: Pixels) -> bytes:
    """A picture as a PNG file.

    Raises:
        OutputError: It cannot be encoded.
    """
    return _encoded(".png", picture, [cv2.IMWRITE_PNG_COMPRESSION, 4])


def _encoded(suffix: str, picture: Pixels, how: list[int]) -> bytes:
    ordered = cv2.cvtColor(np.ascontiguousarray(picture), cv2.COLOR_RGB2BGR)
    done, data = cv2.imencode(suffix, ordered, how)
    if not done:
        raise OutputError("a picture of the report cannot be encoded")
    return bytes(data.tobytes())
