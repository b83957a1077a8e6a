"""What a scanner shows besides sections: spectra, motion, surfaces, menus, and no signal at all."""

from __future__ import annotations

import numpy as np

from sonoassist.core.opencv import cv2
from sonoassist.core.packets import Box
from sonoassist.phantom.screens import furniture
from sonoassist.phantom.screens.furniture import NAMES, ScreenSheet


def spectral_strip(sheet: ScreenSheet, box: Box) -> None:
    """Velocities over time or, less often, the motion along one beam."""
    wide, high = max(round(box.width), 8), max(round(box.height), 8)
    picture = (
        _motion(sheet, wide, high) if sheet.rng.random() < 0.3 else _spectrum(sheet, wide, high)
    )
    left, top = round(box.left), round(box.top)
    part = sheet.pixels[top : top + high, left : left + wide]
    part[:] = picture[: part.shape[0], : part.shape[1]]
    furniture.depth_scale(sheet, box.right - 0.04 * box.width, box.top, box.bottom)
    for number in range(int(sheet.rng.integers(0, 5))):
        sheet.text(sheet.words(), box.left + 8, box.top + (14 + 14 * number) * sheet.unit, 0.34)


def _spectrum(sheet: ScreenSheet, wide: int, high: int) -> np.ndarray:
    rng = sheet.rng
    time = np.linspace(0, float(rng.uniform(2, 9)), wide)
    beat = np.mod(time + float(rng.uniform(0, 1)), 1)
    sharp, rest = float(rng.uniform(3, 9)), float(rng.uniform(0.0, 0.6))
    peak = rest + (1 - rest) * np.exp(-sharp * beat) * (1 - np.exp(-beat * 25))
    zero = float(rng.uniform(0.45, 0.9))
    height = np.clip(1 - np.arange(high)[:, None] / (high * zero), -1, 1)
    if rng.random() < 0.25:
        height = -height
    top = peak[None] * float(rng.uniform(0.4, 0.95))
    full = 1 / (1 + np.exp((height - top) / 0.03)) / (1 + np.exp(-height / 0.01))
    if rng.random() < 0.4:  # a window below the envelope
        full *= 0.25 + 0.75 / (1 + np.exp(-(height - 0.55 * top) / 0.05))
    speckle = rng.rayleigh(0.8, (high, wide))
    grey = (
        float(rng.uniform(70, 220))
        * full
        * np.asarray(cv2.GaussianBlur(speckle, (0, 0), 1.2, sigmaY=0.7))
    )
    grey += float(rng.uniform(0, 14)) * speckle
    row = min(round(high * zero), high - 1)
    grey[row] = 170
    tints = ((1, 1, 1), (1, 0.85, 0.55), (0.6, 0.8, 1))
    tint = np.asarray(tints[int(rng.integers(3))])
    return np.asarray(np.clip(grey[..., None] * tint, 0, 255), np.uint8)


