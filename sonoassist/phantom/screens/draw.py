"""One picture of a scanner's screen, of any kind, with its truth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sonoassist.core.opencv import cv2
from sonoassist.core.packets import Box, Pixels
from sonoassist.phantom.screens import furniture
from sonoassist.phantom.screens.fan import Fan, draw_fan
from sonoassist.phantom.screens.furniture import ScreenSheet
from sonoassist.phantom.screens.layout import SIZES, annotate, choose_screen_layout, furnish
from sonoassist.phantom.screens.other_pictures import (
    draw_menu,
    no_signal,
    rendered_surface,
    spectral_strip,
)
from sonoassist.phantom.screens.tissue import flow, picture_of, tinted

Mask = NDArray[np.bool_]

KINDS = ("b_mode", "colour_doppler", "split", "spectral", "three_d", "menu", "no_signal")
SHARES = (0.4, 0.12, 0.17, 0.12, 0.05, 0.1, 0.04)
"""How often each is drawn when none is asked for."""
LEAST_FLOW = 0.015
"""Share of the fan that is coloured at least on a colour Doppler picture."""
SIMULTANEOUS = 0.4
"""Share of the split screens that show one picture twice, once with flow."""
UNREADABLE = 0.15
"""Share of the screens whose words somebody blurred before they were passed on."""
GRAB = 0.25
"""Share of the screens that went through a grabber's scaling and coding."""


@dataclass(frozen=True, slots=True)
class PhantomScreen:
    """A screen and its truth.

    Attributes:
        pixels: uint8 (h, w, 3).
        content: One of KINDS.
        shape: convex, sector, linear or cropped; empty without a field of view.
        mask: bool (h, w): the live ultrasound picture, be it dark or drawn upon.
        panes: Of a split screen, from left to right.
    """

    pixels: Pixels
    content: str
    shape: str
    mask: Mask
    panes: tuple[Box, ...] = ()

    @property
    def box(self) -> Box | None:
        """Bounds of the field of view in pixels, or None."""
        return _bounds(self.mask) if self.mask.any() else None


def draw_screen(
    seed: int, *, size: tuple[int, int] | None = None, kind: str | None = None
) -> PhantomScreen:
    """A screen of a made-up scanner.

    Args:
        seed: The same seed, size and kind give the same screen.
        size: Width and height, px; left out: one of the common sizes.
        kind: One of KINDS; left out: by the seed.
    """
    rng = np.random.default_rng((seed, 13))
    width, height = size or SIZES[int(rng.integers(len(SIZES)))]
    kind = kind or str(rng.choice(KINDS, p=SHARES))
    canvas = np.zeros((height, width, 3), np.uint8)
    if rng.random() < 0.25:
        canvas[:] = (int(rng.integers(1, 40)),) * 3
    made = _DRAW[kind](ScreenSheet(canvas, rng))
    if rng.random() < UNREADABLE:
        _make_unreadable(made, rng)
    return _grabbed(made, rng)


def _b_mode(sheet: ScreenSheet) -> PhantomScreen:
    return _one_picture(sheet, coloured=False)


def _colour_doppler(sheet: ScreenSheet) -> PhantomScreen:
    return _one_picture(sheet, coloured=True)


def _one_picture(sheet: ScreenSheet, *, coloured: bool) -> PhantomScreen:
    layout = choose_screen_layout(sheet.rng, sheet.width_px, sheet.height_px)
    furnish(sheet, layout)
    fan = draw_fan(sheet.rng, layout.picture)
    mask = _show(sheet, fan, coloured=coloured)
    annotate(sheet, layout, fan, _bounds(mask), colour=coloured)
    return PhantomScreen(
        sheet.pixels, "colour_doppler" if coloured else "b_mode", _shape(fan, mask), mask
    )


def _show(
    sheet: ScreenSheet, fan: Fan, *, coloured: bool, rng: np.random.Generator | None = None
) -> Mask:
    """Draw one ultrasound picture in place; returns where it is.

    Args:
        sheet: The screen.
        fan: Where.
        coloured: With flow.
        rng: Chooses the tissue; None for the sheet's own.
    """
    rng = rng or sheet.rng
    mask = fan.mask(sheet.height_px, sheet.width_px)
    shown = tinted(rng, picture_of(rng, fan, sheet.height_px, sheet.width_px, sheet.ground))
    if coloured:
        shown = _with_flow(sheet.rng, fan, shown, mask)
    sheet.pixels[mask] = shown[mask]
    return mask


def _with_flow(rng: np.random.Generator, fan: Fan, shown: Pixels, mask: Mask) -> Pixels:
    """The picture with flow that can be seen; of some tries the one with the most."""
    best, most = shown, -1.0
    for _ in range(8):
        tried = shown.copy()
        share = flow(rng, fan, tried, mask)
        if share > most:
            best, most = tried, share
        if share >= LEAST_FLOW:
            break
    return best


