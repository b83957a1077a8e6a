"""Phantom screens as the network sees them, drawn once and kept in memory."""

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
from sonoassist.datasets.screens import WORDS
from sonoassist.phantom.screens.draw import draw_screen
from sonoassist.phantom.screens.layout import SIZES
from sonoassist.preprocess.screen_network import (
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
MOVED, RESIZED, STRETCHED, SHIFTED = 0.35, (0.78, 1.25), (0.88, 1.13), 0.12
"""Share of the screens of a batch that are placed elsewhere, how much larger or smaller and wider
or higher what they show becomes, and by which part of half the screen it is moved."""
PER_JOB = 50
_Part = tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.int64]]


@dataclass(frozen=True, slots=True)
class ScreenPictures:
    """Screens and their truth.

    Attributes:
        pixels: uint8 (n, 3, 192, 256).
        masks: Share of each cell that is live picture, uint8 0..255, (n, 96, 128).
        contents: Index in CONTENTS, int64 (n,).
    """

    pixels: NDArray[np.uint8]
    masks: NDArray[np.uint8]
    contents: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.contents)


def draw_pictures(
    seeds: range, jobs: int, on_progress: Callable[[int], None] = lambda _done: None
) -> ScreenPictures:
    """Draw the screens of these seeds, in several processes."""
    made = ScreenPictures(
        np.empty((len(seeds), 3, HEIGHT_PX, WIDTH_PX), np.uint8),
        np.empty((len(seeds), MASK_HEIGHT, MASK_WIDTH), np.uint8),
        np.empty(len(seeds), np.int64),
    )
    parts = [seeds[at : at + PER_JOB] for at in range(0, len(seeds), PER_JOB)]
    done = 0
    with ExitStack() as stack:
        for pixels, masks, contents in _drawn(parts, min(jobs, len(parts)), stack):
            end = done + len(contents)
            made.pixels[done:end], made.masks[done:end] = pixels, masks
            made.contents[done:end] = contents
            done = end
            on_progress(done)
    return made


def _drawn(parts: Sequence[range], jobs: int, stack: ExitStack) -> Iterable[_Part]:
    """The parts in their order, drawn by so many processes; the stack ends them."""
    if jobs < 2:
        return map(_draw, parts)
    context = multiprocessing.get_context("spawn")
    return stack.enter_context(ProcessPoolExecutor(jobs, context)).map(_draw, parts)


def _draw(seeds: range) -> _Part:
    pixels = np.empty((len(seeds), 3, HEIGHT_PX, WIDTH_PX), np.uint8)
    masks = np.empty((len(seeds), MASK_HEIGHT, MASK_WIDTH), np.uint8)
    contents = np.empty(len(seeds), np.int64)
    for at, seed in enumerate(seeds):
        rng = np.random.default_rng((seed, 17))
        width, height = SIZES[int(rng.integers(len(SIZES)))]
        smaller = min(float(rng.uniform(*LONGEST_PX)) / width, 1.0)
        kind = str(rng.choice(HARD)) if rng.random() < HARD_SHARE else None
        size = (round(width * smaller), round(height * smaller))
        screen = draw_screen(seed, size=size, kind=kind)
        pixels[at] = squeezed(screen.pixels).transpose(2, 0, 1)
        share = screen.mask.astype(np.float32) * 255
        masks[at] = cv2.resize(share, (MASK_WIDTH, MASK_HEIGHT), interpolation=cv2.INTER_AREA)
        contents[at] = CONTENTS.index(WORDS[screen.content])
    return pixels, masks, contents


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
        """Inputs (n, 5, 192, 256), masks (n, 1, 96, 128) in [0, 1], and kinds (n,)."""
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
    return with_places(torch.from_numpy(pictures.pixels[:number]).float() / 255)


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
    """Gamma, gain and a lifted black: what each of 256 grey levels becomes, float32 in [0, 1]."""
    levels = (np.arange(256) / 255) ** rng.uniform(0.7, 1.5) * rng.uniform(0.7, 1.15)
    return np.clip(levels + rng.uniform(-0.025, 0.03), 0, 1).astype(np.float32)


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
