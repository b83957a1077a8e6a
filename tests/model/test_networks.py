from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from real_models import random_tensors
from sonoassist.core.errors import ModelError
from sonoassist.model.architecture import ARCHITECTURES, Conv, Pool, architecture
from sonoassist.model.networks import Network, load_network

NAMES = sorted(ARCHITECTURES)


def sizes_of(name: str, height_px: int, width_px: int) -> tuple[int, ...]:
    """Shape of the score maps, without computing any."""
    with torch.device("meta"):
        return tuple(
            Network(architecture(name)).scores(torch.empty(1, 1, height_px, width_px)).shape
        )


@pytest.mark.parametrize("name", NAMES)
def test_score_maps_have_the_size_of_the_paper(name: str) -> None:
    expected = (14, 12, 16) if name == "smallnet" else (14, 14, 18)
    assert sizes_of(name, 224, 288) == (1, *expected)
    assert architecture(name).map_size(224, 288) == expected[1:]


@given(st.sampled_from(NAMES), st.integers(64, 400), st.integers(64, 400))
def test_map_size_is_what_the_network_gives(name: str, height: int, width: int) -> None:
    assert sizes_of(name, height, width)[2:] == architecture(name).map_size(height, width)


@pytest.mark.parametrize(
    ("name", "height", "width"),
    [("sononet16", 15, 288), ("sononet64", 224, 15), ("smallnet", 28, 288), ("smallnet", 1, 1)],
)
def test_inputs_that_are_too_small(name: str, height: int, width: int) -> None:
    with pytest.raises(ModelError, match=f"{width}x{height} px is too small"):
        architecture(name).map_size(height, width)


@given(st.sampled_from(NAMES), st.integers(33, 64), st.integers(33, 400))
def test_inputs_that_are_just_large_enough(name: str, height: int, width: int) -> None:
    assert min(architecture(name).map_size(height, width)) >= 1


@pytest.mark.parametrize("width", [16, 32, 64])
def test_a_sononet_is_that_of_figure_2(width: int) -> None:
    network = architecture(f"sononet{width}")
    blocks: list[list[int]] = [[]]
    for layer in network.layers:
        if isinstance(layer, Pool):
            blocks.append([])
        else:
            blocks[-1].append(layer.outputs)
    assert blocks[:4] == [
        [width] * 2,
        [2 * width] * 2,
        [4 * width] * 3,
        [8 * width] * 3,
    ]
    assert blocks[4:] == [[8 * width] * 3 + [4 * width, 14]]
    assert [conv.kernel for conv in network.convs] == [3] * 13 + [1, 1]
    assert [conv.relu for conv in network.convs] == [True] * 14 + [False]
    assert network.batch_norm


def test_smallnet_is_that_of_figure_2() -> None:
    network = architecture("smallnet")
    assert network.layers == (
        Conv(7, 1, 32, stride=2),
        Pool(),
        Conv(5, 32, 64, stride=2),
        Pool(),
        Conv(3, 64, 128, padding=1),
        Conv(3, 128, 128, padding=1),
        Conv(1, 128, 64),
        Conv(1, 64, 14, relu=False),
    )
    assert not network.batch_norm


def test_there_is_no_other_network() -> None:
    with pytest.raises(ModelError, match="no network called 'vgg16'") as caught:
        architecture("vgg16")
    assert "sononet32" in caught.value.hint


def test_logits_are_the_mean_of_the_maps() -> None:
    network = load_network(architecture("smallnet"), random_tensors("smallnet"))
    assert not network.training
    x = torch.randn(2, 1, 100, 130)
    with torch.inference_mode():
        torch.testing.assert_close(network(x), network.scores(x).mean(dim=(2, 3)))


def test_every_weight_is_used() -> None:
    tensors = random_tensors("smallnet")
    state = load_network(architecture("smallnet"), tensors).state_dict()
    loaded = sorted(tuple(value.shape) for value in state.values())
    assert loaded == sorted(value.shape for value in tensors.values())
    del tensors["conv03.bias"]
    with pytest.raises(KeyError, match="conv03"):
        load_network(architecture("smallnet"), tensors)


def test_batch_norm_only_where_the_paper_has_it() -> None:
    units = Network(architecture("sononet16"), batch_norm=True)
    norms = [m for m in units.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    assert len(norms) == 15
    assert all(conv.bias is None for conv in units.modules() if isinstance(conv, torch.nn.Conv2d))
