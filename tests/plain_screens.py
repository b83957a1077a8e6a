"""Stands for the network that looks at screens: each is a plain picture as large as the frame."""

from __future__ import annotations

import numpy as np

from sonoassist.core.packets import Content, Pixels
from sonoassist.preprocess.screen_network import (
    CONTENTS,
    MASK_HEIGHT,
    MASK_WIDTH,
    Reading,
    reading_of,
)


class PlainScreens:
    """For tests whose pictures are noise, which the real network rightly takes for no signal."""

    def read(self, pixels: Pixels) -> Reading:
        logits = np.where([one is Content.B_MODE for one in CONTENTS], 9.0, 0.0)
        return reading_of(np.full((MASK_HEIGHT, MASK_WIDTH), 9.0), logits)
