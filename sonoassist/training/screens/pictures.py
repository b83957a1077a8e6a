"""Phantom screens as the network sees them, drawn once and kept in memory.

Beside each screen with a picture there are parts of it, as the closer look shows them: the picture
alone, large. What kind of screen a part comes from cannot be told by it, so it is not asked.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sonoassist.core.opencv import cv2
from sonoassist.core.packets import Box, Pixels
from sonoassist.datasets.screens import WORDS
from sonoassist.phantom.screens.draw import Mask, PhantomScreen, draw_screen
from sonoassist.phantom.screens.fibres import draw_fibres
from sonoassist.phantom.screens.layout import SIZES
from sonoassist.preprocess.closer_look import LEAST_PX, shown_closer
from sonoassist.preprocess.screen_network import (
    BRIGHTENED,
    CONTENTS,
    HEIGHT_PX,
    MASK_HEIGHT,
    MASK_WIDTH,
    WIDTH_PX,
    squeezed,
)

LONGEST_PX = (384, 640)
"""Screens are drawn no larger than a width between these for training: the network sees them
smaller still."""
HARD, HARD_SHARE = ("split", "spectral"), 0.35
"""Kinds whose picture is harder to find, and the share of the screens that is theirs beside what
falls to them by chance."""
FIBROUS = 0.04
"""Share of the screens that show fibres of a muscle under a linear probe."""
PARTS = 2
"""Parts of each screen with a picture."""
FOUND_OFF = 0.025
"""Standard deviation of where the first look finds a side of the picture, by the picture's size."""
UNKNOWN = -1
"""Kind of a part of a screen."""
MOVED, RESIZED, STRETCHED, SHIFTED = 0.35, (0.78, 1.25), (0.88, 1.13), 0.12
"""Share of the screens of a batch that are placed elsewhere, how much larger or smaller and wider
or higher what they show becomes, and by which part of half the screen it is moved."""
PER_JOB = 50
_Part = tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.int64]]


@dataclass(frozen=True, slots=True)
class ScreenPictures:
    """Screens, parts of screens and their truth.

    Attributes:
        pixels: uint8 (n, 3, 192, 256).
        masks: Share of each cell that is live picture, uint8 0..255, (n, 96, 128).
        contents: Index in CONTENTS, or UNKNOWN, int64 (n,).
    """

    pixels: NDArray[np.uint8]
    masks: NDArray[np.uint8]
    contents: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.contents)


def draw_pictures(
    seeds: range, jobs: int, on_progress: Callable[[int], None] = lambda _done: None
) -> ScreenPictures:
    """Draw the screens of these seeds and parts of them, in several processes.

    Args:
        seeds: One a screen.
        jobs: Processes.
        on_progress: Told how many screens are drawn.
    """
    # Room for all the parts that there can be: what is not written to takes no memory.
    most = (1 + PARTS) * len(seeds)
    made = _empty(most)
    shares = [seeds[at : at + PER_JOB] for at in range(0, len(seeds), PER_JOB)]
    done = screens = 0
    with ExitStack() as stack:
        drawn = _drawn(shares, min(jobs, len(shares)), stack)
        for share, (pixels, masks, contents) in zip(shares, drawn, strict=True):
            end = done + len(contents)
            made.pixels[done:end], made.masks[done:end] = pixels, masks
            made.contents[done:end] = contents
            done, screens = end, screens + len(share)
            on_progress(screens)
    return ScreenPictures(made.pixels[:done], made.masks[:done], made.contents[:done])


def _empty(number: int) -> ScreenPictures:
    return ScreenPictures(
        np.empty((number, 3, HEIGHT_PX, WIDTH_PX), np.uint8),
        np.empty((number, MASK_HEIGHT, MASK_WIDTH), np.uint8),
        np.empty(number, np.int64),
    )


def _drawn(parts: Sequence[range], jobs: int, stack: ExitStack) -> Iterable[_Part]:
    """The parts in their order, drawn by so many processes; the stack ends them."""
    if jobs < 2:
        return map(_draw, parts)
    context = multiprocessing.get_context("spawn")
    return stack.enter_context(ProcessPoolExecutor(jobs, context)).map(_draw, parts)


def _draw(seeds: range) -> _Part:
    made = _empty((1 + PARTS) * len(seeds))
    at = 0
    for seed in seeds:
        rng = np.random.default_rng((seed, 17))
        screen = _screen(rng, seed)
        known = CONTENTS.index(WORDS[screen.content])
        whole = [(screen.pixels, screen.mask, known)]
        for pixels, mask, content in whole + _parts(rng, screen):
            made.pixels[at] = squeezed(pixels).transpose(2, 0, 1)
            share = mask.astype(np.float32) * 255
            made.masks[at] = cv2.resize(
                share, (MASK_WIDTH, MASK_HEIGHT), interpolation=cv2.INTER_AREA
            )
            made.contents[at] = content
            at += 1
    return made.pixels[:at], made.masks[:at], made.contents[:at]


def _screen(rng: np.random.Generator, seed: int) -> PhantomScreen:
    width, height = SIZES[int(rng.integers(len(SIZES)))]
    smaller = min(float(rng.uniform(*LONGEST_PX)) / width, 1.0)
    size = (round(width * smaller), round(height * smaller))
    kind = str(rng.choice(HARD)) if rng.random() < HARD_SHARE else None
    if rng.random() < FIBROUS:
        return draw_fibres(seed, size=size)
    return draw_screen(seed, size=size, kind=kind)


