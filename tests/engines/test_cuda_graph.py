"""The graph for graphics cards, on the processor: it is the same graph in any precision."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from exact_networks import SPECS, flat_input, integer_tensors
from real_models import plane_frames, plane_truth, published, random_tensors, true_plane
from sonoassist.core.packets import Box, Floats
from sonoassist.core.planes import Plane
from sonoassist.engines import cuda_graph
from sonoassist.engines.base import Saliency
from sonoassist.engines.cuda_graph import StaticGraph
from sonoassist.engines.scores import softmax
from sonoassist.localise.boxes import box_of, evidence_of
from sonoassist.model.architecture import ARCHITECTURES, architecture
from sonoassist.model.box_rule import paper_rule
from sonoassist.model.networks import load_network
from sonoassist.model.saliency import GraphOutput, SaliencyGraph, autograd_saliency
from sonoassist.preprocess.crop import PUBLISHED_CROP
from sonoassist.preprocess.prepare import prepare

CPU = torch.device("cpu")
HALVES = [torch.bfloat16, torch.float16]


def static(name: str, dtype: torch.dtype = torch.float32) -> StaticGraph:
    return StaticGraph(architecture(name), random_tensors(name), CPU, dtype)


def unscaled(top: torch.Tensor, log2: int) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.ones_like(top), torch.ones_like(top)


def run(graph: StaticGraph, x: torch.Tensor, saliency: Saliency = Saliency.PLAIN) -> GraphOutput:
    with torch.inference_mode():
        return graph.run(x, saliency)


def pictures(count: int, height: int, width: int, seed: int = 0) -> torch.Tensor:
    made = torch.Generator().manual_seed(seed)
    return 255 * torch.randn(count, 1, height, width, generator=made)


def relative(ours: torch.Tensor, theirs: torch.Tensor) -> float:
    return float((ours - theirs).norm() / theirs.norm())


@pytest.mark.parametrize("name", sorted(ARCHITECTURES))
@pytest.mark.parametrize("saliency", list(Saliency))
def test_equal_to_the_plain_graph(name: str, saliency: Saliency) -> None:
    x = pictures(2, 97, 130)
    network = load_network(architecture(name), random_tensors(name))
    plain = SaliencyGraph(
        network, guided=saliency is Saliency.GUIDED, backward=saliency is not Saliency.NONE
    )
    with torch.inference_mode():
        expected = plain(x)
    out = run(static(name), x, saliency)
    for ours, theirs in zip(out, expected, strict=True):
        assert ours.shape == theirs.shape
        assert ours.dtype == torch.float32
        if theirs.numel():
            assert relative(ours, theirs) <= 1e-2


@pytest.mark.parametrize(
    ("name", "dtype"),
    [*((name, torch.float32) for name in sorted(SPECS)), ("sononet16", torch.float16)],
)
def test_ties_go_to_the_first_maximum(name: str, dtype: torch.dtype) -> None:
    """The numbers are small integers, exact in either precision: the answer is the very same."""
    tensors = integer_tensors(name, seed=1)
    x = torch.from_numpy(flat_input(1, 101, 134))
    expected = autograd_saliency(load_network(SPECS[name], tensors), x)
    out = run(StaticGraph(SPECS[name], tensors, CPU, dtype), x)
    assert expected.saliency.abs().max() > 0
    assert torch.equal(out.score_maps, expected.score_maps)
    assert torch.equal(out.saliency, expected.saliency)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("saliency", [Saliency.PLAIN, Saliency.GUIDED])
def test_scaling_the_error_changes_nothing_but_its_range(
    dtype: torch.dtype, saliency: Saliency, monkeypatch: pytest.MonkeyPatch
) -> None:
    x = pictures(3, 64, 96) * torch.tensor([1e-3, 1.0, 30.0]).view(-1, 1, 1, 1)
    graph = static("sononet16", dtype)
    with monkeypatch.context() as without:
        without.setattr(cuda_graph, "_power_of_two", unscaled)
        outputs = [run(graph, x, saliency).saliency]
    for log2 in (-20, 5, 30):
        monkeypatch.setattr(cuda_graph, "ERROR_LOG2", log2)
        outputs.append(run(graph, x, saliency).saliency)
    for other in outputs[1:]:
        assert torch.equal(other, outputs[0])


def test_scaling_keeps_half_precision_in_its_range(monkeypatch: pytest.MonkeyPatch) -> None:
    """A network with large scores: without the scale the error overflows on its way."""
    tensors = random_tensors("smallnet")
    for part in ("weight", "bias"):
        tensors[f"conv05.{part}"] = tensors[f"conv05.{part}"] * np.float32(50)
    tensors["conv04.weight"] = tensors["conv04.weight"] * np.float32(4)
    spec = architecture("smallnet")
    x = pictures(2, 100, 130) / 32
    exact = run(StaticGraph(spec, tensors, CPU, torch.float32), x)
    half = StaticGraph(spec, tensors, CPU, torch.float16)
    scaled = run(half, x)
    monkeypatch.setattr(cuda_graph, "_power_of_two", unscaled)
    bare = run(half, x)
    assert torch.isfinite(bare.score_maps).all()
    assert not torch.isfinite(bare.saliency).all()
    assert relative(scaled.saliency, exact.saliency) <= 0.1


def test_a_picture_without_evidence_has_no_saliency() -> None:
    tensors = random_tensors("smallnet")
    tensors["conv05.bias"] = np.full(14, -1e6, np.float32)
    graph = StaticGraph(architecture("smallnet"), tensors, CPU, torch.float32)
    out = run(graph, pictures(1, 100, 130))
    assert torch.equal(out.saliency, torch.zeros(1, 100, 130))


@pytest.mark.parametrize("dtype", HALVES)
def test_each_picture_has_its_own_winner_and_scale(dtype: torch.dtype) -> None:
    x = pictures(4, 64, 96) * torch.tensor([1.0, 0.01, 3.0, 0.3]).view(-1, 1, 1, 1)
    graph = static("sononet16", dtype)
    together = run(graph, x)
    for index in range(len(x)):
        alone = run(graph, x[index : index + 1])
        assert relative(together.saliency[index], alone.saliency[0]) <= 0.05
        assert relative(together.logits[index], alone.logits[0]) <= 0.05


@pytest.mark.parametrize("dtype", [torch.float32, *HALVES])
def test_everything_on_the_way_is_channels_last(
    dtype: torch.dtype, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[torch.Tensor] = []
    conv2d = torch.nn.functional.conv2d

    def spied(x: torch.Tensor, weight: torch.Tensor, *rest: Any, **words: Any) -> torch.Tensor:
        seen.extend((x, weight))
        return conv2d(x, weight, *rest, **words)

    monkeypatch.setattr(torch.nn.functional, "conv2d", spied)
    run(static("sononet16", dtype), pictures(2, 64, 96))
    assert len(seen) == 2 * 2 * len(architecture("sononet16").convs)
    for tensor in seen:
        assert tensor.is_contiguous(memory_format=torch.channels_last)
        assert tensor.dtype == dtype
        if dtype is not torch.float32:
            assert tensor.shape[1] % 8 == 0


def inputs(test_data: Path) -> list[tuple[str, Floats]]:
    return [
        (frame.name, prepare(frame, PUBLISHED_CROP, height_px=224, width_px=288).network_input)
        for frame in plane_frames(test_data)
    ]


def box(saliency: Floats, plane: Plane) -> Box:
    rule = paper_rule(plane)
    found = box_of(evidence_of(saliency, rule, np.zeros_like(saliency)), rule)
    assert found is not None
    return found


@pytest.mark.real
@pytest.mark.parametrize(
    ("dtype", "mean_iou", "worst_iou"),
    [(torch.float16, 0.95, 0.85), (torch.bfloat16, 0.85, 0.6)],
)
def test_published_weights_in_half_precision(
    test_data: Path, dtype: torch.dtype, mean_iou: float, worst_iou: float
) -> None:
    """Emulated on the processor: no overflow, the same labels, nearly the same boxes.

    Emulation takes a second and more for a picture, so every third plane has to do.
    """
    spec, tensors = published(test_data)
    exact = StaticGraph(spec, tensors, CPU, torch.float32)
    half = StaticGraph(spec, tensors, CPU, dtype)
    overlaps = []
    for name, x in list(inputs(test_data))[::3]:
        theirs, ours = (run(graph, torch.from_numpy(x.copy())) for graph in (exact, half))
        assert torch.isfinite(ours.saliency).all()
        probabilities = softmax(ours.logits[0].numpy())
        truth = np.array(plane_truth(test_data)[name]["sononet16_softmax"])
        assert np.argmax(probabilities) == np.argmax(truth)
        assert np.abs(probabilities - truth).max() <= 0.03
        plane = true_plane(test_data, name)
        overlaps.append(
            box(ours.saliency[0].numpy(), plane).iou(box(theirs.saliency[0].numpy(), plane))
        )
    assert np.mean(overlaps) >= mean_iou
    assert min(overlaps) >= worst_iou


@pytest.mark.real
@pytest.mark.parametrize("saliency", [Saliency.PLAIN, Saliency.GUIDED])
def test_errors_of_the_published_weights_are_far_from_the_ends_of_half_precision(
    test_data: Path, saliency: Saliency, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec, tensors = published(test_data)
    graph = StaticGraph(spec, tensors, CPU, torch.float32)
    tops: list[float] = []
    conv2d = torch.nn.functional.conv2d

    def spied(x: torch.Tensor, weight: torch.Tensor, *rest: Any, **words: Any) -> torch.Tensor:
        out = conv2d(x, weight, *rest, **words)
        tops.append(float(out.abs().max()))
        return out

    monkeypatch.setattr(torch.nn.functional, "conv2d", spied)
    for _, x in inputs(test_data):
        run(graph, torch.from_numpy(x.copy()), saliency)
    assert max(tops) * 8 <= torch.finfo(torch.float16).max
    assert min(tops) >= 1e4 * torch.finfo(torch.float16).tiny
