"""The scanner's screen round the picture: bars, texts, scales, calipers. No maker's."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sonoassist.core.opencv import cv2
from sonoassist.core.packets import Box, Pixels

BANNER = "SYNTHETIC EXAM - no patient"
SIZES = ((960, 720), (976, 736), (1280, 960), (1920, 1080))
"""Common sizes of scanner screens."""
RGB = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class PhantomLayout:
    """Where things are on a screen.

    Attributes:
        width_px: Of the screen.
        height_px: Of the screen.
        left_px: Left edge of the picture.
        top_px: Upper edge of the picture.
        right_px: Right edge of the picture.
        bottom_px: Lower edge of the picture.
        bar: Colour of the bars.
        ink: Colour of the texts.
        scale_left: Whether the depth scale is left of the picture.
    """

    width_px: int
    height_px: int
    left_px: int
    top_px: int
    right_px: int
    bottom_px: int
    bar: RGB
    ink: RGB
    scale_left: bool

    @property
    def picture_px(self) -> tuple[int, int]:
        """Width and height of the picture."""
        return self.right_px - self.left_px, self.bottom_px - self.top_px


def choose_layout(rng: np.random.Generator, size: tuple[int, int] | None = None) -> PhantomLayout:
    """A scanner's screen of `size` (width, height), or of one of the common sizes."""
    width, height = size or SIZES[int(rng.choice(4, p=(0.45, 0.3, 0.18, 0.07)))]
    bars: tuple[RGB, ...] = ((30, 34, 40), (12, 12, 14), (22, 30, 46), (52, 52, 54))
    inks: tuple[RGB, ...] = ((205, 210, 216), (230, 230, 210), (160, 190, 220))
    kind = int(rng.integers(4))
    top = round(height * (0.11, 0.075, 0.075, 0.09)[kind])
    bottom = round(height * (1.0, 1.0, 0.93, 0.95)[kind])
    left = round(width * (0.06, 0.0, 0.14, 0.04)[kind])
    right = round(width * (0.9, 1.0, 1.0, 0.86)[kind])
    widest = round((bottom - top) * 1.36)
    spare = max(right - left - widest, 0)
    return PhantomLayout(
        width,
        height,
        left + spare // 2,
        top,
        right - (spare - spare // 2),
        bottom,
        bars[int(rng.integers(4))],
        inks[int(rng.integers(3))],
        bool(rng.random() < 0.5),
    )


class ScreenPainter:
    """Puts pictures on a screen.

    Args:
        layout: Where things are.
        seed: Of the texts.
    """

    def __init__(self, layout: PhantomLayout, seed: int) -> None:
        self.layout = layout
        self._size = layout.height_px / 720
        rng = np.random.default_rng((seed, 5))
        self._lines = [
            f"Hz {int(rng.integers(24, 97))}",
            f"Pwr {int(rng.integers(80, 100))} %",
            f"Gn {int(rng.integers(-4, 8))}",
            f"DR {int(rng.integers(5, 10))}",
            f"TIs 0.{int(rng.integers(9))}",
            "OB 2/3",
        ]
        self._base = self._blank()

    def _blank(self) -> Pixels:
        layout = self.layout
        canvas = np.zeros((layout.height_px, layout.width_px, 3), np.uint8)
        canvas[: round(layout.top_px * 0.8)] = layout.bar
        if layout.bottom_px < layout.height_px:
            canvas[layout.bottom_px + 6 :] = layout.bar
        self._write(canvas, BANNER, (round(18 * self._size), round(layout.top_px * 0.5)), 0.6)
        return canvas

    def _write(self, canvas: Pixels, text: str, at: tuple[int, int], size: float) -> None:
        cv2.putText(
            canvas,
            text,
            at,
            cv2.FONT_HERSHEY_SIMPLEX,
            size * self._size,
            self.layout.ink,
            max(round(self._size), 1),
            cv2.LINE_AA,
        )

    def show(self, picture: Pixels, depth_mm: float, mm_per_px: float, time_s: float) -> Pixels:
        """A screen with `picture`, uint8 (height, width, 3), in its place."""
        layout = self.layout
        canvas: Pixels = self._base.copy()
        canvas[layout.top_px : layout.bottom_px, layout.left_px : layout.right_px] = picture
        clock = f"{depth_mm / 10:.1f} cm   {int(time_s // 60):02d}:{time_s % 60:04.1f}"
        self._write(canvas, clock, (round(layout.width_px * 0.7), round(layout.top_px * 0.5)), 0.55)
        row = layout.top_px + round(24 * self._size)
        for text in self._lines:
            self._write(canvas, text, (layout.width_px - round(92 * self._size), row), 0.42)
            row += round(17 * self._size)
        self._scales(canvas, mm_per_px)
        return canvas

    def _scales(self, canvas: Pixels, mm_per_px: float) -> None:
        """Grey bar, and a mark for each centimetre."""
        layout, size = self.layout, self._size
        top = layout.top_px + round(20 * size)
        ramp = np.linspace(255, 0, round(170 * size)).astype(np.uint8)
        canvas[top : top + len(ramp), round(6 * size) : round(15 * size)] = ramp[:, None, None]
        column = round(24 * size) if layout.scale_left else layout.width_px - round(20 * size)
        for mark in range(1, 40):
            row = layout.top_px + round(mark * 10 / mm_per_px)
            if row > layout.bottom_px - 2:
                break
            long = round((10 if mark % 5 == 0 else 4) * size)
            canvas[row : row + 2, column : column + long] = 190


def measure(screen: Pixels, box: Box, key: str, rng: np.random.Generator) -> None:
    """Draw calipers and what they measured over a frozen picture, in place."""
    ink = (214, 214, 90) if rng.random() < 0.6 else (120, 220, 140)
    middle = ((box.left + box.right) / 2, (box.top + box.bottom) / 2)
    if key in ("abdominal", "brain_tv", "brain_cb"):
        axes = (round(box.width / 2), round(box.height / 2))
        centre = (round(middle[0]), round(middle[1]))
        for start in range(0, 360, 4):
            cv2.ellipse(screen, centre, axes, 0, start, start + 1.3, ink, 1, cv2.LINE_AA)
    ends = ((round(box.left), round(middle[1])), (round(box.right), round(middle[1])))
    for column, row in ends:
        cv2.drawMarker(screen, (column, row), ink, cv2.MARKER_CROSS, 13, 1, cv2.LINE_AA)
    for column in range(ends[0][0], ends[1][0], 9):
        cv2.line(screen, (column, ends[0][1]), (column + 1, ends[0][1]), ink, 1)
    height, width = screen.shape[:2]
    text = f"1 D {rng.uniform(14, 62):.1f} mm"
    at = (round(width * 0.8), round(height * 0.95))
    cv2.putText(screen, text, at, cv2.FONT_HERSHEY_SIMPLEX, 0.5, ink, 1, cv2.LINE_AA)


def colour_flow(picture: Pixels, rng: np.random.Generator, time_s: float) -> Pixels:
    """A colour Doppler box over an RGB picture: red to the probe, blue away from it."""
    height, width = picture.shape[:2]
    top, left = round(height * rng.uniform(0.25, 0.4)), round(width * rng.uniform(0.25, 0.4))
    high, wide = round(height * 0.36), round(width * 0.34)
    coarse = rng.standard_normal((6, 7)).astype(np.float32)
    speed = np.asarray(cv2.resize(coarse, (wide, high), interpolation=cv2.INTER_CUBIC))
    speed = speed * np.float32(0.75 + 0.25 * np.sin(time_s * 2 * np.pi * 2.3))
    flow = np.clip((np.abs(speed) - 0.45) * 400, 0, 255)
    shown: Pixels = picture.copy()
    window = shown[top : top + high, left : left + wide]
    moving = flow > 20
    window[moving & (speed > 0)] = 0
    window[moving & (speed < 0)] = 0
    window[..., 0][moving & (speed > 0)] = np.maximum(flow, 120)[moving & (speed > 0)]
    window[..., 2][moving & (speed < 0)] = np.maximum(flow, 120)[moving & (speed < 0)]
    cv2.rectangle(shown, (left, top), (left + wide, top + high), (210, 210, 210), 1)
    return shown
