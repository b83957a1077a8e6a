from __future__ import annotations

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from real_models import random_tensors
from sonoassist.benchmark.weights import random_tensors as tensors_of
from sonoassist.benchmark.work import BYTES, Pass, work_of
from sonoassist.core.errors import ModelError
from sonoassist.model.architecture import ARCHITECTURES, Architecture, Conv, Pool, architecture
from sonoassist.model.networks import load_network
from sonoassist.model.saliency import SaliencyGraph

SMALL = Architecture(
    "small", "Small", (Conv(3, 1, 2, padding=1), Pool(), Conv(1, 2, 14, relu=False)), False
)
"""On 4x6 pixels: 9*2*24 + 2*14*6 = 600 terms; 62 weights; 24 -> 48 -> 12 -> 84 numbers."""


def test_by_hand() -> None:
    forward = work_of(SMALL, 4, 6)
    assert forward.flop == 2 * 600
    assert forward.moved_bytes == 4 * (62 + 24 + 48 + 12 + 84)
    assert forward.intensity == pytest.approx(1200 / 920)
    backward = work_of(SMALL, 4, 6, Pass.LOCALISATION)
    assert backward.flop == 2 * 600
    assert backward.moved_bytes == 4 * (62 + (48 + 12 + 84) + (24 + 48 + 12 + 84))


def test_both_are_the_sum() -> None:
    each = [work_of(SMALL, 4, 6, what) for what in (Pass.DETECTION, Pass.LOCALISATION)]
    both = work_of(SMALL, 4, 6, Pass.BOTH)
    assert both.flop == sum(one.flop for one in each)
    assert both.moved_bytes == sum(one.moved_bytes for one in each)


def test_batches_share_their_weights() -> None:
    one, four = work_of(SMALL, 4, 6), work_of(SMALL, 4, 6, batch=4)
    assert four.flop == 4 * one.flop
    assert four.moved_bytes == 4 * one.moved_bytes - 3 * 4 * 62


@pytest.mark.parametrize("precision", sorted(BYTES))
def test_the_size_of_a_number(precision: str) -> None:
    found = work_of(SMALL, 4, 6, precision=precision).moved_bytes
    assert found == work_of(SMALL, 4, 6).moved_bytes * BYTES[precision] / 4


@pytest.mark.parametrize("name", ["sononet16", "smallnet"])
@pytest.mark.parametrize("batch", [1, 2])
def test_as_torch_counts(name: str, batch: int) -> None:
    spec = architecture(name)
    network = load_network(spec, random_tensors(name))
    x = torch.randn(batch, 1, 224, 288)
    with FlopCounterMode(display=False) as forward, torch.no_grad():
        network.scores(x)
    with FlopCounterMode(display=False) as both, torch.no_grad():
        SaliencyGraph(network)(x)
    assert forward.get_total_flops() == work_of(spec, 224, 288, Pass.DETECTION, batch).flop
    assert both.get_total_flops() == work_of(spec, 224, 288, Pass.BOTH, batch).flop


@pytest.mark.parametrize("name", sorted(ARCHITECTURES))
def test_weights_are_counted(name: str) -> None:
    """A batch adds activations only, so what is left of a batch of none are the weights."""
    spec = architecture(name)
    one, two = (work_of(spec, 224, 288, batch=batch).moved_bytes for batch in (1, 2))
    assert 2 * one - two == 4 * sum(tensor.size for tensor in tensors_of(spec, 0).values())


def test_an_input_that_is_too_small() -> None:
    with pytest.raises(ModelError, match="too small"):
        work_of(architecture("smallnet"), 8, 8)
