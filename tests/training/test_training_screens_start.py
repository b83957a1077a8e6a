"""A network that reads screens is trained on from its own file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from sonoassist.core.errors import ModelError, SourceError
from sonoassist.preprocess.screen_network import NetworkInput, ScreenNetwork, network_file
from sonoassist.training.screens.network import ScreenNet
from sonoassist.training.screens.pictures import with_places
from sonoassist.training.screens.run import write_onnx
from sonoassist.training.screens.start import fit_norms, start_network

RNG = np.random.default_rng(4)
SCREEN = RNG.integers(0, 256, (192, 256, 3)).astype(np.uint8)


def some_inputs() -> torch.Tensor:
    return with_places(torch.from_numpy(RNG.random((4, 3, 192, 256), np.float32)))


def network_from(path: Path, screens: torch.Tensor) -> ScreenNet:
    network = start_network(path).network
    fit_norms(network, screens)
    return network


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


@pytest.mark.parametrize("content", [b"", b"no network", onnx.ModelProto().SerializeToString()])
def test_another_file_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "other.onnx"
    path.write_bytes(content)
    with pytest.raises(ModelError, match="holds no network"):
        start_network(path)


@pytest.mark.parametrize(("name", "reason"), [("none.onnx", "No such file"), (".", "directory")])
def test_a_file_that_cannot_be_read_is_told_as_that(name: str, reason: str, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=f"^cannot read .*: .*{reason}"):
        start_network(tmp_path / name)


def test_convolutions_of_another_kind_are_no_network(tmp_path: Path) -> None:
    """Neither a bias that is missing nor a weight that is not kept ends in a traceback."""
    for inputs in (["x"], ["x", "onnx::a"], ["x", "onnx::a", "b"]):
        node = onnx.helper.make_node("Conv", inputs, ["y"])
        graph = onnx.helper.make_graph([node], "g", [], [])
        path = tmp_path / "conv.onnx"
        path.write_bytes(onnx.helper.make_model(graph).SerializeToString())
        with pytest.raises(ModelError, match="holds no network"):
            start_network(path)
