"""What a scanner's screen shows round the picture. No maker's, and all names are made up."""

from __future__ import annotations

import itertools

import numpy as np

from sonoassist.core.opencv import cv2
from sonoassist.core.packets import Box, Pixels
from sonoassist.phantom.screens.fan import Fan, draw_fan
from sonoassist.phantom.screens.tissue import flow, picture_of, tinted

RGB = tuple[int, int, int]

FONTS = (
    cv2.FONT_HERSHEY_SIMPLEX,
    cv2.FONT_HERSHEY_PLAIN,
    cv2.FONT_HERSHEY_DUPLEX,
    cv2.FONT_HERSHEY_TRIPLEX,
    cv2.FONT_HERSHEY_COMPLEX,
)
GREYS: tuple[RGB, ...] = ((235, 235, 235), (190, 196, 200), (150, 150, 150), (110, 120, 130))
COLOURS: tuple[RGB, ...] = (
    (90, 220, 90),
    (240, 220, 80),
    (110, 170, 250),
    (250, 150, 60),
    (120, 110, 240),
    (80, 220, 220),
)
NAMES = ("Tester, Ann", "Muster, Eva", "Phantom, Lea", "Sample, Ida", "Nobody, Mia", "Model, Una")
WORDS = (
    "Hz",
    "Gn",
    "DR",
    "MI 1.1",
    "TIs 0.3",
    "Frq",
    "C5-1",
    "2D",
    "Pwr 98 %",
    "OB 2/3",
    "Zoom",
    "PRF 1.3",
    "WF 70",
    "SRI 2",
    "CRI 3",
    "Depth 14.0",
    "FR 31",
    "Map C",
    "P2",
    "HRes",
    "AO",
    "GA 20w4d",
    "EDD",
    "BPD",
    "FL 32.1 mm",
    "HC 176",
    "Penet",
    "Persist",
    "Chroma",
)


class ScreenSheet:
    """A screen that is being drawn.

    Args:
        pixels: uint8 (h, w, 3), of one grey level, drawn upon in place.
        rng: Where all choices come from.

    Attributes:
        ground: That grey level.
    """

    def __init__(self, pixels: Pixels, rng: np.random.Generator) -> None:
        self.pixels = pixels
        self.rng = rng
        self.height_px, self.width_px = pixels.shape[:2]
        self.unit = self.height_px / 480
        self.font = FONTS[int(rng.integers(len(FONTS)))]
        self.ink = GREYS[int(rng.integers(2))]
        self.ground = int(pixels[0, 0].max())

    def text(self, words: str, x: float, y: float, size: float, ink: RGB | None = None) -> None:
        """Write with the left end of the foot of the letters at x and y, px."""
        scale = size * self.unit * (1.7 if self.font == cv2.FONT_HERSHEY_PLAIN else 1.0)
        thick = max(round(self.unit * float(self.rng.choice([0.6, 1.0]))), 1)
        cv2.putText(
            self.pixels,
            words,
            (round(x), round(y)),
            self.font,
            scale,
            ink or self.ink,
            thick,
            cv2.LINE_AA,
        )

    def words(self) -> str:
        """A line of text as scanners write it."""
        picked = self.rng.choice(len(WORDS), int(self.rng.integers(1, 3)), replace=False)
        more = f" {self.rng.uniform(0, 99):.1f}" if self.rng.random() < 0.5 else ""
        return "  ".join(WORDS[one] for one in picked) + more

    def colour(self) -> RGB:
        """A colour of a text or a mark."""
        return COLOURS[int(self.rng.integers(len(COLOURS)))]

    def panel(self, box: Box, ink: RGB) -> None:
        """A filled rectangle, sometimes shaded from top to bottom."""
        left, top, right, bottom = (round(e) for e in (box.left, box.top, box.right, box.bottom))
        if right <= left or bottom <= top:
            return
        shade = np.linspace(1, float(self.rng.uniform(0.5, 1.2)), max(bottom - top, 1))
        area = self.pixels[max(top, 0) : bottom, max(left, 0) : right]
        area[:] = np.clip(np.asarray(ink) * shade[: len(area), None, None], 0, 255).astype(np.uint8)