def _shape(fan: Fan, mask: Mask) -> str:
    """Cropped when no edge of the fan is left inside of its frame."""
    box = _bounds(mask)
    return "cropped" if mask.sum() > 0.985 * box.width * box.height else fan.shape


def _split(sheet: ScreenSheet) -> PhantomScreen:
    """Two pictures beside each other (or one above the other, or four); one of them is live."""
    rng = sheet.rng
    layout = choose_screen_layout(rng, sheet.width_px, sheet.height_px)
    furnish(sheet, layout)
    panes = _panes(rng, layout.picture)
    live = int(rng.integers(len(panes)))
    twice = rng.random() < SIMULTANEOUS
    coloured = twice or rng.random() < 0.3
    alike = int(rng.integers(2**31))
    shape = str(rng.choice(["convex", "cropped", "sector", "linear"], p=[0.5, 0.25, 0.15, 0.1]))
    masks, fans = [], list[Fan]()
    for number, pane in enumerate(panes):
        # The pictures are of one probe: alike in shape.
        own = np.random.default_rng(alike) if twice or rng.random() < 0.8 else rng
        fan = draw_fan(own, pane, shape)
        fans.append(fan)
        tissue = own if twice else rng
        masks.append(_show(sheet, fan, coloured=bool(coloured and number == live), rng=tissue))
        if rng.random() < 0.5:
            furniture.depth_scale(sheet, pane.right - 0.05 * pane.width, pane.top, pane.bottom)
        if number != live and rng.random() < 0.3:
            furniture.calipers(sheet, _bounds(masks[-1]))
    mask = masks[live]
    if rng.random() < 0.6:
        for pane in panes:
            corner, end = (
                (round(pane.left), round(pane.top)),
                (round(pane.right), round(pane.bottom)),
            )
            cv2.rectangle(sheet.pixels, corner, (end[0] - 1, end[1] - 1), (70, 74, 78), 1)
    if rng.random() < 0.7:
        furniture.grey_scale(
            sheet,
            layout.picture.left + 2,
            layout.picture.top + 8,
            0.2 * layout.picture.height,
            colour=bool(coloured),
        )
    # Last: frames and scales must not hide what tells the live part.
    _mark_live(sheet, panes[live], fans[live], border=len(panes) > 2)
    return PhantomScreen(sheet.pixels, "split", _shape(fans[live], mask), mask, tuple(panes))


def _panes(rng: np.random.Generator, area: Box) -> list[Box]:
    kind = float(rng.random())
    middle = Box(0, 0, round((area.left + area.right) / 2), round((area.top + area.bottom) / 2))
    if kind < 0.86:
        return [replace(area, right=middle.right), replace(area, left=middle.right)]
    if kind < 0.92:
        return [replace(area, bottom=middle.bottom), replace(area, top=middle.bottom)]
    return [
        Box(area.left, area.top, middle.right, middle.bottom),
        Box(middle.right, area.top, area.right, middle.bottom),
        Box(area.left, middle.bottom, middle.right, area.bottom),
        Box(middle.right, middle.bottom, area.right, area.bottom),
    ]


def _mark_live(sheet: ScreenSheet, pane: Box, fan: Fan, *, border: bool) -> None:
    """The probe's sign or a lit dot, or a bright border, tells which part is live."""
    rng, unit = sheet.rng, sheet.unit
    if border or rng.random() < 0.1:
        corner = (round(pane.left) + 1, round(pane.top) + 1)
        end = (round(pane.right) - 2, round(pane.bottom) - 2)
        cv2.rectangle(sheet.pixels, corner, end, sheet.colour(), max(round(2 * unit), 2))
    elif rng.random() < 0.75:
        furniture.probe_mark(sheet, replace(fan, clip=pane), float(rng.uniform(1.3, 2.2)))
    else:
        middle = (round(pane.left + 12 * unit), round(pane.top + 12 * unit))
        radius = max(round(float(rng.uniform(6, 10)) * unit), 3)
        cv2.circle(sheet.pixels, middle, radius, sheet.colour(), -1, cv2.LINE_AA)


