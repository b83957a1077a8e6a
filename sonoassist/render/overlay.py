"""Drawing a frame's own result into a copy of it."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numpy as np

from sonoassist.core.box_age import BoxAge
from sonoassist.core.opencv import cv2
from sonoassist.core.outside_words import OUTSIDE
from sonoassist.core.packets import Analysis, Box, Pixels, State, SteadiedBox
from sonoassist.core.percent import percent
from sonoassist.core.planes import Plane

Point = tuple[int, int]

_DASH_PX = 9
_FONT = cv2.FONT_HERSHEY_SIMPLEX
_GREY = (170, 176, 186)
_NOTE = "Research and training only. Not for diagnosis."


def annotate(
    analysis: Analysis, pixels: Pixels | None = None, steadied: SteadiedBox | None = None
) -> Pixels:
    """A copy of the frame with name, confidence and box; uint8 (H, W, 3) RGB.

    Below the threshold no plane is named and no box is drawn, as in the window.

    Args:
        analysis: Of the frame.
        pixels: What is shown of it, of the same size; None for all.
        steadied: Its box steadied over time, drawn in the place of its own.
    """
    picture = _rgb(analysis.frame.pixels if pixels is None else pixels)
    scale = max(picture.shape[0] / 720, 0.35)
    colour = rgb_of(analysis.prediction.plane) if analysis.state is State.PLANE else _GREY
    own = analysis.shown_box
    if own is not None:
        drawn = steadied or SteadiedBox(own, sure=True)
        drawn = replace(drawn, sure=drawn.sure and analysis.localisation.sure)
        age = BoxAge(analysis.localisation.age_s)
        _draw_box(picture, drawn, colour, scale, age.strength)
        _write_age(picture, drawn.box, age.words, scale)
    _write(picture, caption(analysis), (12, 12), 1.0 * scale, colour)
    _write(picture, _NOTE, (12, picture.shape[0] - 10), 0.42 * scale, _GREY, from_bottom=True)
    return picture


def caption(analysis: Analysis) -> str:
    """What may be said of the frame, in plain ASCII."""
    prediction = analysis.prediction
    if analysis.state is State.PLANE:
        return f"{prediction.plane.label} {percent(prediction.confidence)}"
    words = {
        State.UNSURE: "Unsure",
        State.BACKGROUND: "No standard plane",
        State.DOPPLER: "Colour Doppler: not analysed",
        State.NO_SIGNAL: "No picture",
        State.SPLIT: "Split screen: not analysed",
        State.SPECTRAL: "Spectrum or M-mode: not analysed",
        State.THREE_D: "3D picture: not analysed",
        State.MENU: "Menu or report: not analysed",
        State.NOISE: "Only noise: not analysed",
        State.OUTSIDE: f"{OUTSIDE[:1].upper()}{OUTSIDE[1:]}",
    }
    return words[analysis.state]


def rgb_of(plane: Plane) -> tuple[int, int, int]:
    """The plane's colour as (red, green, blue)."""
    digits = plane.colour.lstrip("#")
    return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:], 16)


def _rgb(pixels: Pixels) -> Pixels:
    if pixels.ndim == 2:
        colour: Pixels = np.repeat(pixels[..., None], 3, axis=2)
        return colour
    copy: Pixels = pixels.copy()
    return copy


def _draw_box(
    picture: Pixels,
    drawn: SteadiedBox,
    colour: tuple[int, int, int],
    scale: float,
    strength: float,
) -> None:
    """With whole lines, or broken ones where it is not sure."""
    left, top = round(drawn.box.left), round(drawn.box.top)
    right, bottom = round(drawn.box.right) - 1, round(drawn.box.bottom) - 1
    bare = picture.copy() if strength < 1 else picture
    thick, dash = max(round(2 * scale), 1), 0.0 if drawn.sure else _DASH_PX * scale
    corners = ((left, top), (right, top), (right, bottom), (left, bottom), (left, top))
    for start, end in itertools.pairwise(corners):
        for one, other in pieces_of(start, end, dash):
            cv2.line(picture, one, other, colour, thick, cv2.LINE_AA)
    if strength < 1:
        cv2.addWeighted(picture, strength, bare, 1 - strength, 0, dst=picture)


def pieces_of(start: Point, end: Point, dash: float) -> list[tuple[Point, Point]]:
    """A line in pieces of the length of their gaps; whole without a dash; all in pixels."""
    long = math.dist(start, end)
    count = round((long / dash + 1) / 2) if dash > 0 else 1
    ends = np.linspace(start, end, max(2 * count, 2)).round().astype(int).tolist()
    points = [(int(x), int(y)) for x, y in ends]
    return list(zip(points[::2], points[1::2], strict=True))


def _write_age(picture: Pixels, box: Box, words: str, scale: float) -> None:
    """Under the box at its left, or in it where there is no room below."""
    if not words:
        return
    size, gap = 0.42 * scale, 8
    (wide, high), below = cv2.getTextSize(words, _FONT, size, 1)
    left = max(min(round(box.left) + 6, picture.shape[1] - wide - 6), 6)
    top = round(box.bottom) + gap
    if top + high + below + 4 > picture.shape[0]:
        top = round(box.bottom) - high - below - gap
    _write(picture, words, (left, top), size, _GREY)


def _write(
    picture: Pixels,
    text: str,
    corner: tuple[int, int],
    size: float,
    colour: tuple[int, int, int],
    *,
    from_bottom: bool = False,
) -> None:
    """Write on a dark plate, so that it can be read on any picture."""
    thick = max(round(2 * size), 1)
    (width, height), below = cv2.getTextSize(text, _FONT, size, thick)
    left, top = corner
    top = top - height - below if from_bottom else top
    plate = picture[max(top - 4, 0) : top + height + below + 4, max(left - 6, 0) : left + width + 6]
    plate[:] = plate // 4
    cv2.putText(picture, text, (left, top + height), _FONT, size, colour, thick, cv2.LINE_AA)
