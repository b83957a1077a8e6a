"""Colour in a picture is counted, and what the network saw decides where counting cannot."""

from __future__ import annotations

import numpy as np
import pytest

from sonoassist.core.packets import Content, Pixels
from sonoassist.preprocess.content import content_of

SEPIA = (1.0, 0.8, 0.5)


def tissue(tint: tuple[float, float, float], *, blob: int) -> Pixels:
    """Grey levels up to 110 in a tint, with a square of orange flow."""
    grey = np.random.default_rng(1).uniform(60, 110, (120, 160, 1))
    pixels = np.asarray(grey * np.asarray(tint), np.uint8)
    pixels[40 : 40 + blob, 60 : 60 + blob] = (255, 150, 30)
    return pixels


@pytest.mark.parametrize(
    ("likely", "expected"), [(0.95, Content.DOPPLER), (0.5, Content.B_MODE), (0.01, Content.B_MODE)]
)
def test_flow_in_a_tinted_picture_is_told_by_the_network(likely: float, expected: Content) -> None:
    """By its colours alone a wholly tinted picture could be a map of grey levels."""
    assert content_of(tissue(SEPIA, blob=40), likely) is expected


def test_a_tint_alone_is_no_flow_whatever_the_network_says() -> None:
    for likely in (0.99, 0.5, 0.0):
        assert content_of(tissue(SEPIA, blob=0), likely) is Content.B_MODE


@pytest.mark.parametrize(
    ("blob", "likely", "expected"),
    [
        (18, 0.5, Content.DOPPLER),
        (18, 0.0, Content.B_MODE),
        (40, 0.0, Content.DOPPLER),
        (4, 0.99, Content.B_MODE),
    ],
)
def test_little_colour_is_flow_unless_the_network_sees_none(
    blob: int, likely: float, expected: Content
) -> None:
    assert content_of(tissue((1.0, 1.0, 1.0), blob=blob), likely) is expected