def top_bar(sheet: ScreenSheet, bottom: float) -> None:
    """Patient, clinic, date and power at the upper rim."""
    if sheet.rng.random() < 0.45:
        _row_of_fields(sheet, bottom)
        return
    rng = sheet.rng
    grey = int(rng.integers(0, 60))
    if rng.random() < 0.7:
        ink = (grey, grey + int(rng.integers(8)), grey + 8)
        sheet.panel(Box(0, 0, sheet.width_px, bottom), ink)
        if rng.random() < 0.4:
            foot = round(bottom) - 1
            cv2.line(sheet.pixels, (0, foot), (sheet.width_px, foot), (90, 95, 100), 1)
    if rng.random() < 0.85:
        for x in (0.02, float(rng.uniform(0.3, 0.5)), float(rng.uniform(0.7, 0.85))):
            if rng.random() < 0.8:
                words = str(rng.choice(NAMES)) if rng.random() < 0.3 else sheet.words()
                sheet.text(words, x * sheet.width_px, bottom * 0.6, float(rng.uniform(0.3, 0.5)))
    if rng.random() < 0.4:
        middle = (round(0.02 * sheet.width_px), round(bottom / 2))
        radius = max(round(bottom / 4), 2)
        cv2.circle(sheet.pixels, middle, radius, (200, 205, 210), 1, cv2.LINE_AA)


def _row_of_fields(sheet: ScreenSheet, bottom: float) -> None:
    """Dark fields with words in one or two rows, a sign at the left, black between them."""
    rng, wide = sheet.rng, sheet.width_px
    rows = int(rng.integers(1, 3))
    top = float(rng.uniform(0, 0.3)) * bottom
    foot = bottom if rng.random() < 0.6 else bottom - float(rng.uniform(0.02, 0.2)) * bottom
    high = (foot - top) / rows
    grey = int(rng.integers(10, 70))
    for row in range(rows):
        edges = np.sort(rng.uniform(0.05, 1, int(rng.integers(2, 7)))) * wide
        for left, right in itertools.pairwise([*edges, wide]):
            if rng.random() < 0.2 or right - left < 12:
                continue
            ink = (grey, grey + int(rng.integers(6)), grey + int(rng.integers(14)))
            field = Box(left, top + row * high, right - 2, top + (row + 1) * high - 1)
            sheet.panel(field, ink)
            if rng.random() < 0.3:
                corner, end = (
                    (round(field.left), round(field.top)),
                    (round(right), round(field.bottom)),
                )
                cv2.rectangle(sheet.pixels, corner, end, (grey + 50,) * 3, 1)
            if rng.random() < 0.75:
                words = str(rng.choice(NAMES)) if rng.random() < 0.2 else sheet.words()
                sheet.text(
                    words, left + 4, field.bottom - 0.3 * high, float(rng.uniform(0.28, 0.42))
                )
    if rng.random() < 0.6:
        sheet.panel(Box(2, 2, 0.045 * wide, foot), (90, 94, 100))
        sheet.text("Phantom", 4, 0.3 * foot, 0.25)
        middle = (round(0.02 * wide), round(0.65 * foot))
        cv2.circle(sheet.pixels, middle, max(round(foot / 6), 2), (210, 215, 220), 1, cv2.LINE_AA)


def text_block(
    sheet: ScreenSheet, left: float, top: float, lines: int, *, right: bool = False
) -> None:
    """Settings of the scan, one below the other."""
    size = float(sheet.rng.uniform(0.28, 0.5))
    for line in range(lines):
        ink = sheet.colour() if sheet.rng.random() < 0.12 else None
        words = sheet.words()
        x = left - (len(words) * 16 * size * sheet.unit if right else 0)
        sheet.text(words, x, top + (line + 1) * 36 * size * sheet.unit, size, ink)


def grey_scale(
    sheet: ScreenSheet, left: float, top: float, long: float, *, colour: bool = False
) -> None:
    """The bar of grey levels, with one of colours below it while flow is shown."""
    wide = max(round(float(sheet.rng.uniform(4, 18)) * sheet.unit), 2)
    ramp = np.linspace(255, 0, max(round(long), 2)).astype(np.uint8)
    x, y = round(left), round(top)
    part = sheet.pixels[y : y + len(ramp), x : x + wide]
    part[:] = ramp[: len(part), None, None]
    if colour:
        y += len(ramp) + 4
        half = len(ramp) // 2
        blank = np.zeros((2 * half, 1, 3), np.uint8)
        up = np.linspace(255, 30, half).astype(np.uint8)
        blank[:half, 0, 0], blank[:half, 0, 1] = up, up // 2
        blank[half:, 0, 2], blank[half:, 0, 1] = up[::-1], up[::-1] // 3
        part = sheet.pixels[y : y + 2 * half, x : x + wide]
        part[:] = blank[: len(part)]
        sheet.text(f"{sheet.rng.uniform(5, 80):.0f}cm/s", left, y - 2, 0.3)