def _parts(rng: np.random.Generator, screen: PhantomScreen) -> list[tuple[Pixels, Mask, int]]:
    """What the closer look shows where the first one was a little off."""
    box = screen.box
    if box is None:
        return []
    height, width = screen.mask.shape
    found = []
    for _ in range(PARTS):
        off = FOUND_OFF * rng.standard_normal(4)
        seen = Box(
            max(box.left + off[0] * box.width, 0),
            max(box.top + off[1] * box.height, 0),
            min(box.right + off[2] * box.width, width),
            min(box.bottom + off[3] * box.height, height),
        )
        part = shown_closer(seen, width, height)
        if min(part.width, part.height) < LEAST_PX:
            continue
        rows = slice(int(part.top), int(part.bottom))
        columns = slice(int(part.left), int(part.right))
        shown = np.ascontiguousarray(screen.pixels[rows, columns])
        found.append((shown, screen.mask[rows, columns], UNKNOWN))
    return found


class ScreenBatches:
    """Random batches, turned left to right and in other lights.

    Args:
        pictures: To choose from.
        size: Of a batch.
        seed: Of the choice and of the changes.
    """

    def __init__(self, pictures: ScreenPictures, size: int, seed: int) -> None:
        self._pictures = pictures
        self._size = size
        self._rng = np.random.default_rng(seed)

    def next(self) -> tuple[Tensor, Tensor, Tensor]:
        """Inputs (n, 5, 192, 256), masks (n, 1, 96, 128) in [0, 1], and kinds or UNKNOWN (n,)."""
        rng, known = self._rng, self._pictures
        chosen = rng.integers(0, len(known), self._size)
        lit = np.stack([_light(rng)[known.pixels[at]] for at in chosen])
        pixels = torch.from_numpy(lit)
        masks = torch.from_numpy(known.masks[chosen]).float()[:, None] / 255
        pixels, masks = _turned(rng, pixels, masks)
        pixels, masks = _placed_elsewhere(rng, pixels, masks)
        pixels = _softened(rng, pixels)
        return with_places(pixels), masks, torch.from_numpy(known.contents[chosen])


def inputs_of(pictures: ScreenPictures, number: int) -> Tensor:
    """The first screens as the network sees them, float32 (number or fewer, 5, 192, 256)."""
    return with_places(torch.from_numpy(BRIGHTENED[pictures.pixels[:number]]))


def with_places(pixels: Tensor) -> Tensor:
    """Add the two channels that tell the place on the screen, as `NetworkInput` does."""
    number, _, height, width = pixels.shape
    across = torch.linspace(-1, 1, width).expand(number, 1, height, width)
    down = torch.linspace(-1, 1, height)[:, None].expand(number, 1, height, width)
    return torch.cat([pixels, across, down], dim=1)


def _turned(rng: np.random.Generator, pixels: Tensor, masks: Tensor) -> tuple[Tensor, Tensor]:
    turned = torch.from_numpy(rng.random(len(pixels)) < 0.5)
    pixels[turned] = pixels[turned].flip(3)
    masks[turned] = masks[turned].flip(3)
    return pixels, masks


def _placed_elsewhere(
    rng: np.random.Generator, pixels: Tensor, masks: Tensor
) -> tuple[Tensor, Tensor]:
    """Some of the screens larger, smaller, wider and beside their place, black round them."""
    moved = np.flatnonzero(rng.random(len(pixels)) < MOVED)
    if not len(moved):
        return pixels, masks
    places = np.zeros((len(moved), 2, 3), np.float32)
    size = rng.uniform(*RESIZED, (len(moved), 1)) * rng.uniform(*STRETCHED, (len(moved), 2))
    places[:, 0, 0], places[:, 1, 1] = size[:, 0], size[:, 1]
    places[:, :, 2] = rng.uniform(-SHIFTED, SHIFTED, (len(moved), 2))
    for maps in (pixels, masks):
        part = maps[moved]
        grid = torch.nn.functional.affine_grid(
            torch.from_numpy(places), list(part.shape), align_corners=False
        )
        maps[moved] = torch.nn.functional.grid_sample(part, grid, align_corners=False)
    return pixels, masks


def _light(rng: np.random.Generator) -> NDArray[np.float32]:
    """Gamma, gain and a lifted black: what each of 256 grey levels becomes, float32 in [0, 1].

    Then brightened, as the network sees all levels.
    """
    levels = (np.arange(256) / 255) ** rng.uniform(0.7, 1.5) * rng.uniform(0.7, 1.15)
    lit = np.clip(levels + rng.uniform(-0.025, 0.03), 0, 1)
    return np.sqrt(lit).astype(np.float32)


def _softened(rng: np.random.Generator, pixels: Tensor) -> Tensor:
    """Noise on some of the screens, a blur on others."""
    noisy = torch.from_numpy(rng.random(len(pixels)) < 0.2)
    generator = torch.Generator().manual_seed(int(rng.integers(2**31)))
    noise = torch.randn(pixels[noisy].shape, generator=generator)
    pixels[noisy] = (pixels[noisy] + noise * float(rng.uniform(0.005, 0.03))).clamp(0, 1)
    blurred = torch.from_numpy(rng.random(len(pixels)) < 0.2)
    pixels[blurred] = torch.nn.functional.avg_pool2d(
        pixels[blurred], 3, 1, 1, count_include_pad=False
    )
    return pixels
