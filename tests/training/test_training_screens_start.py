"""A network that reads screens is trained on from its own file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from sonoassist.core.errors import ModelError
from sonoassist.preprocess.screen_network import NetworkInput, ScreenNetwork, network_file
from sonoassist.training.screens.network import ScreenNet
from sonoassist.training.screens.pictures import with_places
from sonoassist.training.screens.run import write_onnx
from sonoassist.training.screens.start import network_from

RNG = np.random.default_rng(4)
SCREEN = RNG.integers(0, 256, (192, 256, 3)).astype(np.uint8)


def some_inputs() -> torch.Tensor:
    return with_places(torch.from_numpy(RNG.random((4, 3, 192, 256), np.float32)))


def test_the_shipped_network_gives_the_same_before_it_is_trained_on() -> None:
    network = network_from(network_file(), some_inputs()).eval()
    with torch.no_grad():
        mask, contents = network(torch.from_numpy(NetworkInput().of(SCREEN).copy()))
    shipped = ScreenNetwork().read(SCREEN)
    np.testing.assert_allclose(torch.sigmoid(mask)[0, 0], shipped.mask, atol=1e-3)
    np.testing.assert_allclose(torch.softmax(contents, 1)[0], shipped.contents, atol=1e-3)


def test_its_norms_fit_what_they_were_set_by(tmp_path: Path) -> None:
    """In training, with norms by the batch, it gives nearly the same for those screens."""
    write_onnx(ScreenNet(), tmp_path / "one.onnx")
    inputs = some_inputs()
    network = network_from(tmp_path / "one.onnx", inputs)
    with torch.no_grad():
        still, moving = network.eval()(inputs), network.train()(inputs)
    for one, other in zip(still, moving, strict=True):
        torch.testing.assert_close(one, other, atol=2e-3, rtol=1e-3)


@pytest.mark.parametrize("content", [None, b"", b"no network"])
def test_another_file_is_refused(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "other.onnx"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ModelError, match="holds no network"):
        network_from(path, some_inputs())