def depth_scale(sheet: ScreenSheet, x: float, top: float, bottom: float) -> None:
    """Ticks beside the picture, numbers at some, and the mark of the focus."""
    step = max((bottom - top) / float(sheet.rng.integers(6, 18)), 3)
    ink = sheet.ink if sheet.rng.random() < 0.7 else (230, 220, 90)
    for number in range(40):
        y = round(top + number * step)
        if y > bottom:
            break
        long = round((6 if number % 5 == 0 else 3) * sheet.unit)
        cv2.line(sheet.pixels, (round(x), y), (round(x) + long, y), ink, max(round(sheet.unit), 1))
        if number % 5 == 0 and sheet.rng.random() < 0.4:
            sheet.text(str(number), x + 8 * sheet.unit, y + 4 * sheet.unit, 0.3)
    if sheet.rng.random() < 0.6:
        y, size = round(float(sheet.rng.uniform(top, bottom))), 5 * sheet.unit
        mark = np.array(
            [
                (x + 8 * sheet.unit, y - size),
                (x + 8 * sheet.unit, y + size),
                (x + 8 * sheet.unit + size, y),
            ]
        )
        cv2.fillPoly(sheet.pixels, [np.round(mark).astype(np.int32)], (235, 230, 200))


def probe_mark(sheet: ScreenSheet, fan: Fan, size: float = 1.0) -> None:
    """The maker's sign at the side of the probe's face; `size` times as large as usual."""
    face = fan.outline[fan.outline[:, 1].argmin()]
    x = float(
        np.clip(
            face[0] - sheet.rng.uniform(10, 60) * sheet.unit,
            fan.clip.left + 2,
            max(fan.clip.right - 30 * sheet.unit, fan.clip.left + 2),
        )
    )
    y = face[1] + sheet.rng.uniform(-5, 20) * sheet.unit
    y = float(np.clip(y, fan.clip.top + 10 * sheet.unit, fan.clip.bottom - 8))
    kind = int(sheet.rng.integers(3))
    if kind == 0:
        ink = sheet.colour()
        sheet.text("Phantom", x, y, 0.28 * size, ink)
        sheet.text("S 1", x + 4, y + 10 * size * sheet.unit, 0.28 * size, ink)
    elif kind == 1:
        centre = (round(x), round(y))
        radius = max(round(9 * size * sheet.unit), 3)
        ink = (140, 140, 140) if size == 1 else sheet.colour()
        cv2.circle(sheet.pixels, centre, radius, ink, -1, cv2.LINE_AA)
        sheet.text("P", x - 4 * sheet.unit, y + 5 * sheet.unit, 0.4 * size, (240, 240, 240))
    else:
        sheet.text("V", x, y, 0.5 * size, None if size == 1 else sheet.colour())


def thumbnails(sheet: ScreenSheet, box: Box) -> None:
    """Saved pictures of this exam, in one or two columns (or rows)."""
    rng = sheet.rng
    upright = box.height > box.width
    across = int(rng.choice([1, 2], p=[0.5, 0.5]))
    side = (box.width if upright else box.height) / across
    tile_w, tile_h = (side, side * float(rng.uniform(0.6, 0.85)))
    if not upright:
        tile_w, tile_h = side / float(rng.uniform(0.6, 0.85)), side
    places = _tiles(box, tile_w, tile_h)
    filled = int(rng.integers(1, len(places) + 1)) if places else 0
    if upright and rng.random() < 0.4 and across == 2 and len(places) > 4:
        # The newest one is shown larger.
        first = Box(box.left, box.top, box.left + 2 * tile_w, box.top + 2 * tile_h)
        places = [first, *[p for p in places if p.top >= first.bottom - 1]]
    ink = (int(rng.integers(20, 90)),) * 3
    for number, place in enumerate(places):
        if number < filled:
            _thumbnail(sheet, place)
        left, top, right, bottom = (
            round(e) for e in (place.left, place.top, place.right, place.bottom)
        )
        cv2.rectangle(sheet.pixels, (left, top), (right, bottom), ink, 1)


