"""The network that reads screens gives the same on each engine."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sonoassist.core.errors import ModelError
from sonoassist.engines import screen_engine
from sonoassist.engines.capabilities import has_openvino
from sonoassist.engines.screen_engine import OpenVINOScreenNetwork, make_screen_network
from sonoassist.phantom.screens.draw import draw_screen
from sonoassist.preprocess.screen_network import ScreenNetwork


@pytest.mark.skipif(not has_openvino(), reason="OpenVINO is not installed")
@pytest.mark.parametrize("kind", ["b_mode", "split", "menu"])
def test_both_engines_read_alike(kind: str) -> None:
    pixels = draw_screen(3, size=(640, 480), kind=kind).pixels
    one, other = OpenVINOScreenNetwork().read(pixels), ScreenNetwork().read(pixels)
    np.testing.assert_allclose(one.mask, other.mask, atol=5e-3)
    np.testing.assert_allclose(one.contents, other.contents, atol=5e-3)
    grey = pixels[..., 0].copy()
    assert OpenVINOScreenNetwork().read(grey).mask.shape == one.mask.shape


def test_without_openvino_opencv_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(screen_engine, "has_openvino", lambda: False)
    assert isinstance(make_screen_network(), ScreenNetwork)


@pytest.mark.parametrize("make", [OpenVINOScreenNetwork, ScreenNetwork])
@pytest.mark.parametrize("content", [None, b"", b"no network at all"])
def test_damaged_weights_are_said(make: type, content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "screen-network.onnx"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ModelError, match="cannot be loaded"):
        make(path)
