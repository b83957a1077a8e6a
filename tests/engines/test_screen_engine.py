"""The network that reads screens gives the same on each engine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sonoassist.core.errors import ModelError
from sonoassist.engines import screen_engine
from sonoassist.engines.capabilities import has_openvino
from sonoassist.engines.screen_engine import OpenVINOScreenNetwork, make_screen_network
from sonoassist.phantom.screens.draw import draw_screen
from sonoassist.preprocess.screen_network import ScreenNetwork

needs_openvino = pytest.mark.skipif(not has_openvino(), reason="OpenVINO is not installed")


@needs_openvino
@pytest.mark.parametrize("kind", ["b_mode", "split", "menu"])
def test_both_engines_read_alike(kind: str) -> None:
    pixels = draw_screen(3, size=(640, 480), kind=kind).pixels
    one, other = OpenVINOScreenNetwork().read(pixels), ScreenNetwork().read(pixels)
    np.testing.assert_allclose(one.mask, other.mask, atol=1e-4)
    np.testing.assert_allclose(one.contents, other.contents, atol=1e-4)
    grey = pixels[..., 0].copy()
    assert OpenVINOScreenNetwork().read(grey).mask.shape == one.mask.shape


@needs_openvino
@pytest.mark.parametrize("level", [0, 255])
def test_both_engines_see_the_same_rim(level: int) -> None:
    """Beyond the rim there is neither grey nor place: what the quick graph knows beforehand."""
    pixels = np.full((480, 640, 3), level, np.uint8)
    pixels[200:300, 200:400] = np.random.default_rng(0).integers(0, 256, (100, 200, 3))
    one, other = OpenVINOScreenNetwork().read(pixels), ScreenNetwork().read(pixels)
    np.testing.assert_allclose(one.mask, other.mask, atol=1e-4)


@needs_openvino
def test_a_reading_stays_when_the_next_screen_is_read() -> None:
    network = OpenVINOScreenNetwork()
    first = network.read(draw_screen(3, size=(640, 480), kind="b_mode").pixels)
    mask, contents = first.mask.copy(), first.contents.copy()
    network.read(draw_screen(4, size=(640, 480), kind="menu").pixels)
    np.testing.assert_array_equal(first.mask, mask)
    np.testing.assert_array_equal(first.contents, contents)


@needs_openvino
def test_another_network_is_said() -> None:
    from sonoassist.engines.openvino_api import ops, ov
    from sonoassist.engines.screen_graph import quick_graph

    picture = ops.parameter([1, 5, 192, 256], np.float32)
    for other in (ops.relu(picture), ops.convolution(picture, _ones(), *_PLAIN)):
        with pytest.raises(RuntimeError, match="where one is expected"):
            quick_graph(ov.Model([other], [picture]))


_PLAIN = ([1, 1], [0, 0], [0, 0], [1, 1])


def _ones() -> Any:
    from sonoassist.engines.openvino_api import ops

    return ops.constant(np.ones((1, 5, 3, 3), np.float32))


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
