"""The pictures that low precision is fitted and checked on."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np

from sonoassist.analysis.precision.agreement import MOST_PICTURES
from sonoassist.core.errors import SourceError
from sonoassist.core.packets import Content, Prepared
from sonoassist.model.card import Card
from sonoassist.preprocess.crop import CropChoice
from sonoassist.preprocess.prepare import prepare
from sonoassist.preprocess.tracker import CropTracker
from sonoassist.sources import open_source


def calibration_pictures(
    source: Path,
    card: Card,
    count: int = MOST_PICTURES,
    after_each: Callable[[], None] = lambda: None,
) -> list[Prepared]:
    """Pictures spread evenly over a recording, prepared as the model wants them.

    Args:
        source: A video.
        card: Of the model.
        count: How many are wanted; without a signal some may be missing.
        after_each: Called after each picture.

    Raises:
        SourceError: It cannot be read, or shows nothing.
    """
    tracker = CropTracker(CropChoice(), card.input_width_px / card.input_height_px)
    found = []
    with open_source(str(source)) as opened:
        total = opened.info.frame_count or 0
        for index in sorted({int(place) for place in np.linspace(0, total - 1, count)}):
            opened.seek(index)
            frame = opened.read()
            if frame is None:
                break
            found.append(
                prepare(
                    frame,
                    tracker.crop_for(frame),
                    height_px=card.input_height_px,
                    width_px=card.input_width_px,
                    scale=card.scale,
                )
            )
            after_each()
    usable = [one for one in found if one.content is Content.B_MODE]
    if not usable:
        raise SourceError(
            f"{source.name} shows nothing to calibrate with", "Set the precision to f32"
        )
    return usable


def source_digest(source: Path) -> str:
    """SHA-256 of a file, so that a verdict is known to be of these very pictures."""
    return hashlib.sha256(source.read_bytes()).hexdigest()