def _spectral(sheet: ScreenSheet) -> PhantomScreen:
    """A small picture with the gate or the line of motion, and the strip below or beside it."""
    rng = sheet.rng
    layout = choose_screen_layout(rng, sheet.width_px, sheet.height_px)
    furnish(sheet, layout)
    area = layout.picture
    share = float(rng.uniform(0.3, 0.62))
    if rng.random() < 0.85:
        cut = round(area.top + share * area.height)
        small, strip = replace(area, bottom=cut), replace(area, top=cut + 2)
    else:
        cut = round(area.left + share * area.width)
        small, strip = replace(area, right=cut), replace(area, left=cut + 2)
    fan = draw_fan(rng, small)
    mask = _show(sheet, fan, coloured=bool(rng.random() < 0.5))
    spectral_strip(sheet, strip)
    box = _bounds(mask)
    x0 = round(float(rng.uniform(box.left + 0.3 * box.width, box.right - 0.3 * box.width)))
    x1 = round(x0 + float(rng.normal(0, 0.1)) * box.width)
    for at in np.linspace(0, 1, 40):
        y = min(round(box.top + at * box.height), sheet.height_px - 1)
        x = int(np.clip(round(x0 + at * (x1 - x0)), 0, sheet.width_px - 1))
        sheet.pixels[y, x] = (220, 220, 120)
    annotate(sheet, replace(layout, picture=small), fan, box)
    return PhantomScreen(sheet.pixels, "spectral", _shape(fan, mask), mask)


def _three_d(sheet: ScreenSheet) -> PhantomScreen:
    """A rendered surface, alone or beside sections through the volume."""
    rng = sheet.rng
    layout = choose_screen_layout(rng, sheet.width_px, sheet.height_px)
    furnish(sheet, layout)
    if rng.random() < 0.5:
        rendered_surface(sheet, layout.picture)
    else:
        area = layout.picture
        middle = Box(0, 0, round((area.left + area.right) / 2), round((area.top + area.bottom) / 2))
        panes = [
            Box(area.left, area.top, middle.right, middle.bottom),
            Box(middle.right, area.top, area.right, middle.bottom),
            Box(area.left, middle.bottom, middle.right, area.bottom),
        ]
        for pane in panes:
            _show(sheet, draw_fan(rng, pane), coloured=False)
        rendered_surface(sheet, Box(middle.right, middle.bottom, area.right, area.bottom))
    return _without_picture(sheet, "three_d")


def _menu(sheet: ScreenSheet) -> PhantomScreen:
    layout = choose_screen_layout(sheet.rng, sheet.width_px, sheet.height_px)
    furnish(sheet, layout)
    draw_menu(sheet, layout.picture)
    return _without_picture(sheet, "menu")


def _no_signal(sheet: ScreenSheet) -> PhantomScreen:
    no_signal(sheet)
    return _without_picture(sheet, "no_signal")


def _without_picture(sheet: ScreenSheet, content: str) -> PhantomScreen:
    return PhantomScreen(sheet.pixels, content, "", np.zeros(sheet.pixels.shape[:2], np.bool_))


_DRAW: dict[str, Callable[[ScreenSheet], PhantomScreen]] = {
    "b_mode": _b_mode,
    "colour_doppler": _colour_doppler,
    "split": _split,
    "spectral": _spectral,
    "three_d": _three_d,
    "menu": _menu,
    "no_signal": _no_signal,
}


def _make_unreadable(made: PhantomScreen, rng: np.random.Generator) -> None:
    """Blur all but the pictures, in place."""
    high, _wide = made.pixels.shape[:2]
    blurred = cv2.GaussianBlur(made.pixels, (0, 0), float(rng.uniform(3, 9)) * high / 480)
    sharp = made.mask.copy()
    for pane in made.panes:
        sharp[round(pane.top) : round(pane.bottom), round(pane.left) : round(pane.right)] = True
    # Whoever blurs draws a rectangle, a polygon or goes along the edge.
    if sharp.any() and rng.random() < 0.5:
        box = _bounds(sharp)
        sharp[round(box.top) : round(box.bottom), round(box.left) : round(box.right)] = True
    made.pixels[~sharp] = blurred[~sharp]


def _grabbed(made: PhantomScreen, rng: np.random.Generator) -> PhantomScreen:
    """What a grabber and a codec make of a screen: softer, with levels and noise of their own."""
    pixels = made.pixels
    if rng.random() < GRAB:
        height, width = pixels.shape[:2]
        factor = float(rng.uniform(0.5, 0.95))
        small = cv2.resize(
            pixels, (round(width * factor), round(height * factor)), interpolation=cv2.INTER_AREA
        )
        pixels = np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR))
    if rng.random() < 0.3:
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(35, 90))]
        done, coded = cv2.imencode(".jpg", pixels, quality)
        if done:
            pixels = np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR))
    if rng.random() < 0.25:
        low, high = float(rng.uniform(0, 20)), float(rng.uniform(200, 255))
        levels = np.clip(low + np.arange(256) * (high - low) / 255, 0, 255).astype(np.uint8)
        pixels = levels[pixels]
    return replace(made, pixels=np.ascontiguousarray(pixels, np.uint8))


def _bounds(mask: Mask) -> Box:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return Box(0, 0, 1, 1)
    return Box(float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1))