def _motion(sheet: ScreenSheet, wide: int, high: int) -> np.ndarray:
    rng = sheet.rng
    time = np.linspace(0, float(rng.uniform(3, 10)), wide)
    line = rng.uniform(10, 90) + 60 * np.abs(
        cv2.GaussianBlur(rng.standard_normal((1, high)), (0, 0), high / 40)[0]
    ) * (high / 40)
    for _ in range(int(rng.integers(2, 6))):
        line[int(rng.integers(high)) :][: max(high // 50, 1)] = 240
    move = 0.04 * high * np.sin(2 * np.pi * time) * float(rng.uniform(0.1, 1))
    at = np.arange(high)[:, None] + move[None] * np.linspace(0, 1, high)[:, None]
    grey = np.interp(at.ravel(), np.arange(high), line).reshape(high, wide)
    grey *= rng.uniform(0.8, 1.2, (1, wide))
    return np.repeat(np.clip(grey, 0, 255).astype(np.uint8)[..., None], 3, axis=2)


def rendered_surface(sheet: ScreenSheet, box: Box) -> None:
    """A lit surface of skin colour on black, as a volume is shown."""
    rng = sheet.rng
    wide, high = max(round(box.width), 8), max(round(box.height), 8)
    height = np.zeros((high, wide), np.float32)
    for cells, size in ((3, 1.0), (6, 0.5), (12, 0.25), (28, 0.08)):
        coarse = rng.standard_normal((cells, cells)).astype(np.float32)
        height += size * np.asarray(cv2.resize(coarse, (wide, high), interpolation=cv2.INTER_CUBIC))
    y, x = np.mgrid[0:high, 0:wide]
    around = ((x / wide - 0.5) / float(rng.uniform(0.25, 0.5))) ** 2
    around = around + ((y / high - 0.5) / float(rng.uniform(0.3, 0.5))) ** 2
    slope_x, slope_y = cv2.Sobel(height, cv2.CV_32F, 1, 0), cv2.Sobel(height, cv2.CV_32F, 0, 1)
    steep = float(rng.uniform(6, 24)) * wide / 300
    light = np.clip(0.6 - steep * slope_x * 0.3 - steep * slope_y * 0.5, 0.05, 1.2)
    light[around + 0.25 * height > 1] = 0
    light = cv2.GaussianBlur(light, (0, 0), 1.2)
    skins = ((255, 190, 130), (240, 160, 90), (255, 205, 170), (220, 180, 120), (180, 190, 230))
    skin = np.asarray(skins[int(rng.integers(5))])
    picture = np.clip(light[..., None] * skin, 0, 255).astype(np.uint8)
    left, top = round(box.left), round(box.top)
    part = sheet.pixels[top : top + high, left : left + wide]
    part[:] = picture[: part.shape[0], : part.shape[1]]


def draw_menu(sheet: ScreenSheet, box: Box) -> None:
    """A form, a table, a list of patients or a page of a report."""
    rng = sheet.rng
    light = rng.random() < 0.3
    grey = int(rng.integers(170, 250)) if light else int(rng.integers(0, 70))
    ink = (30, 34, 40) if light else sheet.ink
    inset = float(rng.choice([0.0, rng.uniform(0, 0.2)]))
    page = Box(
        box.left + inset * box.width,
        box.top + inset * box.height,
        box.right - inset * box.width,
        box.bottom - inset * box.height,
    )
    sheet.panel(page, (grey, grey + 2, grey + 5))
    parts = list(_parts(rng, page))
    for part in parts:
        (_form, _table, _lines, _buttons, _empty_list)[int(rng.integers(5))](sheet, part, ink)
    if rng.random() < 0.5:
        sheet.text(
            str(rng.choice(["Patient", "Worklist", "Report", "Set-up", "New exam"])),
            page.left + 8,
            page.top + 18 * sheet.unit,
            0.6,
            ink,
        )
    if rng.random() < 0.15:
        sheet.pixels[:] = cv2.GaussianBlur(sheet.pixels, (0, 0), float(rng.uniform(1, 4)))
    if rng.random() < 0.15:  # a page that the screen dims
        sheet.pixels[:] = (sheet.pixels * float(rng.uniform(0.25, 0.7))).astype(np.uint8)


def _parts(rng: np.random.Generator, page: Box) -> list[Box]:
    cut = page.top + page.height * float(rng.uniform(0.25, 0.7))
    upper = Box(page.left, page.top + 0.08 * page.height, page.right, cut)
    lower = Box(page.left, cut, page.right, page.bottom)
    return [upper, lower]


def _form(sheet: ScreenSheet, part: Box, ink: furniture.RGB) -> None:
    rows, columns = int(sheet.rng.integers(2, 7)), int(sheet.rng.integers(1, 3))
    field = int(sheet.rng.choice([0, 20, 90, 255]))
    for row in range(rows):
        for column in range(columns):
            x = part.left + (column + 0.05) * part.width / columns
            y = part.top + (row + 0.2) * part.height / rows
            sheet.text(sheet.words()[:9], x, y + 0.5 * part.height / rows, 0.36, ink)
            left = x + 0.4 * part.width / columns
            right, foot = left + 0.5 * part.width / columns, y + 0.6 * part.height / rows
            corners = (round(left), round(y)), (round(right), round(foot))
            cv2.rectangle(sheet.pixels, *corners, (field,) * 3, -1)
            if sheet.rng.random() < 0.5:
                seen = (220,) * 3 if field < 128 else (20,) * 3
                sheet.text(
                    str(sheet.rng.choice(NAMES)), left + 4, y + 0.5 * part.height / rows, 0.34, seen
                )


def _table(sheet: ScreenSheet, part: Box, ink: furniture.RGB) -> None:
    rows, columns = int(sheet.rng.integers(4, 16)), int(sheet.rng.integers(3, 8))
    rule = (int(sheet.rng.integers(40, 150)),) * 3
    if sheet.rng.random() < 0.6:
        sheet.panel(
            Box(part.left + 4, part.top, part.right - 4, part.top + part.height / rows),
            (70, 76, 84),
        )
    for row in range(rows):
        y = part.top + (row + 1) * part.height / rows
        if sheet.rng.random() < 0.7:
            cv2.line(
                sheet.pixels,
                (round(part.left) + 4, round(y)),
                (round(part.right) - 4, round(y)),
                rule,
                1,
            )
        if row > 0 and sheet.rng.random() < 0.35:
            continue
        for column in range(columns):
            x = part.left + (column + 0.06) * part.width / columns
            words = (
                f"{sheet.rng.uniform(0, 400):.1f}"
                if sheet.rng.random() < 0.5
                else sheet.words()[:10]
            )
            sheet.text(words, x, y - 0.25 * part.height / rows, 0.34, ink)


def _empty_list(sheet: ScreenSheet, part: Box, ink: furniture.RGB) -> None:
    """A large empty field below the heads of its columns, with a row of keys under it."""
    high = part.height / float(sheet.rng.uniform(6, 14))
    left, right = part.left + 0.03 * part.width, part.right - 0.03 * part.width
    grey = int(sheet.rng.integers(40, 110))
    sheet.panel(Box(left, part.top, right, part.top + high), (grey, grey + 2, grey + 6))
    columns = int(sheet.rng.integers(2, 7))
    for column in range(columns):
        x = left + (column + 0.05) * (right - left) / columns
        sheet.text(sheet.words()[:9], x, part.top + 0.75 * high, 0.32, ink)
    dark = int(sheet.rng.integers(0, 30))
    field = Box(left, part.top + high, right, part.bottom - 1.4 * high)
    sheet.panel(field, (dark, dark, dark))
    for line in range(int(sheet.rng.integers(0, 4))):
        sheet.text(sheet.words(), left + 8, field.top + (line + 0.8) * high, 0.32, ink)
    for key in range(int(sheet.rng.integers(1, 5))):
        x = right - (key + 1) * 0.16 * part.width
        sheet.panel(Box(x, part.bottom - high, x + 0.13 * part.width, part.bottom - 2), (grey,) * 3)


def _lines(sheet: ScreenSheet, part: Box, ink: furniture.RGB) -> None:
    number = int(sheet.rng.integers(3, 14))
    for line in range(number):
        y = part.top + (line + 0.7) * part.height / number
        words = "  ".join(sheet.words() for _ in range(int(sheet.rng.integers(1, 4))))
        sheet.text(words, part.left + 0.04 * part.width, y, 0.38, ink)


def _buttons(sheet: ScreenSheet, part: Box, ink: furniture.RGB) -> None:
    rows, columns = int(sheet.rng.integers(1, 5)), int(sheet.rng.integers(2, 7))
    grey = int(sheet.rng.integers(30, 140))
    for row in range(rows):
        for column in range(columns):
            left = part.left + (column + 0.08) * part.width / columns
            top = part.top + (row + 0.15) * part.height / rows
            key = Box(left, top, left + 0.84 * part.width / columns, top + 0.7 * part.height / rows)
            sheet.panel(key, (grey, grey + 3, grey + 6))
            sheet.text(sheet.words()[:9], left + 4, top + 0.45 * part.height / rows, 0.34, ink)


def no_signal(sheet: ScreenSheet) -> None:
    """Black, one colour, colour bars, snow, or a grabber's own picture."""
    rng, kind = sheet.rng, int(sheet.rng.integers(6))
    if kind == 0:
        sheet.pixels[:] = int(rng.integers(0, 18))
    elif kind in (1, 5):
        sheet.pixels[:] = (
            (0, 0, 255),
            (10, 20, 200),
            (0, 0, 130),
            (40, 90, 220),
            (20, 20, 30),
            (0, 110, 60),
        )[int(rng.integers(6))]
    elif kind == 2:
        _colour_bars(sheet)
    elif kind == 3:
        snow = rng.integers(0, 256, (sheet.height_px, sheet.width_px, 1))
        sheet.pixels[:] = snow.astype(np.uint8)
    else:
        top, low = rng.integers(0, 120, 3), rng.integers(0, 120, 3)
        ramp = np.linspace(0, 1, sheet.height_px)[:, None, None]
        sheet.pixels[:] = (top * (1 - ramp) + low * ramp).astype(np.uint8)
        centre = (sheet.width_px // 2, round(sheet.height_px * 0.45))
        for _ in range(int(rng.integers(0, 4))):
            cv2.circle(
                sheet.pixels,
                centre,
                round(float(rng.uniform(8, 90)) * sheet.unit),
                sheet.colour(),
                int(rng.choice([-1, 2, 4])),
                cv2.LINE_AA,
            )
    if kind in (4, 5) or rng.random() < 0.4:
        said = ("NO SIGNAL", "No Signal", "NO INPUT", "Unsupported", "Check the cable", "HDMI")
        sheet.text(
            str(rng.choice(said)),
            sheet.width_px * float(rng.uniform(0.1, 0.5)),
            sheet.height_px * float(rng.uniform(0.3, 0.7)),
            float(rng.uniform(0.6, 1.8)),
            (255, 255, 255),
        )


def _colour_bars(sheet: ScreenSheet) -> None:
    level = 191 if sheet.rng.random() < 0.5 else 255
    bars = [(1, 1, 1), (1, 1, 0), (0, 1, 1), (0, 1, 0), (1, 0, 1), (1, 0, 0), (0, 0, 1), (0, 0, 0)]
    edges = np.linspace(0, sheet.width_px, len(bars) + 1).astype(int)
    for bar, left, right in zip(bars, edges, edges[1:], strict=False):
        sheet.pixels[:, left:right] = tuple(level * part for part in bar)
    if sheet.rng.random() < 0.5:
        sheet.pixels[round(0.72 * sheet.height_px) :] = (0, 33, 76)
