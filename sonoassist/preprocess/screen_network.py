"""The shipped network that looks at whole screens, and how it is asked.

`resources/screens` holds its weights and a card that tells how it was trained.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from sonoassist.core import paths
from sonoassist.core.errors import ModelError
from sonoassist.core.opencv import cv2
from sonoassist.core.packets import Content, Floats, Pixels

WIDTH_PX, HEIGHT_PX = 256, 192
"""Of the network's input: any screen is squeezed to it."""
MASK_WIDTH, MASK_HEIGHT = 128, 96
CHANNELS = 5
"""Red, green, blue, and the place across and down the screen."""
BRIGHTENED: Floats = np.sqrt(np.arange(256, dtype=np.float32) / np.float32(255))
"""What each grey level is for the network: its root, so that a dark fan stands out of a black
screen. float32 (256,) in [0, 1]."""
CONTENTS = (
    Content.B_MODE,
    Content.DOPPLER,
    Content.SPLIT,
    Content.SPECTRAL,
    Content.THREE_D,
    Content.MENU,
    Content.NO_SIGNAL,
)
"""Order of the network's second output."""
FILE, CARD = "screen-network.onnx", "card.toml"
"""The network, and what made it, beside it."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What the network says of one screen.

    Attributes:
        mask: Probability that the live picture is there, float32 (MASK_HEIGHT, MASK_WIDTH).
        contents: Probability of each kind of screen, float32 (7,), in the order of CONTENTS.
    """

    mask: Floats
    contents: Floats


class NetworkInput:
    """Screens as the network sees them, made in the same memory again and again."""

    def __init__(self) -> None:
        self._planes = np.empty((1, CHANNELS, HEIGHT_PX, WIDTH_PX), np.float32)
        self._planes[0, 3:] = places()

    def of(self, pixels: Pixels) -> NDArray[np.float32]:
        """A screen, uint8 (H, W, 3) RGB or (H, W), as (1, 5, 192, 256); valid until the next."""
        for number, channel in enumerate(cv2.split(squeezed(pixels))):
            cv2.LUT(channel, BRIGHTENED, self._planes[0, number])
        return self._planes


def places() -> Floats:
    """The input's last two channels: the place across and down, float32 (2, 192, 256)."""
    across = np.linspace(-1, 1, WIDTH_PX, dtype=np.float32)
    down = np.linspace(-1, 1, HEIGHT_PX, dtype=np.float32)
    return np.stack(np.broadcast_arrays(across, down[:, None]))


def squeezed(pixels: Pixels) -> Pixels:
    """A screen at the size of the network's input, uint8 (192, 256, 3).

    It is thinned out before it is averaged: to average over all the pixels of a large screen
    would take longer than the network.
    """
    small = cv2.resize(thinned(pixels), (WIDTH_PX, HEIGHT_PX), interpolation=cv2.INTER_AREA)
    found = np.asarray(small, np.uint8)
    return found if found.ndim == 3 else np.repeat(found[..., None], 3, axis=2)


def thinned(pixels: Pixels) -> Pixels:
    """Some of the pixels of a screen, uint8 (384, 512, 3) or (384, 512), none of them mixed."""
    size = (2 * WIDTH_PX, 2 * HEIGHT_PX)
    if pixels.shape[1::-1] == size:
        return pixels
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_NEAREST), np.uint8)


class ReadsScreens(Protocol):
    """Whatever runs the network."""

    def read(self, pixels: Pixels) -> Reading:
        """Look at one screen, uint8 (H, W, 3) RGB or (H, W)."""


def network_file() -> Path:
    """The shipped weights."""
    return paths.resources() / "screens" / FILE


def reading_of(mask: NDArray[Any], contents: NDArray[Any]) -> Reading:
    """The reading by the network's two outputs, logits of any shape of the right size."""
    logits = np.asarray(contents, np.float32).reshape(-1)
    shares = np.exp(logits - logits.max())
    cells = np.asarray(mask, np.float32).reshape(MASK_HEIGHT, MASK_WIDTH)
    found = 0.5 * np.tanh(0.5 * cells) + 0.5  # the logistic function, which so never overflows
    return Reading(np.asarray(found, np.float32), np.asarray(shares / shares.sum(), np.float32))


class ScreenNetwork:
    """The network run by OpenCV, which is always there; one for each thread that uses it.

    Raises:
        ModelError: The weights are missing or damaged.
    """

    def __init__(self, path: Path | None = None) -> None:
        path = path or network_file()
        try:
            self._net = cv2.dnn.readNetFromONNX(np.frombuffer(path.read_bytes(), np.uint8))
        except (OSError, cv2.error) as error:
            raise cannot_be_loaded(path) from error
        self._outputs = self._net.getUnconnectedOutLayersNames()
        self._input = NetworkInput()

    def read(self, pixels: Pixels) -> Reading:
        """Look at one screen, uint8 (H, W, 3) RGB or (H, W)."""
        self._net.setInput(self._input.of(pixels))
        mask, contents = sorted(self._net.forward(self._outputs), key=lambda one: -one.size)
        return reading_of(mask, contents)


def cannot_be_loaded(path: Path) -> ModelError:
    """The error for weights that are missing or damaged."""
    return ModelError(
        f"the network that reads screens cannot be loaded ({path.name})", "Install SonoAssist again"
    )