def _tiles(box: Box, wide: float, high: float) -> list[Box]:
    if wide < 8 or high < 8:
        return []
    columns, rows = max(int(box.width // wide), 1), int(box.height // high)
    return [
        Box(
            box.left + c * wide,
            box.top + r * high,
            box.left + (c + 1) * wide,
            box.top + (r + 1) * high,
        )
        for r in range(rows)
        for c in range(columns)
    ]


def _thumbnail(sheet: ScreenSheet, place: Box) -> None:
    """A small picture with its own fan, text and sometimes flow."""
    wide, high = max(round(place.width), 8), max(round(place.height), 8)
    small = np.zeros((high, wide, 3), np.uint8)
    rng = sheet.rng
    fan = draw_fan(rng, Box(0, high * 0.06, wide, high))
    small[:] = tinted(rng, picture_of(rng, fan, high, wide))
    mask = fan.mask(high, wide)
    if rng.random() < 0.2 and mask.any():
        flow(rng, fan, small, mask)
    if rng.random() < 0.5:
        small[: max(round(high * 0.04), 1), ::3] = 120
    top, left = round(place.top), round(place.left)
    part = sheet.pixels[max(top, 0) : top + high, max(left, 0) : left + wide]
    part[:] = small[: part.shape[0], : part.shape[1]]


def touch_keys(sheet: ScreenSheet, box: Box) -> None:
    """Round and square keys, a wheel, a bar of the cine memory."""
    rng = sheet.rng
    for _ in range(int(rng.integers(3, 14))):
        x = round(float(rng.uniform(box.left, box.right)))
        y = round(float(rng.uniform(box.top, box.bottom)))
        size = max(round(float(rng.uniform(4, min(box.height, box.width) / 3 + 5))), 3)
        grey = int(rng.integers(40, 190))
        ink = (grey, grey, grey) if rng.random() < 0.8 else sheet.colour()
        if rng.random() < 0.5:
            cv2.circle(
                sheet.pixels, (x, y), size, ink, -1 if rng.random() < 0.6 else 2, cv2.LINE_AA
            )
        else:
            cv2.rectangle(
                sheet.pixels,
                (x - 2 * size, y - size),
                (x + 2 * size, y + size),
                ink,
                -1 if rng.random() < 0.6 else 1,
            )
        if rng.random() < 0.6:
            sheet.text(sheet.words()[:8], x - size, y + 4, float(rng.uniform(0.25, 0.4)))
    if rng.random() < 0.5:
        top = float(rng.uniform(box.top, box.bottom))
        sheet.panel(
            Box(box.left + 0.3 * box.width, top, box.left + 0.7 * box.width, top + 6),
            sheet.colour(),
        )


def ecg(sheet: ScreenSheet, box: Box) -> None:
    """A heart trace along the foot of the picture."""
    x = np.arange(round(box.left), max(round(box.right), round(box.left) + 2))
    beat = np.mod(x / max(box.width, 1) * float(sheet.rng.uniform(2, 6)), 1)
    y = box.bottom - box.height * (
        0.3
        + 0.6 * np.exp(-(((beat - 0.4) / 0.02) ** 2))
        + 0.1 * np.exp(-(((beat - 0.65) / 0.06) ** 2))
    )
    points = np.stack([x, y], axis=1).astype(np.int32)
    cv2.polylines(sheet.pixels, [points], False, (90, 230, 110), 1, cv2.LINE_AA)


def calipers(sheet: ScreenSheet, box: Box) -> None:
    """Measuring marks and lines, an ellipse, and what was measured, over the picture."""
    rng, ink = sheet.rng, sheet.colour() if sheet.rng.random() < 0.7 else (235, 235, 235)
    for _ in range(int(rng.integers(1, 4))):
        ends = [
            (
                round(float(rng.uniform(box.left, box.right))),
                round(float(rng.uniform(box.top, box.bottom))),
            )
            for _ in range(2)
        ]
        for end in ends:
            cv2.drawMarker(
                sheet.pixels, end, ink, cv2.MARKER_CROSS, max(round(8 * sheet.unit), 5), 1
            )
        for at in np.linspace(0, 1, 24):
            x = round(ends[0][0] + at * (ends[1][0] - ends[0][0]))
            y = round(ends[0][1] + at * (ends[1][1] - ends[0][1]))
            sheet.pixels[min(y, sheet.height_px - 1), min(x, sheet.width_px - 1)] = ink
    if rng.random() < 0.6:
        sheet.text(
            f"1 D {rng.uniform(4, 90):.1f} mm",
            box.left + 0.6 * box.width,
            box.bottom - 0.05 * box.height,
            0.36,
            ink,
        )


def note(sheet: ScreenSheet, box: Box) -> None:
    """Words that somebody wrote onto the picture, or a body mark."""
    rng = sheet.rng
    x = float(rng.uniform(box.left, box.right - 0.2 * box.width))
    y = float(rng.uniform(box.top + 0.1 * box.height, box.bottom))
    if rng.random() < 0.7:
        words = ("HEAD", "RT KIDNEY", "FEMUR", "4CH", "SPINE", "PLACENTA", "STOMACH", "LT", "CORD")
        sheet.text(
            str(rng.choice(words)),
            x,
            y,
            float(rng.uniform(0.35, 0.7)),
            sheet.colour() if rng.random() < 0.5 else None,
        )
    else:
        axes = (round(14 * sheet.unit), round(20 * sheet.unit))
        cv2.ellipse(sheet.pixels, (round(x), round(y)), axes, 0, 0, 360, sheet.ink, 1, cv2.LINE_AA)
