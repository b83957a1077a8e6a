"""What a fan shows: phantom anatomy or made-up tissue, with the gain and contact of a scan."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from sonoassist.core.opencv import cv2
from sonoassist.core.packets import Box, Pixels
from sonoassist.phantom.catalogue import BY_KEY
from sonoassist.phantom.draw import draw_plane
from sonoassist.phantom.screens.fan import Fan

Map = NDArray[np.float32]

TEXTURE_PX = (320, 240)
KINDS = tuple(BY_KEY)
TEXTURES = 240
"""Anatomy is drawn so often, and shown in many places, sizes and lights."""
WHOLE_FAN = 0.25
"""Share of the pictures whose gain leaves no part of the fan dark."""
IN_THE_AIR = 0.05
"""Share of the pictures of a probe that nobody holds."""
FLOOR = (3.0, 10.0)
"""Grey levels of the receiver's own noise above an empty screen: dark parts of a fan are seen by
it. Without any light at all nobody could say where a fan ends."""
LEAST_STEP = 5.0
"""Grey levels between that noise and the screen round it at least."""


def picture_of(
    rng: np.random.Generator,
    fan: Fan,
    height_px: int,
    width_px: int,
    ground: int = 0,
    texture: Callable[[np.random.Generator, int, int], Map] | None = None,
) -> Map:
    """Grey levels of a whole screen, float32 (height, width), 0 outside of the fan.

    Args:
        rng: Where all choices come from.
        fan: Where the picture is.
        height_px: Of the screen.
        width_px: Of the screen.
        ground: Grey level of the empty screen round it.
        texture: Draws tissue of a width and a height; None for anatomy or made-up tissue.
    """
    mask = fan.mask(height_px, width_px)
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    shown = np.zeros((height_px, width_px), np.float32)
    if not len(rows) or not len(columns):
        return shown
    box = Box(int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)
    part = np.s_[int(box.top) : int(box.bottom), int(box.left) : int(box.right)]
    across, deep = fan.polar(height_px, width_px)
    if rng.random() < IN_THE_AIR:
        shown += _reverberation(rng, across, deep)
    else:
        shown[part] = (texture or _texture)(rng, int(box.width), int(box.height))
        shown *= _gain(rng, across, deep)
        shown += _near_field(rng, deep)
    shown += _hiss(rng, shown.shape, deep)
    np.maximum(shown, _floor(rng, shown.shape, ground), out=shown)
    shown[~mask] = 0
    return np.clip(shown, 0, 255)


@functools.lru_cache(maxsize=TEXTURES)
def _anatomy(number: int) -> Pixels:
    """Phantom anatomy in a frame, without black corners; uint8 (h, w)."""
    picture, _ = draw_plane(KINDS[number % len(KINDS)], 50_000 + number, size=TEXTURE_PX)
    height, width = picture.shape
    # The corners are outside of the phantom's own fan.
    inner: Pixels = picture[
        round(0.1 * height) : round(0.8 * height), round(0.22 * width) : round(0.78 * width)
    ]
    return np.ascontiguousarray(inner)


def _texture(rng: np.random.Generator, width_px: int, height_px: int) -> Map:
    size = (max(width_px, 2), max(height_px, 2))
    if rng.random() < 0.5:
        found = _anatomy(int(rng.integers(TEXTURES)))
        if rng.random() < 0.5:
            found = np.ascontiguousarray(found[:, ::-1])
        grey = np.asarray(cv2.resize(found, size, interpolation=cv2.INTER_CUBIC), np.float32)
    else:
        grey = _made_up(rng, size)
    gamma = float(rng.uniform(0.6, 1.4))
    bright = float(rng.uniform(0.5, 1.3))
    return np.asarray(255 * np.power(np.clip(grey, 0, 255) / 255, gamma) * bright, np.float32)


def _made_up(rng: np.random.Generator, size: tuple[int, int]) -> Map:
    """Blobs, layers, bright lines and dark cysts under speckle."""
    base = np.full((120, 160), rng.uniform(20, 110), np.float32)
    for cells in (3, 6, 12, 24):
        coarse = rng.standard_normal((cells, cells)).astype(np.float32)
        fine = cv2.resize(coarse, (160, 120), interpolation=cv2.INTER_CUBIC)
        base += np.asarray(fine, np.float32) * float(rng.uniform(5, 45))
    for _ in range(int(rng.integers(2, 12))):
        _ellipse(rng, base)
    large = cv2.resize(base, size, interpolation=cv2.INTER_CUBIC)
    return speckled(rng, np.asarray(large, np.float32))


def speckled(rng: np.random.Generator, grey: Map) -> Map:
    """Grey levels under speckle, float32 (h, w)."""
    speckle = rng.rayleigh(0.8, grey.shape).astype(np.float32)
    grain = (float(rng.uniform(0.5, 3.0)), float(rng.uniform(0.4, 1.6)))
    speckle = np.asarray(cv2.GaussianBlur(speckle, (0, 0), grain[0], sigmaY=grain[1]), np.float32)
    part = float(rng.uniform(0.2, 0.9))
    return np.asarray(grey * (1 - part + part * speckle), np.float32)


def _ellipse(rng: np.random.Generator, base: Map) -> None:
    centre = (int(rng.integers(0, 160)), int(rng.integers(0, 120)))
    axes = (int(rng.integers(4, 60)), int(rng.integers(3, 40)))
    turn, grey = float(rng.uniform(0, 180)), float(rng.choice([0, 8, 90, 160, 240]))
    thick = int(rng.choice([-1, -1, 1, 2, 4]))
    ends = (0, 360) if rng.random() < 0.6 else (float(rng.uniform(0, 200)), 260)
    cv2.ellipse(base, centre, axes, turn, ends[0], ends[1], grey, thick, cv2.LINE_AA)
    if rng.random() < 0.3:
        base[:] = cv2.GaussianBlur(base, (0, 0), 1.5)


def _gain(rng: np.random.Generator, across: Map, deep: Map) -> Map:
    """Time gain, lost contact at the ends of the probe, shadows, and a dark far field."""
    across, deep = np.clip(across, 0, 1), np.clip(deep, 0, 1)
    if rng.random() < WHOLE_FAN:
        return (1.0 - float(rng.uniform(0, 0.3)) * deep).astype(np.float32)
    gain = np.exp(-float(rng.gamma(1.1, 0.9)) * deep)
    for side in (across, 1 - across):
        if rng.random() < 0.4:
            wide = float(rng.uniform(0.02, 0.45))
            soft = float(rng.uniform(0.01, 0.15))
            gain *= 1 / (1 + np.exp(-(side - wide) / soft))
    for _ in range(int(rng.integers(0, 4))):
        gain *= _shadow(rng, across, deep)
    if rng.random() < 0.12:  # nothing comes back from below some depth
        gain *= 1 / (1 + np.exp((deep - float(rng.uniform(0.3, 0.9))) / 0.06))
    if rng.random() < 0.06:  # the probe in the air, or the gain at its lowest
        gain *= float(rng.uniform(0.0, 0.25))
    return np.asarray(gain, np.float32)


def _shadow(rng: np.random.Generator, across: Map, deep: Map) -> Map:
    middle, wide = float(rng.uniform(0, 1)), float(rng.uniform(0.01, 0.18))
    start = float(rng.uniform(0, 0.7))
    off = np.square((across - middle) / wide)
    dark = np.exp(-off * off) / (1 + np.exp(-(deep - start) / 0.03))
    return np.asarray(1 - float(rng.uniform(0.4, 1.0)) * dark, np.float32)


def _near_field(rng: np.random.Generator, deep: Map) -> Map:
    """Bright bands under the face of the probe."""
    bands = 0.5 + 0.5 * np.cos(deep * float(rng.uniform(80, 260)) + float(rng.uniform(0, 6)))
    fading = np.exp(-np.clip(deep, 0, None) * float(rng.uniform(8, 60)))
    return np.asarray(float(rng.uniform(0, 160)) * bands * fading, np.float32)


def _reverberation(rng: np.random.Generator, across: Map, deep: Map) -> Map:
    """Echoes of the probe's own face: bands at even distances that fade, and nothing behind."""
    apart = float(rng.uniform(0.02, 0.12))
    sharp = float(rng.uniform(2, 10))
    bands = np.power(0.5 + 0.5 * np.cos(2 * math.pi * deep / apart), sharp)
    fading = np.exp(-np.clip(deep, 0, None) / (apart * float(rng.uniform(1.0, 5.0))))
    wave = 0.75 + 0.25 * np.cos(across * float(rng.uniform(2, 14)) + float(rng.uniform(0, 6)))
    return np.asarray(float(rng.uniform(60, 230)) * bands * fading * wave, np.float32)


