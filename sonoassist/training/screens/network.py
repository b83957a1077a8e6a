"""The network that reads a screen: where the live picture is, and what kind of screen it is.

Small on purpose: one look must cost a small part of one pass of SonoNet-32.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from sonoassist.preprocess.screen_network import CHANNELS, CONTENTS

FINE = 4
"""Maps of the coarser levels that the last one gets."""


class _Conv(nn.Sequential):
    def __init__(self, inputs: int, outputs: int, *, stride: int = 1, spread: int = 1) -> None:
        super().__init__(
            nn.Conv2d(inputs, outputs, 3, stride, spread, dilation=spread, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(inplace=True),
        )


class _Join(nn.Module):
    """Bring the coarser maps up to the finer ones and add both."""

    def __init__(self, coarse: int, fine: int) -> None:
        super().__init__()
        self.narrow = nn.Conv2d(coarse, fine, 1)
        self.mix = _Conv(fine, fine)

    def forward(self, coarse: Tensor, fine: Tensor) -> Tensor:
        up = nn.functional.interpolate(self.narrow(coarse), scale_factor=2.0, mode="nearest")
        mixed: Tensor = self.mix(up + fine)
        return mixed


class ScreenNet(nn.Module):
    """(n, CHANNELS, 192, 256) -> logits of the mask (n, 1, 96, 128) and of the kinds (n, 7)."""

    def __init__(self) -> None:
        super().__init__()
        self.level_2 = _Conv(CHANNELS, 8, stride=2)
        self.level_4 = nn.Sequential(_Conv(8, 16, stride=2), _Conv(16, 16))
        self.level_8 = nn.Sequential(_Conv(16, 32, stride=2), _Conv(32, 32))
        self.level_16 = nn.Sequential(
            _Conv(32, 64, stride=2), _Conv(64, 64, spread=2), _Conv(64, 64, spread=3)
        )
        self.level_32 = nn.Sequential(
            _Conv(64, 96, stride=2), _Conv(96, 96), _Conv(96, 96, spread=2)
        )
        self.overview = nn.Linear(96, 96)
        self.contents = nn.Linear(96, len(CONTENTS))
        self.join_16, self.join_8, self.join_4 = _Join(96, 64), _Join(64, 32), _Join(32, 16)
        # Four cells of the mask from each of the maps' own, put right by the finest features.
        self.cells = nn.Conv2d(16, 4 * FINE, 1)
        self.shuffle = nn.PixelShuffle(2)
        self.edges = _Conv(8 + FINE, 8)
        self.mask = nn.Conv2d(8, 1, 1)

    def forward(self, screens: Tensor) -> tuple[Tensor, Tensor]:
        """The logits of the masks and of the kinds."""
        half = self.level_2(screens)
        quarter = self.level_4(half)
        eighth = self.level_8(quarter)
        sixteenth = self.level_16(eighth)
        deepest = self.level_32(sixteenth)
        overview = deepest.mean(dim=(2, 3))
        contents = self.contents(overview)
        deepest = deepest + self.overview(overview)[:, :, None, None]
        fine = self.join_4(self.join_8(self.join_16(deepest, sixteenth), eighth), quarter)
        finest = torch.cat([self.shuffle(self.cells(fine)), half], dim=1)
        return self.mask(self.edges(finest)), contents
