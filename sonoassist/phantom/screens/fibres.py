"""Screens of linear probes on muscle and tendon: long bright fibres between layers.

They are drawn for training beside the other screens: bands of streaks from side to side are what a
spectrum or a line of motion look like, and are none.
"""

from __future__ import annotations

import math

import numpy as np

from sonoassist.core.opencv import cv2
from sonoassist.core.packets import Box
from sonoassist.phantom.screens.draw import Mask, PhantomScreen
from sonoassist.phantom.screens.fan import Fan, draw_fan
from sonoassist.phantom.screens.furniture import ScreenSheet
from sonoassist.phantom.screens.layout import annotate, choose_screen_layout, furnish
from sonoassist.phantom.screens.tissue import Map, picture_of, speckled, tinted

BARE = 0.6
"""Share of the pictures that were cut out of their screen already."""
SLANT_RAD = 0.22
"""Standard deviation of the slope of the fibres."""


def draw_fibres(seed: int, *, size: tuple[int, int]) -> PhantomScreen:
    """A B-mode picture of fibres, bare or on a screen.

    Args:
        seed: The same seed and size give the same screen.
        size: Width and height, px.
    """
    rng = np.random.default_rng((seed, 19))
    width, height = size
    sheet = ScreenSheet(np.zeros((height, width, 3), np.uint8), rng)
    if rng.random() < BARE:
        mask = _show(sheet, _frame(rng, width, height))
    else:
        layout = choose_screen_layout(rng, width, height)
        furnish(sheet, layout)
        fan = draw_fan(rng, layout.picture, "linear")
        mask = _show(sheet, fan)
        annotate(sheet, layout, fan, layout.picture)
    return PhantomScreen(sheet.pixels, "b_mode", "linear", mask)


def _frame(rng: np.random.Generator, width_px: int, height_px: int) -> Fan:
    """A picture that fills the screen but for margins at some of its sides."""
    sides = rng.uniform(0, 0.08, 4) * (rng.random(4) < 0.4)
    left, top = round(sides[0] * width_px), round(sides[1] * height_px)
    right, bottom = width_px - round(sides[2] * width_px), height_px - round(sides[3] * height_px)
    corners = np.array([(left, top), (right, top), (right, bottom), (left, bottom)], np.float64)
    apex = (0.5 * (left + right), top - 20.0 * height_px)
    return Fan("linear", corners, Box(left, top, right, bottom), apex)


def _show(sheet: ScreenSheet, fan: Fan) -> Mask:
    rng = sheet.rng
    mask = fan.mask(sheet.height_px, sheet.width_px)
    grey = picture_of(rng, fan, sheet.height_px, sheet.width_px, texture=fibrous)
    sheet.pixels[mask] = tinted(rng, grey)[mask]
    return mask


def fibrous(rng: np.random.Generator, width_px: int, height_px: int) -> Map:
    """Grey levels of layers of fibres with bright sheets between them, float32 (height, width)."""
    size = (max(width_px, 2), max(height_px, 2))
    depth = np.linspace(0, 1, size[1], dtype=np.float32)[:, None]
    across = np.linspace(0, 1, size[0], dtype=np.float32)
    grey = np.zeros((size[1], size[0]), np.float32)
    edges = np.sort(rng.uniform(0.03, 0.95, int(rng.integers(1, 5))))
    for number, edge in enumerate((0.0, *edges)):
        slope, bend = float(rng.normal(0, 0.05)), float(rng.normal(0, 0.03))
        start = edge + slope * across + bend * np.sin(math.pi * across)
        if number == 0:
            start = np.full_like(across, -1.0)
        layer = _layer(rng, size)
        below = depth > start
        grey[below] = layer[below]
        thick = float(rng.uniform(0.002, 0.012))
        sheet = np.exp(-np.square((depth - start) / thick))
        grey += float(rng.uniform(60, 200)) * np.asarray(sheet, np.float32)
    return np.clip(speckled(rng, grey), 0, 255)


def _layer(rng: np.random.Generator, size: tuple[int, int]) -> Map:
    """One layer: noise drawn out along the fibres."""
    width, height = size
    unit = max(height / 240, 0.25)
    wide = int(math.hypot(width, height)) + 2
    noise = rng.standard_normal((wide, wide)).astype(np.float32)
    long, fine = float(rng.uniform(6, 30)) * unit, float(rng.uniform(0.7, 1.8)) * unit
    drawn = cv2.GaussianBlur(noise, (0, 0), long, sigmaY=fine)
    middle = (wide / 2, wide / 2)
    turn = cv2.getRotationMatrix2D(middle, math.degrees(float(rng.normal(0, SLANT_RAD))), 1.0)
    turned = cv2.warpAffine(drawn, turn, (wide, wide), borderMode=cv2.BORDER_REFLECT)
    left, top = (wide - width) // 2, (wide - height) // 2
    part = np.asarray(turned[top : top + height, left : left + width], np.float32)
    part = part / max(float(part.std()), 1e-6)
    level, strength = float(rng.uniform(10, 110)), float(rng.uniform(0.1, 0.9))
    return np.asarray(level * np.exp(np.clip(strength * part, -3, 1.6)), np.float32)