def _floor(rng: np.random.Generator, shape: tuple[int, ...], ground: int) -> Map:
    """The receiver's noise, never quite as bright as the empty screen."""
    level = ground + float(rng.uniform(*FLOOR))
    if ground > 2 * LEAST_STEP and rng.random() < 0.6:
        level = float(rng.uniform(0, ground - LEAST_STEP))
    noise = rng.standard_normal((shape[0] // 2 + 1, shape[1] // 2 + 1)).astype(np.float32)
    large = cv2.resize(noise, (shape[1], shape[0]), interpolation=cv2.INTER_LINEAR)
    return np.asarray(level * (1 + 0.25 * np.asarray(large, np.float32)), np.float32)


def _hiss(rng: np.random.Generator, shape: tuple[int, ...], deep: Map) -> Map:
    level = float(rng.choice([0.0, rng.uniform(0, 4), rng.uniform(4, 18)], p=[0.35, 0.45, 0.2]))
    if level == 0:
        return np.zeros(shape, np.float32)
    noise = np.abs(rng.standard_normal((shape[0] // 2 + 1, shape[1] // 2 + 1))).astype(np.float32)
    large = cv2.resize(noise, (shape[1], shape[0]), interpolation=cv2.INTER_LINEAR)
    return np.asarray(level * large * (0.3 + 0.7 * np.clip(deep, 0, 1)), np.float32)


def tinted(rng: np.random.Generator, grey: Map) -> Pixels:
    """RGB picture of grey levels with one of the scanners' maps, uint8 (h, w, 3)."""
    maps = (
        (1.0, 1.0, 1.0),
        (0.95, 0.98, 1.0),
        (0.86, 0.95, 1.0),
        (1.0, 0.93, 0.8),
        (1.0, 0.8, 0.5),
    )
    tint = np.asarray(maps[int(rng.choice(5, p=[0.62, 0.14, 0.09, 0.09, 0.06]))], np.float32)
    return np.asarray(grey[..., None] * tint, np.uint8)


def flow(rng: np.random.Generator, fan: Fan, shown: Pixels, mask: NDArray[np.bool_]) -> float:
    """Draw a colour box and the flow in it, in place; returns the coloured share of the fan."""
    height, width = shown.shape[:2]
    corners = _colour_box(rng, fan, mask)
    inside = np.zeros((height, width), np.uint8)
    cv2.fillPoly(inside, [corners], 1)
    window = (inside > 0) & mask
    coarse = rng.standard_normal((int(rng.integers(4, 14)),) * 2).astype(np.float32)
    speed = np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC))
    speed = np.asarray(speed, np.float32) * float(rng.uniform(0.6, 1.4))
    moving = window & (np.abs(speed) > float(rng.uniform(0.5, 1.5)))
    strength = np.clip(np.abs(speed) - 0.4, 0, 1.4)[moving][:, None] / 1.4
    for side, (slow, fast) in enumerate(_colours(rng)):
        part = (speed[moving] > 0) == (side == 0)
        mixed = np.asarray(slow) * (1 - strength[part]) + np.asarray(fast) * strength[part]
        shown[tuple(index[part] for index in np.nonzero(moving))] = mixed.astype(np.uint8)
    inks = ((70, 220, 90), (230, 220, 60), (235, 235, 235), (120, 200, 230))
    ink = inks[int(rng.integers(len(inks)))]
    if rng.random() < 0.9:
        cv2.polylines(shown, [corners], True, ink, max(round(height / 480), 1), cv2.LINE_AA)
    return float(moving.sum()) / max(float(mask.sum()), 1.0)


def _colours(rng: np.random.Generator) -> tuple[tuple[tuple[int, ...], tuple[int, ...]], ...]:
    """Slow and fast colour, towards the probe and away from it."""
    if rng.random() < 0.2:  # power Doppler
        return (((120, 30, 0), (255, 200, 60)),) * 2
    pair = (((140, 0, 0), (255, 160, 30)), ((0, 0, 150), (80, 200, 255)))
    return pair if rng.random() < 0.7 else pair[::-1]


def _colour_box(rng: np.random.Generator, fan: Fan, mask: NDArray[np.bool_]) -> NDArray[np.int32]:
    rows, columns = np.nonzero(mask)
    left, right, top, bottom = columns.min(), columns.max(), rows.min(), rows.max()
    wide, high = right - left, bottom - top
    x0 = left + wide * float(rng.uniform(0.15, 0.5))
    x1 = min(x0 + wide * float(rng.uniform(0.2, 0.55)), right)
    y0 = top + high * float(rng.uniform(0.08, 0.45))
    y1 = min(y0 + high * float(rng.uniform(0.25, 0.6)), bottom)
    if fan.shape == "linear":
        lean = float(rng.uniform(-0.2, 0.2)) * high
        corners = [(x0, y0), (x1, y0), (x1 + lean, y1), (x0 + lean, y1)]
        return np.round(np.asarray(corners)).astype(np.int32)
    ax, ay = fan.apex
    angles = np.linspace(math.atan2(x0 - ax, y1 - ay), math.atan2(x1 - ax, y1 - ay), 12)
    near = max(y0 - ay, 1.0)
    far = max(y1 - ay, near + 4)
    face = [(ax + near * math.sin(a), ay + near * math.cos(a)) for a in angles]
    back = [(ax + far * math.sin(a), ay + far * math.cos(a)) for a in angles[::-1]]
    return np.round(np.asarray(face + back)).astype(np.int32)
